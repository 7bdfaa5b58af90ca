"""How fast papers are rendered here: `python -m services.documents.bench_rendering N` prints JSON.

One-page invoices in three languages go through the same process and into the same kind of store as in service, so
flushing every file to disk is included.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import tempfile
import time
from pathlib import Path

import orjson

from services.documents.rendering.renderer import NotRendered, Paper, Renderer
from services.documents.rendering.templates import CURRENT

SAMPLE = Path(__file__).parents[2] / "contracts" / "samples" / "InvoiceIssued.v1.json"
NAMES = (("en", "Northwind Traders Ltd."), ("el", "Καφέ Ακρόπολη Ο.Ε."), ("he", 'קפה תל אביב בע"מ'))
WARM_UP = 10
BATCH = 50


def papers(count: int) -> list[Paper]:
    """Different one-page invoices."""
    sample = orjson.loads(SAMPLE.read_bytes())["data"]
    made = []
    for n in range(count):
        language, name = NAMES[n % len(NAMES)]
        customer = sample["customer"] | {"id": f"C-{n}", "name": name, "language": language}
        facts = sample | {"number": f"INV-2026-{n:06d}", "order_reference": f"WEB-{n:06d}", "customer": customer}
        made.append(Paper(f"invoice@{CURRENT['invoice']}", orjson.dumps(facts)))
    return made


async def measure(count: int) -> dict[str, float]:
    """Render `count` papers with one process after warming it up."""
    with tempfile.TemporaryDirectory() as folder:
        renderer = Renderer(Path(folder), niceness=0, patience_s=60)
        made = papers(count + WARM_UP)
        await renderer.render(made[:WARM_UP])
        process = renderer.process_id
        began, began_cpu, size = time.perf_counter(), _cpu_s(process), 0
        for start in range(WARM_UP, len(made), BATCH):
            for result in await renderer.render(made[start : start + BATCH]):
                if isinstance(result, NotRendered):
                    raise RuntimeError(result.error)
                size += result.size
        seconds, cpu_s = time.perf_counter() - began, _cpu_s(process) - began_cpu
        await renderer.close()
    return {
        "pdfs": count,
        "seconds": round(seconds, 3),
        "pdfs_per_s": round(count / seconds, 1),
        "pdfs_per_cpu_s": round(count / cpu_s, 1),
        "bytes_each": round(size / count),
        "memory_mb": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024, 1),
    }


def _cpu_s(process: int | None) -> float:
    """CPU time of another process so far; its clock's id is what clock_getcpuclockid(3) gives on Linux."""
    assert process is not None
    return time.clock_gettime((~process << 3) | 2)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("count", type=int, nargs="?", default=300)
    print(json.dumps(asyncio.run(measure(parser.parse_args().count))))


if __name__ == "__main__":
    main()
