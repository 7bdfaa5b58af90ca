"""How long documents takes to render what is on file, and how much of a core its renderer takes for it."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import asyncpg

from bench.__main__ import superuser_url
from bench.measure import children_cpu_seconds
from deploy.local.stack import LocalStack

COUNTS = """
select count(*) as papers, count(c.document) as rendered from document d
left join document_content c using (company, document) where d.company = $1 and d.class = $2
"""


async def until_rendered(
    stack: LocalStack, company: str, document_class: str, papers: int, patience_s: float
) -> dict[str, Any]:
    """Wait until so many papers of a class are on file and rendered; figures of what was rendered while it waited."""
    connection = await asyncpg.connect(superuser_url(stack, "documents"))
    pid = stack.pids()["documents"]
    began, cpu_before = time.monotonic(), children_cpu_seconds(pid)
    try:
        before = rendered = (await _counts(connection, company, document_class))[1]
        on_file = 0
        while on_file < papers or rendered < papers:
            if time.monotonic() - began > patience_s:
                raise SystemExit(f"{rendered} of {papers} papers of {document_class} are rendered")
            await asyncio.sleep(0.1)
            on_file, rendered = await _counts(connection, company, document_class)
    finally:
        await connection.close()
    seconds, cpu_s, count = time.monotonic() - began, children_cpu_seconds(pid) - cpu_before, rendered - before
    return {
        "rendered": count, "seconds": seconds, "per_s": count / max(seconds, 1e-9),
        "per_cpu_s": count / max(cpu_s, 1e-9),
    }  # fmt: skip


async def _counts(connection: asyncpg.Connection, company: str, document_class: str) -> tuple[int, int]:
    ((papers, rendered),) = await connection.fetch(COUNTS, company, document_class)
    return papers, rendered
