"""A payslip from the facts of a person and the rules of a month: the same inputs give the identical payslip."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

from services.payroll.domain.pay.months import Month
from services.payroll.domain.pay.people import Person
from services.payroll.domain.pay.prorating import Piece, pieces, rounded, shares
from services.payroll.domain.pay.rules import FamilyCredit, Pack, Tax, Tier

Kind = Literal["earning", "contribution", "tax", "employer"]
TAX = "income-tax"
"""The line that is tax."""
MONTHS = 12


@dataclass(frozen=True, slots=True)
class Line:
    """An amount of a payslip. An earning and an employer's share have a cost centre, what is owed has an authority."""

    kind: Kind
    code: str
    amount: int
    cost_centre: str = ""
    authority: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A value on the way to an amount: of which line, what it is, and its exact value."""

    of: str
    what: str
    value: str


@dataclass(frozen=True, slots=True)
class YearToDate:
    """What the payslips of the same year before this one come to."""

    taxable: int = 0
    tax: int = 0


@dataclass(frozen=True, slots=True)
class Payslip:
    """Pay of one person for one month, under which rules, and each value on the way."""

    month: Month
    version: str
    digest: str
    lines: tuple[Line, ...]
    steps: tuple[Step, ...]
    taxable: int

    def total(self, *kinds: Kind) -> int:
        """The lines of these kinds together."""
        return sum(line.amount for line in self.lines if line.kind in kinds)

    @property
    def gross(self) -> int:
        """What was earned."""
        return self.total("earning")

    @property
    def net(self) -> int:
        """What is paid out: earned, less what is withheld."""
        return self.gross - self.total("contribution", "tax")

    def after(self, before: YearToDate) -> YearToDate:
        """The year so far, with this payslip."""
        return YearToDate(before.taxable + self.taxable, before.tax + self.total("tax"))


@dataclass(frozen=True, slots=True)
class _Payment:
    """One payment of the month: the salary itself or a salary on top, and which part of a full salary it is."""

    code: str
    fraction: Fraction
    by_centre: dict[str, int]

    @property
    def amount(self) -> int:
        return sum(self.by_centre.values())


def calculate(person: Person, month: Month, pack: Pack, before: YearToDate, holidays: Collection[date] = ()) -> Payslip:
    """The payslip of a month. `person` has been checked; the pack is the one in force in that month."""
    steps: list[Step] = []
    payments = _payments(person, month, pack, holidays, steps)
    lines = [
        Line("earning", payment.code, amount, centre)
        for payment in payments
        for centre, amount in payment.by_centre.items()
    ]
    withheld: dict[str, int] = {}
    for contribution in pack.contributions:
        for payment in _bases(payments, pack):
            amount = _contributed(payment.amount, contribution.tiers, contribution.code, steps)
            if contribution.payer == "employer":
                lines += _by_centre(contribution.code, contribution.authority, amount, payment)
                continue
            lines.append(Line("contribution", contribution.code, amount, authority=contribution.authority))
            if contribution.reduces_tax:
                withheld[payment.code] = withheld.get(payment.code, 0) + amount
    bases = [(payment, payment.amount - withheld.get(payment.code, 0)) for payment in _bases(payments, pack)]
    taxable = sum(base for _, base in bases)
    if pack.tax.method == "cumulative":
        tax = _cumulative(person, month, pack.tax, taxable, before, steps)
    else:
        tax = rounded(sum((_annualised(person, pack, payment, base, steps) for payment, base in bases), Fraction()))
    lines.append(Line("tax", TAX, tax, authority=pack.tax.authority))
    return Payslip(month, pack.version, pack.digest, tuple(lines), tuple(steps), taxable)


def _payments(
    person: Person, month: Month, pack: Pack, holidays: Collection[date], steps: list[Step]
) -> list[_Payment]:
    parts = pieces(person, month, pack.counting, holidays, pack.country)
    for part in parts:
        whose = f" under {part.term.contract}" if part.term.contract else ""
        steps.append(Step("salary", f"{part.paid} of {part.of} days of {part.term.monthly}{whose}", str(part.amount)))
    paid = [_Payment("salary", Fraction(1), _summed(parts, [part.amount for part in parts]))]
    for extra in pack.extras:
        if extra.month == month.month:
            amounts = shares(Fraction(part.term.monthly * part.paid, part.of) * extra.fraction for part in parts)
            paid.append(_Payment(extra.code, extra.fraction, _summed(parts, amounts)))
            steps.append(Step(extra.code, f"{extra.fraction} of the month's salary", str(sum(amounts))))
    return paid


def _summed(parts: Sequence[Piece], amounts: Sequence[int]) -> dict[str, int]:
    by_centre: dict[str, int] = {}
    for part, amount in zip(parts, amounts, strict=True):
        by_centre[part.term.cost_centre] = by_centre.get(part.term.cost_centre, 0) + amount
    return by_centre


def _bases(payments: list[_Payment], pack: Pack) -> list[_Payment]:
    """Each payment apart, with ceilings of its own, or all of the month under one ceiling, as the pack says."""
    if pack.extras_apart or len(payments) == 1:
        return payments
    together: dict[str, int] = {}
    for payment in payments:
        for centre, amount in payment.by_centre.items():
            together[centre] = together.get(centre, 0) + amount
    return [_Payment("salary", sum((each.fraction for each in payments), Fraction()), together)]


def tiered(base: Fraction, tiers: Sequence[Tier]) -> Fraction:
    """Each part of the base at the rate of its tier; above the last bound nothing."""
    total, lower = Fraction(0), 0
    for tier in tiers:
        upper = base if tier.up_to is None else min(base, Fraction(tier.up_to))
        if upper > lower:
            total += (upper - lower) * tier.rate
        if tier.up_to is None or base <= tier.up_to:
            break
        lower = tier.up_to
    return total


def _contributed(base: int, tiers: Sequence[Tier], code: str, steps: list[Step]) -> int:
    exact = tiered(Fraction(base), tiers)
    steps.append(Step(code, f"tiers {_written(tiers)} on {base}", _decimal(exact)))
    return rounded(exact)


def _by_centre(code: str, authority: str, amount: int, payment: _Payment) -> list[Line]:
    """The employer's share, borne by each cost centre in proportion to what it paid."""
    whole = payment.amount
    parts = shares(Fraction(amount * part, whole) if whole else Fraction(0) for part in payment.by_centre.values())
    return [
        Line("employer", code, part, centre, authority) for centre, part in zip(payment.by_centre, parts, strict=True)
    ]


