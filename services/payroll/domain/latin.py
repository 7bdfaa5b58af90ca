"""Names in the letters that every bank of the SEPA has to take: what differs is written in them, letter by letter.

The letters are those of the European Payments Council's EPC217-08: Greek is written as it says, and what it has no
letter for becomes a full stop. Hebrew it does not know: its consonants are written as on road signs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

NOT_ALLOWED = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]")
GREEK = "Α:A Β:V Γ:G Δ:D Ε:E Ζ:Z Η:I Θ:TH Ι:I Κ:K Λ:L Μ:M Ν:N Ξ:X Ο:O Π:P Ρ:R Σ:S Τ:T Υ:Y Φ:F Χ:CH Ψ:PS Ω:O"
HEBREW = (
    "א:A ב:B ג:G ד:D ה:H ו:V ז:Z ח:CH ט:T י:Y כ:K ך:K ל:L מ:M ם:M נ:N ן:N ס:S ע:A פ:P ף:P צ:TS ץ:TS ק:K ר:R ש:SH ת:T"
)
OTHERS = {
    "ß": "ss", "Æ": "AE", "æ": "ae", "Ø": "O", "ø": "o", "Œ": "OE", "œ": "oe", "Đ": "D", "đ": "d", "Ł": "L", "ł": "l",
    "Þ": "TH", "þ": "th", "ı": "i", "ς": "s", "&": "+", "_": "-", "’": "'", "‘": "'", "׳": "'", "–": "-", "—": "-",
    "־": "-",
}  # fmt: skip


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for pair in text.split():
        letter, _, written = pair.partition(":")
        yield letter, written
        yield letter.lower(), written if letter == letter.lower() else written.lower()


LETTERS = str.maketrans({**dict(_pairs(GREEK)), **dict(_pairs(HEBREW)), **OTHERS})


def latin(text: str) -> str:
    """The text in the letters of the SEPA; accents and points fall off their letters."""
    bare = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    return NOT_ALLOWED.sub(".", bare.translate(LETTERS))
