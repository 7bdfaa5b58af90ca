"""Where the ledger puts a document whose own day is closed, there stock is worth more or less from then on.

The ledger knows its periods, and says where each such document stands: whenever that is heard, both sides agree again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

from chassis.database import UnitOfWork
from services.inventory.commands import PostLate
from services.inventory.store import valuing as store


async def post_late(commands: Sequence[PostLate], unit: UnitOfWork) -> None:
    """Let the value of documents stand on the day on which the books have it, each once."""
    wanted = {(c.company, c.document): c.posted_on for c in commands}
    fresh = await store.add_late_postings(unit.raw, wanted, unit.now)
    quantities: Counter[tuple[str, str, date]] = Counter()
    values: Counter[tuple[str, str, date]] = Counter()
    for (company, document), sku, day, quantity, value in await store.read_values(unit.raw, fresh):
        for on, sign in ((day, -1), (wanted[company, document], 1)):
            quantities[company, sku, on] += sign * quantity
            values[company, sku, on] += sign * value
    if values:
        await store.add_to_days(unit.raw, {key: (quantities[key], values[key]) for key in values})
