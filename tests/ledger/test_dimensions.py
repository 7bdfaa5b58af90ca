"""Departments and cost centres: mandatory where the company says so, split by fixed shares, added up per place."""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib import import_module
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from services.ledger import handlers
from services.ledger.commands import OpenAccounts
from services.ledger.domain.shares import WHOLE, Share, split
from tests.ledger.accountant import RENT, Accountant, at_the_door, entry, faults, lines
from tests.ledger.desk import Desk, Order, cause

PLACES = [
    {"dimension": "department", "code": "SALES", "name": "Sales"},
    {"dimension": "department", "code": "OPS", "name": "Operations"},
    {"dimension": "cost_centre", "code": "CC-1", "name": "Athens"},
    {"dimension": "cost_centre", "code": "CC-2", "name": "Piraeus"},
]
THIRDS = {
    "code": "RENT",
    "name": "Rent by floor space",
    "shares": [
        {"department": "SALES", "cost_centre": "CC-1", "share": "0.333333"},
        {"department": "OPS", "cost_centre": "CC-1", "share": "0.333333"},
        {"department": "OPS", "cost_centre": "CC-2", "share": "0.333334"},
    ],
}
REQUIRED = {
    "valid_from": "2026-01-01",
    "dimensions_required": True,
    "default_department": "SALES",
    "default_cost_centre": "CC-1",
}


@pytest_asyncio.fixture
async def anna(desk: Desk) -> AsyncIterator[Accountant]:
    """Anna, whose company has departments and cost centres."""
    await desk.do(handlers.open_accounts, OpenAccounts("acme", [RENT], cause()))
    async with at_the_door(desk, "anna") as (one,):
        await one.done("/dimensions", {"values": PLACES})
        yield one


def placed(**place: str) -> dict[str, Any]:
    return entry(lines=[*lines(("6000", "100.00"), **place), *lines(("1000", "-100.00"))])


async def test_lines_of_income_and_expense_name_their_places_when_the_company_says_so(
    desk: Desk, anna: Accountant
) -> None:
    """L23: mandatory on profit-and-loss lines from the day of the policy on, and on those alone."""
    await anna.done("/entries", placed())
    await anna.done("/policies", REQUIRED)

    without = await anna.post("/entries", placed())
    half = await anna.post("/entries", placed(department="OPS"))
    await anna.done("/entries", placed(department="OPS", cost_centre="CC-2"))
    await anna.done("/entries", entry("2025-12-31"))

    assert faults(without) == [("/lines/0/department", "dimension-required")]
    assert faults(half) == [("/lines/0/cost_centre", "dimension-required")]
    (balance,) = (await anna.get("/dimension-balances", department="OPS"))["balances"]
    assert (balance["account"], balance["cost_centre"], balance["balance"]) == ("6000", "CC-2", "100.00")
    assert await desk.faults() == []


async def test_what_a_cost_centre_has_in_another_currency_is_told_in_the_companys_own(
    desk: Desk, anna: Accountant
) -> None:
    """L5, L23: 50.00 dollars that were worth 46.00 euros, and 100.00 euros: 146.00."""
    dollars = lines(("6000", "50.00"), currency="USD", base="46.00", department="OPS")
    await anna.done("/entries", entry(lines=[*dollars, *lines(("1000", "-50.00"), currency="USD", base="46.00")]))
    await anna.done("/entries", placed(department="OPS"))

    shown = (await anna.get("/dimension-balances", department="OPS"))["balances"]

    assert [(x["currency"], x["balance"], x["base_debit"], x["base_credit"], x["base_balance"]) for x in shown] == [
        ("EUR", "100.00", "100.00", "0.00", "100.00"), ("USD", "50.00", "46.00", "0.00", "46.00"),
    ]  # fmt: skip


async def test_what_lines_of_before_are_worth_is_filled_in(desk: Desk, anna: Accountant) -> None:
    """L23: the migration says of every cell what its lines are worth, and adds nothing else."""
    await anna.done("/entries", placed(department="OPS"))
    await anna.done("/entries", entry(lines=lines(("6000", "9.00"), ("1000", "-9.00"), cost_centre="CC-1")))
    kept = await desk.rows("select * from dimension_day order by account, department")
    await desk.rows("update dimension_day set base_debit = 0, base_credit = 0")

    await desk.rows(import_module("services.ledger.migrations.0017_pre_dimension_worth").FILL)

    assert await desk.rows("select * from dimension_day order by account, department") == kept
    assert len(kept) == 3


async def test_what_no_person_posts_gets_the_places_of_the_policy(desk: Desk, anna: Accountant) -> None:
    """L23: the income of an invoice stands in the company's default department and cost centre."""
    await anna.done("/policies", REQUIRED)

    await desk.bill(Order("A-1"))

    told = (await desk.told("EntryPosted"))[0].data["lines"]
    places = {line["account"]: (line.get("department"), line.get("cost_centre")) for line in told}
    assert places == {"1100": (None, None), "4000": ("SALES", "CC-1"), "2200": (None, None)}
    (balance,) = (await anna.get("/dimension-balances"))["balances"]
    assert (balance["account"], balance["balance"]) == ("4000", "-30.00")


async def test_what_is_taken_back_after_the_policys_day_stands_in_its_places(desk: Desk, anna: Accountant) -> None:
    """L23: the rent of before named no place; its mirror of after names the company's, on the line of expense alone."""
    made = await anna.done("/entries", entry("2025-12-31"))
    await anna.done("/policies", REQUIRED)

    taken = await anna.done(f"/entries/{made['entry']}/reversal", {"posted_on": "2026-11-20", "text": "Wrong."})

    shown = await anna.get(f"/entries/{taken['entry']}")
    places = {x["account"]: (x["department"], x["cost_centre"]) for x in shown["lines"]}
    assert places == {"6000": ("SALES", "CC-1"), "1000": (None, None)}
    assert await desk.faults() == []


