"""What payroll can be asked to do about the organisation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from chassis.cause import Cause
from services.payroll.domain.employment import Said


@dataclass(frozen=True, slots=True)
class AddCostCentre:
    """Costs may be borne by this centre from now on."""

    cause: Cause
    cost_centre: str
    name: str


@dataclass(frozen=True, slots=True)
class LearnCostCentre:
    """The ledger has this cost centre."""

    company: str
    cost_centre: str
    name: str


@dataclass(frozen=True, slots=True)
class OpenDepartment:
    """A department exists from a day on."""

    cause: Cause
    department: str
    said: Said
    """Its `name parent manager cost_centre closed`."""


@dataclass(frozen=True, slots=True)
class ChangeDepartment:
    """From a day on, some things are otherwise for a department; or a fact was wrong and this takes its place."""

    cause: Cause
    department: str
    said: Said


@dataclass(frozen=True, slots=True)
class OpenPost:
    """A place for one person in a department, vacant until a contract fills it."""

    cause: Cause
    post: str
    department: str
    title: str
    opens_on: date


@dataclass(frozen=True, slots=True)
class ClosePost:
    """A post is given up after a day."""

    cause: Cause
    post: str
    last_day: date
