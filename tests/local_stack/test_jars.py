"""Only the pinned jars of Kafka are ever run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from deploy.local.errors import JarsRefused
from deploy.local.kafka_jars import PINNED, kafka_classpath, read_checksums
from deploy.local.paths import JAR_CACHE, StateFolder


@pytest.fixture
def cache(state_folder: StateFolder) -> Path:
    """A cache of its own with the real jars, as links."""
    kafka_classpath()
    jars = state_folder.root / "cache" / "jars"
    jars.mkdir(parents=True)
    for jar in (JAR_CACHE / "jars").iterdir():
        (jars / jar.name).symlink_to(jar)
    return jars.parent


def test_the_pinned_jars_are_accepted(cache: Path) -> None:
    assert kafka_classpath(cache).split(":") == [str(cache / "jars" / name) for name in sorted(read_checksums(PINNED))]


def test_a_jar_with_another_checksum_is_refused_by_name(cache: Path) -> None:
    jar = cache / "jars" / "kafka-clients-4.4.0.jar"
    content = jar.read_bytes()
    jar.unlink()
    jar.write_bytes(content + b"\0")

    with pytest.raises(JarsRefused, match=r"kafka-clients-4\.4\.0\.jar has another checksum"):
        kafka_classpath(cache)


def test_a_jar_that_nobody_pinned_is_refused(cache: Path) -> None:
    shutil.copyfile(PINNED, cache / "jars" / "extra.jar")

    with pytest.raises(JarsRefused, match=r"extra\.jar is not pinned"):
        kafka_classpath(cache)


def test_a_missing_jar_is_refused(cache: Path) -> None:
    (cache / "jars" / "kafka-raft-4.4.0.jar").unlink()

    with pytest.raises(JarsRefused, match=r"kafka-raft-4\.4\.0\.jar is missing"):
        kafka_classpath(cache)


def test_every_jar_of_kafka_itself_is_of_one_version() -> None:
    ours = [name for name in read_checksums(PINNED) if name.startswith("kafka")]

    assert len(ours) > 10
    assert all(name.endswith("-4.4.0.jar") for name in ours)
