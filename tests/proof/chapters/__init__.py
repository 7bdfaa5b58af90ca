"""The chapters, in the order in which they are run: those that share a house first."""

from __future__ import annotations

from tests.proof.chapter import Chapter
from tests.proof.chapters import (
    brokers,
    database_kills,
    failpoints,
    group,
    kafka_away,
    kafka_wiped,
    kills,
    mix,
    network,
    regressions,
    rolling,
    stops,
)

CHAPTERS: tuple[Chapter, ...] = (
    kills.CHAPTER,
    kills.SOAK,
    database_kills.CHAPTER,
    stops.CHAPTER,
    rolling.CHAPTER,
    mix.CHAPTER,
    failpoints.CHAPTER,
    regressions.CHAPTER,
    kafka_away.CHAPTER,
    kafka_wiped.CHAPTER,
    group.CHAPTER,
    network.CHAPTER,
    brokers.CHAPTER,
)
