"""Per topic and consumer: sent = applied + refused + ignored + held + on the way.

What is shown in the end is asked of the gateway (`GET /v1/census`), as an operator would. What is only waited for is
read from the services' own counters with the operators' role of each database, because jobs are in no census and the
gateway may be down; nothing is asked of Kafka.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg

SENT = "select topic, sum(last)::bigint from outbox_sequence group by topic"
SETTLED = "select topic, outcome, sum(events)::bigint from inbox_count where consumer = $1 group by topic, outcome"
HELD = "select topic, count(*) from held where consumer = $1 and reason <> 'conflict' group by topic"
PENDING = """
select (select count(*) from outbox_unsent),
       (select count(*) from job where run_at <= now() or attempts > 0 or run_at = 'infinity')
"""
"""A job whose time has not come and that nobody has tried is a date in a diary, not work on its way, also in the hour
before midnight; one that was given up waits for a person."""


@dataclass(frozen=True, slots=True)
class Row:
    """One topic as one consumer sees it."""

    topic: str
    consumer: str
    sent: int
    applied: int
    refused: int
    ignored: int
    skipped: int
    held: int
    duplicates: int

    @property
    def on_the_way(self) -> int:
        """What was sent and has not been settled yet."""
        return self.sent - self.applied - self.refused - self.ignored - self.skipped - self.held


@dataclass(frozen=True, slots=True)
class Census:
    """All rows, and what is not sent or not worked off yet."""

    rows: tuple[Row, ...]
    unsent: int
    jobs: int
    findings: tuple[str, ...] = ()
    """What does not add up, by name; only the gateway's census looks for it."""

    @property
    def quiet(self) -> bool:
        """Whether nothing is on the way any more."""
        return not self.unsent and not self.jobs and all(row.on_the_way == 0 for row in self.rows)


def census_of(told: Mapping[str, Any], waited_for: Census) -> Census:
    """What the gateway answered. A department that gave no answer is a finding: nobody knows whether it adds up.

    `waited_for`: what the services' own counters said; a topic that has events and that the gateway does not show is a
    finding too, and one without any stays in the table.
    """
    names = ("topic", "consumer", "sent", "applied", "refused", "ignored", "skipped", "held", "duplicates")
    rows = tuple(Row(**{name: row[name] for name in names}) for row in told["totals"])
    silent = [f"{one['name']} does not answer" for one in told["departments"] if not one["answers"]]
    wrong = [f"{one['kind']}: {one['topic']} → {one['consumer']}, {one['key']}" for one in told["findings"]]
    shown = {(row.topic, row.consumer) for row in rows}
    left_out = [row for row in waited_for.rows if (row.topic, row.consumer) not in shown]
    wrong += [f"{row.topic} → {row.consumer} is not shown" for row in left_out if row.sent]
    unsent = sum(one["unsent"] or 0 for one in told["departments"])
    ordered = tuple(sorted((*rows, *left_out), key=lambda row: (row.topic, row.consumer)))
    return Census(ordered, unsent, 0, (*silent, *wrong))


async def take_census(operator_urls: Mapping[str, str], consumers: Mapping[str, tuple[str, ...]]) -> Census:
    """Count. `consumers` names each consumer's topics; a topic that nobody sent to counts as 0."""
    sent: dict[str, int] = {}
    unsent = jobs = 0
    rows: list[Row] = []
    connections = {name: await asyncpg.connect(url, timeout=5) for name, url in operator_urls.items()}
    try:
        settled = {name: await _settled(connections[name], name) for name in consumers}
        for connection in connections.values():  # what was sent is read last, so that nothing seems to be on no way
            sent |= {row[0]: row[1] for row in await connection.fetch(SENT)}
            ((still_unsent, still_to_do),) = await connection.fetch(PENDING)
            unsent, jobs = unsent + still_unsent, jobs + still_to_do
    finally:
        for connection in connections.values():
            await connection.close()
    for name, topics in consumers.items():
        rows += [_row(topic, name, sent.get(topic, 0), settled[name].get(topic, {})) for topic in topics]
    return Census(tuple(sorted(rows, key=lambda row: (row.topic, row.consumer))), unsent, jobs)


async def _settled(connection: asyncpg.Connection, consumer: str) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for topic, outcome, events in await connection.fetch(SETTLED, consumer):
        found.setdefault(topic, {})[outcome] = events
    for topic, events in await connection.fetch(HELD, consumer):
        found.setdefault(topic, {})["held"] = events
    return found


def _row(topic: str, consumer: str, sent: int, outcomes: Mapping[str, int]) -> Row:
    def of(name: str) -> int:
        return outcomes.get(name, 0)

    return Row(
        topic, consumer, sent, of("applied"), of("refused"), of("ignored"), of("skipped"), of("held"), of("duplicate")
    )
