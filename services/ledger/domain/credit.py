"""A credit note over some lines of an invoice: what they were invoiced for, and never more than that in all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from chassis.errors import Refused
from contracts.money import AmountError, divide_half_up, from_micro, from_minor, to_micro, to_minor


class Wish(NamedTuple):
    """A line to credit; without a quantity, what is left of it. `pointer` is where it stands in the request."""

    line: int
    quantity: str | None
    pointer: str


@dataclass(frozen=True, slots=True)
class Part:
    """What a credit note in part gives back, in minor units, with its lines and taxes as they are printed."""

    lines: Sequence[Mapping[str, Any]]
    taxes: Sequence[Mapping[str, Any]]
    net: int
    tax_by_code: Sequence[tuple[str, int]]
    whole: bool
    """Whether nothing of the invoice is left after it."""
    net_before: int = 0
    """What earlier notes gave back of the net."""
    tax_before: Mapping[str, int] = field(default_factory=dict)
    """And of the tax of each code."""

    @property
    def tax(self) -> int:
        """Of all codes."""
        return sum(tax for _, tax in self.tax_by_code)

    @property
    def total(self) -> int:
        """What the customer owes less."""
        return self.net + self.tax


class Left(NamedTuple):
    """How much of a line was credited by earlier notes: in millionths of its unit, and in minor units."""

    quantity: int
    net: int


def part_of(
    printed: Mapping[str, Any], earlier: Sequence[Mapping[str, Any]], wishes: Sequence[Wish] | None, currency: str
) -> Part | Refused:
    """What these lines give back; all that is left where no line is named.

    A line's net is given back in proportion to its quantity and a code's tax in proportion to its base, both counted
    from the first note on and rounded half up: so the notes over an invoice add up to it, whatever its parts.
    """
    invoiced = {line["line"]: line for line in printed["lines"]}
    credited = {number: _credited(number, earlier, currency) for number in invoiced}
    wanted: dict[int, int] = {}
    for wish in wishes if wishes is not None else [Wish(number, None, "") for number in invoiced]:
        if wish.line not in invoiced or wish.line in wanted:
            return Refused("line-unknown", f"The invoice has no line {wish.line}, or it is named twice.", wish.pointer)
        quantity = _quantity(wish, to_micro(invoiced[wish.line]["quantity"]) - credited[wish.line].quantity)
        if isinstance(quantity, Refused):
            return quantity
        if quantity:
            wanted[wish.line] = quantity
        elif wishes is not None:
            return Refused("more-than-invoiced", f"All of line {wish.line} is credited.", wish.pointer, 409)
    lines = [_line(invoiced[number], credited[number], quantity, currency) for number, quantity in wanted.items()]
    bases: dict[str, int] = {}
    for line in lines:
        bases[line["tax_code"]] = bases.get(line["tax_code"], 0) + to_minor(line["net"], currency)
    taxes = [_tax(tax, earlier, bases, currency) for tax in printed["taxes"] if tax["tax_code"] in bases]
    whole = all(
        credited[number].quantity + wanted.get(number, 0) == to_micro(line["quantity"])
        for number, line in invoiced.items()
    )
    tax_before: dict[str, int] = {}
    for given in (tax for note in earlier for tax in note["taxes"]):
        code = given["tax_code"]
        tax_before[code] = tax_before.get(code, 0) + to_minor(given["tax"], currency)
    return Part(
        lines, taxes, sum(bases.values()), [(t["tax_code"], to_minor(t["tax"], currency)) for t in taxes], whole,
        sum(before.net for before in credited.values()), tax_before,
    )  # fmt: skip


def wishes_for(
    printed: Mapping[str, Any], earlier: Sequence[Mapping[str, Any]], left: dict[int, int], currency: str
) -> list[Wish]:
    """What an invoice can give back of these lines (number: millionths); it is taken off them."""
    wishes: list[Wish] = []
    for line in printed["lines"]:
        number = line["line"]
        there = to_micro(line["quantity"]) - _credited(number, earlier, currency).quantity
        taken = min(there, left.get(number, 0))
        if taken > 0:
            left[number] -= taken
            wishes.append(Wish(number, from_micro(taken), ""))
    return wishes


def _credited(number: int, earlier: Sequence[Mapping[str, Any]], currency: str) -> Left:
    before = [line for note in earlier for line in note["lines"] if line["line"] == number]
    return Left(sum(to_micro(x["quantity"]) for x in before), sum(to_minor(x["net"], currency) for x in before))


def _quantity(wish: Wish, left: int) -> int | Refused:
    try:
        wanted = left if wish.quantity is None else to_micro(wish.quantity)
    except AmountError as wrong:
        return Refused("quantity-invalid", f"{wrong}.", f"{wish.pointer}/quantity")
    if wanted > left or (wish.quantity is not None and wanted <= 0):
        detail = f"Of line {wish.line}, {from_micro(left)} can be credited."
        return Refused("more-than-invoiced", detail, f"{wish.pointer}/quantity", 409)
    return wanted


def _line(line: Mapping[str, Any], before: Left, quantity: int, currency: str) -> dict[str, Any]:
    upto = divide_half_up(to_minor(line["net"], currency) * (before.quantity + quantity), to_micro(line["quantity"]))
    return {**line, "quantity": from_micro(quantity), "net": from_minor(upto - before.net, currency)}


def _tax(
    tax: Mapping[str, Any], earlier: Sequence[Mapping[str, Any]], bases: Mapping[str, int], currency: str
) -> dict[str, Any]:
    code = tax["tax_code"]
    before = [one for note in earlier for one in note["taxes"] if one["tax_code"] == code]
    base, paid = (sum(to_minor(one[name], currency) for one in before) for name in ("base", "tax"))
    whole_base, whole_tax = to_minor(tax["base"], currency), to_minor(tax["tax"], currency)
    upto = divide_half_up(whole_tax * (base + bases[code]), whole_base) if whole_base else whole_tax
    return {**tax, "base": from_minor(bases[code], currency), "tax": from_minor(upto - paid, currency)}
