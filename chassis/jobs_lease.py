"""The heartbeat of running work: its lease is renewed while its worker lives, so that a dead one's is soon over."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import asyncpg

from chassis.database import is_transient
from chassis.ids import UUID
from chassis.telemetry import logger, safe_text

RENEW = "update job set leased_until = now() + make_interval(secs => $3) where id = any($1::bigint[]) and lease = $2"


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
