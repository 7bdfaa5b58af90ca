"""The accountant with the notebook bills what leaves, and chases late payers by levels, with a fee and interest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

from tests.ledger.notebook import Notebook
from tests.ledger.pages import CUSTOMERS, LATE_PAYMENT, Paper, half_up, minor

LEVELS = ((3, "0", "0"), (15, "5", "0.08"), (40, "10", "0.125"))
"""Days overdue, fee in the company's own currency, interest for a year."""
TO_PAY = timedelta(days=14)


class Line(NamedTuple):
    """An invoice on a letter."""

    invoice: str
    level: int
    open: int
    interest: int


class Letter(NamedTuple):
    """What a customer is told in a currency."""

    customer: str
    currency: str
    level: int
    fee: int
    lines: Sequence[Line]

    @property
    def charges(self) -> int:
        """What being late costs by this letter."""
        return self.fee + sum(line.interest for line in self.lines)


def letter_of(told: Mapping[str, Any]) -> Letter:
    """A letter as the ledger tells of it."""
    currency = told["currency"]
    lines = [
        Line(one["invoice"], one["level"], minor(one["open"], currency), minor(one["interest"], currency))
        for one in told["items"]
    ]
    return Letter(told["customer"]["id"], currency, told["level"], minor(told["fee"], currency), sorted(lines))


@dataclass
class Chaser(Notebook):
    """The same books, with shipments, and with what late payers were told."""

    reached: dict[str, int] = field(default_factory=dict)
    """The level of an invoice."""
    counted_to: dict[str, date] = field(default_factory=dict)
    """Up to which day interest was counted on it."""
    written_on: date = date.min
    """The last day of letters."""

    def ship(self, order: str, paper_id: str, lines: Sequence[dict[str, Any]], day: date, revision: int) -> None:
        """What has left is invoiced on its day, each shipment after those before it."""
        before = self.of_revision(order, revision)
        gone = {
            line["line"]: sum((p.lines[line["line"]][0] for p in before if line["line"] in p.lines), Fraction(0))
            for line in lines
        }
        told = [line | {"before": gone[line["line"]]} for line in lines]
        self.bill(order, paper_id, len(before) + 1, told, datetime.combine(day, time(12), self.zone), revision)

    def letters(self, day: date) -> list[Letter]:
        """What is written on a day, after all days of before: to whom an invoice reaches a level, about all that is
        overdue.
        """
        assert day > self.written_on
        self.written_on = day
        overdue: defaultdict[tuple[str, str], list[Paper]] = defaultdict(list)
        for paper in self.papers.values():
            if paper.open and paper.due_on < day and paper.issued_on <= day:
                overdue[paper.customer, paper.currency].append(paper)
        written: list[Letter] = []
        for (customer, currency), papers in overdue.items():
            steps = {paper.id: level for paper in papers if (level := self._next(paper, day))}
            money = [p.left for p in self.purses.values() if (p.customer, p.currency) == (customer, currency)]
            if steps and sum(money) < sum(paper.open for paper in papers):  # else they have only not said what it pays
                top = max(steps.values())
                fee = minor(LEVELS[top - 1][1], currency) if currency == self.own else 0
                lines = sorted(self._line(paper, steps.get(paper.id), day) for paper in papers)
                written.append(Letter(customer, currency, top, fee, lines))
        return sorted(written)

    def _next(self, paper: Paper, day: date) -> int | None:
        level = self.reached.get(paper.id, 0) + 1
        if paper.is_charge or level > len(LEVELS) or (day - paper.due_on).days < LEVELS[level - 1][0]:
            return None
        return level

    def _line(self, paper: Paper, level: int | None, day: date) -> Line:
        if level is None:
            return Line(paper.id, self.reached.get(paper.id, 0), paper.open, 0)
        since = self.counted_to.get(paper.id, paper.due_on)
        days = [since + timedelta(days=n) for n in range(max(0, (day - since).days))]
        owed = sum(paper.open + sum(less for on, less in paper.less if on > one) for one in days)
        interest = half_up(Fraction(owed, 365) * Fraction(LEVELS[level - 1][2]))
        return Line(paper.id, level, paper.open, interest)

    def send(self, letters: Sequence[Letter], day: date, named: Mapping[tuple[str, str], tuple[str, str]]) -> None:
        """Note the levels, and what being late costs as invoices; `named` says of a customer and currency how the
        invoice is called, and to which order it belongs.
        """
        for letter in letters:
            for line in letter.lines:
                if line.level > self.reached.get(line.invoice, 0):
                    self.reached[line.invoice] = line.level
                    self.counted_to[line.invoice] = max(day, self.counted_to.get(line.invoice, day))
            if letter.charges:
                self._charge(letter, day, *named[letter.customer, letter.currency])

    def _charge(self, letter: Letter, day: date, paper_id: str, order: str) -> None:
        amount, currency = letter.charges, letter.currency
        worth = self.worth_of(amount, currency, day)
        sale = [(CUSTOMERS, amount, worth), (LATE_PAYMENT, -amount, self._minus(worth))]
        posted = self.write(day, currency, [(account, currency, part, own) for account, part, own in sale])
        paper = Paper(
            paper_id, order, 1, letter.customer, currency, day, day + TO_PAY, {}, {}, sale, worth, 0, None,
            amount, amount, is_charge=True,
        )  # fmt: skip
        paper.moves.append((posted, "invoice", amount))
        self.papers[paper_id] = paper
