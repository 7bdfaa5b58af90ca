"""Where an entry that no person made finds its place: in an open period, and on the company's default dimensions."""

from __future__ import annotations

from collections.abc import Collection

from services.ledger.domain.books import Books
from services.ledger.domain.policy import Policy
from services.ledger.domain.posting import Entry


def on_open_day(entry: Entry, books: Books) -> Entry:
    """The entry on the first open day from its own on; where that is a later one, it says which was its own."""
    if books.calendar.closed:
        day = books.calendar.open_day(entry.subledger, entry.posted_on)
        if day != entry.posted_on:
            return entry._replace(posted_on=day, original_on=entry.original_on or entry.posted_on)
    return entry


def in_its_places(entry: Entry, books: Books) -> Entry:
    """The entry with the department and cost centre that its day asks for on lines of income and expense."""
    return in_places(entry, books.policy(entry.posted_on), books.result_accounts) if books.policies else entry


def in_places(entry: Entry, policy: Policy, result: Collection[str]) -> Entry:
    """The entry with the company's own places on lines of these accounts that name none, where the policy asks."""
    if not policy.dimensions_required:
        return entry
    department, cost_centre = policy.default_department, policy.default_cost_centre
    lines = [
        line._replace(department=line.department or department, cost_centre=line.cost_centre or cost_centre)
        if line.account in result
        else line
        for line in entry.lines
    ]
    return entry._replace(lines=lines)
