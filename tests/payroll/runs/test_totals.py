"""What a director sees of pay: sums of approved runs, and nobody's pay."""

from __future__ import annotations

from typing import Any

import pytest

from tests.payroll.office import person
from tests.payroll.runs.bureau import AT, Bureau
from tests.payroll.runs.test_states import away

DIRECTOR = ("payroll:director",)
YEAR = {"since": "2024-01", "until": "2024-12"}


async def seen(bureau: Bureau, **asked: str) -> list[dict[str, Any]]:
    async with bureau.client(actor="user:director", scopes=DIRECTOR) as director:
        answer = await director.get(f"{AT}/pay-totals", params=YEAR | asked)
    assert answer.status_code == 200, answer.text
    runs: list[dict[str, Any]] = answer.json()["runs"]
    return runs


async def employed(bureau: Bureau, **centres: str) -> None:
    """People with their cost centre, at 3,000 a month each."""
    await bureau.hire(*centres)
    for name, centre in centres.items():
        await bureau.agree(name, "3000.00", cost_centre=centre)


async def test_a_director_sees_what_an_approved_month_comes_to_and_that_they_looked_is_written_down(
    bureau: Bureau,
) -> None:
    """P2, P27: totals of the company and of cost centres; of small ones together, of drafts nothing."""
    # Given three people in one cost centre and one in another
    await employed(bureau, Anna="sales", Boris="sales", Chloe="sales", Daphne="stores", Elias="office", Fani="office")
    run = await bureau.calculated("2024-01")
    assert await seen(bureau) == []
    # When their month is approved
    await bureau.approve(run["run"])
    # Then its sums are told: each stands for three people at least
    (month,) = await seen(bureau)
    assert (month["period"], month["state"], month["people"]) == ("2024-01", "approved", 6)
    assert (month["sums"]["gross"], month["sums"]["employer_contributions"]) == ("18000.00", "2160.00")
    assert month["sums"]["net"] == run["totals"]["net"]
    assert month["sums"]["cost_centres"] == [
        {"cost_centre": "sales", "cost": "10080.00"},
        {"cost_centre": "various", "cost": "10080.00"},
    ]
    debits = [line for line in run["totals"]["journal"] if line["side"] == "debit"]
    assert [(line["role"], line["amount"], line["cost_centre"]) for line in debits] == [
        ("salaries", "9000.00", "sales"), ("salaries", "9000.00", "various"),
        ("employer_contributions", "1080.00", "sales"), ("employer_contributions", "1080.00", "various"),
    ]  # fmt: skip
    assert await seen(bureau, since="2024-02") == []
    looked = await bureau.office.rows("select distinct what, employee from pay_reading where actor = 'user:director'")
    assert looked == [("sums of runs", None)]


async def test_sums_of_two_people_are_told_to_nobody_who_may_not_see_pay(bureau: Bureau) -> None:
    """P27: a sum of two tells each of them what the other earns."""
    await employed(bureau, Anna="sales", Boris="stores")
    run = await bureau.calculated("2024-01")
    await bureau.approve(run["run"])

    (month,) = await seen(bureau)

    assert (month["people"], month["sums"]) == (2, None)


async def test_one_person_in_several_cost_centres_is_no_crowd(bureau: Bureau) -> None:
    """P18, P27: Anna's terms change centre twice in the month, seven others stand in one: her pay is told by no sum."""
    await employed(bureau, Anna="stores", **{f"N{number}": "sales" for number in range(7)})
    await bureau.agree("Anna", "3100.00", on="2024-01-10", cost_centre="office")
    await bureau.agree("Anna", "3200.00", on="2024-01-20", cost_centre="workshop")
    run = await bureau.calculated("2024-01")
    await bureau.approve(run["run"])
    (month,) = await seen(bureau)
    assert [each["cost_centre"] for each in month["sums"]["cost_centres"]] == ["various"]
    told = {each["cost_centre"]: each["people"] for each in run["totals"]["cost_centres"]}
    assert told == {"office": 1, "sales": 7, "stores": 1, "workshop": 1}


async def test_people_without_an_amount_hide_nobody(bureau: Bureau) -> None:
    """P27: of three people two are on leave without pay: the sum would be the third one's pay."""
    await employed(bureau, Anna="sales", Boris="sales", Chloe="sales")
    await away(bureau, "Anna", "Boris")
    run = await bureau.calculated("2024-01")
    await bureau.approve(run["run"])
    (month,) = await seen(bureau)
    assert (month["people"], month["sums"]) == (3, None)
    (told,) = run["totals"]["cost_centres"]
    assert (told["cost_centre"], told["people"]) == ("sales", 1)
    # and in the books stands what she costs, and neither what she earns nor what she is paid
    assert [(line["role"], line["amount"], line["cost_centre"]) for line in run["totals"]["journal"]] == [
        ("salaries", "3360.00", "various"), ("wages_payable", "3360.00", None),
    ]  # fmt: skip


@pytest.mark.parametrize("right", ["payroll:read", "payroll:write", "payroll:team", "payroll:self", "payroll:approve"])
async def test_whoever_is_no_director_is_refused_the_sums_and_a_director_every_persons_pay(
    bureau: Bureau, right: str
) -> None:
    """P27: who may see totals sees no pay, and the other way round."""
    await employed(bureau, Anna="sales")
    async with bureau.client(actor="user:other", scopes=(right,)) as other:
        assert (await other.get(f"{AT}/pay-totals", params=YEAR)).status_code == 403
    async with bureau.client(actor="user:director", scopes=DIRECTOR) as director:
        assert (await director.get(f"{AT}/employees/{person('Anna')}/payslips")).status_code == 403
        assert (await director.get(f"{AT}/pay-runs")).status_code == 403
        bad = await director.get(f"{AT}/pay-totals", params=YEAR | {"since": "January"})
        assert (bad.status_code, bad.json()["errors"][0]["pointer"]) == (422, "?since")
