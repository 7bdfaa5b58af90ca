"""Sums as text."""

from __future__ import annotations

from contracts.money import minor_units


def sum_text(minor: int, currency: str) -> str:
    """A sum of amounts with all decimals of its currency. It may be longer than one amount may be on the wire."""
    decimals = minor_units(currency)
    whole, rest = divmod(abs(minor), 10**decimals)
    sign = "-" if minor < 0 else ""
    return f"{sign}{whole}.{rest:0{decimals}d}" if decimals else f"{sign}{whole}"
