"""The day on which every test of a department happens: one day, whatever day it is outside.

A test that mixes written days with the machine's clock means something else tomorrow, and another thing when the month
is over. So `now()` and `clock_timestamp()` of a test database begin at `BEGAN` and run on from there, and so does all
that takes its time from the database: requests, jobs, tokens, what is written by default.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

BEGAN: Final = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
TODAY: Final = BEGAN.date()

HOW_FAR: Final = f"select extract(epoch from '{BEGAN.isoformat()}' - clock_timestamp())::float8"
"""Seconds from a server's own clock to `BEGAN`: asked once per server, so that its databases agree."""

_CLOCK: Final = """
create function public.{name}() returns timestamptz language sql {kind} parallel safe
    as $$select pg_catalog.{name}() + interval '{ahead_s} seconds'$$;
"""


def pinned_clock(ahead_s: float) -> str:
    """SQL that makes the two clocks in a new database. `LOOKED_AT` lets its sessions find them before PostgreSQL's."""
    clocks = (("now", "stable"), ("clock_timestamp", "volatile"))
    return "".join(_CLOCK.format(name=name, kind=kind, ahead_s=ahead_s) for name, kind in clocks)


LOOKED_AT: Final = 'alter database "{name}" set search_path = public, pg_catalog'
