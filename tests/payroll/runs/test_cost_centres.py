"""Which cost centre bears somebody's pay: the one named with the terms, or the position's, as it is day by day."""

from __future__ import annotations

from typing import Any

from tests.payroll.office import person
from tests.payroll.runs.bureau import AT, Bureau, no, said

ANNA = f"{AT}/employees/{person('Anna')}"


async def borne(bureau: Bureau, period: str) -> dict[str, str]:
    """What each cost centre bears of Anna's salary of a month."""
    slip = await bureau.slip("Anna", period)
    return {line["cost_centre"]: line["amount"] for line in slip["lines"] if line["kind"] == "earning"}


async def as_of(bureau: Bureau, day: str, *scopes: str) -> dict[str, Any]:
    """Anna on a day, as somebody with these rights is told."""
    async with bureau.client(actor="user:who", scopes=scopes) as client:
        answer = await client.get(ANNA, params={"on": day})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_pay_without_a_cost_centre_of_its_own_follows_the_position_by_day(bureau: Bureau) -> None:
    """P1, P18: a change of cost centre moves what is booked from its day on, also when it is recorded late."""
    await bureau.hire("Anna")
    async with bureau.client() as client:
        await said(
            client, f"{AT}/departments/changes", department="Sales", effective_on="2020-01-01", cost_centre="sales"
        )
    await bureau.agree("Anna", "2300.00", cost_centre=None)
    async with bureau.client() as client:
        await said(client, f"{ANNA}/changes", effective_on="2024-01-15", cost_centre="stores")
    # 10 of 23 working days before the 15th
    await bureau.paid("2024-01")
    assert await borne(bureau, "2024-01") == {"sales": "1000.00", "stores": "1300.00"}
    # When the change turns out to hold from the first of January on, the books are put right with February
    async with bureau.client() as client:
        await said(client, f"{ANNA}/changes", replaces=2, effective_on="2024-01-01")
    await bureau.paid("2024-02")
    (correction,) = (await bureau.slip("Anna", "2024-02"))["corrections"]
    earned = {line["cost_centre"]: line["amount"] for line in correction["lines"] if line["kind"] == "earning"}
    assert (correction["month"], earned, correction["net"]) == (
        "2024-01", {"sales": "-1000.00", "stores": "1000.00"}, "0.00",
    )  # fmt: skip
    # and terms that name one keep it
    await bureau.agree("Anna", "2300.00", on="2024-03-01", cost_centre="office")
    await bureau.paid("2024-03")
    assert await borne(bureau, "2024-03") == {"office": "2300.00"}


async def test_whose_position_has_no_cost_centre_is_named_by_the_run(bureau: Bureau) -> None:
    """P5, P18: nobody's pay is booked nowhere."""
    await bureau.hire("Anna")
    await bureau.agree("Anna", "2300.00", cost_centre=None)
    run = await bureau.calculated("2024-01")
    assert [each["code"] for each in run["unpaid"]] == ["cost-centre-missing"]
    async with bureau.client() as client:
        named = await no(client, f"{ANNA}/pay-terms", pay_group="staff", effective_on="2024-01-01", cost_centre="none",
                         monthly={"amount": "1.00", "currency": "EUR"})  # fmt: skip
    assert named == (422, "unknown-cost-centre", "/cost_centre")


async def test_one_answer_tells_job_pay_manager_and_cost_centre_of_a_day(bureau: Bureau) -> None:
    """P1: to who may see pay; others are told the same without pay; that pay was read is written down."""
    await bureau.hire("Anna", "Boss")
    await bureau.agree("Anna", "2300.00", cost_centre=None)
    await bureau.agree("Anna", "2500.00", on="2024-07-01", cost_centre=None)
    async with bureau.client() as client:
        await said(client, f"{ANNA}/changes", effective_on="2024-01-01", cost_centre="sales", manager=person("Boss"))
        await said(client, f"{ANNA}/changes", effective_on="2024-06-01", cost_centre="stores", job_title="Head")
    told = [await as_of(bureau, day, "payroll:officer") for day in ("2024-05-31", "2024-06-01", "2024-07-01")]
    assert [(t["job_title"], t["manager"], t["cost_centre"]) for t in told] == [
        (told[0]["job_title"], person("Boss"), "sales"), ("Head", person("Boss"), "stores"),
        ("Head", person("Boss"), "stores"),
    ]  # fmt: skip
    assert [[(each["monthly"], each["cost_centre"]) for each in t["pay"]] for t in told] == [
        [("2300.00", "sales")], [("2300.00", "stores")], [("2500.00", "stores")],
    ]  # fmt: skip
    readings = await bureau.office.rows("select what, actor from pay_reading")
    assert readings == [("agreed pay", "user:who")] * 3
    clerk = await as_of(bureau, "2024-07-01", "payroll:read")
    assert (clerk["job_title"], clerk["cost_centre"], clerk["pay"]) == ("Head", "stores", None)
    assert await bureau.office.rows("select count(*) from pay_reading") == [(3,)]
