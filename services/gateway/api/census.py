"""`GET /v1/census`: what became of every event that was sent, producer by consumer by day, and what is missing by name.

The departments are asked twice. Findings compare a producer's first answer with a consumer's second (missing), or a
consumer's first with a producer's second (too much), so that what only moves is in neither; and they must be found
again a moment later. The numbers take the consumers' answers before the producers', so nothing is on the way back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Protocol, cast
from urllib.parse import quote

import asyncpg
from fastapi import Depends
from starlette.requests import Request

from chassis import census
from chassis.auth import EVERYTHING, Caller
from chassis.database import is_transient
from chassis.errors import Problem
from chassis.http import Router
from chassis.service import Service
from chassis.telemetry import logger, safe_text
from services.gateway.api.departments import DEPARTMENTS, Departments
from services.gateway.api.entry import Asked, ask, gateway_of

router = Router(prefix="/v1", tags=["operations"])

SETTLE_S = 0.3
"""Between the two rounds: most of what is on the way in the first has arrived in the second."""
AGAIN_S = 1.0
"""After which a finding must be found again before it is told."""
EVERY_S = 60.0
OUTCOMES = ("applied", "refused", "ignored", "skipped", "held")
NAMED_MAX = 1_000

Counts = Mapping[str, Any]
Place = tuple[str, str, int]


class Source(Protocol):
    """One department's counters, here or behind its address."""

    async def counts(self, *, digests: bool) -> Counts:
        """Counters, with sums per bucket of keys when asked for."""

    async def keys(self, topic: str, side: str, buckets: Sequence[int]) -> Counts:
        """Keys with their cursors."""

    async def events(self, topic: str, places: Sequence[Place]) -> Sequence[Counts]:
        """Events of the log."""


class Here:
    """The gateway's own counters."""

    def __init__(self, counting: census.Counting, companies: Sequence[str] | None) -> None:
        self._counting = counting
        self._companies = companies

    async def counts(self, *, digests: bool) -> Counts:
        """As every source."""
        return await self._counting.counts(self._companies, digests=digests)

    async def keys(self, topic: str, side: str, buckets: Sequence[int]) -> Counts:
        """As every source."""
        return await self._counting.keys(topic, side, buckets, self._companies)

    async def events(self, topic: str, places: Sequence[Place]) -> Sequence[Counts]:
        """As every source."""
        return await self._counting.events(topic, places, self._companies)


class There:
    """A department's counters behind its internal API."""

    def __init__(self, departments: Departments, name: str, caller: Caller, company: str | None) -> None:
        self._departments = departments
        self._name = name
        self._caller = caller
        self._company = company

    async def counts(self, *, digests: bool) -> Counts:
        """As every source."""
        company = "" if self._company is None else f"&company={quote(self._company, safe='')}"
        path = f"/v1/census/counts?digests={str(digests).lower()}{company}"
        return await self._departments.ask(self._name, "GET", path, self._caller)

    async def keys(self, topic: str, side: str, buckets: Sequence[int]) -> Counts:
        """As every source."""
        body = {"topic": topic, "side": side, "buckets": list(buckets), "company": self._company}
        return await self._departments.ask(self._name, "POST", "/v1/census/keys", self._caller, body)

    async def events(self, topic: str, places: Sequence[Place]) -> Sequence[Counts]:
        """As every source."""
        named = [{"company": p[0], "key": p[1], "sequence": p[2]} for p in places]
        body = {"topic": topic, "places": named, "company": self._company}
        told = await self._departments.ask(self._name, "POST", "/v1/census/events", self._caller, body)
        return cast("Sequence[Counts]", told["events"])


@router.get("/census")
async def get_census(
    request: Request, asked: Annotated[Asked, Depends(ask("operations:read"))], company: str | None = None
) -> dict[str, Any]:
    """Sent = applied + refused + ignored + skipped + held + on the way, by topic, consumer and day."""
    service = cast(Service, request.app.state.service)
    return await take_census(sources_of(service, gateway_of(request).departments, asked.key.caller, company), company)


@router.post("/census/audits", status_code=202)
async def start_audits(request: Request, asked: Annotated[Asked, Depends(ask("operations:read"))]) -> dict[str, Any]:
    """Begin an audit in every department: each compares its log with its topics, and its cursors with what it reads."""
    return {"audits": await _audits(request, asked.key.caller, "POST")}


@router.get("/census/audits")
async def get_audits(request: Request, asked: Annotated[Asked, Depends(ask("operations:read"))]) -> dict[str, Any]:
    """How far the audits are, and what each has found, by topic, key, sequence and event."""
    return {"audits": await _audits(request, asked.key.caller, "GET")}


