"""The packs of the house, read as a deployment reads them."""

from __future__ import annotations

from pathlib import Path

from services.payroll.domain import pay
from services.payroll.domain.pay.rules import Pack, read_pack

FOLDER = Path(pay.__file__).parent / "packs"
GREEK_CHOICES = {"extras_apart": "1", "holidays.month": "7", "tax.family.step": "0"}
"""What the Greek pack leaves to be given, as these tests give it; no claim about the law."""


def content(name: str) -> bytes:
    """A pack's file."""
    return (FOLDER / f"{name}.toml").read_bytes()


def pack(name: str) -> Pack:
    """A pack by the name of its file."""
    return read_pack(content(name), GREEK_CHOICES if name.startswith("greece") else None)


NEUTRAL = (pack("neutral-2024"), pack("neutral-2025"))
GREECE = pack("greece-2025")
ISRAEL = pack("israel-2024")
