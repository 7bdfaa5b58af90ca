"""A change about the past is paid in the next run, month by month, by the rules of its time; old payslips stay."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from services.payroll.domain.pay.months import Month
from tests.payroll.office import person
from tests.payroll.runs.bureau import AT, Bureau, amounts, said


async def test_a_raise_with_effect_in_the_past_is_paid_per_month_in_the_next_run(bureau: Bureau) -> None:
    """P12, P5: a month's difference stands in the next payslip; the old one stays, the same facts have its digest."""
    await bureau.hire("Anna", "Boris")
    for name in ("Anna", "Boris"):
        await bureau.agree(name, "3000.00")
        await bureau.tax(name, "1")
    runs = [await bureau.paid(period) for period in ("2024-01", "2024-02")]
    old = "select employee, period, sealed from payslip where period < '2024-03-01' order by 1, 2"
    before = await bureau.office.rows(old)
    await bureau.agree("Anna", "3600.00", on="2024-02-01")
    march = await bureau.calculated("2024-03")
    slip = await bureau.slip("Anna", "2024-03")
    # February again: 3,600 x 8 % = 288; 2,760 + 3,312 = 6,072, as a year 36,432: 7,200 + 432 x 40 % - 600 = 6,772.80;
    # a sixth is 1,128.80, less 490 of January: 638.80; it was 490.00 -> 148.80 more. 600 - 48 - 148.80 = 403.20
    (correction,) = slip["corrections"]
    assert (correction["month"], correction["net"]) == ("2024-02", "403.20")
    assert {line["code"]: line["amount"] for line in correction["lines"]} == {
        "salary": "600.00",
        "pension": "48.00",
        "pension-employer": "72.00",
        "income-tax": "148.80",
    }
    # March: 3,600; 2,760 + 2 x 3,312 = 9,384, as a year 37,536: 7,200 + 1,536 x 40 % - 600 = 7,214.40; a quarter is
    # 1,803.60, less 1,128.80: 674.80; 3,600 - 288 - 674.80 = 2,637.20, with the correction 3,040.40
    assert slip["net"] == "3040.40"
    assert amounts(slip)["income-tax"] == "674.80"
    assert (await bureau.slip("Boris", "2024-03"))["corrections"] == []
    after = await bureau.office.rows(
        "select employee, period, sealed from payslip where period < $1 order by 1, 2", date(2024, 3, 1)
    )
    assert after == before
    async with bureau.client() as client:
        told = (await client.get(f"{AT}/employees/{person('Anna')}/payslips/2024-03/explanation")).json()
    text = "\n".join(told["lines"])
    for value in ("difference for 2024-02", "net difference for 2024-02: 40320", "to pay: 304040", "XX-2024.1"):
        assert value in text, text
    assert runs[0]["digest"] != march["digest"]


async def test_leaving_in_the_past_takes_pay_back_and_what_cannot_be_taken_is_carried(bureau: Bureau) -> None:
    """P9, P12: paid to the last day; what was paid too much is taken back, never below zero."""
    await bureau.hire("Anna", "Boris")
    for name in ("Anna", "Boris"):
        await bureau.agree(name, "2300.00")
        await bureau.bank(name)
    for period in ("2024-01", "2024-02"):
        await bureau.paid(period)
    await bureau.leave("Anna", date(2024, 1, 31))
    run = await bureau.paid("2024-03")
    slip = await bureau.slip("Anna", "2024-03")
    paid = await bureau.slip("Anna", "2024-02")
    assert slip["lines"] == []
    assert [each["month"] for each in slip["corrections"]] == ["2024-02"]
    assert slip["net"] == f"-{paid['net']}"
    assert slip["to_pay"] == "0.00"
    assert (run["totals"]["payments"], run["people"]) == (1, 2)
    await bureau.paid("2024-04")
    later = await bureau.slip("Anna", "2024-04")
    assert (later["carried"], later["to_pay"], later["corrections"]) == (slip["net"], "0.00", [])


