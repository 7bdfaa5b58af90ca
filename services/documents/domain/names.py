"""Names in one form for searching: the same whatever the case, the accents, the vowel points or the final letters."""

from __future__ import annotations

import unicodedata


def folded(text: str) -> str:
    """Case folded, without combining marks, blanks single: "Καφέ ΑΚΡΌΠΟΛΗ" and "καφε ακροπολη" are one.

    Case folding also makes the Greek final sigma an ordinary one (Unicode, CaseFolding.txt).
    """
    if text.isascii():
        return " ".join(text.lower().split())
    marked = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(character for character in marked if not unicodedata.combining(character))
    return " ".join(plain.casefold().split())