async def _audits(request: Request, caller: Caller, method: str) -> dict[str, Any]:
    census.check_sees_all(caller)
    departments = gateway_of(request).departments
    own = cast(Service, request.app.state.service).audits

    async def one(name: str) -> dict[str, Any]:
        try:
            return await departments.ask(name, method, "/v1/census/audit", caller)
        except Problem as problem:
            return {"service": name, "state": "unavailable", "detail": problem.detail}

    if own is None:
        here: dict[str, Any] = {"service": "gateway", "state": "unavailable"}
    elif method == "POST":
        here = own.start().shown()
    else:
        here = {"service": "gateway", "state": "none"} if own.latest is None else own.latest.shown()
    return {"gateway": here, **dict(zip(DEPARTMENTS, await asyncio.gather(*map(one, DEPARTMENTS)), strict=True))}


def sources_of(
    service: Service, departments: Departments, caller: Caller, company: str | None
) -> dict[str, Source | None]:
    """Every department, for a caller. Raises Problem 404 for a company that the caller does not see."""
    companies = census.companies_of(caller, company)
    here = None if service.census is None else Here(service.census, companies)
    return {"gateway": here, **{name: There(departments, name, caller, company) for name in DEPARTMENTS}}


async def watch_census(service: Service) -> None:
    """Once a minute, over the whole house: raise the alarm while something does not add up."""
    everybody = Caller("gateway", "census", None, frozenset({EVERYTHING}), frozenset({"operations:read"}))
    departments: Departments = service.app.state.gateway.departments
    while "api" in service.parts:
        await asyncio.sleep(EVERY_S)
        try:
            told = await take_census(sources_of(service, departments, everybody, None), None)
        except Exception as error:
            logger.warning("no census", action="retry", error=safe_text(error))
            continue
        service.metrics.alarm("census-does-not-add-up", raised=bool(told["findings"]))
        for finding in told["findings"][:10]:
            logger.error("the census does not add up", action="alarm", **{k: str(v) for k, v in finding.items()})


async def take_census(sources: Mapping[str, Source | None], company: str | None) -> dict[str, Any]:
    """Ask everybody twice, compare, and name what does not add up."""
    down: dict[str, str] = {name: "is not ready" for name, source in sources.items() if source is None}
    there = {name: source for name, source in sources.items() if source is not None}
    first = await _all_counts(there, down)
    await asyncio.sleep(SETTLE_S)
    second = await _all_counts({name: there[name] for name in first}, down)
    sent = await _all_counts({name: there[name] for name in second}, down, digests=False)
    pairs = _pairs({name: second[name] for name in sent})
    days = _rows(pairs, sent, second)
    findings = await _findings(pairs, there, first, second, down)
    findings += [_counters_finding(name, row) for name, told in second.items() for row in told["disagree"]]
    findings += [_overdrawn(row) for row in _totals(days) if row["on_the_way"] < 0]
    unsent = {name: told["unsent"] for name, told in sent.items()}
    quiet = not any(unsent.values()) and not any(row["on_the_way"] or row["held"] for row in days)
    return {
        "at": max((told["at"] for told in sent.values()), default=None),
        "company": company,
        "adds_up": False if findings else (None if down else True),
        "quiet": quiet and not down,
        "departments": [
            {"name": name, "answers": name not in down, "detail": down.get(name), "unsent": unsent.get(name)}
            for name in sources
        ],
        "totals": _totals(days),
        "days": days,
        "findings": findings[:NAMED_MAX],
    }  # fmt: skip


async def _all_counts(
    sources: Mapping[str, Source], down: dict[str, str], *, digests: bool = True
) -> dict[str, Counts]:
    async def one(name: str, source: Source) -> Counts | None:
        try:
            return await source.counts(digests=digests)
        except Problem as problem:
            down[name] = problem.detail
        except Exception as error:
            if not _is_away(error):
                raise
            down[name] = "its database does not answer"
        return None

    told = await asyncio.gather(*(one(name, source) for name, source in sources.items()))
    return {name: counts for name, counts in zip(sources, told, strict=True) if counts is not None}


def _is_away(error: Exception) -> bool:
    return isinstance(error, asyncpg.PostgresError) or is_transient(error)


def _pairs(counts: Mapping[str, Counts]) -> list[tuple[str, str, str, str]]:
    """(topic, producer, department that consumes, consumer), where both have answered."""
    owners = {topic: name for name, told in counts.items() for topic in told["owns"]}
    return sorted(
        (topic, owners[topic], name, told["consumer"])
        for name, told in counts.items() for topic in told["listens"] if topic in owners
    )  # fmt: skip


