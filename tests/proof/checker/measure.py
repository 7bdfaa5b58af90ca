"""`python -m tests.proof.checker.measure [EVENTS]`: how long the checker takes over a made-up run, and its memory."""

from __future__ import annotations

import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

from tests.proof.checker.checking import check
from tests.proof.checker.synthetic import make_up

EVENTS_PER_ORDER = 6.63
MIB = 1024


def main() -> int:
    """Make it up in another process, so that the memory is the checker's alone; 1 when something was found wrong."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as place:
        making = multiprocessing.get_context("spawn").Process(
            target=make_up, args=(Path(place), int(events / EVENTS_PER_ORDER))
        )
        making.start()
        making.join()
        size = sum(file.stat().st_size for file in Path(place).rglob("*.json*"))
        began, used = time.perf_counter(), time.process_time()
        report = check(Path(place))
        took, cpu = time.perf_counter() - began, time.process_time() - used
    print("\n".join(report.table()))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB
    print(
        f"{report.events} events ({size / 1e6:.0f} MB) in {took:.1f} s, {cpu:.1f} s of one core, "
        f"{report.events / took:,.0f} events/s, {memory:.0f} MiB at most"
    )
    return 1 if report.violations else 0


if __name__ == "__main__":
    sys.exit(main())