async def test_what_was_proposed_before_the_policy_and_is_agreed_to_after_it_stands_in_its_places(
    desk: Desk, anna: Accountant
) -> None:
    """L23: what the second person lets in is asked for the same as what comes in at once."""
    await anna.done("/policies", {"valid_from": "2026-01-01", "approval_limit": "50.00"})
    waiting = await anna.done("/entries", placed(), 202)
    await anna.done("/policies", REQUIRED)

    async with at_the_door(desk, "ben") as (ben,):
        await ben.done(f"/entries/{waiting['entry']}/approve", {"reason": "Fine."}, 200)

    (balance,) = (await anna.get("/dimension-balances"))["balances"]
    assert (balance["account"], balance["department"], balance["cost_centre"]) == ("6000", "SALES", "CC-1")


@pytest.mark.parametrize("kind", ["income", "expense"])
async def test_tax_is_never_booked_as_income_or_expense(anna: Accountant, kind: str) -> None:
    """L23: what is owed to an authority is no result, and has no department."""
    await anna.done("/accounts", {"code": "5000", "name": "Not ours", "kind": kind})

    answer = await anna.post("/tax-codes", {"code": "NEW", "name": "New", "rate": "0.24", "account": "5000"})

    assert (answer.status_code, faults(answer)) == (422, [("/account", "account-of-another-kind")])
    assert "NEW" not in [one["code"] for one in (await anna.get("/tax-codes"))["tax_codes"]]


async def test_a_line_is_split_by_a_rule_to_the_last_cent(desk: Desk, anna: Accountant) -> None:
    """L23: allocation rules split an amount over cost centres by fixed shares; the parts are the whole."""
    await anna.done("/allocation-rules", THIRDS)
    await anna.done("/policies", REQUIRED)
    before = await anna.get("/trial-balance")

    shown = await anna.done("/entries", placed(allocation="RENT"), 200, key="k", dry_run="true")
    await anna.done("/entries", placed(allocation="RENT"), key="k")

    (told,) = await desk.told("EntryPosted")
    assert shown["would_tell"][0]["data"] == told.data
    parts = [(x["debit"], x["department"], x["cost_centre"]) for x in told.data["lines"] if x["account"] == "6000"]
    assert parts == [("33.33", "SALES", "CC-1"), ("33.33", "OPS", "CC-1"), ("33.34", "OPS", "CC-2")]
    assert before["accounts"] == []
    assert await anna.balance("6000") == "100.00"
    both = await anna.post("/entries", placed(allocation="RENT", department="OPS"))
    assert faults(both) == [("/lines/0/allocation", "allocation-and-dimension")]


@pytest.mark.parametrize(
    ("path", "body", "fault"),
    [
        ("/dimensions", {"values": [PLACES[0]]}, ("/values/0/code", "dimension-exists")),
        ("/dimensions", {"values": [{**PLACES[0], "dimension": "planet"}]}, ("/values/0/dimension", "not-allowed")),
        ("/allocation-rules", THIRDS | {"shares": THIRDS["shares"][:2]}, ("/shares", "shares-are-not-the-whole")),
        (
            "/allocation-rules",
            THIRDS | {"shares": [{"department": "X", "share": "1"}]},
            ("/shares/0/department", "dimension-unknown"),
        ),
        (
            "/policies",
            {"valid_from": "2026-01-01", "dimensions_required": True},
            ("/dimensions_required", "defaults-required"),
        ),
        ("/policies", REQUIRED | {"default_department": "X"}, ("/default_department", "dimension-unknown")),
        ("/policies", {"valid_from": "2026-01-01", "approval_limit": "1.005"}, ("/approval_limit", "amount-invalid")),
        ("/policies", {"valid_from": "2026-01-01"}, ("", "nothing-changes")),
    ],
)
async def test_what_is_set_up_wrongly_is_refused_naming_the_field(
    anna: Accountant, path: str, body: dict[str, Any], fault: tuple[str, str]
) -> None:
    answer = await anna.post(path, body)

    assert faults(answer) == [fault]


async def test_what_a_company_decides_holds_from_its_day_on(anna: Accountant) -> None:
    await anna.done("/policies", {"valid_from": "2026-12-01", "approval_limit": "50.00"})
    await anna.done("/policies", {"valid_from": "2026-11-01", "approval_limit": "1000.00", "net_days": 14})

    november = await anna.post("/entries", entry("2026-11-30"))
    december = await anna.post("/entries", entry("2026-12-01"))

    assert (november.status_code, december.status_code) == (201, 202)
    assert [p["approval_limit"] for p in (await anna.get("/policies"))["policies"]] == ["50.00", "1000.00"]


@given(st.integers(0, 10**15), st.lists(st.integers(1, 1000), min_size=1, max_size=20))
def test_parts_are_the_whole_and_none_is_a_unit_off_its_share(amount: int, weights: list[int]) -> None:
    """L23: whatever the shares, the parts add up, and none is a minor unit or more away from its exact share."""
    millionths = [weight * WHOLE // sum(weights) for weight in weights]
    millionths[0] += WHOLE - sum(millionths)

    parts = split(amount, [Share(None, None, share) for share in millionths])

    assert sum(parts) == amount
    assert all(abs(part * WHOLE - amount * share) < WHOLE for part, share in zip(parts, millionths, strict=True))
