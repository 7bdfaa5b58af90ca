"""The rules of parcels: everything that was picked lies in one of them, and each has a number of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from contracts.gs1 import check_digit, is_sscc
from services.inventory.domain.quantities import plain
from services.inventory.domain.shipping import NotPicked, Portion

CONTENTS_MAX = 2_000
"""Lines of all parcels of a shipment: what one event about it can hold."""
NUMBER_DIGITS = 16
"""Of company prefix and serial number together; before them stands an extension digit, behind them a check digit."""


class Parcel(NamedTuple):
    """A parcel: its number, what it weighs as its label says, and (line, micro-units) what lies in it."""

    sscc: str | None
    weight: str | None
    lines: Sequence[tuple[int, int]]


def check_parcels(portions: Sequence[Portion], parcels: Sequence[Parcel]) -> NotPicked | None:
    """The first thing that is wrong with the parcels of a shipment; each line is in a parcel once."""
    picked = {portion.line: portion.quantity for portion in portions}
    packed: Counter[int] = Counter()
    numbers: set[str] = set()
    for index, parcel in enumerate(parcels):
        at = f"/parcels/{index}"
        if parcel.sscc is not None and not is_sscc(parcel.sscc):
            return NotPicked("sscc-wrong", "The last digit of an SSCC checks the others.", f"{at}/sscc")
        if parcel.sscc is not None and parcel.sscc in numbers:
            return NotPicked("sscc-repeated", f"{parcel.sscc} stands on two parcels.", f"{at}/sscc")
        numbers |= set() if parcel.sscc is None else {parcel.sscc}
        seen: set[int] = set()
        for n, (line, quantity) in enumerate(parcel.lines):
            if line not in picked:
                return NotPicked("line-unknown", f"The shipment has no line {line}.", f"{at}/lines/{n}/line")
            if line in seen:
                return NotPicked("line-repeated", f"Line {line} is in this parcel twice.", f"{at}/lines/{n}/line")
            seen.add(line)
            packed[line] += quantity
    if sum(len(parcel.lines) for parcel in parcels) > CONTENTS_MAX:
        return NotPicked("too-many-contents", f"All parcels have at most {CONTENTS_MAX} lines together.", "/parcels")
    for portion in portions:
        if packed[portion.line] != portion.quantity:
            detail = (
                f"Of line {portion.line} ({portion.sku}) {plain(portion.quantity)} were picked, and "
                f"{plain(packed[portion.line])} lie in parcels."
            )
            return NotPicked("parcels-differ", detail, "/parcels")
    return None


def sscc_of(prefix: str, serial: int) -> str | None:
    """The number of a parcel; None where all numbers of the prefix are given."""
    digits = str(serial).zfill(NUMBER_DIGITS - len(prefix))
    if len(prefix) + len(digits) > NUMBER_DIGITS:
        return None
    number = f"0{prefix}{digits}"
    return number + check_digit(number)
