"""The page for accountants is true: every command on it is run, and answers as it says."""

from __future__ import annotations

import re
import shlex
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import orjson
import pytest_asyncio

from chassis.ids import UUID
from chassis.migrating import migrate
from contracts.envelope import to_headers
from contracts.inventory import StockReserved
from contracts.registry import EVENTS
from services.ledger.domain.documents import invoice_id
from tests.gateway.conftest import one_for_all
from tests.gateway.front import FrontOffice, Gateway
from tests.ledger.accountant import Accountant, at_the_door
from tests.ledger.desk import Desk
from tests.support.department import Event, Told, event
from tests.support.pinned_clock import BEGAN
from tests.support.stack import TestPostgres

PAGE = Path(__file__).resolve().parents[2] / "docs" / "accounting.md"
COMMAND = re.compile(r"^(KEY=\$BEN )?((?:books|table|front) .*) # ([0-9]{3})$", re.MULTILINE)
FILE = re.compile(r"^```csv (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the page: who gives it, where, with what, and the status that the page promises."""

    by_ben: bool
    words: str
    status: int

    def read(self, known: dict[str, str]) -> tuple[str, str | None]:
        """Path and body, with the shell's variables filled in."""
        words = self.words
        for name, value in known.items():
            words = words.replace(f"${name}", value)
        _, path, *body = shlex.split(words)
        return path, body[0] if body else None


def commands() -> list[Command]:
    return [Command(bool(who), words, int(status)) for who, words, status in COMMAND.findall(PAGE.read_text("utf-8"))]


@dataclass(slots=True)
class House:
    """A gateway with a shop before it, the ledger, and what they tell each other; the warehouse has all of it."""

    shop: FrontOffice
    gateway: Gateway
    ledger: Desk
    heard: dict[str, int] = field(default_factory=dict)

    async def run(self, path: str, body: str | None, number: int) -> httpx.Response:
        """What the shop says, and all that comes of it."""
        if body is None:
            return await self.shop.get(f"/v1{path}")
        answer = await self.shop.post(f"/v1{path}", orjson.loads(body), f"page-{number}")
        for told in await self._news(self.gateway):
            await self.ledger.hear(_sent(told))
            if told.type == "OrderPlaced":
                lines = [{name: line[name] for name in ("line", "item", "quantity")} for line in told.data["lines"]]
                set_aside = {"order": told.key, "reservation": told.key, "lines": lines}
                at = datetime.fromisoformat(told.data["placed_at"])
                reserved = event(StockReserved, told.company, set_aside, at=at)
                await self.ledger.hear(reserved)
                await self.gateway.hear(_sent(told), reserved)
        about = {"InvoiceIssued", "InvoicePaid", "PaymentAllocated"}
        await self.gateway.hear(*[_sent(told) for told in await self._news(self.ledger) if told.type in about])
        return answer

    async def _news(self, department: Gateway | Desk) -> list[Told]:
        told = await department.told()
        before = self.heard.get(type(department).__name__, 0)
        self.heard[type(department).__name__] = len(told)
        return told[before:]


def _sent(told: Told) -> Event:
    headers = tuple(to_headers(told.envelope))
    topic = EVENTS[told.envelope.type].topic
    return Event(told.company, topic, told.key, told.sequence, headers, orjson.dumps(told.data))


@pytest_asyncio.fixture
async def house(postgres_server: TestPostgres, blank: Desk, tmp_path: Path) -> AsyncIterator[House]:
    """A shop at a gateway, and the books behind it."""
    urls = postgres_server.create_database("gateway")
    with ThreadPoolExecutor(1) as thread:
        thread.submit(migrate, "gateway", urls.migration_url).result()
    async with one_for_all(postgres_server, urls, tmp_path) as (shop, gateway):
        yield House(shop, gateway, blank)


async def run(person: Accountant, path: str, body: str | None, number: int) -> Any:
    address = f"/v1/companies{path}"
    if body is None:
        return await person.http.get(address)
    media_type = "application/json"
    if body.startswith("@"):
        body, media_type = dict(FILE.findall(PAGE.read_text("utf-8")))[body[1:]], "text/csv"
    headers = {"idempotency-key": f"page-{number}", "content-type": media_type}
    return await person.http.post(address, content=body.encode(), headers=headers)


def test_every_command_of_the_page_says_what_it_answers() -> None:
    text = PAGE.read_text("utf-8")
    lines = [line for line in text.splitlines() if re.match(r"(KEY=\S+ )?(books|table|front) ", line)]

    assert len(lines) == len(commands()) > 20


async def test_a_company_is_set_up_kept_closed_and_corrected_as_the_page_says(blank: Desk, house: House) -> None:
    """L2, L3, L6, L8, L23, L29, X24: an accountant goes by the page, from nothing to a corrected month; what is sold
    and paid comes through the gateway, and is seen there.
    """
    known = {"soon": (BEGAN + timedelta(hours=1)).isoformat(), "entry": "", "before": ""}
    seen: list[tuple[str, str | None]] = []
    async with at_the_door(blank, "anna", "ben") as (anna, ben):
        for number, command in enumerate(commands()):
            if "/exceptions" in command.words:
                ((now,),) = await blank.rows("select clock_timestamp()")
                known["before"] = quote(now.isoformat())
            path, body = command.read(known)
            if command.words.startswith("front"):
                answer = await house.run(path, body, number)
                if "state" in answer.json():
                    seen.append((answer.json()["state"], answer.json()["total"]))
                elif path == "/orders":
                    known["order"] = answer.json()["subject"]
                    known.setdefault("invoice", str(invoice_id("acme", UUID(known["order"]))))
                else:
                    known.setdefault("payment", answer.json()["subject"])
            else:
                answer = await run(ben if command.by_ben else anna, path, body, number)
            assert answer.status_code == command.status, (command.words, answer.text)
            known |= {name: answer.json()[name] or known[name] for name in ("entry", "refund") if name in answer.json()}
        today = await anna.balance("6000", as_of="2026-01-31")
        as_known = await anna.balance("6000", as_of="2026-01-31", known_at=now.isoformat())
        taken_over = [await anna.balance(account, as_of="2026-01-31") for account in ("1100", "2100", "3900")]

    assert seen == [("paid", "62.00")]
    assert (today, as_known) == ("1010.00", "1000.00")
    assert taken_over == ["1240.00", "-66.00", "0.00"]
    assert await blank.faults() == []
