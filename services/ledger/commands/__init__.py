"""Everything the ledger can be asked to do, one module per topic."""

from __future__ import annotations

from services.ledger.commands.arrivals import (
    CloseOrder,
    RecordChange,
    RecordPayment,
    RecordReservation,
    RecordTerms,
    ReleaseOrder,
)
from services.ledger.commands.books import (
    ChangePolicy,
    DecideEntry,
    DefineAllocationRule,
    DefineDimensionValues,
    DefineFiscalYear,
    GrantException,
    LockPeriod,
    NewDimensionValue,
    PostEntry,
    ReverseEntry,
)
from services.ledger.commands.customers import ChangeCustomer, NewCustomer, RegisterCustomers
from services.ledger.commands.payroll import PostPayroll
from services.ledger.commands.receivables import (
    AllocatePayment,
    BouncePayment,
    CreditLines,
    DecideRefund,
    NewRate,
    RecordRates,
    ReleaseCredit,
    RequestRefund,
    RunDunning,
    SetDunningPolicy,
    StopDunning,
    UndoAllocation,
)
from services.ledger.commands.setup import (
    DefineTaxCodes,
    NewAccount,
    NewTaxCode,
    OpenAccounts,
    PostalAddress,
    RegisterCompany,
)
from services.ledger.commands.stock import PostStock

__all__ = [
    "AllocatePayment",
    "BouncePayment",
    "ChangeCustomer",
    "ChangePolicy",
    "CloseOrder",
    "CreditLines",
    "DecideEntry",
    "DecideRefund",
    "DefineAllocationRule",
    "DefineDimensionValues",
    "DefineFiscalYear",
    "DefineTaxCodes",
    "GrantException",
    "LockPeriod",
    "NewAccount",
    "NewCustomer",
    "NewDimensionValue",
    "NewRate",
    "NewTaxCode",
    "OpenAccounts",
    "PostEntry",
    "PostPayroll",
    "PostStock",
    "PostalAddress",
    "RecordChange",
    "RecordPayment",
    "RecordRates",
    "RecordReservation",
    "RecordTerms",
    "RegisterCompany",
    "RegisterCustomers",
    "ReleaseCredit",
    "ReleaseOrder",
    "RequestRefund",
    "ReverseEntry",
    "RunDunning",
    "SetDunningPolicy",
    "StopDunning",
    "UndoAllocation",
]
