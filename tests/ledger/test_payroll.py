"""A pay run is booked once, on the accounts that play its roles, and balances."""

from __future__ import annotations

from datetime import date
from typing import Any

from chassis.ids import derive
from contracts import published
from contracts.payroll import PayrollPosted
from services.ledger import handlers
from services.ledger.commands import DefineDimensionValues, NewAccount, NewDimensionValue, OpenAccounts
from services.ledger.domain.books import KIND_OF_ROLE
from tests.ledger.desk import Desk, cause
from tests.support.department import Event, event

ROLES = ("salaries", "employer_contributions", "wages_payable", "tax_payable", "contributions_payable")
CHART = tuple(
    NewAccount(f"6{n:03}", role.replace("_", " "), KIND_OF_ROLE[role], role, "") for n, role in enumerate(ROLES)
)


def posted(name: str = "run", sequence: int = 1, **changes: Any) -> Event:
    """A pay run is posted; what is not named is as in the golden sample."""
    data = published.sample("PayrollPosted.v1").data | {"run": str(derive("test-run", name))} | changes
    return event(PayrollPosted, "acme", data, sequence=sequence)


async def open_accounts(desk: Desk, *roles: str) -> None:
    accounts = [account for account in CHART if account.role in roles]
    await desk.do(handlers.open_accounts, OpenAccounts("acme", accounts, cause("acme")))


async def test_a_run_is_booked_by_role_once_with_its_lines_apart(desk: Desk) -> None:
    """P18: the entry has the run's sums to the cent, by cost centre, once, whatever comes again (INV15)."""
    await open_accounts(desk, *ROLES)
    await desk.hear(posted())
    await desk.hear(posted())
    await desk.hear(posted(sequence=2))
    assert await desk.balances() == {
        ("6000", "EUR"): 9_642_050,
        ("6001", "EUR"): 2_101_003,
        ("6002", "EUR"): -7_388_400,
        ("6003", "EUR"): -964_512,
        ("6004", "EUR"): -3_390_141,
    }
    (told,) = await desk.told("EntryPosted")
    assert (told.data["journal"], told.data["posted_on"], len(told.data["lines"])) == ("payroll", "2026-12-31", 7)
    assert await desk.rows("select posted_on, document from journal_entry") == [
        (date(2026, 12, 31), derive("test-run", "run"))
    ]
    lines = published.sample("PayrollPosted.v1").data["lines"]
    assert await desk.rows("select cost_centre from journal_line order by line") == [
        (line["cost_centre"],) for line in lines
    ]
    borne = "select sum(debit) from dimension_day where cost_centre is not null"
    assert await desk.rows(borne) == [(9_642_050 + 2_101_003,)]
    assert await desk.faults() == []


async def test_a_run_waits_for_an_account_that_is_missing(desk: Desk) -> None:
    """P18: nothing is booked on another account, and nothing is lost."""
    await open_accounts(desk, *ROLES[:-1])
    await desk.hear(posted())
    assert await desk.held() == [("waiting", "company acme has no account with the role contributions_payable")]
    await open_accounts(desk, ROLES[-1])
    await desk.try_held()
    assert len(await desk.told("EntryPosted")) == 1


async def test_a_run_whose_sides_differ_is_refused(desk: Desk) -> None:
    """P18: the books stay balanced whatever comes."""
    await open_accounts(desk, *ROLES)
    lines = published.sample("PayrollPosted.v1").data["lines"][:-1]
    await desk.hear(posted(lines=lines))
    assert await desk.balances() == {}
    assert await desk.faults() == []


async def test_a_run_in_another_currency_than_the_companys_is_held_and_says_why(desk: Desk) -> None:
    """P18: payroll refuses such a pay group; what comes all the same waits for a person, and nothing is booked."""
    await open_accounts(desk, *ROLES)
    await desk.hear(posted(currency="USD"))
    assert await desk.held() == [("waiting", "company acme counts in EUR, and the run is in USD")]
    assert await desk.balances() == {}
    assert await desk.faults() == []


async def define(desk: Desk, *codes: str) -> None:
    values = [NewDimensionValue("cost_centre", code, code, f"/values/{n}") for n, code in enumerate(codes)]
    await desk.do(handlers.define_dimension_values, DefineDimensionValues("acme", values, cause("acme")))


async def test_a_run_on_a_cost_centre_that_the_books_do_not_have_waits_for_it(desk: Desk) -> None:
    """P18: nothing is booked on a centre that nobody knows, and nothing is lost; `various` is always known."""
    await open_accounts(desk, *ROLES)
    lines = [dict(line) for line in published.sample("PayrollPosted.v1").data["lines"]]
    first = next(line for line in lines if line["cost_centre"])
    for line in lines:
        if line["cost_centre"]:
            line["cost_centre"] = "CC-1" if line is first else "various"
    await define(desk, "CC-9")
    await desk.hear(posted(lines=lines))
    assert await desk.held() == [("waiting", "company acme has no cost centre CC-1")]
    assert await desk.told("EntryPosted") == []
    await define(desk, "CC-1")
    await desk.try_held()
    assert len(await desk.told("EntryPosted")) == 1
    assert await desk.faults() == []
