"""The error rate of a department: of what came for a company, how much was refused or held, door by door, rule by rule.

Two kinds of doors: an HTTP command (`POST /v1/companies/{company}/receipts`), counted on the day of its answer; and a
topic, whose events are counted on the day on which they were made. Repeats are told apart and are no errors.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Annotated, Any, Literal

import asyncpg
import orjson
from fastapi import Depends, Query
from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from chassis.census import DAY_OF_HEADERS
from chassis.errors import Fault, Problem
from chassis.http import Reading, Router, read
from chassis.tally import ACCEPTED, REPEATED

DAYS = 30
"""What is shown when nobody says since when."""
DAYS_MAX = 366

RATES = f"""
select
    (select json_agg(x) from (
        select door, code, sum(commands)::bigint as number from command_count
        where company = $1 and day between $2 and $3 group by 1, 2) x),
    (select json_agg(x) from (
        select topic as door, outcome, '' as code, sum(events)::bigint as number from inbox_count
        where company = $1 and day between $2 and $3 and outcome in ('applied', 'duplicate', 'skipped') group by 1, 2
        union all
        select topic, 'refused', code, sum(events)::bigint from inbox_refusal
        where company = $1 and day between $2 and $3 group by 1, 3
        union all
        select topic, 'held', reason, count(*) from held h
        where company = $1 and {DAY_OF_HEADERS} between $2 and $3 group by 1, 3) x)
"""
"""Of events: what is ignored concerns another department, and what was refused is counted by its rule."""

router = Router(prefix="/v1", tags=["operations"])


class Reason(BaseModel):
    """How often one rule said no, or one reason held an event back."""

    model_config = ConfigDict(frozen=True)

    outcome: Literal["refused", "held"]
    code: str = Field(description="The rule that refused, or why it is held: `poison`, `gap`, `waiting`, …")
    number: int


class Rate(BaseModel):
    """How much came, and how much of it was in error."""

    model_config = ConfigDict(frozen=True)

    accepted: int = Field(description="Commands that were carried out, events that were applied.")
    refused: int = Field(description="A rule said no.")
    held: int = Field(description="Events that are set aside now: the exception queue.")
    skipped: int = Field(description="Events that somebody has given up.")
    duplicates: int = Field(description="Repeats that were told so or dropped; no errors, and not in the rate.")
    rate: float | None = Field(
        description="Refused, held and skipped as a share of these and the accepted ones; null when nothing came."
    )


class DoorRate(Rate):
    """One HTTP command, or one topic."""

    door: str
    kind: Literal["commands", "events"]
    reasons: list[Reason] = Field(description="The most frequent first.")


class ErrorRates(BaseModel):
    """Of one department for one company, both days included."""

    model_config = ConfigDict(frozen=True)

    since: date = Field(validation_alias=AliasChoices("since", "from"), serialization_alias="from")
    until: date
    total: Rate
    doors: list[DoorRate] = Field(description="The one with most errors first.")


@router.get("/companies/{company}/error-rates")
async def get_error_rates(
    company: str,
    reading: Annotated[Reading, Depends(read("operations:read"))],
    since: Annotated[
        date | None, Query(alias="from", description="The first day; by default the last 30 days.")
    ] = None,
    until: Annotated[date | None, Query(description="The last day, in UTC; by default today.")] = None,
) -> ErrorRates:
    """How much of what came was refused or is held, by HTTP command and topic, and by which rule."""
    first, last = days_of(since, until, reading.doors.clock.now().date())
    await reading.doors.tally.write()  # what this process has counted is in its own answer
    async with reading.connection(company) as connection:
        return await error_rates(connection, company, first, last)


def days_of(since: date | None, until: date | None, today: date) -> tuple[date, date]:
    """The first and the last day. Raises Problem 422 for none or too many."""
    last = until or today
    first = since or max(date.min + timedelta(DAYS), last) - timedelta(DAYS - 1)
    if first > last or (last - first).days >= DAYS_MAX:
        fault = Fault("?from", "out-of-range", f"From the first to the last day are 1 to {DAYS_MAX} days.")
        raise Problem(422, "invalid-query", fault.detail, [fault])
    return first, last


async def error_rates(connection: asyncpg.Connection, company: str, first: date, last: date) -> ErrorRates:
    """What was counted of a company on these days."""
    row = await connection.fetchrow(RATES, company, first, last)
    commands, events = (orjson.loads(part) if part else [] for part in row or (None, None))
    doors = [
        *_doors("commands", ({**each, "outcome": _outcome(each["code"])} for each in commands)),
        *_doors("events", events),
    ]
    doors.sort(key=lambda door: (-(door.refused + door.held + door.skipped), door.kind, door.door))
    return ErrorRates(since=first, until=last, total=together(doors), doors=doors)


def together(parts: Iterable[Rate]) -> Rate:
    """Several doors, or several departments, as one."""
    sums: defaultdict[str, int] = defaultdict(int)
    for part in parts:
        for name in OUTCOMES.values():
            sums[name] += getattr(part, name)
    return Rate(**_rated(sums))


OUTCOMES: Mapping[str, str] = {
    "applied": "accepted", "refused": "refused", "held": "held", "skipped": "skipped", "duplicate": "duplicates",
}  # fmt: skip


def _outcome(code: str) -> str:
    return {ACCEPTED: "applied", REPEATED: "duplicate"}.get(code, "refused")


def _doors(kind: Literal["commands", "events"], rows: Iterable[Mapping[str, Any]]) -> Iterable[DoorRate]:
    sums: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    reasons: defaultdict[str, list[Reason]] = defaultdict(list)
    for row in rows:
        door, outcome, number = row["door"], row["outcome"], row["number"]
        sums[door][OUTCOMES[outcome]] += number
        if outcome in ("refused", "held"):
            reasons[door].append(Reason(outcome=outcome, code=row["code"], number=number))
    for door, counted in sums.items():
        most_first = sorted(reasons[door], key=lambda reason: (-reason.number, reason.outcome, reason.code))
        yield DoorRate(door=door, kind=kind, reasons=most_first, **_rated(counted))


def _rated(sums: Mapping[str, int]) -> dict[str, Any]:
    counted = {name: sums.get(name, 0) for name in OUTCOMES.values()}
    errors = counted["refused"] + counted["held"] + counted["skipped"]
    came = errors + counted["accepted"]
    return {**counted, "rate": round(errors / came, 6) if came else None}