async def test_a_raise_that_was_a_mistake_is_taken_back_over_the_months_that_follow(bureau: Bureau) -> None:
    """P12: in the end everything paid is what the facts as they are known now come to."""
    await bureau.hire("Anna", "Boris")
    for name in ("Anna", "Boris"):
        await bureau.agree(name, "2300.00")
    await bureau.paid("2024-01")
    await bureau.agree("Anna", "9900.00", on="2024-02-01")
    await bureau.paid("2024-02")
    await bureau.agree("Anna", None, on="2024-02-01")
    for period in ("2024-03", "2024-04", "2024-05"):
        await bureau.paid(period)
    anna, boris = await bureau.slips("Anna"), await bureau.slips("Boris")
    assert [slip["to_pay"] == "0.00" for slip in anna] == [False, False, True, True, False]
    assert anna[3]["carried"] != "0.00"
    sums = [sum(int(slip["to_pay"].replace(".", "")) for slip in slips) for slips in (anna, boris)]
    assert sums[0] == sums[1]


async def test_a_joiner_hired_late_gets_the_months_before_too(bureau: Bureau) -> None:
    """P9: a joiner is paid from the first day, also when the papers come later."""
    await bureau.hire("Boris")
    await bureau.agree("Boris", "2300.00")
    await bureau.paid("2024-01")
    await bureau.hire("Anna", on="2024-01-15")
    await bureau.agree("Anna", "2300.00", on="2024-01-15")
    await bureau.paid("2024-02")
    slip = await bureau.slip("Anna", "2024-02")
    (january,) = slip["corrections"]
    # 13 of 23 working days
    assert {line["code"]: line["amount"] for line in january["lines"]}["salary"] == "1300.00"
    assert amounts(slip)["salary"] == "2300.00"
    assert str(Month(2024, 1)) == january["month"]


async def test_a_hire_that_is_moved_to_a_later_day_is_paid_from_that_day(bureau: Bureau) -> None:
    """P4, P9: terms agreed for the first of January count from the fifteenth, or are taken back and agreed anew."""
    await bureau.hire("Anna")
    await bureau.agree("Anna", "2300.00")
    async with bureau.client() as client:
        changes = f"{AT}/employees/{person('Anna')}/changes"
        await said(client, changes, replaces=1, effective_on="2024-01-15")
    run = await bureau.calculated("2024-01")
    assert run["unpaid"] == []
    # 13 of 23 working days
    assert amounts(await bureau.slip("Anna", "2024-01"))["salary"] == "1300.00"
    await bureau.agree("Anna", None)
    await bureau.agree("Anna", "4600.00", on="2024-01-15")
    async with bureau.client() as client:
        await said(client, f"{AT}/pay-runs/{run['run']}/calculation")
    assert (await bureau.worked(run["run"]))["unpaid"] == []
    assert amounts(await bureau.slip("Anna", "2024-01"))["salary"] == "2600.00"


async def test_a_mistyped_last_day_that_is_corrected_is_paid_with_the_next_run(bureau: Bureau) -> None:
    """P12, X3: what the wrong day held back comes with the next run, to the cent of somebody with the right day."""
    await bureau.hire("Anna", "Boris")
    for name in ("Anna", "Boris"):
        await bureau.agree(name, "3000.00")
    await bureau.paid("2024-01")
    # Given January instead of March: the next run takes back pay
    await bureau.leave("Anna", date(2024, 1, 13))
    await bureau.leave("Boris", date(2024, 3, 13))
    await bureau.paid("2024-02")
    taken = await bureau.slip("Anna", "2024-02")
    assert taken["corrections"][0]["net"].startswith("-")
    # When the last day is corrected
    async with bureau.client() as client:
        body = {"left_on": "2024-03-13", "reason": "resignation", "correction": "mistyped"}
        await said(client, f"{AT}/employees/{person('Anna')}/leaving", **body)
    await bureau.paid("2024-03")
    # Then all that was held back is paid
    paid = {name: [slip["to_pay"] for slip in await bureau.slips(name)] for name in ("Anna", "Boris")}
    sums = {name: sum(Decimal(each) for each in of) for name, of in paid.items()}
    assert sums["Anna"] == sums["Boris"] > 0
