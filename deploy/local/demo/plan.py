"""The day as it is planned: a seed decides every order, and simple arithmetic says what must come of it.

The arithmetic here is written apart from the services' own, with `Decimal` and in the plainest way, so that the two
can be compared. The day's totals do not depend on who comes first: where stock is scarce, the day waits in between.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
PLENTY = 100_000
SCARCE = "LAST-10"
SCARCE_STOCK = 10


@dataclass(frozen=True, slots=True)
class House:
    """A company of the demo."""

    code: str
    name: str
    currency: str
    country: str
    time_zone: str
    city: str
    vat_number: str
    iban: str
    rates: Mapping[str, str]
    customers: tuple[tuple[str, str, str, str], ...]
    """Id, name, language, city."""


HOUSES = (
    House(
        "hellas", "Αιγαίο Εμπορική Α.Ε.", "EUR", "GR", "Europe/Athens", "Αθήνα", "EL094259216",
        "GR1601101250000000012300695", {"S24": "0.24", "S13": "0.13", "Z0": "0"},
        (
            ("C-101", "Καφενείο Η Ωραία Ελλάς", "el", "Αθήνα"),
            ("C-102", "Παπαδοπούλου & Υιοί Ο.Ε.", "el", "Θεσσαλονίκη"),
            ("C-103", "Island Stores Ltd", "en", "London"),
            ("C-104", "ספרי הגליל בע״מ", "he", "חיפה"),
        ),
    ),
    House(
        "galil", "גליל אספקה בע״מ", "ILS", "IL", "Asia/Jerusalem", "חיפה", "IL514321987",
        "IL620108000000099999999", {"S18": "0.18", "Z0": "0"},
        (
            ("C-201", "מכולת השכונה", "he", "תל אביב"),
            ("C-202", "בית הקפה של רות", "he", "ירושלים"),
            ("C-203", "North Trading Ltd", "en", "Dublin"),
            ("C-204", "Νησιώτικα Προϊόντα Ε.Π.Ε.", "el", "Ρόδος"),
        ),
    ),
)  # fmt: skip

GOODS = (
    ("OLIVE-1L", "Olive oil, 1 l", "8.90"), ("HONEY-500", "Thyme honey, 500 g", "6.45"),
    ("COFFEE-250", "Ground coffee, 250 g", "4.125"), ("TAHINI-350", "Tahini, 350 g", "3.3333"),
    ("WINE-75", "Red wine, 0.75 l", "11.70"), ("DATES-1K", "Dates, 1 kg", "9.99"),
    ("SOAP-6", "Olive soap, 6 pieces", "7.05"), ("CHEESE-400", "White cheese, 400 g", "5.55"),
    ("TEA-20", "Mountain tea, 20 bags", "2.015"), ("OLIVES-700", "Olives, 700 g", "4.80"),
)  # fmt: skip

HIRES = (
    ("hellas", "H-1", "Ελένη Μαυρίδου", "Accountant", "finance", "el"),
    ("hellas", "H-2", "Νίκος Αργυρίου", "Warehouse clerk", "logistics", "el"),
    ("galil", "H-3", "יעל כהן", "Payroll officer", "people", "he"),
    ("galil", "H-4", "Daniel Levi", "Driver", "logistics", "en"),
)


@dataclass(slots=True)
class Order:
    """One order of the day, and what must come of it."""

    house: House
    number: int
    currency: str
    lines: list[tuple[str, str, int, str, str]]
    """Sku, description, quantity, unit price, tax code."""
    expected: str = "documented"
    paid: Decimal = Decimal(0)
    cancelled: bool = False

    @property
    def reference(self) -> str:
        """The front office's own number of the order."""
        return f"{self.house.code[:1].upper()}-{self.number:05d}"

    @property
    def net(self) -> Decimal:
        """Sum of the line totals, each rounded once."""
        return sum((self._line(line) for line in self.lines), Decimal(0))

    @property
    def tax(self) -> Decimal:
        """Tax per code on the sum of its lines, rounded once per code."""
        bases: dict[str, Decimal] = {}
        for line in self.lines:
            bases[line[4]] = bases.get(line[4], Decimal(0)) + self._line(line)
        rates = self.house.rates
        return sum((rounded(base * Decimal(rates.get(code, "0"))) for code, base in bases.items()), Decimal(0))

    @property
    def total(self) -> Decimal:
        """What the customer owes."""
        return self.net + self.tax

    @property
    def invoiced(self) -> bool:
        """Whether an invoice must come of it."""
        return self.expected != "refused"

    def body(self) -> dict[str, object]:
        """The order as a front office sends it."""
        customer_id, name, language, city = self.house.customers[self.number % len(self.house.customers)]
        return {
            "company": self.house.code,
            "reference": self.reference,
            "placed_at": PLACED_AT,
            "currency": self.currency,
            "customer": {
                "id": customer_id, "name": name, "language": language,
                "address": {"line1": f"{self.number % 90 + 1} Harbour Street", "city": city, "postcode": "10431",
                            "country": self.house.country},
            },
            "lines": [
                {"item": sku, "description": text, "quantity": str(quantity), "unit_price": price, "tax_code": code}
                for sku, text, quantity, price, code in self.lines
            ],
        }  # fmt: skip

    @staticmethod
    def _line(line: tuple[str, str, int, str, str]) -> Decimal:
        return rounded(line[2] * Decimal(line[3]))


