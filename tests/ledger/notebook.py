"""Receivables, tax and exchange differences as an accountant with a notebook has them; shares no code with the ledger.

He is told what happened, in its order (orders with what was set aside for them, money, releases, what people asked
for), and writes every page by hand: whole minor units, exact fractions in between, rounded half up where a figure is
written down. He knows six rules and nothing of how the ledger keeps its tables:

* what is left of a valued sum keeps its share of the value, so what is paid realises the rest as a difference;
* each account of a sale keeps that share too, so that after the last note over an invoice it is nought everywhere;
* what is taken back has effect on its own day, but never before the day of what it takes back;
* money that came back is used again from that day on, not for days on which it was in use;
* a discount stands on the payments that stand now, and goes first when one of them goes;
* what belongs to a closed month is written on the first open day after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from tests.ledger.pages import (
    BANK,
    CHARGES,
    CUSTOMERS,
    DECIMALS,
    DISCOUNTS,
    EXCHANGE,
    SALES,
    TAX,
    UNAPPLIED,
    Pages,
    Paper,
    Purse,
    Standing,
    half_up,
    minor,
    part_of,
)

Side = tuple[str, int, int | None]
"""An account, what an invoice is less by on it, and what that is worth."""


@dataclass
class Notebook(Pages):
    """The books of one company."""

    terms: dict[str, list[tuple[date, dict[str, Any]]]] = field(default_factory=dict)
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    changes: dict[tuple[str, int], list[dict[str, Any]]] = field(default_factory=dict)
    """The lines of an order's later revisions."""

    # -- selling ------------------------------------------------------------------------------------------------------

    def of_revision(self, order: str, revision: int) -> list[Paper]:
        """The invoices of an order's revision, by part."""
        mine = [p for p in self.papers.values() if (p.order, p.revision) == (order, revision) and not p.is_charge]
        return sorted(mine, key=lambda p: p.part)

    def bill(
        self, order: str, paper_id: str, part: int, reserved: Sequence[dict[str, Any]], at: datetime, revision: int = 1
    ) -> None:
        """What was set aside is invoiced at the agreed prices; money that waited for the order pays it."""
        agreed = self.orders[order]
        currency, day = agreed["currency"], self.day_of(at)
        aside = {line["line"]: line for line in reserved}
        lines: dict[int, tuple[Fraction, int, str]] = {}
        bases: dict[str, int] = {}
        for line in self.changes.get((order, revision), agreed["lines"]):
            if line["line"] not in aside:
                continue
            quantity, before = Fraction(aside[line["line"]]["quantity"]), Fraction(aside[line["line"]].get("before", 0))
            price = Fraction(line["unit_price"]) * 10 ** DECIMALS[currency]
            net = half_up((before + quantity) * price) - half_up(before * price)
            lines[line["line"]] = quantity, net, line["tax_code"]
            bases[line["tax_code"]] = bases.get(line["tax_code"], 0) + net
        taxes = {code: (base, half_up(base * Fraction(TAX[code][1]))) for code, base in bases.items()}
        total = sum(base + tax for base, tax in taxes.values())
        terms = self._terms(agreed["customer"]["id"], day)
        discount = terms.get("discount")
        worth = self.worth_of(total, currency, day)
        credits = [(TAX[code][0], -tax, self._minus(self.worth_of(tax, currency, day))) for code, (_, tax) in
                   taxes.items() if tax]  # fmt: skip
        rest = None if worth is None else -worth - sum(own or 0 for _, _, own in credits)
        sale = [(CUSTOMERS, total, worth), (SALES, -sum(bases.values()), rest), *credits]
        paper = Paper(
            paper_id, order, part, agreed["customer"]["id"], currency, day, day + timedelta(days=terms["net_days"]),
            lines, taxes, sale, worth,
            half_up(total * Fraction(discount["rate"])) if discount else 0,
            day + timedelta(days=discount["days"]) if discount else None, total, total, revision=revision,
        )  # fmt: skip
        self.papers[paper_id] = paper
        if not total:
            return
        posted = self.write(day, currency, [(account, currency, amount, own) for account, amount, own in sale])
        paper.moves.append((posted, "invoice", total))
        waiting = [p for p in self.purses.values() if p.waits_for == order and p.left and not p.gone]
        for purse in sorted(waiting, key=lambda p: (p.received_on, p.id)):
            self._apply(purse, paper, min(purse.left, paper.open), max(purse.received_on, day))
            self._grant(paper)

    def _terms(self, customer: str, day: date) -> dict[str, Any]:
        agreed = [terms for since, terms in self.terms.get(customer, []) if since <= day]
        return agreed[-1] if agreed else {"net_days": 30}

    @staticmethod
    def _minus(amount: int | None) -> int | None:
        return None if amount is None else -amount

    # -- money --------------------------------------------------------------------------------------------------------

    def receive(self, data: dict[str, Any], numbers: dict[str, str]) -> None:
        """Money came in: it pays what it names, in that order; `numbers` is which invoice has which number by then."""
        currency, on = data["amount"]["currency"], date.fromisoformat(data["received_on"])
        amount = minor(data["amount"]["amount"], currency)
        targets = self._named(data, numbers)
        orders = [self.papers[paper].order for paper in targets]
        customer = data.get("customer") or next((self.papers[paper].customer for paper in targets), None)
        waits = data["order"] if not targets else orders[0] if len(targets) == 1 else None
        purse = Purse(data["payment"], currency, amount, self.worth_of(amount, currency, on), on, waits, customer, 0)
        self.purses[purse.id] = purse
        at_once: list[tuple[Paper, int]] = []
        later: list[tuple[Paper, int]] = []
        wishes = [(self.papers[name], most) for name, most in targets.items()]
        for (paper, _), pays in zip(wishes, self.spread(amount, wishes, currency, on), strict=True):
            if pays > 0:
                (at_once if paper.issued_on <= on else later).append((paper, pays))
        rest = amount - sum(pays for _, pays in at_once)
        lines = [(BANK, currency, amount, purse.worth)]
        for paper, pays in at_once:
            lines.append((CUSTOMERS, currency, -pays, self._minus(paper.value(paper.open, paper.open - pays))))
        if rest:
            lines.append((UNAPPLIED, currency, -rest, self._minus(part_of(purse.worth, rest, amount))))
        posted = self.write(on, currency, lines)
        purse.left = rest
        purse.moves.append((posted, rest))
        for paper, pays in at_once:
            self._stand(purse, paper, pays, pays, on, posted)
        for paper, pays in later:
            self._apply(purse, paper, pays, paper.issued_on)
        for paper, _ in (*at_once, *later):
            self._grant(paper)

    def _named(self, data: dict[str, Any], numbers: dict[str, str]) -> dict[str, int | None]:
        if data.get("pays"):
            meant: dict[str, int | None] = {}
            for wish in data["pays"]:
                paper = numbers.get(wish["invoice_number"])
                if paper is not None:
                    most = None if wish.get("amount") is None else minor(wish["amount"], data["amount"]["currency"])
                    meant[paper] = most if paper not in meant else _both(meant[paper], most)
            return meant
        if data.get("invoice_number") in numbers:
            return {numbers[data["invoice_number"]]: None}
        revisions = [p.revision for p in self.papers.values() if p.order == data["order"] and not p.is_charge]
        return {paper.id: None for paper in self.of_revision(data["order"], max(revisions, default=1))}

    def _stand(self, purse: Purse, paper: Paper, spent: int, paid: int, day: date, posted: date) -> None:
        paper.open -= paid
        paper.moves.append((posted, "payment", -paid))
        paper.less.append((day, paid))
        before = paper.paid_by.get(purse.id)
        if before is not None:
            spent, paid, day = before.spent + spent, before.paid + paid, max(before.day, day)
        paper.paid_by[purse.id] = Standing(spent, paid, day)

    def _apply(self, purse: Purse, paper: Paper, spent: int, day: date, paid: int | None = None) -> None:
        """Money that lay there pays an invoice; `paid` is how far it goes in the invoice's currency."""
        day = max(day, purse.back_on)
        if paid is None:
            if paper.currency != purse.currency or not spent:
                return
            paid = spent
        posted = self._swap(purse, paper, spent, paid, day, 1)
        purse.left -= spent
        purse.moves.append((posted, -spent))
        purse.customer = purse.customer or paper.customer
        self._stand(purse, paper, spent, paid, day, posted)

    def _swap(self, purse: Purse, paper: Paper, spent: int, paid: int, day: date, sign: int) -> date:
        """The entry between the payer's money and the receivable, to (1) or fro (-1), by the fuller levels."""
        full, owed = (purse.left, paper.open) if sign > 0 else (purse.left + spent, paper.open + paid)
        given = None
        if purse.worth is not None:
            before, after = (part_of(purse.worth, left, purse.amount) or 0 for left in (full, full - spent))
            given = sign * (before - after)
        taken = paper.value(owed, owed - paid)
        lines = [(UNAPPLIED, purse.currency, sign * spent, given),
                 (CUSTOMERS, paper.currency, -sign * paid, None if taken is None else -sign * taken)]  # fmt: skip
        foreign = paper.currency if paper.currency != self.own else purse.currency
        if purse.currency != paper.currency:
            through = sign * paid if paper.currency == self.own else given if given is not None else sign * spent
            lines.append((EXCHANGE, purse.currency, -sign * spent, None if purse.currency == self.own else -through))
            lines.append((EXCHANGE, paper.currency, sign * paid, None if paper.currency == self.own else through))
        return self.write(day, foreign, lines)

    def allocate(self, payment: str, invoice: str, amount: str | None, day: date) -> None:
        """A person lets money pay an invoice, in its currency or by the rates of the day."""
        purse, paper = self.purses[payment], self.papers[invoice]
        day = max(day, purse.received_on, paper.issued_on, purse.free_on)
        spent = purse.left if amount is None else minor(amount, purse.currency)
        if purse.currency == paper.currency:
            self._apply(purse, paper, min(spent, paper.open), day)
            self._grant(paper)
            return
        paid = self._converted(spent, purse.currency, paper.currency, day)
        if paid > paper.open:
            paid = paper.open
            spent = min(spent, self._converted(paid, paper.currency, purse.currency, day))
        self._apply(purse, paper, spent, day, paid)

    def _converted(self, amount: int, currency: str, other: str, day: date) -> int:
        def rate(of: str) -> Fraction:
            return Fraction(1) if of == self.own else [r for since, r in self.rates[of] if since <= day][-1]

        units = Fraction(10 ** DECIMALS[other], 10 ** DECIMALS[currency])
        return half_up(amount * rate(currency) / rate(other) * units)

    def take_back(self, purse: Purse, paper: Paper, day: date, paid: int | None = None) -> None:
        """Money does not pay any more what it paid, or so much of it; not before it had paid."""
        standing = paper.paid_by.pop(purse.id)
        spent, back = standing.spent, standing.paid
        if paid is not None and paid < back:
            part = half_up(Fraction(standing.spent * paid, back))
            if 0 < part < standing.spent:
                spent, back = part, paid
                paper.paid_by[purse.id] = Standing(standing.spent - spent, standing.paid - back, standing.day)
        day = max(day, standing.day)
        posted = self._swap(purse, paper, spent, back, day, -1)
        purse.back_on, purse.free_on = max(purse.back_on, day), max(purse.free_on, day, posted)
        purse.left += spent
        purse.moves.append((posted, spent))
        paper.open += back
        paper.moves.append((posted, "payment-taken-back", back))
        paper.less.append((day, -back))

    def undo(self, payment: str, invoice: str, day: date) -> None:
        """A person takes an allocation back."""
        purse, paper = self.purses[payment], self.papers[invoice]
        day = max(day, purse.received_on, paper.issued_on)
        self._end_discount(paper, day)
        self.take_back(purse, paper, day)

    def bounce(self, payment: str, bounced_on: date, fee: str | None) -> None:
        """The bank takes money back, and may charge for it."""
        purse = self.purses[payment]
        paid = [paper for paper in self.papers.values() if payment in paper.paid_by]
        day = max([bounced_on, purse.received_on, purse.free_on, *(paper.paid_by[payment].day for paper in paid)])
        for paper in paid:
            self._end_discount(paper, day)
            self.take_back(purse, paper, day)
        posted = self.write(day, purse.currency, [(UNAPPLIED, purse.currency, purse.amount, purse.worth),
                                 (BANK, purse.currency, -purse.amount, self._minus(purse.worth))])  # fmt: skip
        purse.moves.append((posted, -purse.amount))
        purse.left, purse.gone = 0, True
        if fee is not None and (cost := minor(fee, self.own)):
            self.write(day, self.own, [(CHARGES, self.own, cost, None), (BANK, self.own, -cost, None)])

    def refund(self, payment: str, amount: int, day: date) -> None:
        """Money that pays nothing goes back, and is worth what it is worth on the day."""
        purse = self.purses[payment]
        assert 0 < amount <= purse.left
        assert day >= purse.free_on
        owed = None
        if purse.worth is not None:
            before, after = (
                part_of(purse.worth, left, purse.amount) or 0 for left in (purse.left, purse.left - amount)
            )
            owed = before - after
        paid_out = self._minus(self.worth_of(amount, purse.currency, day))
        lines = [(UNAPPLIED, purse.currency, amount, owed), (BANK, purse.currency, -amount, paid_out)]
        purse.moves.append((self.write(day, purse.currency, lines), -amount))
        purse.left -= amount

    # -- discounts ----------------------------------------------------------------------------------------------------

    def _grant(self, paper: Paper, not_before: date | None = None) -> None:
        """Who paid all but the discount in time, by the payments that stand, owes no more."""
        if paper.discount_until is None or not paper.discount_most or paper.settled_on is None:
            return
        most = paper.discount_most * (paper.total - paper.credited - paper.discount) // paper.total
        if 0 < paper.open <= most and self.received(paper) <= paper.discount_until:
            day = max(paper.settled_on, not_before or paper.settled_on)
            amount = paper.open
            self._reduce(paper, amount, self._discount_sides(paper, amount, paper.open), day, "discount", 1)
            paper.open, paper.discount, paper.discount_on = 0, paper.discount + amount, day

    def _end_discount(self, paper: Paper, day: date) -> None:
        if paper.discount:
            amount = paper.discount
            paper.open, paper.discount = paper.open + amount, 0
            sides = self._discount_sides(paper, amount, paper.open)
            self._reduce(paper, amount, sides, max(day, paper.discount_on), "discount", -1)

    def _discount_sides(self, paper: Paper, amount: int, level: int) -> list[Side]:
        """Its tax by code, spread as the total is, each worth its share of it; the rest is an expense."""
        taxes: list[Side] = []
        gross = spread = 0
        for code, (base, tax) in paper.taxes.items():
            gross += base + tax
            part = half_up(Fraction(amount * gross, paper.total)) - spread
            spread += part
            rate = Fraction(TAX[code][1])
            tax = half_up(part * rate / (1 + rate))
            taxes.append((TAX[code][0], tax, paper.tax_worth(TAX[code][0], tax)))
        worth = paper.value(level, level - amount)
        rest = None if worth is None else worth - sum(own or 0 for _, _, own in taxes)
        return [(DISCOUNTS, amount - sum(tax for _, tax, _ in taxes), rest), *taxes]

    def _reduce(self, paper: Paper, amount: int, sides: Sequence[Side], day: date, kind: str, sign: int) -> None:
        """The invoice is less (1) or more again (-1) by an amount on these accounts, from `paper.open` down."""
        worth = paper.value(paper.open, paper.open - amount)
        lines = [(account, paper.currency, sign * side, None if own is None else sign * own)
                 for account, side, own in sides if side]  # fmt: skip
        lines.append((CUSTOMERS, paper.currency, -sign * amount, None if worth is None else -sign * worth))
        paper.moves.append((self.write(day, paper.currency, lines), kind, -sign * amount))
        paper.less.append((day, sign * amount))

    # -- crediting ----------------------------------------------------------------------------------------------------

    def release(self, order: str, at: datetime, revision: int = 1) -> None:
        """Nothing of a revision stands: all that was invoiced is taken back, or what notes have left of it."""
        for paper in self.of_revision(order, revision):
            day = self.day_of(at)
            if paper.over:
                continue
            if paper.returned:
                self.credit(paper, dict.fromkeys(paper.lines), day)
                continue
            paper.over = True
            if not paper.total:
                continue
            lines = [(account, paper.currency, -amount, self._minus(own)) for account, amount, own in paper.sale]
            paper.moves.append((self.write(day, paper.currency, lines), "credit-note", -paper.total))
            self._end_discount(paper, day)
            for purse in sorted((self.purses[p] for p in paper.paid_by), key=lambda p: (p.received_on, p.id)):
                self.take_back(purse, paper, day)
            paper.open = 0

    def reduce(self, order: str, let_go: dict[int, Fraction], at: datetime, revision: int = 1) -> None:
        """Something of a revision was let go: credited from its last part on."""
        left = dict(let_go)
        for paper in reversed([p for p in self.of_revision(order, revision) if not p.over]):
            wishes: dict[int, Fraction | None] = {}
            for number, (quantity, _, _) in paper.lines.items():
                taken = min(quantity - paper.returned.get(number, (Fraction(0), 0))[0], left.get(number, Fraction(0)))
                if taken > 0:
                    left[number] -= taken
                    wishes[number] = taken
            if wishes:
                self.credit(paper, wishes, max(self.day_of(at), paper.issued_on))

    def credit(self, paper: Paper, wishes: dict[int, Fraction | None], day: date) -> None:
        """A credit note: net by quantity and tax by base, each counted from the first note on."""
        bases: dict[str, int] = {}
        returned = dict(paper.returned)
        for number, wish in wishes.items():
            quantity, net, code = paper.lines[number]
            before, given = returned.get(number, (Fraction(0), 0))
            upto = quantity if wish is None else before + wish
            if upto > before:
                assert upto <= quantity
                bases[code] = bases.get(code, 0) + half_up(net * upto / quantity) - given
                returned[number] = upto, half_up(net * upto / quantity)
        sides = [(SALES, sum(bases.values()))]
        tax_back = dict(paper.tax_back)
        for code in paper.taxes:
            if code in bases:
                base, tax = paper.taxes[code]
                base_before, tax_before = tax_back.get(code, (0, 0))
                upto_tax = half_up(Fraction(tax * (base_before + bases[code]), base)) if base else tax
                sides.append((TAX[code][0], upto_tax - tax_before))
                tax_back[code] = base_before + bases[code], upto_tax
        amount = sum(side for _, side in sides)
        if not amount:
            return
        paper.returned, paper.tax_back = returned, tax_back
        had_discount = bool(paper.discount)
        self._end_discount(paper, day)
        keep = paper.discount_most * (paper.total - paper.credited - amount) // paper.total if had_discount else 0
        for purse in sorted((self.purses[p] for p in paper.paid_by), key=lambda p: (p.received_on, p.id), reverse=True):
            if (missing := amount + keep - paper.open) > 0:
                self.take_back(purse, paper, day, missing)
        gone = [(account, side, paper.given_back(account, side)) for account, side in sides]
        self._reduce(paper, amount, gone, day, "credit-note", 1)
        paper.open, paper.credited = paper.open - amount, paper.credited + amount
        self._grant(paper, not_before=day)
        paper.over = all(paper.returned.get(n, (0, 0))[0] == quantity for n, (quantity, _, _) in paper.lines.items())
        assert not paper.over or not any(paper.left_of_sale.values())


def _both(one: int | None, other: int | None) -> int | None:
    """What is meant for an invoice that is named twice."""
    return None if one is None or other is None else one + other
