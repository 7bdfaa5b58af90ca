"""Barcodes as drawings, in the forms that a warehouse's scanners read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import zxingcpp

from contracts.gs1 import is_sscc

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
    """A serial shipping container code. Raises NoBarcode on a wrong digit."""
    if not is_sscc(value):
        raise NoBarcode("an SSCC has 18 digits, of which the last one checks the others")
    return value


def _drawn(kind: zxingcpp.BarcodeFormat, value: str, *, gs1: bool = False) -> str:
    try:
        made = zxingcpp.create_barcode(value, kind, **({"gs1": True} if gs1 else {}))
        return str(zxingcpp.write_barcode_to_svg(made, scale=SCALE, add_hrt=False, add_quiet_zones=True))
    except ValueError as error:
        raise NoBarcode("the value does not fit this form") from error
