"""How much room a text takes at most: what surely fits need not be measured, and measuring is half of the typesetting.

Nothing here decides what a paper looks like. A wrong guess that something may not fit costs time alone; that nothing
is taken to fit which does not, tests hold against the real pages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

Text = Mapping[str, Any]
NARROW = frozenset(
    "abcdefghijklnopqrstuvxyz0123456789 .,:;-/*()'EFIJLPSàáâãäåçèéêëìíîïñòóôõöøùúûüý"
    "βγδεζηθικλμνξοπρςστυχέήίόύϊϋΓΕΙΡאבגדהוזחטיךכלםמןנסעףפץצקרשת"
)
NARROW_EMS, WIDE_EMS = 0.6, 1.1
"""Bounds of how far a character moves on, in the papers' font, upright or bold."""

PAGE_PT = 690
"""Of an A4 page's 842 points, what its margins leave, less a bit."""
LINE_PT, ROW_PT, LISTING_PT = 16, 16, 24
PARTY_PT, PARTICULAR_PT, CELL_PT = 140, 90, 90
"""How wide the columns are, at least, in which a party, a single text and a text of a row are set."""
RAGGED = 1.4
"""Words do not fill lines: by how much more may they take up?"""


@lru_cache(maxsize=16_384)
def ems_at_most(text: str) -> float:
    """How wide a text can be, in ems; a mark on a letter counts as one more letter."""
    return round(sum(NARROW_EMS if character in NARROW else WIDE_EMS for character in text), 2)


def fits_a_page(
    fixed_pt: float,
    parties: Sequence[Sequence[Text]],
    particulars: Sequence[Text],
    below: Sequence[Text],
    listings: Sequence[Sequence[Mapping[str, Any]]],
) -> bool:
    """Whether what is fixed and these surely stay on one page.

    Parties and particulars stand side by side, then come single texts and rows; each text as the templates take it.
    """
    head = max(_lines(particulars, 10, PARTICULAR_PT), *(_lines(party, 11, PARTY_PT) for party in parties))
    lines = head + _lines(below, 10, PARTICULAR_PT)
    rows = [row for listing in listings for row in listing]
    cells = [[value for value in row.values() if isinstance(value, dict)] for row in rows]
    more = sum(_lines(row, 9, CELL_PT) - len(row) for row in cells)
    return fixed_pt + LINE_PT * (lines + more) + ROW_PT * len(rows) + LISTING_PT * len(listings) <= PAGE_PT


def _lines(texts: Sequence[Text], size_pt: float, column_pt: float) -> int:
    return sum(1 + int(text["ems"] * size_pt * RAGGED // column_pt) for text in texts)
