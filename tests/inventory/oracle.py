"""Quantities and costs recomputed by a clerk with a notebook; shares no code with the service.

He writes down what he did and what he was answered, and later every unit of value by hand: his entries are sorted by
day and then by arrival and worked through from the beginning, in `Decimal`, whatever came late.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

Lot = tuple[Decimal, Decimal]
"""Quantity and value, in minor units."""
NO_LOT: Lot = (Decimal(0), Decimal(0))


def cents(value: Decimal) -> Decimal:
    """A whole number of minor units, rounded half up."""
    return value.quantize(Decimal(1), rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a clerk did with one item, under the id that he got for it."""

    document: str
    kind: Literal["came", "counted", "left", "sent", "arrived", "lost"]
    day: date
    place: str
    quantity: Decimal
    """Above zero, but for what a count found missing."""
    value: Decimal | None = None
    """Minor units, where goods came with a price, or were found and have been given one."""
    target: str = ""
    expected: Decimal | None = None
    """What a count was told to have been there."""

    def changes(self) -> dict[str, Decimal]:
        """By how much the quantity of each place changes."""
        match self.kind:
            case "came" | "counted":
                return {self.place: self.quantity}
            case "left" | "lost":
                return {self.place: -self.quantity}
            case _:
                return {self.place: -self.quantity, self.target: self.quantity}


@dataclass
class Notebook:
    """One item. By FIFO each place has a page, with its lots in their order; the average keeps all in one lot."""

    fifo: bool
    pages: defaultdict[str, list[Lot]] = field(default_factory=lambda: defaultdict(list))
    owed: defaultdict[str, Lot] = field(default_factory=lambda: defaultdict(lambda: NO_LOT))
    """What left before it had come, at the price that was thought right then."""
    last: Lot = NO_LOT
    """What came in last, wherever."""

    def write(self, entry: Entry) -> Decimal:
        """The next thing that happened; what it was worth."""
        place, target = (entry.place, entry.target) if self.fifo else ("all", "all")
        match entry.kind:
            case "came" | "counted" if entry.quantity > 0:
                worth = self.price(place, entry.quantity) if entry.value is None else entry.value
                self.last = (entry.quantity, worth)
                self.put(place, self.last)
                return worth
            case "sent" | "arrived":
                if self.fifo:
                    for lot in self.take(place, entry.quantity):
                        self.put(target, lot)
                return Decimal(0)
            case _:
                return -sum((cost for _, cost in self.take(place, abs(entry.quantity))), Decimal(0))

    def price(self, place: str, quantity: Decimal) -> Decimal:
        """What goods are worth that were found: the average of what is there, else as what came last."""
        page = self.pages[place]
        known, worth = page[0] if page and not self.fifo else self.last
        return cents(worth * quantity / known) if known else Decimal(0)

    def put(self, place: str, lot: Lot) -> None:
        """Goods come to a place. What had left before is theirs first."""
        page, (quantity, value) = self.pages[place], lot
        lacking, said = self.owed[place]
        if lacking:
            covered = min(quantity, lacking)
            cost, back = _part(value, covered, quantity), _part(said, covered, lacking)
            self.owed[place] = (lacking - covered, said - back)
            quantity, value = quantity - covered, value - cost
        if quantity and page and not self.fifo:
            page[0] = (page[0][0] + quantity, page[0][1] + value)
        elif quantity:
            page.append((quantity, value))

    def take(self, place: str, quantity: Decimal) -> list[Lot]:
        """Goods leave a place; what they cost, lot by lot, and what is not there as what came last."""
        page, taken = self.pages[place], list[Lot]()
        while quantity and page:
            there, worth = page.pop(0)
            part = min(quantity, there)
            cost = _part(worth, part, there)
            if part < there:
                page.insert(0, (there - part, worth - cost))
            taken.append((part, cost))
            quantity -= part
        if quantity:
            known, worth = self.last
            guess = _part(worth, quantity, known) if known else Decimal(0)
            taken.append((quantity, guess))
            lacking, said = self.owed[place]
            self.owed[place] = (lacking + quantity, said + guess)
        return taken

    @property
    def value(self) -> Decimal:
        """What all of it is worth."""
        lots = sum((value for page in self.pages.values() for _, value in page), Decimal(0))
        return lots - sum((said for _, said in self.owed.values()), Decimal(0))

    @property
    def quantity(self) -> Decimal:
        """What there is."""
        lots = sum((quantity for page in self.pages.values() for quantity, _ in page), Decimal(0))
        return lots - sum((lacking for lacking, _ in self.owed.values()), Decimal(0))


def _part(value: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    return value if part == whole else cents(value * part / whole)


def by_hand(method: str, entries: Iterable[Entry]) -> tuple[Notebook, list[tuple[Entry, Decimal]]]:
    """All entries in the order in which they were taken: the end, and what each was said to be worth when it was.

    What was said then stays as it was said; each new entry is put where its day wants it, and all is worked through.
    """
    notebook, told, known = Notebook(method == "fifo"), list[tuple[Entry, Decimal]](), list[Entry]()
    for entry in entries:
        place = len([one for one in known if one.day <= entry.day])
        known.insert(place, entry)
        notebook = Notebook(method == "fifo")
        worth = [notebook.write(one) for one in known]
        told.append((entry, worth[place]))
        if entry.kind == "counted" and entry.quantity > 0:
            known[place] = replace(entry, value=worth[place])
    return notebook, told


def there_on(entries: Iterable[Entry], place: str, day: date) -> Decimal:
    """What lay in a place at the end of a day."""
    return sum((entry.changes().get(place, Decimal(0)) for entry in entries if entry.day <= day), Decimal(0))
