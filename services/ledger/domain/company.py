"""What can be said about a company's own particulars without looking anything up."""

from __future__ import annotations

IBAN_MODULUS = 97
_ALPHABET = {letter: str(10 + index) for index, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ")}


def iban_adds_up(iban: str) -> bool:
    """Whether the two check digits fit the rest (ISO 13616: ISO 7064 MOD 97-10 over the rearranged number)."""
    turned = iban[4:] + iban[:4]
    digits = "".join(_ALPHABET.get(character, character) for character in turned)
    return int(digits) % IBAN_MODULUS == 1
