"""A customer's statement on paper: asked of the ledger, which knows what stands on it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from contracts.ledger_dues import StatementDrawn
from tests.ledger.accountant import Accountant, at_the_door, faults
from tests.ledger.desk import Desk
from tests.ledger.test_reports import year_of_trade
from tests.support.department import Told

ADDRESS = {"line1": "Ερμού 1", "city": "Αθήνα", "postcode": "10563", "country": "GR"}
PATH = "/customers/C-1/statements"
DAYS = {"since": "2026-07-01", "as_of": "2026-11-23"}


async def drawn(desk: Desk) -> list[Told]:
    return await desk.told("StatementDrawn")


async def test_a_statement_is_drawn_from_the_books_one_for_each_currency(desk: Desk) -> None:
    """L16, D14: what the paper says is what the ledger's own statement says, line by line and by age."""
    await year_of_trade(desk)
    async with at_the_door(desk, "anna") as (anna,):
        answer = await anna.done(PATH, DAYS)
        shown = await anna.get("/customers/C-1/statement", **DAYS)
    told = await drawn(desk)

    assert [one["currency"] for one in answer["statements"]] == [one["currency"] for one in shown["currencies"]]
    assert [t.key for t in told] == [one["statement"] for one in answer["statements"]]
    for paper, account in zip(told, shown["currencies"], strict=True):
        assert StatementDrawn.model_validate_json(orjson.dumps(paper.data))
        told_of = ("currency", "opening", "closing", "unapplied")
        assert [paper.data[name] for name in told_of] == [account[name] for name in told_of]
        printed = ("day", "kind", "document", "invoice", "due_on", "amount", "balance")
        assert paper.data["lines"] == [{name: line[name] for name in printed} for line in account["lines"]]
        assert (paper.data["since"], paper.data["as_of"]) == (DAYS["since"], DAYS["as_of"])
        assert paper.data["customer"]["id"] == "C-1"
    by_age = {row["currency"]: row["total"] for row in shown["ageing"]}
    assert {t.data["currency"]: summed(t.data["ageing"]) for t in told if t.data["ageing"]} == by_age


def summed(ages: list[dict[str, Any]]) -> str:
    cents = sum(round(float(age["open"]) * 100) for age in ages)
    return f"{cents // 100}.{cents % 100:02}"


async def test_a_statement_that_is_asked_for_twice_is_told_once(desk: Desk) -> None:
    await year_of_trade(desk)
    async with at_the_door(desk, "anna") as (anna,):
        answers = [await anna.post(PATH, DAYS, key="once") for _ in range(2)]
    assert answers[0].text == answers[1].text
    assert len(await drawn(desk)) == len(answers[0].json()["statements"])


@pytest.mark.parametrize(
    ("days", "pointer"),
    [
        ({"as_of": "2199-01-01"}, "/as_of"),
        ({"since": "2026-11-24", "as_of": "2026-11-23"}, "/since"),
    ],
)
async def test_no_statement_is_drawn_over_days_that_cannot_be(desk: Desk, days: dict[str, str], pointer: str) -> None:
    await year_of_trade(desk)
    async with at_the_door(desk, "anna") as (anna,):
        assert faults(await anna.post(PATH, days)) == [(pointer, "date-impossible")]
    assert await drawn(desk) == []


async def test_nothing_is_drawn_for_a_customer_of_whom_nothing_is_known(desk: Desk) -> None:
    async with at_the_door(desk, "anna") as (anna,):
        answer = await anna.post("/customers/NOBODY/statements", {})
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (404, "statement-not-found")


async def test_the_customer_is_addressed_as_it_is_known_on_the_day(desk: Desk) -> None:
    """D14: the house's record of the customer, else its newest invoice; the seller is the company."""
    await year_of_trade(desk)
    async with at_the_door(desk, "anna") as (anna,):
        await anna.done(PATH, DAYS)
        (first, *_) = await drawn(desk)
        await known(anna)
        await anna.done(PATH, DAYS)
    later = (await drawn(desk))[-1]
    assert later.data["customer"] == {"id": "C-1", "name": "Γάλα Α.Ε.", "language": "el", "address": ADDRESS}
    assert first.data["customer"]["name"] != "Γάλα Α.Ε."
    assert first.data["seller"] == later.data["seller"]


async def known(anna: Accountant) -> None:
    await anna.done("/customers", {"customer": "C-1", "name": "Γάλα Α.Ε.", "language": "el", "address": ADDRESS})
