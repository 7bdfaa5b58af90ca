"""Apache Kafka's jars: resolved from their published artifacts, accepted only when every checksum is the pinned one.

    python -m deploy.local.kafka_jars fetch      resolve into the cache of this checkout and verify
    python -m deploy.local.kafka_jars pin        resolve and rewrite the list of checksums (a reviewed change)

`kafka-jars.sha256` names each jar with its version and SHA-256, in the format of `sha256sum`; it names no address.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.errors import JarsMissing, JarsRefused
from deploy.local.paths import CHECKOUT, JAR_CACHE

ENDPOINT = "org.apache.kafka:kafka_2.13:4.4.0+org.slf4j:slf4j-simple:1.7.36"
"""The simple logger: any log4j bridge in this list drags Kafka's own jars down to an older version."""

FETCHING = "fetching Kafka's jars (43 MB, the first time only) ..."
"""What whoever waits for them is told."""
PINNED = Path(__file__).with_name("kafka-jars.sha256")
RESOLVE_MAX_S = 600


def kafka_classpath(cache: Path = JAR_CACHE, pinned: Path = PINNED) -> str:
    """The class path of the verified jars, one by one, resolving them first when they are not in the cache.

    Verified at every start (about a tenth of a second). Raises `JarsMissing` or `JarsRefused`.
    """
    expected = read_checksums(pinned)
    jars = cache / "jars"
    cache.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(cache):
        if not jars.is_dir():
            _fill(cache, jars, expected)
        verify(jars, expected)
    return ":".join(str(jars / name) for name in sorted(expected))


def are_cached(cache: Path = JAR_CACHE) -> bool:
    """True when no download is needed."""
    return (cache / "jars").is_dir()


def verify(jars: Path, expected: dict[str, str]) -> None:
    """Raise `JarsRefused` unless the folder holds exactly the expected jars."""
    found = checksums_of(jars)
    wrong = [
        *(f"{name} is missing" for name in sorted(expected.keys() - found.keys())),
        *(f"{name} is not pinned" for name in sorted(found.keys() - expected.keys())),
        *(
            f"{name} has another checksum"
            for name in sorted(expected.keys() & found.keys())
            if expected[name] != found[name]
        ),
    ]
    if wrong:
        raise JarsRefused(
            f"Kafka is not started: {len(wrong)} of its jars are not the pinned ones ({'; '.join(wrong[:5])}). "
            f"Remove {jars} to fetch them again; if that does not help, do not trust where they came from."
        )


def read_checksums(pinned: Path) -> dict[str, str]:
    """Name → SHA-256 from a list in the format of `sha256sum`."""
    lines = (line.split() for line in pinned.read_text().splitlines() if line and not line.startswith("#"))
    return {name.removeprefix("*"): checksum for checksum, name in lines}


def checksums_of(folder: Path) -> dict[str, str]:
    """Name → SHA-256 of every file in a folder."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def _fill(cache: Path, jars: Path, expected: dict[str, str] | None) -> None:
    with tempfile.TemporaryDirectory(dir=cache, prefix="resolving-") as scratch:
        resolved = _resolve_in_a_process_of_its_own(Path(scratch))
        if expected is not None:
            verify(resolved, expected)
        resolved.rename(jars)


def _resolve_in_a_process_of_its_own(scratch: Path) -> Path:
    """The resolver logs, warns and shows progress in its own ways; none of that belongs in our output."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "deploy.local.kafka_jars", "resolve", str(scratch)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=RESOLVE_MAX_S,
        check=False,
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise JarsMissing(f"Kafka's jars could not be resolved: {last}")
    return scratch / "jars"


def _resolve(scratch: Path) -> None:
    """Resolve the endpoint and lay all jars flat into `scratch/jars`."""
    import jgo.env
    import jgo.maven

    context = jgo.maven.MavenContext(resolver=jgo.maven.PythonResolver(), repo_cache=scratch / "repository")
    environment = jgo.env.EnvironmentBuilder(context, cache_dir=scratch / "environment").from_endpoint(ENDPOINT)
    flat = scratch / "jars"
    flat.mkdir()
    for jar in sorted(Path(environment.path).rglob("*.jar")):
        shutil.copyfile(jar, flat / jar.name)


@contextmanager
def _one_at_a_time(cache: Path) -> Iterator[None]:
    with (cache / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _pin() -> None:
    with tempfile.TemporaryDirectory(prefix="kafka-jars-") as scratch:
        found = checksums_of(_resolve_in_a_process_of_its_own(Path(scratch)))
    PINNED.write_text("".join(f"{checksum}  {name}\n" for name, checksum in found.items()))


def main(arguments: list[str]) -> None:
    """Run one of the commands named above."""
    match arguments:
        case ["fetch"]:
            print(*kafka_classpath().split(":"), sep="\n")
        case ["pin"]:
            _pin()
        case ["resolve", scratch]:
            _resolve(Path(scratch))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
