"""What payroll can be asked to do when somebody comes or goes, and every day."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.cause import Cause
from chassis.ids import UUID
from services.payroll.commands.people import Asker
from services.payroll.domain.checklists import TaskTemplate


@dataclass(frozen=True, slots=True)
class SetTaskTemplate:
    """What has to be done when somebody comes or goes, by which department."""

    cause: Cause
    template: TaskTemplate
    dropped: bool


@dataclass(frozen=True, slots=True)
class EndTask:
    """A task is done, or need not be."""

    cause: Cause
    asker: Asker
    employee: UUID
    occasion: str
    task: str
    outcome: str


@dataclass(frozen=True, slots=True)
class RunDay:
    """What is to be done of itself today: who left is told, months are closed, certificates run out."""

    cause: Cause
