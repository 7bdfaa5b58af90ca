"""Payslips computed by hand, from the figures of each pack; the sums stand beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from services.payroll.domain.pay.calculating import Line, Payslip, YearToDate, calculate
from services.payroll.domain.pay.correcting import Difference
from services.payroll.domain.pay.explaining import explain, explain_pay
from services.payroll.domain.pay.months import Month
from services.payroll.domain.pay.paying import Facts, PersonPay, Task, changed_from, paid_so_far, pay
from services.payroll.domain.pay.people import Leave, Person, Profile, Term
from services.payroll.domain.pay.records import read, written
from services.payroll.domain.pay.rules import Pack, read_pack
from tests.payroll.pay.packs import GREECE, GREEK_CHOICES, ISRAEL, NEUTRAL, content

NOBODY_BEFORE = YearToDate()
TOGETHER = read_pack(content("greece-2025"), GREEK_CHOICES | {"extras_apart": "0"})


def someone(monthly: int, *, children: int = 0, points: str = "0", hired: date = date(2020, 1, 1)) -> Person:
    return Person(hired, (Term(hired, monthly, "sales"),), children=children, credit_points=Fraction(points))


def amounts(slip: Payslip) -> dict[str, int]:
    sums: dict[str, int] = {}
    for line in slip.lines:
        sums[line.code] = sums.get(line.code, 0) + line.amount
    return sums | {"net": slip.net}


CASES = [
    # 7,522 x 0.4 % + 2,478 x 7 % = 203.548; 7,522 x 3.1 % + 2,478 x 5 % = 357.082;
    # 7,522 x 3.55 % + 2,478 x 7.6 % = 455.359;
    # 7,010 x 10 % + 2,990 x 14 % - 2.25 x 242 = 575.10
    pytest.param(
        ISRAEL,
        Month(2024, 3),
        someone(10_000_00, points="9/4"),
        {
            "salary": 10_000_00,
            "national-insurance": 203_55,
            "health": 357_08,
            "national-insurance-employer": 455_36,
            "income-tax": 575_10,
            "net": 8_864_27,
        },
        id="Israel, both tiers",
    ),
    # Above 49,030 nothing: 30.088 + 41,508 x 7 %; 233.182 + 41,508 x 5 %; 267.031 + 41,508 x 7.6 %
    # A year of 720,000: 8,412 + 5,124 + 14,616 + 23,398.80 + 101,850 + 159,720 x 47 % - 6,534 = 221,935.20; a twelfth
    pytest.param(
        ISRAEL,
        Month(2024, 3),
        someone(60_000_00, points="9/4"),
        {
            "salary": 60_000_00,
            "national-insurance": 2_935_65,
            "health": 2_308_58,
            "national-insurance-employer": 3_421_64,
            "income-tax": 18_494_60,
            "net": 36_261_17,
        },
        id="Israel, above the ceiling",
    ),
    # 1,800 x 13.37 %; (1,559.34 x 14 = 21,830.76): 3,100 + 1,830.76 x 28 % = 3,612.6128;
    # credit 777 - 9,830.76 x 2 % = 580.3848; 3,032.228 / 14 = 216.5877
    pytest.param(
        GREECE,
        Month(2025, 3),
        someone(1_800_00),
        {"salary": 1_800_00, "efka": 240_66, "efka-employer": 392_22, "income-tax": 216_59, "net": 1_342_75},
        id="Greece, no children",
    ),
    # 1,200 x 13.37 %; (1,039.56 x 14 = 14,553.84): 900 + 4,553.84 x 22 % = 1,901.8448;
    # credit 1,120 - 2,553.84 x 2 % = 1,068.9232; 832.9216 / 14 = 59.4944
    pytest.param(
        GREECE,
        Month(2025, 3),
        someone(1_200_00, children=2),
        {"salary": 1_200_00, "efka": 160_44, "efka-employer": 261_48, "income-tax": 59_49, "net": 980_07},
        id="Greece, two children",
    ),
    # Two payments as in the case before; the tax of both is rounded once: 2 x 59.4944 = 118.9888
    pytest.param(
        GREECE,
        Month(2025, 12),
        someone(1_200_00, children=2),
        {
            "salary": 1_200_00,
            "christmas": 1_200_00,
            "efka": 320_88,
            "efka-employer": 522_96,
            "income-tax": 118_99,
            "net": 1_960_13,
        },
        id="Greece, December with its thirteenth salary",
    ),
    # Easter's half: 600 x 13.37 %; (519.78 x 28 = 14,553.84) is the same year: 832.9216 / 28 = 29.7472;
    # with the salary's 59.4944 it is 89.2416
    pytest.param(
        GREECE,
        Month(2025, 4),
        someone(1_200_00, children=2),
        {
            "salary": 1_200_00,
            "easter": 600_00,
            "efka": 240_66,
            "efka-employer": 392_22,
            "income-tax": 89_24,
            "net": 1_470_10,
        },
        id="Greece, April with Easter's half",
    ),
    pytest.param(
        GREECE,
        Month(2025, 7),
        someone(1_200_00, children=2),
        {
            "salary": 1_200_00,
            "holidays": 600_00,
            "efka": 240_66,
            "efka-employer": 392_22,
            "income-tax": 89_24,
            "net": 1_470_10,
        },
        id="Greece, the month in which the half for the holidays is paid",
    ),
    # One ceiling for both: 7,572.62 x 13.37 % = 1,012.459 and x 21.79 % = 1,650.074; (10,987.54 x 7 = 76,912.78):
    # 9,500 + 36,912.78 x 44 % = 25,741.6232; the credit is gone: 777 - 64,912.78 x 2 %; 25,741.6232 / 7 = 3,677.3747
    pytest.param(
        TOGETHER,
        Month(2025, 12),
        someone(6_000_00),
        {
            "salary": 6_000_00,
            "christmas": 6_000_00,
            "efka": 1_012_46,
            "efka-employer": 1_650_07,
            "income-tax": 3_677_37,
            "net": 7_310_17,
        },
        id="Greece, December under one ceiling for both salaries",
    ),
    # Two ceilings: 6,000 x 13.37 % and x 21.79 %, twice; (5,197.80 x 14 = 72,769.20): 9,500 + 32,769.20 x 44 %;
    # 23,918.448 / 14 = 1,708.4606, twice
    pytest.param(
        GREECE,
        Month(2025, 12),
        someone(6_000_00),
        {
            "salary": 6_000_00,
            "christmas": 6_000_00,
            "efka": 1_604_40,
            "efka-employer": 2_614_80,
            "income-tax": 3_416_92,
            "net": 6_978_68,
        },
        id="Greece, December with a ceiling for each salary",
    ),
    pytest.param(
        NEUTRAL[0],
        Month(2024, 1),
        someone(3_000_00, points="1"),
        # 3,000 x 8 %; 2,760 x 12 = 33,120: 1,200 + 21,120 x 25 % - 600 = 5,880; a twelfth
        {"salary": 3_000_00, "pension": 240_00, "pension-employer": 360_00, "income-tax": 490_00, "net": 2_270_00},
        id="neutral, January",
    ),
]


@pytest.mark.parametrize(("pack", "month", "person", "expected"), CASES)
def test_a_payslip_is_what_a_hand_computes(pack: Pack, month: Month, person: Person, expected: dict[str, int]) -> None:
    """P7, P8: brackets, credits, tiers, ceilings of the example pack, Greece and Israel; the sums stand beside them."""
    assert amounts(calculate(person, month, pack, NOBODY_BEFORE)) == expected


def test_the_greek_ceiling_leaves_what_is_above_it_free() -> None:
    """P8: employee and employer pay up to the ceiling and no further."""
    # 7,572.62 x 13.37 % = 1,012.459; a published guide rounds it to 1,013
    slip = calculate(someone(10_000_00), Month(2025, 3), GREECE, NOBODY_BEFORE)
    assert amounts(slip)["efka"] == 1_012_46
    assert amounts(slip)["efka-employer"] == 1_650_07


def test_the_contributions_are_those_of_a_published_example() -> None:
    """P8: of both sides, to the cent."""
    # buildcollective.io, Greece payroll calculation example: 30,000 a year in 14 salaries; 286.50 and 466.93
    slip = calculate(someone(2_142_86), Month(2025, 3), GREECE, NOBODY_BEFORE)
    assert amounts(slip)["efka"] == 286_50
    assert amounts(slip)["efka-employer"] == 466_93


def test_a_credit_that_falls_by_full_thousands_passes_over_what_is_begun() -> None:
    """P7: the family credit, as the office that gives the figure reads the law."""
    # As with 1,800 above, but of 9,830.76 only 9,000 count: 777 - 180 = 597; (3,612.6128 - 597) / 14 = 215.4009
    by_thousands = read_pack(content("greece-2025"), GREEK_CHOICES | {"tax.family.step": "1000.00"})
    assert amounts(calculate(someone(1_800_00), Month(2025, 3), by_thousands, NOBODY_BEFORE))["income-tax"] == 215_40


def test_a_raise_in_february_is_taxed_with_the_year_so_far() -> None:
    """P7: brackets over the year to date, less what was withheld."""
    person = Person(
        date(2020, 1, 1),
        (Term(date(2020, 1, 1), 3_000_00, "sales"), Term(date(2024, 2, 1), 5_000_00, "sales")),
        credit_points=Fraction(1),
    )
    january = calculate(person, Month(2024, 1), NEUTRAL[0], NOBODY_BEFORE)
    february = calculate(person, Month(2024, 2), NEUTRAL[0], january.after(NOBODY_BEFORE))
    # 4,000 x 8 % = 320; 2,760 + 4,680 = 7,440, as a year 44,640: 1,200 + 6,000 + 8,640 x 40 % - 600 = 10,056; a sixth
    # is 1,676, of which 490 were withheld
    assert amounts(february) == {
        "salary": 5_000_00,
        "pension": 320_00,
        "pension-employer": 480_00,
        "income-tax": 1_186_00,
        "net": 3_494_00,
    }


def test_a_joiner_a_leaver_and_an_unpaid_leave_are_paid_for_their_days() -> None:
    """P9: by working days in one country, by calendar days in the other."""
    january = Month(2024, 1)  # 23 working days, 31 in all
    joiner = someone(3_000_00, hired=date(2024, 1, 15))
    assert calculate(joiner, january, NEUTRAL[0], NOBODY_BEFORE).gross == 1_695_65  # 13 of 23
    hired = date(2020, 1, 1)
    leaver = Person(hired, (Term(hired, 3_100_00, "sales"),), left_on=date(2024, 1, 10))
    assert calculate(leaver, january, ISRAEL, NOBODY_BEFORE).gross == 1_000_00  # 10 of 31
    away = Person(hired, (Term(hired, 2_300_00, "sales"),), unpaid=(Leave(date(2024, 1, 6), date(2024, 1, 9)),))
    assert calculate(away, january, NEUTRAL[0], NOBODY_BEFORE).gross == 2_100_00  # 21 of 23: a weekend is not lost


def test_a_holiday_is_no_working_day_for_anybody() -> None:
    """P9: neither for who came later, nor for who was away on it; by calendar days it counts as any other."""
    january, new_year = Month(2024, 1), {date(2024, 1, 1), date(2024, 1, 6)}  # the 6th is a Saturday: 22 days are left
    joiner = someone(2_200_00, hired=date(2024, 1, 15))
    assert calculate(joiner, january, NEUTRAL[0], NOBODY_BEFORE, new_year).gross == 1_300_00  # 13 of 22
    hired = date(2020, 1, 1)
    away = Person(hired, (Term(hired, 2_200_00, "sales"),), unpaid=(Leave(date(2024, 1, 1), date(2024, 1, 2)),))
    assert calculate(away, january, NEUTRAL[0], NOBODY_BEFORE, new_year).gross == 2_100_00  # 21 of 22
    assert calculate(someone(2_200_00), january, NEUTRAL[0], NOBODY_BEFORE, new_year).gross == 2_200_00
    leaver = Person(hired, (Term(hired, 3_100_00, "sales"),), left_on=date(2024, 1, 10))
    assert calculate(leaver, january, ISRAEL, NOBODY_BEFORE, new_year).gross == 1_000_00  # 10 of 31


def paid_months(person: Person, months: Sequence[Month], country: str, packs: tuple[Pack, ...]) -> list[PersonPay]:
    """Months paid one after the other, as a run pays them."""
    papers: list[PersonPay] = []
    for month in months:
        task = Task(Facts(person), month, months[0], country, packs, papers[-1] if papers else None)
        paid = pay(task, None, {})
        assert paid is not None
        papers.append(paid)
    return papers


@pytest.mark.parametrize(
    ("pack", "country", "before", "after", "monthly", "each"),
    [
        # As with two children above; with none 777 - 2,553.84 x 2 % = 725.9232: 1,175.9216 / 14 = 83.9944
        (GREECE, "GR", Profile(date(2020, 1, 1)), Profile(date(2025, 3, 20), children=2), 1_200_00, 83_99 - 59_49),
        # One point more is 242 a month
        (
            ISRAEL, "IL", Profile(date(2020, 1, 1), credit_points=Fraction(9, 4)),
            Profile(date(2024, 3, 20), credit_points=Fraction(13, 4)), 10_000_00, 242_00,
        ),
    ],
)  # fmt: skip
def test_children_and_points_that_are_told_late_give_back_tax_from_their_month_on(
    pack: Pack, country: str, before: Profile, after: Profile, monthly: int, each: int
) -> None:
    """P7, P12: a profile counts for the whole month in which its day lies; nothing before it changes."""
    hired, year = date(2020, 1, 1), pack.since.year
    known = Person(hired, (Term(hired, monthly, "sales"),), profiles=(before,))
    papers = paid_months(known, [Month(year, month) for month in (1, 2, 3)], country, (pack,))
    task = Task(
        Facts(replace(known, profiles=(before, after))), Month(year, 4), Month(year, 1), country, (pack,), papers[-1]
    )
    again = changed_from(task)
    assert again == Month(year, 1)  # sums of the year begin there
    result = pay(task, again, paid_so_far(papers, again))
    assert result is not None
    ((difference,),) = [result.differences]
    assert (difference.month, [(line.code, line.amount) for line in difference.lines]) == (
        Month(year, 3), [("income-tax", -each)],
    )  # fmt: skip
    told = explain_pay(result, "income-tax")
    was = papers[2].lines[-1].amount
    assert f"  income-tax: was paid {was}, should be {was - each}, difference {-each}" in told
    assert read(written(result)) == result


def test_an_explanation_shows_each_value_on_the_way() -> None:
    """P6: with the version of the rules, to be followed with a pocket calculator."""
    slip = calculate(someone(1_800_00), Month(2025, 3), GREECE, NOBODY_BEFORE)
    told = "\n".join(explain(slip, "income-tax"))
    for value in ("2183076", "361261.2800", "58038.4800", "21658.7714"):
        assert value in told
    # the credit, too: 777 - 9,830.76 x 2 % = 580.3848
    for line in (
        "salary: family credit in full, 0 children = 77700",
        "salary: income above 1200000 = 983076",
        "salary: taken off the family credit, 2 % of that = 19661.5200",
        "salary: credits of the year = 58038.4800",
    ):
        assert line in told
    assert GREECE.version in told
    assert explain(slip)[-1] == "net: 180000 earned - 45725 withheld = 134275"


@pytest.mark.parametrize(
    ("pack", "person", "lines"),
    [
        # Six children: 1,780 for five and 220 for one more; of 9,830.76 only full thousands count
        (
            read_pack(content("greece-2025"), GREEK_CHOICES | {"tax.family.step": "1000.00"}),
            someone(1_800_00, children=6),
            (
                "family credit in full, 6 children, 178000 and 22000 for each above 5 = 200000",
                "income above 1200000, in full steps of 100000 = 900000", "credits of the year = 182000",
            ),
        ),
        (ISRAEL, someone(10_000_00, points="9/4"), ("2.2500 credit points x 290400 = 653400",)),
        (NEUTRAL[0], someone(3_000_00, points="1"), ("1 credit points x 60000 = 60000", "credits of the year = 60000")),
    ],
)  # fmt: skip
def test_credits_are_explained_value_by_value(pack: Pack, person: Person, lines: tuple[str, ...]) -> None:
    """P6: children, income that counts, points: what a pocket calculator needs."""
    told = "\n".join(explain(calculate(person, Month(pack.since.year, 3), pack, NOBODY_BEFORE), "income-tax"))
    assert [line for line in lines if line not in told] == []


def test_a_difference_that_an_older_version_paid_is_explained_without_what_was_paid_before() -> None:
    """P6, P12: it did not keep it."""
    lines = (Line("earning", "salary", 100_00, "sales"),)
    older = Difference(Month(2024, 1), "XX-2024.1", lines)
    result = PersonPay(Facts(someone(1)), None, Month(2024, 2), (older,), NOBODY_BEFORE, 0)
    assert "  salary, borne by sales: difference 10000" in explain_pay(result)
