"""The tables of the ledger as SQLModel sees them, one module per topic; a test compares them with the migrations."""

from __future__ import annotations

from services.ledger.tables.base import EXEMPT, METADATA
from services.ledger.tables.billing import (
    BillingRefusal,
    CreditNote,
    Invoice,
    NumberCounter,
    OpenItem,
    OrderShipment,
    OrderTerms,
    OrderToBill,
)
from services.ledger.tables.calendar import FiscalPeriod, FiscalYear, PeriodException, PeriodLock
from services.ledger.tables.credit import OrderCredit
from services.ledger.tables.customers import CreditLimit, Customer, CustomerChange
from services.ledger.tables.dimensions import (
    AllocationRule,
    AllocationShare,
    CompanyPolicy,
    DimensionDay,
    DimensionValue,
)
from services.ledger.tables.dunning import DunningLevel, DunningRun, DunningStep, DunningStop
from services.ledger.tables.journal import (
    AccountDay,
    EntryDecision,
    EntryProposal,
    JournalEntry,
    JournalLine,
    StockDocument,
)
from services.ledger.tables.money import Allocation, Payment, UnappliedCash
from services.ledger.tables.prices import ListPrice, PriceList
from services.ledger.tables.receivables import Bounce, Deduction, ExchangeRate, ReceivableDay, Refund
from services.ledger.tables.setup import Account, CompanyChange, LegalEntity, TaxCode, TaxRate

__all__ = [
    "EXEMPT",
    "METADATA",
    "Account",
    "AccountDay",
    "Allocation",
    "AllocationRule",
    "AllocationShare",
    "BillingRefusal",
    "Bounce",
    "CompanyChange",
    "CompanyPolicy",
    "CreditLimit",
    "CreditNote",
    "Customer",
    "CustomerChange",
    "Deduction",
    "DimensionDay",
    "DimensionValue",
    "DunningLevel",
    "DunningRun",
    "DunningStep",
    "DunningStop",
    "EntryDecision",
    "EntryProposal",
    "ExchangeRate",
    "FiscalPeriod",
    "FiscalYear",
    "Invoice",
    "JournalEntry",
    "JournalLine",
    "LegalEntity",
    "ListPrice",
    "NumberCounter",
    "OpenItem",
    "OrderCredit",
    "OrderShipment",
    "OrderTerms",
    "OrderToBill",
    "Payment",
    "PeriodException",
    "PeriodLock",
    "PriceList",
    "ReceivableDay",
    "Refund",
    "StockDocument",
    "TaxCode",
    "TaxRate",
    "UnappliedCash",
]
