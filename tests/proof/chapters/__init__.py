"""The chapters, in the order in which they are run: those that share a house first."""

from __future__ import annotations

from tests.proof.chapter import Chapter
from tests.proof.chapters import kills

CHAPTERS: tuple[Chapter, ...] = (
    kills.CHAPTER,
)  # fmt: skip
