"""The chapters, in the order in which they are run: those that share a house first."""

from __future__ import annotations

from tests.proof.chapter import Chapter
from tests.proof.chapters import (
    bad_input,
    brokers,
    clocks,
    contention,
    database_kills,
    databases,
    disorder,
    endurance,
    failpoints,
    group,
    kafka_away,
    kafka_wiped,
    kills,
    mix,
    network,
    overload,
    pay_runs,
    poison,
    regressions,
    relay,
    replay,
    replicas,
    restored,
    rolling,
    scale,
    stops,
)

CHAPTERS: tuple[Chapter, ...] = (
    kills.CHAPTER,
    kills.SOAK,
    database_kills.CHAPTER,
    databases.CHAPTER,
    stops.CHAPTER,
    rolling.CHAPTER,
    mix.CHAPTER,
    pay_runs.CHAPTER,
    failpoints.CHAPTER,
    poison.CHAPTER,
    contention.CHAPTER,
    bad_input.CHAPTER,
    regressions.CHAPTER,
    kafka_away.CHAPTER,
    kafka_wiped.CHAPTER,
    disorder.CHAPTER,
    replay.CHAPTER,
    relay.CHAPTER,
    restored.CHAPTER,
    clocks.CHAPTER,
    group.CHAPTER,
    network.CHAPTER,
    replicas.CHAPTER,
    brokers.CHAPTER,
    overload.CHAPTER,
    endurance.CHAPTER,
    scale.CHAPTER,
)

IN_TESTS = ("kills", "database_kills", "stops", "rolling", "regressions")
"""What runs in its short form in every test run, all in one house: those whose judgement has been seen to be sound."""
IN_NORMAL = (
    "kills", "database_kills", "databases", "stops", "rolling", "failpoints", "poison", "contention", "bad_input",
    "regressions", "kafka_away", "kafka_wiped", "disorder", "replay", "relay", "restored", "clocks",
)  # fmt: skip
"""What `make prove` runs, in a quarter of an hour; all others are run by name, and each has a full length."""
