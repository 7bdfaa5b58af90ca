"""On which days a month is paid, and what an approver is told that was recorded after the calculation."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from services.payroll.domain.running import refusal_of_day
from tests.payroll.office import person
from tests.payroll.runs.bureau import AT, Bureau, no, said
from tests.support.pinned_clock import TODAY

JANUARY = date(2024, 1, 1)


@pytest.mark.parametrize(
    ("day", "today", "right"),
    [
        ("2023-11-30", "2024-01-31", False),
        ("2023-12-01", "2024-01-31", True),
        ("2025-01-31", "2024-01-31", True),
        ("2025-02-01", "2024-01-31", False),
        ("2026-11-30", "2026-11-30", True),
        ("2026-12-01", "2026-11-30", False),
    ],
)
def test_a_month_is_paid_about_its_own_time_or_caught_up_with_today(day: str, today: str, *, right: bool) -> None:
    """P5: from the month before on, until a year after; later only as far as today has come."""
    refused = refusal_of_day(JANUARY, date.fromisoformat(day), date.fromisoformat(today), "paid_on")
    assert (refused is None) == right


async def test_a_mistyped_day_of_payment_is_refused_by_its_field(bureau: Bureau) -> None:
    """P5: of the file and of the confirmation; the run stands where it stood."""
    await bureau.hire("Anna")
    await bureau.agree("Anna", "3000.00")
    await bureau.bank("Anna")
    at = f"{AT}/pay-runs/{(await bureau.paid('2024-01'))['run']}"
    far = (TODAY + timedelta(days=400)).isoformat()
    async with bureau.client() as client:
        for day in ("2199-01-31", "1950-01-31", far):
            found = await no(client, f"{at}/pay-file", execution_on=day)
            assert found == (422, "payment-day-implausible", "/execution_on")
        await said(client, f"{at}/pay-file", execution_on="2024-01-31")
        for day in ("2199-01-31", "1950-01-31", far):
            assert await no(client, f"{at}/payment", paid_on=day) == (422, "payment-day-implausible", "/paid_on")
        await said(client, f"{at}/payment", paid_on="2024-01-31")


async def changed(bureau: Bureau, run: str) -> list[str]:
    """Whose facts changed after the calculation, as whoever approves sees it."""
    async with bureau.client(actor="user:pavlos", scopes=("payroll:approve",)) as client:
        notices: list[dict[str, Any]] = (await client.get(f"{AT}/pay-runs/{run}")).json()["notices"]
    return [each["number"] for each in notices if each["code"] == "changed-since-calculated"]


async def test_an_approver_is_told_whose_facts_changed_after_the_calculation(bureau: Bureau) -> None:
    """P5: terms, a last day, leave, a tax profile; not what begins after the month; until it is calculated again."""
    names = ("Terms", "Leaver", "Leave", "Taxed", "Later", "Same")
    await bureau.hire(*names)
    for name in names:
        await bureau.agree(name, "3000.00")
        await bureau.tax(name)
    leave = f"{AT}/employees/{person('Leave')}/leave/requests"
    async with bureau.client() as client:
        await said(client, f"{AT}/leave/types", leave_type="UNPAID", name="Unpaid", paid=False, limited=False)
        asked = await said(client, leave, leave_type="UNPAID", first="2024-01-08", last="2024-01-09")
    run = (await bureau.calculated("2024-01"))["run"]
    assert await changed(bureau, run) == []
    await bureau.agree("Terms", "5000.00")
    await bureau.agree("Later", "5000.00", on="2024-02-01")
    await bureau.leave("Leaver", date(2024, 1, 20))
    await bureau.tax("Taxed", "1", on="2024-01-01")
    async with bureau.client(actor="user:rita") as client:
        await said(client, f"{AT}/leave/requests/{asked['request']}/decision", decision="approved")
    assert await changed(bureau, run) == ["E-000001", "E-000002", "E-000003", "E-000004"]
    async with bureau.client() as client:
        await said(client, f"{AT}/pay-runs/{run}/calculation")
    await bureau.worked(run)
    assert await changed(bureau, run) == []
    await bureau.agree("Same", "5000.00")
    assert (await bureau.approve(run)).status_code == 200
    assert await changed(bureau, run) == []
