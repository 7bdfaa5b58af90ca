"""`python -m services.gateway keys create|list|limit|rotate|revoke`: API keys, as an operator makes them.

A secret is printed once, on standard output, and stands nowhere else: not in arguments, not in logs, not in the table.
Runs under the gateway's runtime role: that role signs every internal token already, so an owner's password here would
protect nothing more, and the operator needs one connection string less.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from chassis.auth import EVERYTHING
from chassis.database import COMPANY
from services.gateway.keys import PREFIX, Peppers, new_api_key
from services.gateway.settings import GatewaySettings

CLIENT = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
SCOPE = re.compile(rf"(?:\*|[a-z]{{2,32}}:(?:\*|[a-z]{{2,32}}))(?:@{COMPANY.pattern})?")
SOURCE = re.compile(r"\*|/[A-Za-z0-9._~/-]{1,150}")
DAY_S = 86_400

CREATE = """
with changed as (update api_key_version set version = version + 1)
insert into api_key (id, client, digest, source, companies, scopes, expires_at,
                     events_per_s, burst_events, in_flight_events, employee)
values ($1, $2, $3, $4, $5, $6, now() + make_interval(days => $7), $8, $9, $10, $11::uuid)
"""
ROTATE = """
with changed as (update api_key_version set version = version + 1),
old as (update api_key set expires_at = least(expires_at, now() + make_interval(secs => $2))
    where id = $1 and revoked_at is null and (expires_at is null or expires_at > now()) returning *)
insert into api_key (id, client, digest, source, companies, scopes, expires_at, replaces,
                     events_per_s, burst_events, in_flight_events, employee)
select $3, client, $4, source, companies, scopes,
       coalesce(now() + make_interval(days => $5), now() + (before.expires_at - before.created_at)), id,
       events_per_s, burst_events, in_flight_events, employee
from old join (select id, created_at, expires_at from api_key) before using (id)
returning id, client, source, companies, scopes, expires_at, replaces,
          now() + make_interval(secs => $2) as old_key_good_until
"""
LIMIT = """
with changed as (update api_key_version set version = version + 1)
update api_key set events_per_s = $2, burst_events = $3, in_flight_events = $4 where id = $1
returning id, client, events_per_s, burst_events, in_flight_events
"""
REVOKE = """
with changed as (update api_key_version set version = version + 1)
update api_key set revoked_at = coalesce(revoked_at, now()) where id = $1 returning id, client, revoked_at
"""
READMIT = """
with changed as (update api_key_version set version = version + 1)
update gone_account set readmitted_at = coalesce(readmitted_at, now()) where account = $1 and company = $2
returning account, company, employee, readmitted_at
"""
SHOWN = """
select id, client, source, companies, scopes, created_at, expires_at, replaces, revoked_at,
       events_per_s, burst_events, in_flight_events, employee,
       revoked_at is null and (expires_at is null or expires_at > now()) as live
from api_key order by client, created_at
"""


class Refusal(Exception):
    """What the operator asked for cannot be done; the text says why."""


def run(arguments: Sequence[str]) -> None:
    """Run one command; ends the process with 2 and a sentence on what was refused."""
    parsed = _parser().parse_args(arguments)
    work: Callable[[asyncpg.Connection, GatewaySettings, argparse.Namespace], Awaitable[Any]] = parsed.work
    try:
        told = asyncio.run(_with_connection(work, parsed))
    except Refusal as refusal:
        print(f"keys {parsed.command}: {refusal}", file=sys.stderr)
        sys.exit(2)
    except (OSError, asyncpg.PostgresError) as error:
        print(f"keys {parsed.command}: the database refuses: {error}", file=sys.stderr)
        sys.exit(1)
    print(json.dumps(told, indent=None if parsed.json else 2, default=str, ensure_ascii=False))


async def create(connection: asyncpg.Connection, settings: GatewaySettings, asked: argparse.Namespace) -> Any:
    """A new key for a client."""
    companies = _listed(asked.companies, COMPANY, "company code")
    scopes = _listed(asked.scopes, SCOPE, "scope such as orders:write, orders:write@acme, ledger:* or *")
    if not CLIENT.fullmatch(asked.client):
        raise Refusal(f"{asked.client!r} is no client name: a-z, 0-9, '.', '_', '-', at most 64")
    source = asked.source or (EVERYTHING if EVERYTHING in scopes else f"/front-office/{asked.client}")
    if not SOURCE.fullmatch(source):
        raise Refusal(f"{source!r} is no source: a path such as /sales/webshop, or *")
    made = new_api_key(PREFIX, peppers_of(settings).newest)
    await connection.execute(
        CREATE, made.id, asked.client, made.digest, source, companies, scopes, asked.expires_days, *_limits(asked),
        getattr(asked, "employee", None),
    )  # fmt: skip
    told = {"client": asked.client, "source": source, "companies": companies, "scopes": scopes}
    return {"key": made.text, "id": made.id, **told}


async def show(connection: asyncpg.Connection, _settings: GatewaySettings, _asked: argparse.Namespace) -> Any:
    """All keys, without their secrets."""
    return [dict(row) for row in await connection.fetch(SHOWN)]


async def rotate(connection: asyncpg.Connection, settings: GatewaySettings, asked: argparse.Namespace) -> Any:
    """A new key with the rights of an old one, which stays good for a while; lives as long as the old one was to."""
    made = new_api_key(PREFIX, peppers_of(settings).newest)
    row = await connection.fetchrow(ROTATE, asked.id, float(asked.overlap_s), made.id, made.digest, asked.expires_days)
    if row is None:
        raise Refusal(f"there is no live key {asked.id}")
    return {"key": made.text, **dict(row)}


async def limit(connection: asyncpg.Connection, _settings: GatewaySettings, asked: argparse.Namespace) -> Any:
    """What a key's client may send, within about two seconds; what is not given is as for every key."""
    row = await connection.fetchrow(LIMIT, asked.id, *_limits(asked))
    if row is None:
        raise Refusal(f"there is no key {asked.id}")
    return dict(row)


