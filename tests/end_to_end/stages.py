"""How far an order was when it was changed or cancelled, and what must have become of it: the table of the test."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple

Act = Literal["more", "less", "cancel"]
"""One lamp more; one lamp less and no bulbs; not at all any more."""
ACTS: tuple[Act, ...] = ("more", "less", "cancel")
Work = Literal["", "picked", "packed", "partly", "all"]
"""What the warehouse has done of it; `partly` is one lamp that has left."""

LINES: dict[str, tuple[int, int]] = {"": (2, 3), "more": (3, 3), "less": (1, 0)}
"""Lamps at 50.00 and bulbs at 10.00, as ordered and as changed."""
FULL, MORE, LESS = Decimal("161.20"), Decimal("223.20"), Decimal("62.00")
"""What these are invoiced for, with 24 % tax. One lamp is `LESS`."""
SOME = Decimal("61.20")
"""What is paid of an order that is paid in part."""
NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Stage:
    """How far an order is: the state that the front office sees then, and how it came there."""

    name: str
    state: str
    invoice_on: Literal["order", "dispatch"] = "order"
    work: Work = ""
    pays: Decimal = NOTHING
    customer: str = "C-FREE"
    items: tuple[str, str] = ("LAMP", "BULB")


class End(NamedTuple):
    """What must have become of an order."""

    state: str
    refused: str | None = None
    """The code with which the change or the cancellation was refused."""
    held: int = 0
    """Pieces that are set aside for it."""
    left: int = 0
    invoiced: Decimal = NOTHING
    credited: Decimal = NOTHING
    open: Decimal = NOTHING
    unapplied: Decimal = NOTHING


PICKED, GONE = "already-picked", "already-shipped"

STAGES: tuple[tuple[Stage, tuple[End, End, End]], ...] = (
    (Stage("no goods there", "back_ordered", items=("NO-LAMP", "NO-BULB")),
     (End("back_ordered"), End("back_ordered"), End("cancelled"))),
    (Stage("held for credit", "accepted", "dispatch", customer="C-TIGHT"),
     (End("accepted"), End("reserved", held=1), End("cancelled"))),
    (Stage("reserved", "reserved", "dispatch"),
     (End("reserved", held=6), End("reserved", held=1), End("cancelled"))),
    (Stage("picked", "reserved", "dispatch", "picked"),
     (End("reserved", PICKED, 5), End("reserved", PICKED, 5), End("cancelled"))),
    (Stage("packed", "reserved", "dispatch", "packed"),
     (End("reserved", PICKED, 5), End("reserved", PICKED, 5), End("cancelled"))),
    (Stage("partly shipped, invoiced on dispatch", "documented", "dispatch", "partly"),
     (End("documented", GONE, 4, 1, LESS, open=LESS), End("documented", GONE, 4, 1, LESS, open=LESS),
      End("documented", None, 0, 1, LESS, open=LESS))),
    (Stage("partly shipped and that paid", "partly_paid", "dispatch", "partly", LESS),
     (End("partly_paid", GONE, 4, 1, LESS), End("partly_paid", GONE, 4, 1, LESS), End("paid", None, 0, 1, LESS))),
    (Stage("shipped, invoiced on dispatch", "documented", "dispatch", "all"),
     (End("documented", GONE, 0, 5, FULL, open=FULL),) * 3),
    (Stage("invoiced on order", "documented"),
     (End("documented", None, 6, 0, FULL + MORE, FULL, MORE), End("documented", None, 1, 0, FULL + LESS, FULL, LESS),
      End("credited", None, 0, 0, FULL, FULL))),
    (Stage("invoiced and picked", "documented", work="picked"),
     (End("documented", PICKED, 5, 0, FULL, open=FULL), End("documented", PICKED, 5, 0, FULL, open=FULL),
      End("credited", None, 0, 0, FULL, FULL))),
    (Stage("invoiced and partly shipped", "documented", work="partly"),
     (End("documented", GONE, 4, 1, FULL, open=FULL), End("documented", GONE, 4, 1, FULL, open=FULL),
      End("documented", None, 0, 1, FULL, FULL - LESS, LESS))),
    (Stage("invoiced and shipped", "documented", work="all"),
     (End("documented", GONE, 0, 5, FULL, open=FULL),) * 3),
    (Stage("part paid", "partly_paid", pays=SOME),
     (End("partly_paid", None, 6, 0, FULL + MORE, FULL, MORE - SOME),
      End("partly_paid", None, 1, 0, FULL + LESS, FULL, LESS - SOME),
      End("credited", None, 0, 0, FULL, FULL, unapplied=SOME))),
    (Stage("paid", "paid", pays=FULL),
     (End("partly_paid", None, 6, 0, FULL + MORE, FULL, MORE - FULL),
      End("paid", None, 1, 0, FULL + LESS, FULL, unapplied=FULL - LESS),
      End("credited", None, 0, 0, FULL, FULL, unapplied=FULL))),
    (Stage("paid and partly shipped", "paid", work="partly", pays=FULL),
     (End("paid", GONE, 4, 1, FULL), End("paid", GONE, 4, 1, FULL),
      End("paid", None, 0, 1, FULL, FULL - LESS, unapplied=FULL - LESS))),
    (Stage("paid and shipped", "paid", work="all", pays=FULL), (End("paid", GONE, 0, 5, FULL),) * 3),
)  # fmt: skip
"""Each stage with its end after `more`, `less` and `cancel`."""
