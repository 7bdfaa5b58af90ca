"""Poison among good events: bad bytes, unknown version, wrong data; repaired by operators, released (GOAL24)."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.proof.chapter import Chapter, Length
from tests.proof.house import House
from tests.proof.injection.strange import SOURCE, TOPIC, Strange, Stranger, order_data, stranger
from tests.proof.load.sending import Tally
from tests.proof.run import Run
from tests.proof.trial import Trial
from tests.proof.verdict import Verdict
from tests.support.eventually import eventually

FOR_S: dict[Length, float] = {"short": 8, "normal": 12, "full": 300}
PER_S: dict[Length, float] = {"short": 1, "normal": 1, "full": 1}
"""Bad records of each kind a second, among some hundreds of good events."""
KINDS = ("bytes", "version", "data")
READERS = ("ledger", "inventory", "gateway")
"""Who reads the orders' topic."""
DOORS = {"gateway": "", "ledger": "/ledger", "inventory": "/inventory"}


@dataclass(frozen=True, slots=True)
class Bad:
    """Something bad, with what it should have been; a cancellation stands behind it on the same key."""

    kind: str
    first: Strange
    good: Mapping[str, Any]


async def run(run: Run) -> Sequence[Verdict]:
    """Send bad records while good ones flow, see each held with its reason, repair, see them applied in order."""
    async with run.house(split=("ledger",), share=True) as house:
        trial = Trial(run, house, "poison", "poison among good events")
        bad: list[Bad] = []

        async def poison(house: House, _: Tally) -> None:
            async with stranger(house) as strange:
                for number in range(int(FOR_S[run.length] * PER_S[run.length])):
                    for kind in KINDS:
                        bad.append(await _send_bad(house, strange, kind, number))
                    await asyncio.sleep(1 / PER_S[run.length])
            await _all_held(house, trial, bad)
            fault = house.note("poison", f"{len(bad)} records on {TOPIC}")
            await _repair(house, bad)
            fault.end()

        verdict = await trial.go(poison)
        await _judge(house, trial, bad)
        return [trial.again(verdict)]


async def _send_bad(house: House, strange: Stranger, kind: str, number: int) -> Bad:
    company = house.companies[0]
    key = str(uuid.uuid4())
    reference = f"bad-{kind}-{number}-{key[:8]}"
    good = order_data(reference, key, company.items, company.currency, min(company.tax_codes))
    if kind == "bytes":
        first = await strange.put(company.code, b"\x00\xff not json", key=key, bare=True)
    elif kind == "version":
        first = await strange.put(company.code, good, key=key, kind="OrderPlaced.v9")
    else:
        wrong = {"order": "none", "lines": "many", "currency": 17, "customer": "nobody"}  # each reader looks at others
        first = await strange.put(company.code, good | wrong, key=key)
    cancelled = {"order": key, "reference": reference, "source": SOURCE, "reason": "behind it"}
    await strange.put(company.code, cancelled, key=key, kind="OrderCancelled.v1", sequence=2, chain=first.id)
    return Bad(kind, first, good)


async def _all_held(house: House, trial: Trial, bad: Sequence[Bad]) -> None:
    """Every reader holds each with the right reason, and what stands behind it; nobody waits for anybody else's key."""

    async def counted() -> bool:
        held, unreadable = await _held(house)
        wanted = {one.first.key for one in bad}
        raw = {one.first.offset for one in bad if one.kind == "bytes"}
        return all({row["key"] for row in held[reader]} >= wanted and unreadable[reader] >= raw for reader in READERS)

    await eventually(counted, what="every bad record is held by every reader", within_s=120)
    held, _ = await _held(house)
    reasons: Counter[str] = Counter()
    by_key = {one.first.key: one.kind for one in bad}
    for reader in READERS:
        for row in held[reader]:
            if (kind := by_key.get(row["key"])) is not None:
                reasons[f"{kind}: {row['reason']}"] += 1
    trial.figures["held"] = ", ".join(f"{name} {count}" for name, count in sorted(reasons.items()))


async def _held(house: House) -> tuple[dict[str, list[dict[str, Any]]], dict[str, set[int]]]:
    company = house.companies[0].code
    held, unreadable = {}, {}
    for reader, door in DOORS.items():
        path = f"{door}/v1/companies/{company}"
        held[reader] = await house.admin.pages(f"{path}/held", "held", "after")
        rows = await house.admin.pages(f"{path}/unreadable", "unreadable", "after")
        unreadable[reader] = {int(row["offset"]) for row in rows if row["topic"] == TOPIC}
    return held, unreadable


async def _repair(house: House, bad: Sequence[Bad]) -> None:
    """Each department's operator: a readable event in place of raw bytes, good data in place of bad, skip what is
    of a version that nobody knows."""
    held, _ = await _held(house)
    by_key = {one.first.key: one for one in bad}
    house.strange[TOPIC] += sum(one.kind == "bytes" for one in bad)
    for reader, door in DOORS.items():
        path = f"{door}/v1/companies/{house.companies[0].code}"
        for one in bad:
            if one.kind == "bytes":
                at = f"{path}/unreadable/{TOPIC}/{one.first.partition}/{one.first.offset}/repair"
                await _post(house, at, {"consumer": reader, "headers": dict(one.first.headers), "data": dict(one.good)})
        for row in held[reader]:
            found = by_key.get(row["key"])
            if found is None or row["sequence"] != 1:
                continue
            if found.kind == "data":
                await _post(house, f"{path}/held/{row['id']}/edit", {"data": dict(found.good)})
            elif found.kind == "version":
                await _post(house, f"{path}/held/{row['id']}/skip", {})


async def _post(house: House, path: str, body: object) -> None:
    answer = await house.admin.post(path, body, key=f"repair-{uuid.uuid4()}")
    assert answer.status_code < 300, f"POST {path}: {answer.status_code} {answer.text[:300]}"


async def _judge(house: House, trial: Trial, bad: Sequence[Bad]) -> None:
    """A repaired order was placed and then cancelled, in this order; a skipped one left nothing."""
    states: Counter[str] = Counter()
    company = house.companies[0].code
    orders = {row["id"]: row["state"] for row in await house.admin.pages("/v1/orders", "orders", company=company)}
    for one in bad:
        state = orders.get(one.first.key, "not there")
        states[f"{one.kind}: {state}"] += 1
        wanted = {"cancelled", "credited"} if one.kind != "version" else {"cancelled", "not there"}
        if state not in wanted:
            trial.violations.append(f"GOAL24: a repaired order ({one.kind}) is {state}")
    trial.figures["after the repair"] = ", ".join(f"{name} {count}" for name, count in sorted(states.items()))


CHAPTER = Chapter(
    name="poison",
    fault="bad bytes, unknown version, wrong data among good events",
    about="Bad records of three kinds are held with what stands behind them, repaired by operators, released in order.",
    run=run,
    seconds={"short": 35, "normal": 35, "full": 360},
)