async def revoke(connection: asyncpg.Connection, _settings: GatewaySettings, asked: argparse.Namespace) -> Any:
    """A key opens nothing any more, within about two seconds."""
    row = await connection.fetchrow(REVOKE, asked.id)
    if row is None:
        raise Refusal(f"there is no key {asked.id}")
    return dict(row)


async def readmit(connection: asyncpg.Connection, _settings: GatewaySettings, asked: argparse.Namespace) -> Any:
    """A sign-in of somebody who left a company opens it again: they came back, or it is another person's now."""
    row = await connection.fetchrow(READMIT, asked.account, asked.company)
    if row is None:
        raise Refusal(f"{asked.account} has not left {asked.company}")
    return dict(row)


def peppers_of(settings: GatewaySettings) -> Peppers:
    """The peppers of this installation. Raises Refusal when no secret file is set or it cannot be used."""
    file = settings.key_pepper_file or settings.stack.backbone_internal_secret_file
    if file is None:
        raise Refusal("GATEWAY_KEY_PEPPER_FILE or BACKBONE_INTERNAL_SECRET_FILE must name a file with a secret")
    try:
        return Peppers(file)
    except (OSError, ValueError) as wrong:
        raise Refusal(f"{file}: {wrong}") from wrong


async def _with_connection(
    work: Callable[[asyncpg.Connection, GatewaySettings, argparse.Namespace], Awaitable[Any]],
    asked: argparse.Namespace,
) -> Any:
    settings = GatewaySettings.from_environment()
    connection = await asyncpg.connect(settings.database_url.get_secret_value(), timeout=5)
    try:
        return await work(connection, settings, asked)
    finally:
        await connection.close()


def _limits(asked: argparse.Namespace) -> tuple[int | None, ...]:
    return tuple(getattr(asked, name, None) for name in ("events_per_s", "burst", "in_flight"))


def _limiting(command: argparse.ArgumentParser) -> None:
    command.add_argument("--events-per-s", type=_number, help="events a second, as a mean")
    command.add_argument("--burst", type=_number, help="events at once after a rest")
    command.add_argument("--in-flight", type=_number, help="events that may wait for an answer at once")


def _listed(text: str, form: re.Pattern[str], what: str) -> list[str]:
    names = sorted({part.strip() for part in text.split(",") if part.strip()})
    wrong = [name for name in names if name != EVERYTHING and not form.fullmatch(name)]
    if wrong or not names:
        raise Refusal(f"{(wrong or [text])[0]!r} is no {what}")
    return names


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.gateway keys", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name: str, work: Callable[..., Awaitable[Any]]) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=work.__doc__)
        made.set_defaults(work=work)
        made.add_argument("--json", action="store_true", help="one line, for scripts")
        return made

    making = command("create", create)
    making.add_argument("--client", required=True, help="name of the system; its idempotency keys are its own")
    making.add_argument("--companies", required=True, help="company codes, comma-separated, or '*'")
    making.add_argument("--scopes", required=True, help="such as orders:write,orders:read,ledger:*, or '*'")
    making.add_argument("--source", help="CloudEvents source it speaks for; /front-office/<client> when not given")
    making.add_argument("--expires-days", type=_days, default=None)
    making.add_argument("--employee", type=UUID, help="whose it is: it dies when payroll tells that they have left")
    _limiting(making)
    command("list", show)
    limiting = command("limit", limit)
    limiting.add_argument("id", help="id of the key, the part before the dot")
    _limiting(limiting)
    rotating = command("rotate", rotate)
    rotating.add_argument("id", help="id of the key, the part before the dot")
    rotating.add_argument("--overlap-s", type=int, default=DAY_S, help="how long the old key stays good (86400)")
    rotating.add_argument("--expires-days", type=_days, default=None)
    command("revoke", revoke).add_argument("id", help="id of the key, the part before the dot")
    readmitting = command("readmit", readmit)
    readmitting.add_argument("--account", required=True, help="as it signs in, such as staff:maria")
    readmitting.add_argument("--company", required=True)
    return parser


def _number(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 1_000_000:
        raise argparse.ArgumentTypeError("1 to 1000000")
    return number


def _days(text: str) -> int:
    days = int(text)
    if not 1 <= days <= 3_650:
        raise argparse.ArgumentTypeError("1 to 3650 days")
    return days
