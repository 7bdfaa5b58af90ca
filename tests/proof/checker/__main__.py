"""`python -m tests.proof.checker FOLDER`: what is wrong in a recorded run; exits 1 if anything is, 2 without input."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.proof.checker.checking import check
from tests.proof.checker.history import BrokenHistory


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof.checker", description=__doc__)
    parser.add_argument("folder", type=Path, help="holds history/, topics/ and surface/")
    parser.add_argument(
        "--under-way", action="store_true", help="work is still on the way: what is missing is not lost"
    )
    told = parser.parse_args()
    if not (told.folder / "history").is_dir() or not (told.folder / "topics").is_dir():
        print(f"{told.folder} has no history and topics", file=sys.stderr)
        return 2
    try:
        report = check(told.folder, expect_quiet=not told.under_way)
    except BrokenHistory as broken:
        print(broken, file=sys.stderr)
        return 2
    print("\n".join(report.table()))
    return 1 if report.violations else 0


if __name__ == "__main__":
    sys.exit(main())