PLACED_AT = "2026-11-20T09:30:00.000Z"
"""All orders of the day bear one time, so that two runs issue the same invoices."""


@dataclass(slots=True)
class Payment:
    """Money that comes in."""

    house: House
    reference: str
    currency: str
    amount: Decimal
    order: Order | None
    by_number: bool = False


@dataclass(slots=True)
class Plan:
    """The whole day."""

    ordinary: list[Order] = field(default_factory=list)
    scarce_winners: list[Order] = field(default_factory=list)
    scarce_losers: list[Order] = field(default_factory=list)
    unknown_items: list[Order] = field(default_factory=list)
    unknown_taxes: list[Order] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    cancellations: list[Order] = field(default_factory=list)

    def orders(self) -> Iterator[Order]:
        """All orders that the gateway must accept."""
        yield from self.ordinary
        yield from self.scarce_winners
        yield from self.scarce_losers
        yield from self.unknown_items
        yield from self.unknown_taxes


def rounded(amount: Decimal) -> Decimal:
    """Half up to the cent; the currencies of the day all have two decimals."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def make_plan(seed: int = 1, ordinary_per_house: int = 150) -> Plan:
    """The day that a seed gives."""
    dice = random.Random(seed)
    plan = Plan()
    for house in HOUSES:
        numbers = iter(range(1, 10_000))
        plan.ordinary += [_ordinary(house, next(numbers), dice) for _ in range(ordinary_per_house)]
        plan.scarce_winners += [_single(house, next(numbers), SCARCE, 2) for _ in range(SCARCE_STOCK // 2)]
        plan.scarce_losers += [_single(house, next(numbers), SCARCE, 2, "refused") for _ in range(4)]
        plan.unknown_items += [_single(house, next(numbers), "NO-SUCH-ITEM", 1, "refused") for _ in range(2)]
        plan.unknown_taxes += [_single(house, next(numbers), GOODS[0][0], 3, "refused", "X99") for _ in range(2)]
    _plan_money(plan)
    return plan


def _ordinary(house: House, number: int, dice: random.Random) -> Order:
    lines = [
        (sku, text, dice.randint(1, 12), price, dice.choice(sorted(house.rates)))
        for sku, text, price in dice.sample(GOODS, dice.randint(1, 3))
    ]
    return Order(house, number, "USD" if number % 7 == 0 else house.currency, lines)


def _single(
    house: House, number: int, sku: str, quantity: int, expected: str = "documented", tax_code: str = "Z0"
) -> Order:
    return Order(house, number, house.currency, [(sku, f"Item {sku}", quantity, "25.00", tax_code)], expected)


def _plan_money(plan: Plan) -> None:
    """Which orders are paid (in full, in part, too much), which are cancelled, and what fits nothing."""
    for order in plan.ordinary:
        turn = order.number % 10
        if turn <= 4:
            _pay(plan, order, order.total, "paid", by_number=turn % 2 == 0)
        elif turn == 5:
            _pay(plan, order, rounded(order.total / 2), "partly_paid")
        elif turn == 6 and order.number % 20 == 6:
            _pay(plan, order, order.total + 5, "paid")
        if order.number % 15 == 2:
            order.expected, order.cancelled = "credited", True
            plan.cancellations.append(order)
    for house in HOUSES:
        plan.payments.append(Payment(house, f"{house.code}-stray", house.currency, Decimal("77.70"), None))


def _pay(plan: Plan, order: Order, amount: Decimal, expected: str, *, by_number: bool = False) -> None:
    order.expected, order.paid = expected, amount
    plan.payments.append(
        Payment(order.house, f"pay-{order.reference}", order.currency, amount, order, by_number=by_number)
    )
