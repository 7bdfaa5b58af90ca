"""The tables of payroll as SQLModel sees them, one module per topic; a test compares them with the migrations."""

from __future__ import annotations

from services.payroll.tables.base import EXEMPT, METADATA
from services.payroll.tables.checklists import ChecklistOutcome, ChecklistTask, ChecklistTemplate
from services.payroll.tables.contracts import AccountLink, Contract, ContractTerm, Leaving, LeavingTold
from services.payroll.tables.leave import (
    Holiday,
    LeaveDecision,
    LeaveEntry,
    LeaveMonth,
    LeaveRequest,
    LeaveRule,
    LeaveType,
)
from services.payroll.tables.organisation import (
    CompanyProfile,
    CostCentre,
    Department,
    DepartmentFact,
    Post,
    PostClosing,
)
from services.payroll.tables.pay import (
    BankAccount,
    PayFile,
    PayGroup,
    PayMember,
    PayReading,
    PayRun,
    PayRunPart,
    PayRunProblem,
    PayRunStep,
    Payslip,
    PayslipPaper,
    PayTerm,
    TaxProfile,
)
from services.payroll.tables.people import Assignment, Employee, PersonnelCounter
from services.payroll.tables.training import (
    CertificateHeld,
    CertificateNotice,
    CourseRequirement,
    CourseTaught,
    EnrolmentMade,
    EnrolmentStep,
    Programme,
    TrainingSeats,
    TrainingSession,
)
from services.payroll.tables.vault import PersonKey

__all__ = [
    "EXEMPT",
    "METADATA",
    "AccountLink",
    "Assignment",
    "BankAccount",
    "CertificateHeld",
    "CertificateNotice",
    "ChecklistOutcome",
    "ChecklistTask",
    "ChecklistTemplate",
    "CompanyProfile",
    "Contract",
    "ContractTerm",
    "CostCentre",
    "CourseRequirement",
    "CourseTaught",
    "Department",
    "DepartmentFact",
    "Employee",
    "EnrolmentMade",
    "EnrolmentStep",
    "Holiday",
    "LeaveDecision",
    "LeaveEntry",
    "LeaveMonth",
    "LeaveRequest",
    "LeaveRule",
    "LeaveType",
    "Leaving",
    "LeavingTold",
    "PayFile",
    "PayGroup",
    "PayMember",
    "PayReading",
    "PayRun",
    "PayRunPart",
    "PayRunProblem",
    "PayRunStep",
    "PayTerm",
    "Payslip",
    "PayslipPaper",
    "PersonKey",
    "PersonnelCounter",
    "Post",
    "PostClosing",
    "Programme",
    "TaxProfile",
    "TrainingSeats",
    "TrainingSession",
]
