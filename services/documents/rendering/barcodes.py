"""Barcodes as drawings, in the forms that a warehouse's scanners read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import zxingcpp

FORMATS: Mapping[str, zxingcpp.BarcodeFormat] = {
    "qr": zxingcpp.BarcodeFormat.QRCode,
    "datamatrix": zxingcpp.BarcodeFormat.DataMatrix,
    "code128": zxingcpp.BarcodeFormat.Code128,
    "ean13": zxingcpp.BarcodeFormat.EAN13,
}
WIDE = frozenset({"code128", "ean13", "sscc"})
"""Bars instead of a square."""
SCALE = 4


class NoBarcode(ValueError):
    """The value cannot be written in this form."""


@dataclass(frozen=True, slots=True)
class Barcode:
    """A drawing (SVG), and the characters that stand below it for people."""

    drawing: str
    text: str
    wide: bool


@lru_cache(maxsize=4_096)
def barcode(form: str, value: str) -> Barcode:
    """The barcode for a value. Raises NoBarcode."""
    if form == "sscc":
        return Barcode(_drawn(zxingcpp.BarcodeFormat.Code128, f"(00){sscc(value)}", gs1=True), f"(00) {value}", True)
    kind = FORMATS.get(form)
    if kind is None:
        raise NoBarcode(f"there is no form {form}")
    return Barcode(_drawn(kind, value), value, form in WIDE)


def sscc(value: str) -> str:
    """A serial shipping container code (GS1 General Specifications, 2.2.1). Raises NoBarcode on a wrong digit."""
    if re.fullmatch(r"[0-9]{18}", value) is None or check_digit(value[:-1]) != value[-1]:
        raise NoBarcode("an SSCC has 18 digits, of which the last one checks the others")
    return value


def check_digit(digits: str) -> str:
    """The GS1 check digit of what stands before it (modulo 10, weights 3 and 1 from the right)."""
    total = sum(int(digit) * (3 if n % 2 == 0 else 1) for n, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def _drawn(kind: zxingcpp.BarcodeFormat, value: str, *, gs1: bool = False) -> str:
    try:
        made = zxingcpp.create_barcode(value, kind, **({"gs1": True} if gs1 else {}))
        return str(zxingcpp.write_barcode_to_svg(made, scale=SCALE, add_hrt=False, add_quiet_zones=True))
    except ValueError as error:
        raise NoBarcode("the value does not fit this form") from error
