"""The tables of payroll as SQLModel sees them, one module per topic; a test compares them with the migrations."""

from __future__ import annotations

from services.payroll.tables.base import EXEMPT, METADATA
from services.payroll.tables.contracts import AccountLink, Contract, ContractTerm, Leaving, LeavingTold
from services.payroll.tables.organisation import (
    CompanyProfile,
    CostCentre,
    Department,
    DepartmentFact,
    Post,
    PostClosing,
)
from services.payroll.tables.people import Assignment, Employee, PersonnelCounter
from services.payroll.tables.vault import PersonKey

__all__ = [
    "EXEMPT",
    "METADATA",
    "AccountLink",
    "Assignment",
    "CompanyProfile",
    "Contract",
    "ContractTerm",
    "CostCentre",
    "Department",
    "DepartmentFact",
    "Employee",
    "Leaving",
    "LeavingTold",
    "PersonKey",
    "PersonnelCounter",
    "Post",
    "PostClosing",
]
