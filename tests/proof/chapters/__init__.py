"""The chapters, in the order in which they are run: those that share a house first."""

from __future__ import annotations

from tests.proof.chapter import Chapter
from tests.proof.chapters import database_kills, kills, mix, regressions, rolling, stops

CHAPTERS: tuple[Chapter, ...] = (
    kills.CHAPTER,
    kills.SOAK,
    database_kills.CHAPTER,
    stops.CHAPTER,
    rolling.CHAPTER,
    mix.CHAPTER,
    regressions.CHAPTER,
)
