"""The lease of running work: renewed while its worker lives, so that a dead one's is soon over; a fence at its end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

import asyncpg

from chassis.database import is_transient
from chassis.ids import UUID
from chassis.telemetry import logger, safe_text

RENEW = "update job set leased_until = now() + make_interval(secs => $3) where id = any($1::bigint[]) and lease = $2"
OURS = "select now() from job where id = any($1::bigint[]) and lease = $2"
FINISH = "delete from job where id = any($1::bigint[]) and lease = $2 returning 1"


class LeaseLost(Exception):
    """The lease ran out and somebody else has the job, or had it: nothing of this attempt may be kept."""


async def still_ours(connection: asyncpg.Connection, ids: Sequence[int], lease: UUID) -> datetime:
    """The database's time. Raises LeaseLost when one of the jobs is no longer ours; it locks none of them."""
    rows = await connection.fetch(OURS, ids, lease)
    _all(ids, rows)
    now: datetime = rows[0][0]
    return now


async def finish(connection: asyncpg.Connection, ids: Sequence[int], lease: UUID) -> None:
    """End jobs. Raises LeaseLost when one of them is no longer ours."""
    _all(ids, await connection.fetch(FINISH, ids, lease))


def _all(ids: Sequence[int], rows: Sequence[asyncpg.Record]) -> None:
    if len(rows) != len(ids):
        raise LeaseLost(f"{len(ids) - len(rows)} of {len(ids)} jobs belong to somebody else, or are asked for anew")


async def keep_alive(operator: asyncpg.Pool, ids: Sequence[int], lease: UUID, until: float, beat_s: float) -> None:
    """Renew a lease until cancelled, never beyond the end of the attempt (`until`, in the event loop's time)."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(beat_s / 3)
        left_s = until - loop.time()
        if left_s <= 0:
            return
        try:
            await operator.execute(RENEW, ids, lease, min(beat_s, left_s))
        except Exception as error:
            if not is_transient(error):
                raise
            logger.warning("lease not renewed", action="retry", error=safe_text(error))
