"""Who is not in a run: people who were erased, and who got terms when it had begun. And who may be erased at all."""

from __future__ import annotations

from datetime import date
from typing import Any

import httpx

from chassis.ids import UUID
from tests.payroll.office import person
from tests.payroll.runs.bureau import AT, Bureau, no, said


async def settle(client: httpx.AsyncClient, run: dict[str, Any]) -> None:
    """The bank has paid an approved run."""
    at = f"{AT}/pay-runs/{run['run']}"
    await said(client, f"{at}/pay-file", execution_on="2024-06-30")
    await said(client, f"{at}/payment", paid_on="2024-06-30")


async def two_paid(bureau: Bureau, client: httpx.AsyncClient, *periods: str) -> None:
    """Anna and Boris are paid for some months; Anna's last day is 10 February 2024."""
    await bureau.hire("Anna", "Boris")
    for name in ("Anna", "Boris"):
        await bureau.agree(name, "3000.00")
        await bureau.bank(name)
    await bureau.leave("Anna", date(2024, 2, 10))
    for period in periods:
        await settle(client, await bureau.paid(period))


async def test_nobody_is_erased_before_their_last_month_is_paid(bureau: Bureau) -> None:
    """P27: January is paid and February not begun: erasing would leave the group without its run for ever."""
    erasure = f"{AT}/employees/{person('Anna')}/erasure"
    async with bureau.client() as client:
        await two_paid(bureau, client, "2024-01")
        assert await no(client, erasure) == (409, "pay-outstanding", None)
        await settle(client, await bureau.paid("2024-02"))
        assert (await said(client, erasure))["erased"] is True
    march = await bureau.paid("2024-03")
    assert (march["people"], march["left_out"]) == (1, [])


async def test_nobody_is_erased_who_is_still_owed_a_correction(bureau: Bureau) -> None:
    """P27, P12: what was agreed late for a month that is paid goes out with the next run; only then the key may go."""
    erasure = f"{AT}/employees/{person('Anna')}/erasure"
    async with bureau.client() as client:
        await two_paid(bureau, client, "2024-01", "2024-02")
        await bureau.agree("Anna", "3300.00", on="2024-02-01")
        assert await no(client, erasure) == (409, "pay-outstanding", None)
        await settle(client, await bureau.paid("2024-03"))
        assert (await bureau.slip("Anna", "2024-03"))["corrections"] != []
        assert (await said(client, erasure))["erased"] is True


async def test_who_was_never_agreed_with_is_owed_nothing(bureau: Bureau) -> None:
    """P27: somebody who left without terms of pay is in no group, and nothing waits for them."""
    await bureau.hire("Anna")
    await bureau.leave("Anna", date(2024, 2, 10))
    async with bureau.client() as client:
        assert (await said(client, f"{AT}/employees/{person('Anna')}/erasure"))["erased"] is True


async def test_a_run_leaves_out_who_was_erased_and_says_so(bureau: Bureau) -> None:
    """P27, P5: a key that is gone holds up nobody else's pay; the run names who is not in it."""
    await bureau.hire("Anna", "Boris")
    for name in ("Anna", "Boris"):
        await bureau.agree(name, "3000.00")
    async with bureau.office.database.unit(["acme"]) as unit:
        unit.now = await unit.raw.fetchval("select now()")
        await bureau.desk.vault.erase(unit.raw, [("acme", UUID(person("Anna")))], unit.now)
    run = await bureau.calculated("2024-01")
    assert (run["people"], run["unpaid"]) == (1, [])
    assert [(each["employee"], each["code"]) for each in run["left_out"]] == [(person("Anna"), "person-erased")]
    assert (await bureau.approve(run["run"])).status_code == 200


async def test_the_run_names_of_its_month_who_has_no_terms_and_who_no_tax_profile(bureau: Bureau) -> None:
    """P5, P7: not who left before or comes later; without a profile somebody is paid, with no credits, and named."""
    await bureau.hire("Anna", "Boris", "Gone", "None")
    await bureau.hire("Later", on="2024-02-01")
    for name in ("Anna", "Boris"):
        await bureau.agree(name, "3000.00")
    await bureau.tax("Anna", "1")
    await bureau.tax("Boris", "1", on="2024-02-01")
    await bureau.leave("Gone", date(2024, 1, 31))
    january = await bureau.paid("2024-01")
    assert january["without_terms"] == ["E-000003", "E-000004"]
    assert [(each["number"], each["code"]) for each in january["notices"]] == [("E-000002", "tax-profile-missing")]
    february = await bureau.paid("2024-02")
    assert (february["without_terms"], february["notices"]) == (["E-000004", "E-000005"], [])


async def test_who_got_terms_when_the_run_had_begun_is_in_it_or_named(bureau: Bureau) -> None:
    """P5: nobody falls between: they are paid, or the run names them until it is calculated again."""
    await bureau.hire("Anna", "Boris")
    for name in ("Anna", "Boris"):
        await bureau.agree(name, "3000.00")
    run = await bureau.start("2024-01")
    late = [f"Late {n}" for n in range(6)]
    await bureau.hire(*late)
    for name in late:
        await bureau.agree(name, "3000.00")
    seen = await bureau.worked(run)
    paid = {str(row[0]) for row in await bureau.office.rows("select employee::text from payslip")}
    named = {each["employee"]: each["code"] for each in seen["left_out"]}
    assert paid.isdisjoint(named)
    assert paid | set(named) == {person(name) for name in ("Anna", "Boris", *late)}
    assert set(named.values()) == {"agreed-after-start"}
    async with bureau.client() as client:
        await said(client, f"{AT}/pay-runs/{run}/calculation")
    again = await bureau.worked(run)
    assert (again["people"], again["left_out"]) == (8, [])
