"""Running chapters one after the other: each with its own dice, each result written down as soon as it is there."""

from __future__ import annotations

import json
import os
import random
import subprocess
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploy.local.paths import CHECKOUT, STATE
from tests.proof.chapter import Chapter
from tests.proof.run import LENGTHS, RATED_PER_S, Houses, Length, Run
from tests.proof.verdict import Verdict, table

FOLDER = STATE / "proof"
SEED = 20_261_123

Say = Callable[[str], None]


@dataclass(slots=True)
class Conductor:
    """Runs chapters of one length. `resume`: leaves out what is good already at this commit, length and seed."""

    length: Length
    say: Say
    seed: int = SEED
    rate_per_s: float = RATED_PER_S
    folder: Path = FOLDER
    resume: bool = False
    verdicts: list[Verdict] = field(default_factory=list)
    crashed: list[str] = field(default_factory=list)

    async def conduct(self, chapters: Sequence[Chapter]) -> bool:
        """Run them; whether all are good."""
        runs = self.folder / datetime.now(UTC).strftime("%m%d-%H%M%S")
        houses = Houses(runs, self.say)
        done = {told["chapter"]: told for told in self._done()} if self.resume else {}
        began = time.monotonic()
        lengths = {chapter.name: self._length_of(chapter) for chapter in chapters}
        expected = sum(chapter.seconds[lengths[chapter.name]] for chapter in chapters)
        try:
            for number, chapter in enumerate(chapters, 1):
                place = f"[{number}/{len(chapters)}, {time.monotonic() - began:.0f} of about {expected:.0f} s]"
                if chapter.name in done:
                    self.say(f"{place} {chapter.name}: good already")
                    self.verdicts += [Verdict.from_json(row) for row in done[chapter.name]["verdicts"]]
                    continue
                length = lengths[chapter.name]
                self.say(f"{place} {chapter.name}, {length}: {chapter.fault}, about {chapter.seconds[length]:.0f} s")
                await self._one(chapter, length, houses, runs / chapter.name)
        finally:
            await houses.close()
        return not self.crashed and all(verdict.good for verdict in self.verdicts)

    def report(self) -> Iterator[str]:
        """The verdict table, what was measured, and what is wrong."""
        yield from table(self.verdicts)
        for verdict in self.verdicts:
            for name, value in verdict.figures.items():
                yield f"  {verdict.chapter}/{verdict.fault}: {name}: {value}"
        for verdict in self.verdicts:
            yield from (
                f"  BAD {verdict.chapter}/{verdict.fault} (seed {verdict.seed}): {why}" for why in verdict.why_not
            )
        yield from (f"  BAD {crash}" for crash in self.crashed)

    def _length_of(self, chapter: Chapter) -> Length:
        """The length that was asked for, or the longest that this chapter has."""
        if self.length in chapter.seconds:
            return self.length
        return [name for name in LENGTHS if name in chapter.seconds][-1]

    async def _one(self, chapter: Chapter, length: Length, houses: Houses, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        dice = random.Random(f"{chapter.name}/{self.seed}")

        def say(line: str) -> None:
            self.say(f"  {chapter.name}: {line}")

        run = Run(folder, length, self.seed, dice, say, houses, self.rate_per_s)
        began = time.monotonic()
        verdicts: Sequence[Verdict] = ()
        crash = None
        try:
            verdicts = await chapter.run(run)
        except Exception as failed:
            crash = f"{chapter.name} (seed {self.seed}) did not come to its end: {type(failed).__name__}: {failed}"
            self.say(traceback.format_exc())
            self.crashed.append(crash)
        if not verdicts and crash is None:
            self.crashed.append(f"{chapter.name} gave no verdict")
        self.verdicts += verdicts
        self._write_down(chapter, length, verdicts, crash, time.monotonic() - began)
        for line in table(verdicts) if verdicts else ():
            self.say(f"  {line}")

    def _write_down(
        self, chapter: Chapter, length: Length, verdicts: Sequence[Verdict], crash: str | None, seconds: float
    ) -> None:
        told: dict[str, Any] = {
            "chapter": chapter.name, "length": length, "seed": self.seed, "commit": commit(),
            "at": datetime.now(UTC).isoformat(timespec="seconds"), "seconds": round(seconds, 1), "crash": crash,
            "orders_per_s": self.rate_per_s, "machine_load": round(os.getloadavg()[2], 1),
            "good": crash is None and bool(verdicts) and all(verdict.good for verdict in verdicts),
            "verdicts": [verdict.as_json() for verdict in verdicts],
        }  # fmt: skip
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "results.jsonl").open("a") as results:
            results.write(json.dumps(told, ensure_ascii=False) + "\n")

    def _done(self) -> Iterator[dict[str, Any]]:
        wanted = (self.length, self.seed, commit())
        for told in read_results(self.folder):
            if told["good"] and (told["length"], told["seed"], told["commit"]) == wanted:
                yield told


def read_results(folder: Path = FOLDER) -> Iterator[dict[str, Any]]:
    """Everything that was ever written down here, oldest first."""
    file = folder / "results.jsonl"
    if file.exists():
        yield from (json.loads(line) for line in file.read_text().splitlines())


def commit() -> str:
    """The commit of the checkout, with a plus when it was changed since; "unknown" without git."""
    asked = subprocess.run(
        ["git", "describe", "--always", "--dirty=+"], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or "unknown"
