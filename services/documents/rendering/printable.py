"""What is printed of an event's facts: figures and dates as the language writes them, each text in its direction.

Nothing is calculated here. An amount is printed with the digits it arrived with; a text is set in its own direction,
because a Greek or Hebrew name may stand on a document in any language.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from babel import Locale
from babel.dates import format_date

from contracts.money import from_micro, to_micro
from services.documents.rendering.measuring import ems_at_most

Facts = Mapping[str, Any]

SEPARATORS: Mapping[str, tuple[str, str]] = {"en": (",", "."), "el": (".", ","), "he": (",", ".")}
"""Thousands and decimals, as Unicode CLDR has them for these languages."""
DATES: Mapping[str, str] = {"en": "d MMM y", "el": "dd/MM/y", "he": "dd/MM/y"}

NAME_RUN_MAX = 24
"""Characters of a name or description that may stand without a place to break a line; more would leave their column."""
CODE_RUN_MAX = 11
CODE_WHOLE_MAX = 16
"""A number or reference up to this length fits as it is, so that it can be copied as it is."""
BREAK = "\u200b"
# Marks that turn what follows them around: a name must not be able to reverse the digits after it.
TURNS = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
LINE_ENDS = re.compile(r"[\u0085\u2028\u2029]")


def printable(facts: Facts, cover: Callable[[str], str] = str) -> dict[str, object]:
    """The facts of an invoice or a credit note in the form that the templates take.

    `cover` replaces what no font can show. Raises KeyError for facts without a field that must be printed.
    """
    customer, seller = facts["customer"], facts["seller"]
    language: str = customer["language"]
    issued_on = date.fromisoformat(facts["issued_on"])
    iban = seller.get("iban")
    lines = [_line(line, language, cover) for line in facts["lines"]]
    taxes = [_tax(tax, language, cover) for tax in facts["taxes"]]
    printed: dict[str, object] = {
        "language": language,
        "issued": [issued_on.year, issued_on.month, issued_on.day],
        "seller": party(seller, language, cover),
        "customer": party(customer, language, cover),
        "iban": None if iban is None else in_fours(iban),
        "number": code(cover(facts["number"])),
        "issued_on": latin(on_day(issued_on, language)),
        "order_reference": code(cover(facts["order_reference"])),
        "customer_id": code(cover(customer["id"])),
        "reason": said(cover(facts["reason"])) if facts.get("reason") else None,
        "lines": lines,
        "taxes": taxes,
        "net": number(facts["net"], language),
        "tax": number(facts["tax"], language),
        "total": number(facts["total"], language),
        "currency": facts["currency"],
    }
    if "due_on" in facts:
        printed["due_on"] = latin(on_day(date.fromisoformat(facts["due_on"]), language))
    if "invoice_number" in facts:
        printed["invoice_number"] = code(cover(facts["invoice_number"]))
    printed["widths"] = {
        **{name: _width(lines, name, 20, 1.4) for name in ("quantity", "unit_price", "net")},
        **{name: _width(taxes, name, 22, 1.25) for name in ("base", "tax")},
        "total": max(24.0, 2.2 * len(f"{printed['total']} {printed['currency']}")),
    }
    return printed


def number(decimal: str, language: str) -> str:
    """A plain decimal with the language's separators: "1234.50" is "1.234,50" in Greek. No digit is added or lost."""
    group, point = SEPARATORS[language]
    sign, digits = ("-", decimal[1:]) if decimal.startswith("-") else ("", decimal)
    whole, dot, fraction = digits.partition(".")
    if len(whole) > 3:
        whole = f"{int(whole):,}".replace(",", group)
    return f"{sign}{whole}{point}{fraction}" if dot else f"{sign}{whole}"


def percent(rate: str, language: str) -> str:
    """A fraction as a percentage: "0.24" is "24%"."""
    return f"{number(from_micro(to_micro(rate) * 100), language)}%"


def is_right_to_left(text: str) -> bool:
    """The direction of the first letter that has one (Unicode Bidirectional Algorithm, rule P2)."""
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind == "L":
            return False
        if kind in ("R", "AL"):
            return True
    return False


def party(who: Facts, language: str, cover: Callable[[str], str]) -> dict[str, object]:
    """A name with its address, and its VAT number where there is one."""
    vat_number = who.get("vat_number")
    return {
        "name": said(cover(who["name"])),
        "lines": [said(cover(line)) for line in _address_lines(who["address"], language)],
        "vat_number": None if vat_number is None else cover(vat_number),
    }


def in_one_line(who: Facts, language: str) -> str:
    """A name with its address, for a place that has one line."""
    return ", ".join([who["name"], *_address_lines(who["address"], language)])


def _line(line: Facts, language: str, cover: Callable[[str], str]) -> dict[str, object]:
    return {
        "line": str(line["line"]),
        "item": said(cover(line["item"])),
        "description": said(cover(line["description"])),
        "quantity": number(line["quantity"], language),
        "unit_price": number(line["unit_price"], language),
        "tax_rate": percent(line["tax_rate"], language),
        "net": number(line["net"], language),
    }


def _tax(tax: Facts, language: str, cover: Callable[[str], str]) -> dict[str, object]:
    return {
        "tax_code": code(cover(tax["tax_code"])),
        "rate": percent(tax["rate"], language),
        "base": number(tax["base"], language),
        "tax": number(tax["tax"], language),
    }


def _width(rows: Sequence[Mapping[str, object]], name: str, least_mm: float, digit_mm: float) -> float:
    """How wide a column of figures must be, in millimetres, from its longest one; 4 mm are its margins."""
    return max(least_mm, 4 + digit_mm * max((len(str(row[name])) for row in rows), default=0))


def said(text: str, *, run_max: int = NAME_RUN_MAX, whole_max: int = NAME_RUN_MAX) -> dict[str, object]:
    """A text of the outside world as the templates set it."""
    if not text.isascii():
        text = LINE_ENDS.sub(" ", TURNS.sub("", text))
    if len(text) > whole_max:
        text = _runs(run_max).sub(lambda run: run.group() + BREAK, text)
    return {"text": text, "rtl": is_right_to_left(text), "ems": ems_at_most(text)}


def code(text: str) -> dict[str, object]:
    """A number or reference: it may be broken where no name would be."""
    return said(text, run_max=CODE_RUN_MAX, whole_max=CODE_WHOLE_MAX)


def latin(text: str) -> dict[str, object]:
    """Digits and Latin letters, whatever the paper's language."""
    return {"text": text, "rtl": False, "ems": ems_at_most(text)}


@lru_cache
def _runs(run_max: int) -> re.Pattern[str]:
    """So many characters without a blank, with more to follow."""
    return re.compile(rf"\S{{{run_max}}}(?=\S)")


def _address_lines(address: Facts, language: str) -> Sequence[str]:
    town = f"{address['postcode']} {address['city']}".strip()
    lines = (address["line1"], address.get("line2"), town, _country(address["country"], language))
    return [line for line in lines if line]


@lru_cache(maxsize=1_024)
def _country(code: str, language: str) -> str:
    return str(_locale(language).territories.get(code, code))


@lru_cache(maxsize=4_096)
def on_day(day: date, language: str) -> str:
    """A date as the language writes it."""
    return str(format_date(day, DATES[language], locale=_locale(language)))


@lru_cache
def _locale(language: str) -> Locale:
    return Locale.parse(language)


def in_fours(iban: str) -> str:
    """An IBAN on paper stands in groups of four (ISO 13616-1)."""
    return " ".join(iban[i : i + 4] for i in range(0, len(iban), 4))
