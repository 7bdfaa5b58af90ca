"""The rule of registering: each person once, with the company's next personnel number, without gaps."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

EmployeeKey = tuple[str, UUID]
"""Company and employee."""


def next_serials(
    hired: Sequence[EmployeeKey], registered: Collection[EmployeeKey], last: Mapping[str, int]
) -> list[int | None]:
    """The serial of each hire, in their order; None for a person who is registered already.

    `last` has the last serial given in each company. It is under lock, so that no number is given twice or left out.
    """
    known = set(registered)
    given = dict(last)
    serials: list[int | None] = []
    for employee in hired:
        if employee in known:
            serials.append(None)
            continue
        known.add(employee)
        given[employee[0]] += 1
        serials.append(given[employee[0]])
    return serials


def personnel_number(serial: int) -> str:
    """The number as it is printed: 31 is E-000031."""
    return f"E-{serial:06d}"
