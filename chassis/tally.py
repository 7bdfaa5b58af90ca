"""What became of commands at HTTP doors, counted by company, door and rule.

Most refusals never reach the database: a body of the wrong shape is told so before anything begins. So commands are
counted in memory, refused and accepted ones alike, and written every few seconds: no command pays for it, and no two
groups meet on a counter's row. A process that is killed takes what it has counted since the last writing with it; one
that is stopped writes it first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from chassis.database import COMPANY, Database
from chassis.errors import Problem
from chassis.problems import problem_for
from chassis.requests import Answer, Result
from chassis.telemetry import Metrics, logger, safe_text

ACCEPTED = "accepted"
REPEATED = "repeated"
"""A command that was accepted before and told so again."""
WRITE_S = 2.0
PLACES_MAX = 10_000
"""What is counted between two writings, at most: a caller of all companies may name any number that do not exist."""
UNDECIDED = frozenset({"company-not-found", "request-in-progress"})
"""Nothing was decided about the command; like what ends with 429 or 5xx, it is no mistake of its sender's."""

WRITE = """
insert into command_count as n (company, day, door, code, replica, commands)
select x.company, (now() at time zone 'UTC')::date, door, code, $1, commands
from unnest($2::text[], $3::text[], $4::text[], $5::bigint[]) x(company, door, code, commands)
join known_company k on k.company = x.company
on conflict (company, day, door, code, replica) do update set commands = n.commands + excluded.commands
"""


class Tally:
    """The counts of one process."""

    def __init__(self, database: Database, metrics: Metrics, replica: int) -> None:
        self._database = database
        self._metrics = metrics
        self._replica = replica
        self._counts: dict[tuple[str, str, str], int] = {}
        self._writing = asyncio.Lock()

    def note(self, company: str, door: str, result: Result | Problem) -> None:
        """One command was answered."""
        if isinstance(result, Answer):
            self.answered(company, door, replayed=result.replayed)
            return
        if result.code in UNDECIDED or result.status >= 500 or result.status == 429:
            return
        self._add(company, door, result.code)
        self._metrics.refused(door, result.code)

    def answered(self, company: str, door: str, *, replayed: bool) -> None:
        """One command was accepted, now or before."""
        self._add(company, door, REPEATED if replayed else ACCEPTED)

    async def run(self) -> None:
        """Write for ever; what could not be written stays counted until it can."""
        while True:
            await asyncio.sleep(WRITE_S)
            try:
                await self.write()
            except Exception as error:
                logger.warning("counts of commands are not written", action="retry", error=safe_text(error))

    async def write(self) -> None:
        """Write what was counted since the last time. Raises what the database says; the counts are kept then, so a
        commit whose answer is lost is counted twice."""
        async with self._writing:
            counts, self._counts = self._counts, {}
            if not counts:
                return
            places = sorted(counts)
            companies, doors, codes = zip(*places, strict=True)
            try:
                async with self._database.unit(companies, points="tally") as unit:
                    numbers = [counts[place] for place in places]
                    await unit.raw.execute(WRITE, self._replica, companies, doors, codes, numbers)
            except BaseException:
                for place, number in counts.items():
                    self._counts[place] = self._counts.get(place, 0) + number
                raise

    def _add(self, company: str, door: str, code: str) -> None:
        place = (company, door, code)
        known = self._counts.get(place)
        if known is not None or (len(self._counts) < PLACES_MAX and COMPANY.fullmatch(company)):
            self._counts[place] = (known or 0) + 1


async def counted(request: Request, run: Callable[[], Awaitable[Response]]) -> Response:
    """Run a command and count what became of it, once it is known that its caller may speak for the company."""
    tally: Tally = request.app.state.doors.tally
    try:
        response = await run()
    except Exception as error:
        company = _company_of(request)
        if company is not None:
            tally.note(company, _door_of(request), problem_for(error))
        raise
    company = _company_of(request)
    if company is not None and response.status_code < 400:
        replayed = "idempotency-replayed" in response.headers
        tally.answered(company, _door_of(request), replayed=replayed)
    return response


def _company_of(request: Request) -> str | None:
    """Whose figures a command belongs to: of the address, or what the command introduces; None for who was not let in,
    and for what only wants to know what would be."""
    state = request.state
    if not hasattr(state, "caller") or getattr(state, "dry_run", False):
        return None
    company: str | None = getattr(state, "company", None) or request.path_params.get("company")
    return company


def _door_of(request: Request) -> str:
    return f"{request.method} {request.scope['route'].path}"
