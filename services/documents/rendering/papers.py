"""What is printed on the papers beside invoices, from the facts that each is registered with. Nothing is calculated."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.documents.rendering.barcodes import barcode
from services.documents.rendering.measuring import fits_a_page
from services.documents.rendering.printable import (
    Facts,
    code,
    in_fours,
    in_one_line,
    latin,
    number,
    on_day,
    party,
    printable,
    said,
)

Cover = Callable[[str], str]
Printed = dict[str, object]
Writer = Callable[[Any], object]

TONES = ("reminder", "demand", "final")
"""How a dunning letter speaks, by its level: the third and all that follow are the last word."""
DIGIT_MM = 1.5


PARTIES = ("seller", "customer", "employee")


@dataclass(frozen=True, slots=True)
class _Form:
    """Which facts of a paper are rows, and which stand below its head; the others stand in it, beside the parties."""

    listings: Sequence[str]
    below: Sequence[str]
    fixed_pt: int
    """How much its head, sentences, sums, signatures and the space between take, at most."""


class _Pen:
    """Writes values in one language."""

    def __init__(self, language: str, cover: Cover) -> None:
        self.language = language
        self.cover = cover

    def day(self, text: str) -> Printed:
        return latin(on_day(date.fromisoformat(text), self.language))

    def said(self, text: str) -> Printed:
        return said(self.cover(text))

    def code(self, text: str) -> Printed:
        return code(self.cover(text))

    def number(self, text: str) -> str:
        return number(text, self.language)

    def money(self, amount: str, currency: str) -> str:
        return f"{number(amount, self.language)} {currency}"

    def every(self, items: Sequence[Facts], **fields: Callable[[Any], object]) -> list[Printed]:
        """Each item with these fields; what it does not say stays empty."""
        return [
            {name: None if item.get(name) is None else write(item[name]) for name, write in fields.items()}
            for item in items
        ]

    def some(self, facts: Facts, **fields: Callable[[Any], object]) -> Printed:
        (printed,) = self.every([facts], **fields)
        return printed


def printed(document_class: str, facts: Facts, cover: Cover = str) -> Printed:
    """The facts of a paper in the form that its template takes. Raises KeyError for facts without a needed field."""
    write = WRITERS.get(document_class)
    if write is None:
        return printable(facts, cover)
    pen = _Pen(facts["language"], cover)
    issued = date.fromisoformat(facts["issued_on"])
    head = {
        "language": facts["language"],
        "issued": [issued.year, issued.month, issued.day],
        "issued_on": pen.day(facts["issued_on"]),
        "number": pen.code(facts["number"]),
        "seller": party(facts["seller"], pen.language, cover),
    }
    paper = head | pen.some(facts, remark=pen.said) | write(facts, pen)
    form = BY_THE_THOUSAND.get(document_class)
    return paper if form is None else paper | {"single": _is_single(paper, form)}


def _is_single(paper: Printed, form: _Form) -> bool:
    """Whether its one page needs no counting of pages, for which the whole would be set twice."""
    parties = [list(_texts(paper[name])) for name in PARTIES if name in paper]
    below = list(_texts([value for name, value in paper.items() if name in form.below]))
    elsewhere = {*PARTIES, *form.listings, *form.below}
    particulars = list(_texts([value for name, value in paper.items() if name not in elsewhere]))
    rows: list[Any] = [paper[name] for name in form.listings]
    return fits_a_page(form.fixed_pt, parties, particulars, below, rows)


def _texts(value: object) -> Iterator[Printed]:
    """Every text in it as the templates take them."""
    if isinstance(value, dict) and "ems" in value:
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)


def _statement(facts: Facts, pen: _Pen) -> Printed:
    lines = pen.every(
        facts["lines"], date=pen.day, document=pen.said, due_on=pen.day, amount=pen.number, open=pen.number
    )
    ageing = pen.every(facts["ageing"], days_overdue=pen.said, open=pen.number)
    return {
        **_payable(facts, pen),
        **pen.some(facts, as_of=pen.day, **{"from": pen.day}),
        "currency": latin(facts["currency"]),
        "lines": lines,
        "ageing": ageing,
        "total": pen.money(facts["total"], facts["currency"]),
        "widths": {"amount": _width(lines, "amount"), "open": _width(lines, "open"), "ageing": _width(ageing, "open")},
    }


def _dunning_letter(facts: Facts, pen: _Pen) -> Printed:
    fields: dict[str, Writer] = {"invoice_number": pen.code, "issued_on": pen.day, "due_on": pen.day, "days": str}
    lines = pen.every(facts["lines"], **fields, amount=pen.number, open=pen.number)
    currency = facts["currency"]
    return {
        **_payable(facts, pen),
        **pen.some(facts, pay_until=pen.day),
        "level": latin(str(facts["level"])),
        "tone": TONES[min(int(facts["level"]), len(TONES)) - 1],
        "lines": lines,
        "overdue": pen.money(facts["overdue"], currency),
        "extras": [[name, pen.money(facts[name], currency)] for name in ("fee", "interest") if facts.get(name)],
        "total": pen.money(facts["total"], currency),
        "widths": {"amount": _width(lines, "amount"), "open": _width(lines, "open")},
    }


def _delivery_note(facts: Facts, pen: _Pen) -> Printed:
    return _shipped(facts, pen) | {"lines": [_goods(line, pen) for line in facts["lines"]]}


def _packing_list(facts: Facts, pen: _Pen) -> Printed:
    packages = []
    for package in facts["packages"]:
        drawn = None if package.get("sscc") is None else barcode("sscc", package["sscc"])
        packages.append(
            {
                "package": package["package"],
                **pen.some(package, weight=pen.cover),
                "code": None if drawn is None else drawn.text,
                "barcode": None if drawn is None else drawn.drawing,
                "lines": [_goods(line, pen) for line in package["lines"]],
            }
        )
    count = facts.get("packages_count", len(packages))
    return _shipped(facts, pen) | {"packages": packages, "packages_count": latin(str(count))}


def _label(facts: Facts, pen: _Pen) -> Printed:
    labels = []
    for one in facts["labels"]:
        drawn = barcode(one["barcode"]["form"], one["barcode"]["value"])
        labels.append(
            {
                "title": pen.said(one["title"]),
                "lines": [pen.said(line) for line in one["lines"]],
                "barcode": drawn.drawing,
                "code": drawn.text,
                "wide": drawn.wide,
            }
        )
    return {"labels": labels}


def _purchase_order(facts: Facts, pen: _Pen) -> Printed:
    currency, lines = facts["currency"], [_ordered(line, pen) for line in facts["lines"]]
    to = facts.get("deliver_to")
    return {
        "supplier": party(facts["supplier"], pen.language, pen.cover),
        "supplier_id": pen.code(facts["supplier"]["id"]),
        **pen.some(facts, offer_reference=pen.code, deliver_by=pen.day, terms=pen.said),
        "currency": latin(currency),
        "deliver_to": None if to is None else pen.said(in_one_line(to, pen.language)),
        "order_quote": pen.code(facts["number"]),
        "lines": lines,
        "net": pen.money(facts["net"], currency),
        "extras": [["order_tax", pen.money(facts["tax"], currency)]] if facts.get("tax") else [],
        "total": pen.money(facts["total"], currency),
        "widths": {name: _width(lines, name) for name in ("unit_price", "net")},
    }


def _ordered(line: Facts, pen: _Pen) -> Printed:
    return _goods(line, pen) | pen.some(line, unit_price=pen.number, net=pen.number)


def _payslip(facts: Facts, pen: _Pen) -> Printed:
    fields = {"description": pen.said, "quantity": pen.number, "rate": pen.number, "amount": pen.number}
    currency = facts["currency"]
    return {
        "employee": _person(facts["employee"], pen),
        **pen.some(facts, paid_on=pen.day, position=pen.said, department=pen.said, paid_to=pen.code, rules=pen.said),
        "employee_number": pen.code(facts["employee"]["number"]),
        "period": pen.said(facts["period"]),
        **{name: pen.every(facts[name], **fields) for name in ("earnings", "deductions", "employer", "to_date")},
        **{name: pen.money(facts[name], currency) for name in ("gross", "deducted", "net")},
    }


def _employment_contract(facts: Facts, pen: _Pen) -> Printed:
    dates = pen.some(facts, starts_on=pen.day, ends_on=pen.day)
    texts = dict.fromkeys(("position", "department", "work_place", "notice", "probation"), pen.said)
    figures = dict.fromkeys(("hours_per_week", "leave_days"), pen.number)
    return {
        "employee": _person(facts["employee"], pen),
        "employee_number": pen.code(facts["employee"]["number"]),
        **dates,
        **pen.some(facts, **texts, **figures, pay=pen.said),
        "clauses": [pen.said(clause) for clause in facts["clauses"]],
    }


def _payable(facts: Facts, pen: _Pen) -> Printed:
    """Whom it asks for money, and how that is paid."""
    iban = facts["seller"].get("iban")
    return {
        "customer": party(facts["customer"], pen.language, pen.cover),
        "customer_id": pen.code(facts["customer"]["id"]),
        "iban": None if iban is None else in_fours(iban),
        "pay_reference": pen.code(facts["number"]),
    }


def _shipped(facts: Facts, pen: _Pen) -> Printed:
    fields = {"dispatched_on": pen.day, "order_reference": pen.code, "carrier": pen.said, "tracking": pen.code}
    return {
        "ship_to": party(facts["ship_to"], pen.language, pen.cover),
        **pen.some(facts, **fields, weight=pen.said),
    }


def _goods(line: Facts, pen: _Pen) -> Printed:
    fields: dict[str, Writer] = {"line": str, "item": pen.code, "description": pen.said}
    return pen.some(line, **fields, quantity=pen.number, unit=pen.said, to_follow=pen.number)


def _person(who: Facts, pen: _Pen) -> Printed:
    address = {"address": who["address"]} if who.get("address") else {}
    if address:
        return party({"name": who["name"], **address}, pen.language, pen.cover)
    return {"name": pen.said(who["name"]), "lines": [], "vat_number": None}


def _width(rows: Sequence[Mapping[str, object]], name: str, least_mm: float = 26) -> float:
    """How wide a column of figures must be, in millimetres, from its longest one."""
    return max(least_mm, 5 + DIGIT_MM * max((len(str(row[name])) for row in rows), default=0))


WRITERS: Mapping[str, Callable[[Facts, _Pen], Printed]] = {
    "statement": _statement,
    "dunning_letter": _dunning_letter,
    "delivery_note": _delivery_note,
    "packing_list": _packing_list,
    "label": _label,
    "purchase_order": _purchase_order,
    "payslip": _payslip,
    "employment_contract": _employment_contract,
}
"""Papers that are not a sale's own; invoices and credit notes are `printable`."""

BY_THE_THOUSAND: Mapping[str, _Form] = {
    "statement": _Form(("lines", "ageing"), ("pay_reference",), 190),
    "dunning_letter": _Form(("lines",), ("pay_until", "pay_reference", "remark"), 300),
    "payslip": _Form(("earnings", "deductions", "employer", "to_date"), ("paid_to", "rules", "remark"), 190),
    "employment_contract": _Form((), (
        "position", "department", "starts_on", "ends_on", "hours_per_week", "pay", "work_place", "leave_days", "notice",
        "probation", "clauses",
    ), 240),
}  # fmt: skip
"""Papers that are made in great numbers, with what of them stands where."""
