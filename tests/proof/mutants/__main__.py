"""`make mutants`: spoil a copy of this checkout, run a short proof there, and say who found it. Resumable.

Every mutant must turn the run red; the exit code is 1 while one survives. The copy is of the last commit. Results stand
in `.run/mutants/results.jsonl`; what was tried at this commit is not tried again.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from deploy.local.paths import CHECKOUT, JAR_CACHE, STATE
from tests.proof.conducting import commit
from tests.proof.mutants.table import MUTANTS, Mutant

RESULTS = STATE / "mutants" / "results.jsonl"
RUN_S = 400.0
"""A run that takes longer has said nothing."""
FOUND = re.compile(r"^(INV\d+) .* (\d+) WRONG", re.MULTILINE)
NOT_AT_REST = re.compile(r"^tests\.proof\.house\.NotQuiet: (.{0,160})", re.MULTILINE)
"""Something is on its way for ever: found, as INV28 would."""


class NotApplicable(Exception):
    """The text that a mutant replaces does not stand in its file exactly once."""


def spoil(mutant: Mutant, root: Path) -> None:
    """Change the copy. Raises NotApplicable."""
    file = root / mutant.file
    text = file.read_text("utf-8")
    if text.count(mutant.old) != 1:
        raise NotApplicable(f"{mutant.name}: {text.count(mutant.old)} places in {mutant.file}")
    file.write_text(text.replace(mutant.old, mutant.new), "utf-8")


def try_one(mutant: Mutant | None) -> dict[str, object]:
    """Run the proof with a mutant, or without one, which must be green."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutant-") as place:
        root = Path(place)
        root.chmod(0o755)  # the databases run as another user
        _copy(root)
        if mutant is not None:
            spoil(mutant, root)
        code, said = _run(root)
    caught = [f"{name} {count}" for name, count in FOUND.findall(said)] + NOT_AT_REST.findall(said)
    name = mutant.name if mutant else "none"
    row: dict[str, object] = {"mutant": name, "seconds": round(time.monotonic() - began), "at": commit()}
    if code and not caught:  # the run itself broke down: that is no finding, and it is tried again
        lines = [line for line in said.splitlines() if line.strip()]
        return row | {"red": None, "by": [lines[-1][:160] if lines else f"exit {code}"]}
    return row | {"red": code != 0, "by": caught}


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof.mutants", description=__doc__)
    parser.add_argument("--seconds", type=float, default=1e9, help="begin no further mutant after so long")
    parser.add_argument("--any-commit", action="store_true", help="results of earlier commits count too")
    parser.add_argument("--only", help="those whose name holds this")
    told = parser.parse_args()
    ends = time.monotonic() + told.seconds
    done = {row["mutant"]: row for row in _done(any_commit=told.any_commit)}
    for mutant in (None, *MUTANTS):
        name = mutant.name if mutant else "none"
        if name in done or (told.only and told.only not in name) or time.monotonic() > ends:
            continue
        row = done[name] = try_one(mutant)
        if row["red"] is not None:
            _keep(row)
        print(_line(row), flush=True)
    print("\n".join(["", *map(_line, done.values())]))
    good = all(row["red"] == (row["mutant"] != "none") for row in done.values())
    return 0 if good and len(done) == len(MUTANTS) + 1 else 1


def _keep(row: dict[str, object]) -> None:
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    with RESULTS.open("a") as results:
        results.write(json.dumps(row) + "\n")


def _copy(root: Path) -> None:
    packed = subprocess.run(["git", "archive", "HEAD"], cwd=CHECKOUT, capture_output=True, check=True).stdout
    subprocess.run(["tar", "x", "-C", str(root)], input=packed, check=True)
    (root / ".run").mkdir()
    (root / ".run" / "cache").symlink_to(JAR_CACHE.parent)


def _run(root: Path) -> tuple[int, str]:
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "tests.proof.recording", str(root / "run.tar.xz")]
    with (root / "said").open("w+") as said:
        running = subprocess.Popen(command, cwd=root, env=environment, stdout=said, stderr=subprocess.STDOUT)
        try:
            code = running.wait(RUN_S)
        except subprocess.TimeoutExpired:
            running.terminate()  # its keeper ends the servers
            running.wait(30)
            code = 124
        said.seek(0)
        return code, said.read()


def _done(*, any_commit: bool) -> Iterator[dict[str, object]]:
    rows = map(json.loads, RESULTS.read_text().splitlines()) if RESULTS.exists() else ()
    yield from (row for row in rows if any_commit or row["at"] == commit())


def _line(row: dict[str, object]) -> str:
    by = row["by"]
    said = ", ".join(map(str, by)) if isinstance(by, list) else ""
    verdict = {True: "caught", False: "GREEN", None: "broke"}[row["red"]]  # type: ignore[index]
    return f"{row['mutant']:52} {verdict:7} {row['seconds']:>4} s  {said}"


if __name__ == "__main__":
    sys.exit(main())
