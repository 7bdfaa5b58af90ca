"""What stands on the papers that go with goods: delivery note, packing list and labels, from what left the house.

Quantities are printed as they were told; only packages are counted through. Where it is not told what lies in which of
several packages, the packing list has one list over all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.documents.domain.filing import Language

Facts = Mapping[str, object]

LABELS_MAX = 500
"""Labels of one paper, one a page; a shipment of more packages gets further papers."""
CODE128_CHARS_MAX = 20
"""On a label's width the bars of a longer value are too narrow for hand scanners; it gets a QR code."""

MORE_FOLLOWS: Mapping[Language, str] = {
    "en": "The rest of this order follows in another delivery.",
    "el": "Τα υπόλοιπα είδη της παραγγελίας ακολουθούν με άλλη αποστολή.",
    "he": "יתרת ההזמנה תישלח במשלוח נפרד.",
}


@dataclass(frozen=True, slots=True)
class Parcel:
    """A package with what is told to lie in it: (line of the order, quantity)."""

    number: int
    sscc: str | None
    weight: str | None
    lines: Sequence[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Departure:
    """Goods of one order that left the house."""

    number: str
    order_reference: str
    dispatched_on: date
    complete: bool
    """Nothing of the order is left to be shipped."""
    language: Language
    recipient: Facts
    """Name, address and, of a business, its VAT number."""
    lines: Sequence[Facts]
    """Line, item, description, quantity and unit."""
    packages: int | None
    """None where nobody counted them."""
    carrier: str | None
    tracking: str | None
    parcels: Sequence[Parcel] = ()


def papers_of(departure: Departure, seller: Facts) -> Iterator[tuple[str, str, Facts]]:
    """Class, number and facts of each paper of a shipment, always the same ones in the same order."""
    shipped = _shipped(departure, seller)
    remark = {} if departure.complete else {"remark": MORE_FOLLOWS[departure.language]}
    yield "delivery_note", departure.number, shipped | {"lines": departure.lines} | remark
    yield "packing_list", departure.number, shipped | _packed(departure)
    labels = list(_labels(departure))
    for first in range(0, len(labels), LABELS_MAX):
        number = departure.number if first == 0 else f"{departure.number}/{first + 1}"
        yield "label", number, shipped | {"number": number, "labels": labels[first : first + LABELS_MAX]}


def _shipped(departure: Departure, seller: Facts) -> dict[str, object]:
    said = {"carrier": departure.carrier, "tracking": departure.tracking}
    return {
        **{name: text for name, text in said.items() if text is not None},
        "language": departure.language,
        "issued_on": departure.dispatched_on,
        "number": departure.number,
        "seller": seller,
        "ship_to": departure.recipient,
        "dispatched_on": departure.dispatched_on,
        "order_reference": departure.order_reference,
    }


def _packed(departure: Departure) -> dict[str, object]:
    count = departure.packages or 1
    if departure.parcels:
        return {"packages": [_contents(parcel, count, departure) for parcel in departure.parcels]}
    which = "1" if count == 1 else f"1–{count}"
    packed: dict[str, object] = {"packages": [{"package": which, "lines": departure.lines}]}
    return packed if departure.packages is None else packed | {"packages_count": count}


def _contents(parcel: Parcel, count: int, departure: Departure) -> Facts:
    goods = {line["line"]: line for line in departure.lines}
    said = {"sscc": parcel.sscc, "weight": parcel.weight}
    return {
        "package": f"{parcel.number}/{count}",
        **{name: text for name, text in said.items() if text is not None},
        "lines": [{**goods[line], "quantity": quantity} for line, quantity in parcel.lines],
    }


def _labels(departure: Departure) -> Iterator[Facts]:
    count = departure.packages or 1
    below = [*_address_of(departure.recipient), *_carriage_of(departure)]
    boxed = {parcel.number: parcel for parcel in departure.parcels}
    for package in range(1, count + 1):
        counted = [] if departure.packages is None else [_which(package, count, boxed.get(package))]
        yield {
            "title": departure.recipient["name"],
            "lines": [*below, *counted],
            "barcode": _barcode(departure, package, boxed.get(package)),
        }


def _which(package: int, count: int, parcel: Parcel | None) -> str:
    weight = None if parcel is None else parcel.weight
    return f"{package}/{count}" if weight is None else f"{package}/{count} · {weight}"


def _barcode(departure: Departure, package: int, parcel: Parcel | None) -> Facts:
    """The number of the parcel where it has one; else that of the delivery note, and its place."""
    if parcel is not None and parcel.sscc is not None:
        return {"form": "sscc", "value": parcel.sscc}
    value = departure.number if departure.packages is None else f"{departure.number}/{package}"
    fits = value.isascii() and len(value) <= CODE128_CHARS_MAX
    return {"form": "code128" if fits else "qr", "value": value}


def _address_of(recipient: Facts) -> list[str]:
    address = recipient["address"]
    assert isinstance(address, Mapping)
    town = f"{address['postcode']} {address['city']}, {address['country']}".strip()
    return [line for line in (address["line1"], address.get("line2"), town) if line]


def _carriage_of(departure: Departure) -> list[str]:
    said = " ".join(text for text in (departure.carrier, departure.tracking) if text is not None)
    return [said] if said else []
