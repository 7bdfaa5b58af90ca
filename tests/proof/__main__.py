"""`python -m tests.proof`: run chapters, print the verdict table, exit non-zero unless all is good."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence

from tests.proof.chapter import LENGTHS, Chapter
from tests.proof.chapters import CHAPTERS, IN_NORMAL, IN_TESTS
from tests.proof.conducting import SEED, Conductor
from tests.proof.reporting import write_page
from tests.proof.run import RATED_PER_S, Length


def main() -> int:
    """Returns the exit code: 0 good, 1 a violation, a crash or a chapter without any fault, 2 a wrong argument."""
    told = _arguments()
    if told.list:
        for chapter in CHAPTERS:
            lengths = ", ".join(f"{length} {seconds:.0f} s" for length, seconds in chapter.seconds.items())
            print(f"{chapter.name:16} {lengths:40} {chapter.fault}")
        return 0
    chapters = _chosen(told.chapter, told.length)
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:7.1f} {line}", flush=True)

    conductor = Conductor(told.length, say, seed=told.seed, rate_per_s=told.rate, resume=told.resume)
    good = asyncio.run(conductor.conduct(chapters))
    print("\n".join(conductor.report()), flush=True)
    if told.write:
        write_page()
    return 0 if good else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.proof", description=__doc__)
    parser.add_argument("--chapter", action="append", help="only this one; may be said again")
    for length in LENGTHS:
        parser.add_argument(f"--{length}", dest="length", action="store_const", const=length, default="normal")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--rate", type=float, default=RATED_PER_S, help="orders a second")
    parser.add_argument("--resume", action="store_true", help="leave out what is good at this commit already")
    parser.add_argument("--write", action="store_true", help="put the results into docs/proof.md")
    parser.add_argument("--list", action="store_true", help="name the chapters and how long they take")
    return parser.parse_args()


def _chosen(names: Sequence[str] | None, length: Length) -> list[Chapter]:
    known = {chapter.name: chapter for chapter in CHAPTERS}
    if unknown := sorted(set(names or ()) - set(known)):
        sys.exit(f"no such chapter: {', '.join(unknown)}; there are {', '.join(known)}")
    if names:  # at the length that was asked for, or else at the longest that it has
        return [known[name] for name in names]
    usual = {"short": IN_TESTS, "normal": IN_NORMAL, "full": tuple(known)}[length]
    return [known[name] for name in known if name in usual and length in known[name].seconds]


if __name__ == "__main__":
    sys.exit(main())
