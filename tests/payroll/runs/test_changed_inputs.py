"""Each kind of input that a month depends on: recorded after the calculation, the run names whom it concerns."""

from __future__ import annotations

from typing import Any

import pytest

from tests.payroll.office import person
from tests.payroll.runs.bureau import AT, Bureau, said
from tests.payroll.runs.test_days_of_payment import changed

ANNA = f"{AT}/employees/{person('Anna')}"
SALES = f"{AT}/departments/changes"
TERMS: dict[str, Any] = {
    "pay_group": "staff", "effective_on": "2024-01-15", "monthly": {"amount": "4600.00", "currency": "EUR"},
    "cost_centre": None,
}  # fmt: skip
INPUTS: list[tuple[str, str, dict[str, Any]]] = [
    ("terms", f"{ANNA}/pay-terms", TERMS),
    ("a last day", f"{ANNA}/leaving", {"left_on": "2024-01-20", "reason": "resignation"}),
    ("a cost centre", f"{ANNA}/changes", {"effective_on": "2024-01-15", "cost_centre": "stores"}),
    ("the department's", SALES, {"department": "Sales", "effective_on": "2024-01-15", "cost_centre": "stores"}),
    ("a holiday", f"{AT}/holidays", {"day": "2024-01-17", "name": "Feast"}),
]
LATER: list[tuple[str, str, dict[str, Any]]] = [
    ("the department's", SALES, {"department": "Sales", "effective_on": "2024-02-01", "cost_centre": "stores"}),
    ("a name", SALES, {"department": "Sales", "effective_on": "2024-01-15", "name": "Selling"}),
    ("a holiday", f"{AT}/holidays", {"day": "2024-02-01", "name": "Feast"}),
]


async def calculated(bureau: Bureau) -> str:
    """Anna, who came within the month and whose pay follows her position, and Bert, whose pay names its centre."""
    await bureau.hire("Anna", "Bert", on="2024-01-10")
    async with bureau.client() as client:
        await said(client, SALES, department="Sales", effective_on="2020-01-01", cost_centre="sales")
    await bureau.agree("Anna", "2300.00", on="2024-01-10", cost_centre=None)
    await bureau.agree("Bert", "2300.00", on="2024-01-10")
    for name in ("Anna", "Bert"):
        await bureau.tax(name, on="2024-01-10")
    return str((await bureau.calculated("2024-01"))["run"])


@pytest.mark.parametrize(("kind", "path", "body"), INPUTS, ids=[kind for kind, _, _ in INPUTS])
async def test_an_input_recorded_after_the_calculation_is_told_and_then_used(
    bureau: Bureau, kind: str, path: str, body: dict[str, Any]
) -> None:
    """P5: of whom it concerns, a holiday of everybody, until the run is calculated again by it."""
    run = await calculated(bureau)
    before = (await bureau.run(run))["digest"]
    assert await changed(bureau, run) == []
    async with bureau.client() as client:
        await said(client, path, **body)
    assert await changed(bureau, run) == (["E-000001", "E-000002"] if kind == "a holiday" else ["E-000001"])
    async with bureau.client() as client:
        await said(client, f"{AT}/pay-runs/{run}/calculation")
    after = (await bureau.worked(run))["digest"]
    assert await changed(bureau, run) == []
    assert after != before


@pytest.mark.parametrize(("kind", "path", "body"), LATER, ids=[kind for kind, _, _ in LATER])
async def test_what_the_month_does_not_depend_on_is_not_told(
    bureau: Bureau, kind: str, path: str, body: dict[str, Any]
) -> None:
    """P5: what begins after the month, and what pay is not calculated by."""
    run = await calculated(bureau)
    async with bureau.client() as client:
        await said(client, path, **body)
    assert await changed(bureau, run) == [], kind
