"""The page for accountants is true: every command on it is run, and answers as it says."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.ledger.accountant import Accountant, at_the_door
from tests.ledger.desk import Desk, Order, payment, payment_id

PAGE = Path(__file__).resolve().parents[2] / "docs" / "accounting.md"
COMMAND = re.compile(r"^(KEY=\$BEN )?((?:books|table) .*) # ([0-9]{3})$", re.MULTILINE)
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
    lines = [line for line in text.splitlines() if re.match(r"(KEY=\S+ )?(books|table) ", line)]

    assert len(lines) == len(commands()) > 20


async def test_a_company_is_set_up_kept_closed_and_corrected_as_the_page_says(blank: Desk) -> None:
    """L2, L3, L6, L8, L23, L29, X24: an accountant goes by the page, from nothing to a corrected month."""
    known = {"soon": (datetime.now(UTC) + timedelta(hours=1)).isoformat(), "entry": "", "before": ""}
    order = Order("A-1", at=datetime(2026, 2, 5, 12, tzinfo=UTC))
    async with at_the_door(blank, "anna", "ben") as (anna, ben):
        for number, command in enumerate(commands()):
            if "/exceptions" in command.words:
                ((now,),) = await blank.rows("select clock_timestamp()")
                known["before"] = quote(now.isoformat())
            if "/ageing" in command.words:
                await blank.bill(order)
                await blank.hear(payment("P-1", "20.00", received_on=date(2026, 2, 10)))
                known |= {"invoice": str(order.invoice), "payment": str(payment_id("P-1"))}
            path, body = command.read(known)
            answer = await run(ben if command.by_ben else anna, path, body, number)
            assert answer.status_code == command.status, (command.words, answer.text)
            known |= {name: answer.json()[name] or known[name] for name in ("entry", "refund") if name in answer.json()}
        today = await anna.balance("6000", as_of="2026-01-31")
        as_known = await anna.balance("6000", as_of="2026-01-31", known_at=now.isoformat())
        taken_over = [await anna.balance(account, as_of="2026-01-31") for account in ("1100", "2100", "3900")]

    assert (today, as_known) == ("1010.00", "1000.00")
    assert taken_over == ["1240.00", "-66.00", "0.00"]
    assert await blank.faults() == []
