"""Who may see and do what about people: the one place where it is decided.

What a caller's key or token grants are scopes; which person a caller is says a link from the account to the employee.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

OFFICER = "payroll:officer"
"""The payroll officer: everybody of the company, pay included; changes both."""
READ = "payroll:read"
"""The personnel office, reading: everybody, no pay."""
WRITE = "payroll:write"
"""The personnel office, writing: people and organisation, no pay."""
TEAM = "payroll:team"
"""A manager: the people below them, no pay."""
TEAM_PAY = "payroll:teampay"
"""Granted to a manager in addition: the pay of those people too."""
SELF = "payroll:self"
"""An employee: what concerns themselves, pay included."""
APPROVE = "payroll:approve"
"""Releases pay runs; whoever calculated one cannot, whatever they may do."""
DIRECTOR = "payroll:director"
"""The director: totals of departments and of the company, nobody's pay."""

BY_NAME = frozenset({OFFICER, APPROVE, TEAM_PAY})
"""What opens or releases pay is granted by its own name: no wildcard gives it, as none gives documents' payslips."""

READS_PEOPLE = (READ, OFFICER, TEAM, SELF)
"""With one of these somebody may ask about people; whom they see is decided per person."""
CHANGES_PEOPLE = (WRITE, OFFICER)


@dataclass(frozen=True, slots=True)
class Viewer:
    """A caller within one company."""

    rights: frozenset[str]
    employee: UUID | None = None
    """Who they are, if their account is linked to somebody."""
    team: frozenset[UUID] = frozenset()
    """The people below them, over all steps; themselves not among them."""
    stands_for: UUID | None = None
    """For whom they ask, where that is another account's person: it takes rights away and gives none."""

    def sees(self, employee: UUID) -> bool:
        """Whether this person exists for them: job, department, leave, training, no pay."""
        return (
            bool(self.rights & {READ, OFFICER})
            or (SELF in self.rights and employee == self.employee)
            or (TEAM in self.rights and employee in self.team)
        )

    def sees_pay(self, employee: UUID) -> bool:
        """Whether they may read what this person earns, and their payslips."""
        return self.sees_bank_and_tax(employee) or (self.rights >= {TEAM, TEAM_PAY} and employee in self.team)

    def sees_bank_and_tax(self, employee: UUID) -> bool:
        """Whether they may read where this person's pay goes and what tax depends on: no manager may."""
        return OFFICER in self.rights or (SELF in self.rights and employee == self.employee)

    def sees_health(self, employee: UUID) -> bool:
        """Whether they may know of what kind this person's confidential leave is, and enter it."""
        return OFFICER in self.rights or (SELF in self.rights and employee == self.employee)

    def sees_everybody(self) -> bool:
        """Whether no list needs to be narrowed for them."""
        return bool(self.rights & {READ, OFFICER})

    def sees_totals(self) -> bool:
        """Whether they may read sums over people, which name nobody."""
        return bool(self.rights & {DIRECTOR, OFFICER})

    def is_own(self, employee: UUID) -> bool:
        """Whether it is they themselves, or for whom they ask."""
        return employee in (self.employee, self.stands_for)

    def decides_for(self, employee: UUID) -> bool:
        """Whether they may approve what this person asked for: never their own."""
        if self.is_own(employee):
            return False
        return OFFICER in self.rights or (TEAM in self.rights and employee in self.team)

    def asks_for(self, employee: UUID) -> bool:
        """Whether they may ask for something in this person's name."""
        return bool(self.rights & {OFFICER, WRITE}) or (SELF in self.rights and employee == self.employee)


ALL = (OFFICER, READ, WRITE, TEAM, TEAM_PAY, SELF, DIRECTOR)


def needs_team(rights: Collection[str]) -> bool:
    """Whether it matters who is below them."""
    return TEAM in rights