def _credit(person: Person, tax: Tax, income: Fraction, of: str, steps: list[Step]) -> Fraction:
    """What is taken off a year's tax at this income, each value on the way as a step; `of` says of which payment."""
    credit = Fraction(0)
    if tax.point is not None:
        credit = tax.point * person.credit_points
        steps.append(Step(TAX, f"{of}{_decimal(person.credit_points)} credit points x {tax.point}", _decimal(credit)))
    if tax.family is not None:
        credit += _family_credit(person.children, tax.family, income, of, steps)
    steps.append(Step(TAX, f"{of}credits of the year", _decimal(credit)))
    return credit


def _family_credit(children: int, family: FamilyCredit, income: Fraction, of: str, steps: list[Step]) -> Fraction:
    listed = min(children, len(family.by_children) - 1)
    full = family.by_children[listed] + family.each_more * (children - listed)
    above = max(Fraction(0), income - family.from_income)
    counted = Fraction(above // family.step * family.step) if family.step else above
    taken_off = family.taper * counted
    more = f", {family.by_children[listed]} and {family.each_more} for each above {listed}" if children > listed else ""
    by_steps = f", in full steps of {family.step}" if family.step else ""
    steps += [
        Step(TAX, f"{of}family credit in full, {children} children{more}", str(full)),
        Step(TAX, f"{of}income above {family.from_income}{by_steps}", _decimal(counted)),
        Step(TAX, f"{of}taken off the family credit, {_decimal(family.taper * 100)} % of that", _decimal(taken_off)),
    ]
    return max(Fraction(0), full - taken_off)


def _annualised(person: Person, pack: Pack, payment: _Payment, base: int, steps: list[Step]) -> Fraction:
    """This payment's part of the tax of a year in which every payment were like it."""
    of_year, of = payment.fraction / pack.payments, f"{payment.code}: "
    income = Fraction(base) / of_year
    scale = tiered(income, pack.tax.brackets)
    steps += [
        Step(TAX, f"{of}income of a year at {pack.payments} payments", _decimal(income)),
        Step(TAX, f"{of}by the scale {_written(pack.tax.brackets)}", _decimal(scale)),
    ]
    due = max(Fraction(0), scale - _credit(person, pack.tax, income, of, steps)) * of_year
    steps.append(Step(TAX, f"{of}this payment's part, {of_year} of the year", _decimal(due)))
    return due


def _cumulative(person: Person, month: Month, tax: Tax, taxable: int, before: YearToDate, steps: list[Step]) -> int:
    """The tax of the year so far, less what was withheld: it can be a refund."""
    so_far = Fraction(before.taxable + taxable)
    part = Fraction(month.month, MONTHS)
    income = so_far / part
    scale = tiered(income, tax.brackets)
    steps += [
        Step(TAX, "taxable in the year so far", _decimal(so_far)),
        Step(TAX, f"as a year, after {month.month} of {MONTHS} months", _decimal(income)),
        Step(TAX, f"by the scale {_written(tax.brackets)}", _decimal(scale)),
    ]
    due = rounded(max(Fraction(0), scale - _credit(person, tax, income, "", steps)) * part)
    steps += [
        Step(TAX, "due in the year so far", str(due)),
        Step(TAX, "withheld before", str(before.tax)),
    ]
    return due - before.tax


def _written(tiers: Sequence[Tier]) -> str:
    return ", ".join(f"{_decimal(tier.rate * 100)} % to {tier.up_to or 'the end'}" for tier in tiers)


def _decimal(exact: Fraction) -> str:
    """To four places when it is not whole: for reading, never for calculating on."""
    if exact.denominator == 1:
        return str(exact.numerator)
    whole, places = divmod(rounded(abs(exact) * 10_000), 10_000)
    return f"{'-' if exact < 0 else ''}{whole}.{places:04d}"