def _rows(
    pairs: Sequence[tuple[str, str, str, str]], sent: Mapping[str, Counts], taken: Mapping[str, Counts]
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for topic, producer, department, consumer in pairs:
        by_day: dict[str, dict[str, int]] = {}
        for row in sent[producer]["sent"]:
            if row["topic"] == topic:
                day = by_day.setdefault(row["day"], {})
                day["sent"] = day.get("sent", 0) + row["events"]
        for row in taken[department]["taken"]:
            if row["topic"] == topic and row["consumer"] == consumer:
                day = by_day.setdefault(row["day"], {})
                day[row["outcome"]] = day.get(row["outcome"], 0) + row["events"]
        rows += [
            _row({"topic": topic, "producer": producer, "consumer": consumer, "day": day}, found)
            for day, found in sorted(by_day.items() or [(None, {})], key=lambda item: item[0] or "")
        ]  # fmt: skip
    return rows


def _row(names: Mapping[str, Any], found: Mapping[str, int]) -> dict[str, Any]:
    settled = {name: found.get(name, 0) for name in OUTCOMES}
    sent = found.get("sent", 0)
    way = sent - sum(settled.values())
    return {**names, "sent": sent, **settled, "on_the_way": way, "duplicates": found.get("duplicate", 0)}


def _totals(days: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The same rows over all days."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in days:
        place = (row["topic"], row["producer"], row["consumer"])
        total = found.setdefault(place, {"topic": place[0], "producer": place[1], "consumer": place[2]})
        for name in ("sent", *OUTCOMES, "on_the_way", "duplicates"):
            total[name] = total.get(name, 0) + row[name]
    return list(found.values())


async def _findings(
    pairs: Sequence[tuple[str, str, str, str]],
    sources: Mapping[str, Source],
    first: Mapping[str, Counts],
    second: Mapping[str, Counts],
    down: dict[str, str],
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    left = census.BUCKETS_MAX
    for topic, producer, department, consumer in pairs:
        buckets = _buckets_to_look_at(topic, producer, department, first, second)[:left]
        left -= len(buckets)
        if not buckets:
            continue
        try:
            found += await _named(topic, consumer, sources[producer], sources[department], buckets)
        except Problem as problem:
            down[str(problem.extra.get("department", department))] = problem.detail
        except Exception as error:
            if not _is_away(error):
                raise
            down["gateway"] = "its database does not answer"
    return found


def _buckets_to_look_at(
    topic: str, producer: str, department: str, first: Mapping[str, Counts], second: Mapping[str, Counts]
) -> list[int]:
    """Buckets that differ whichever side is read first: what is only under way has arrived in one of the two."""
    sent, taken = first[producer]["sent_buckets"].get(topic, {}), second[department]["taken_buckets"].get(topic, {})
    late, early = second[producer]["sent_buckets"].get(topic, {}), first[department]["taken_buckets"].get(topic, {})
    return sorted(set(census.suspicious(sent, taken)) & set(census.suspicious(late, early)))


async def _named(
    topic: str, consumer: str, producer: Source, department: Source, buckets: Sequence[int]
) -> list[dict[str, Any]]:
    """Names of what is missing or too much, found twice."""
    missing, ahead = await _compare(topic, producer, department, buckets)
    if missing or ahead:
        await asyncio.sleep(AGAIN_S)
        again_missing, again_ahead = await _compare(topic, producer, department, buckets)
        missing, ahead = missing & again_missing, ahead & again_ahead
    places = sorted(missing)[:NAMED_MAX]
    events = await producer.events(topic, places) if places else []
    return [
        *(_missing(topic, consumer, event) for event in events),
        *({"kind": "ahead", "topic": topic, "consumer": consumer, "company": company, "key": key, "sequence": sequence,
           "event_id": None, "detail": "the consumer's cursor stands beyond what was ever sent on this key"}
          for company, key, sequence in sorted(ahead)[:NAMED_MAX]),
    ]  # fmt: skip


async def _compare(
    topic: str, producer: Source, department: Source, buckets: Sequence[int]
) -> tuple[set[Place], set[Place]]:
    taken_before = await department.keys(topic, "taken", buckets)
    sent = await producer.keys(topic, "sent", buckets)
    taken = await department.keys(topic, "taken", buckets)
    return census.behind(sent, taken, topic), census.ahead(taken_before, sent)


def _missing(topic: str, consumer: str, event: Counts) -> dict[str, Any]:
    if event["event_id"] is None:
        detail = "numbered by its producer, but neither in its outbox nor taken by the consumer"
    else:
        detail = "has left the outbox's queue, and the consumer has read past its place without taking it"
    return {
        "kind": "missing", "topic": topic, "consumer": consumer, "company": event["company"], "key": event["key"],
        "sequence": event["sequence"], "event_id": event["event_id"], "detail": detail,
    }  # fmt: skip


def _counters_finding(department: str, row: Counts) -> dict[str, Any]:
    detail = (
        f"{department}: cursors say {row['cursors']} events {row['side']}, counters {row['counters']}; "
        "one of them was changed by hand: take an audit to name the key"
    )
    return {
        "kind": "counters", "topic": row["topic"], "consumer": department if row["side"] == "taken" else None,
        "company": row["company"], "key": None, "sequence": None, "event_id": None, "detail": detail,
    }  # fmt: skip


def _overdrawn(row: Counts) -> dict[str, Any]:
    return {
        "kind": "overdrawn", "topic": row["topic"], "consumer": row["consumer"], "company": None, "key": None,
        "sequence": None, "event_id": None, "detail": f"{-row['on_the_way']} more were taken than were ever sent",
    }  # fmt: skip
