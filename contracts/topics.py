"""Every topic of the house: who owns it, what its records are ordered by, which events it holds.

Topics are provisioned from this table; nothing creates one by using it. The partition count is chosen once: changing it
would move keys to other partitions and break the order per key.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

PARTITIONS = 6  # six divides evenly over 1, 2, 3 or 6 replicas of a service


@dataclass(frozen=True, slots=True)
class Topic:
    """A row of the table. `key` says in words what the Kafka key identifies; `holds` are event types."""

    name: str
    owner: str
    key: str
    holds: tuple[str, ...]
    partitions: int = PARTITIONS

    @property
    def config(self) -> dict[str, str]:
        """Kafka's settings of the topic: kept for ever, so that anybody can read from the start.

        Records bear the broker's time: it refuses a producer's that is more than an hour ahead, and with it a whole
        department whose clock is wrong.
        """
        return {
            "retention.ms": "-1", "retention.bytes": "-1", "cleanup.policy": "delete",
            "message.timestamp.type": "LogAppendTime",
        }  # fmt: skip


_ROWS = (
    Topic("sales.orders", "gateway", "order", ("OrderPlaced.v1", "OrderChanged.v1", "OrderCancelled.v1")),
    Topic("sales.payments", "gateway", "payment", ("PaymentReceived.v1",)),
    Topic("sales.hires", "gateway", "employee", ("EmployeeHired.v1",)),
    Topic(
        "inventory.stock",
        "inventory",
        "item",
        ("ItemDefined.v1", "ItemDefined.v2", "StockReceived.v1", "StockReceived.v2"),
    ),
    Topic(
        "inventory.reservations",
        "inventory",
        "order",
        (
            "StockReserved.v1",
            "ReservationRefused.v1",
            "ReservationReleased.v1",
            "OrderChangeRefused.v1",
            "CancellationRefused.v1",
            "BackOrderReserved.v1",
            "OrderBackOrdered.v1",
            "ReservationReduced.v1",
        ),
    ),
    Topic("inventory.shipments", "inventory", "shipment", ("ShipmentDispatched.v1", "StockIssued.v1")),
    Topic("inventory.valuations", "inventory", "document", ("StockValued.v1", "StockAdjusted.v1")),
    Topic(
        "ledger.companies",
        "ledger",
        "company",
        (
            "CompanyRegistered.v1",
            "CompanyChanged.v1",
            "AccountOpened.v1",
            "TaxCodeDefined.v1",
            "ExchangeRateRecorded.v1",
            "CreditCheckRequired.v1",
        ),
    ),
    Topic("ledger.customers", "ledger", "customer", ("CustomerRegistered.v1", "CustomerChanged.v1")),
    Topic("ledger.periods", "ledger", "company", ("FiscalYearOpened.v1", "PeriodClosed.v1", "PeriodReopened.v1")),
    Topic("ledger.dimensions", "ledger", "company", ("DimensionDefined.v1",)),
    Topic("ledger.prices", "ledger", "price list", ("PriceListDefined.v1", "PricesAnnounced.v1")),
    Topic(
        "ledger.invoices",
        "ledger",
        "invoice",
        (
            "InvoiceIssued.v1",
            "CreditNoteIssued.v1",
            "InvoicePaid.v1",
            "InvoiceOverdue.v1",
            "DunningChargeTakenBack.v1",
        ),
    ),
    Topic("ledger.dunning", "ledger", "letter", ("DunningLevelReached.v1",)),
    Topic("ledger.statements", "ledger", "statement", ("StatementDrawn.v1",)),
    Topic("ledger.credits", "ledger", "order", ("CreditApproved.v1", "CreditHeld.v1")),
    Topic("ledger.refusals", "ledger", "order", ("InvoiceRefused.v1",)),
    Topic("ledger.payments", "ledger", "payment", ("PaymentAllocated.v1", "PaymentBounced.v1", "PaymentRefunded.v1")),
    Topic("ledger.stock", "ledger", "document", ("StockPostedLate.v1",)),
    Topic("ledger.entries", "ledger", "entry", ("EntryPosted.v1",)),
    Topic(
        "documents.documents",
        "documents",
        "document",
        ("DocumentRegistered.v1", "DocumentStored.v1", "DocumentRegistered.v2", "DocumentStored.v2"),
    ),
    Topic(
        "payroll.employees",
        "payroll",
        "employee",
        ("EmployeeRegistered.v1", "EmploymentChanged.v1", "EmployeeLeft.v1", "DocumentRetentionStarted.v1"),
    ),
    Topic(
        "payroll.training",
        "payroll",
        "employee",
        ("TrainingCompleted.v1", "CertificateExpiring.v1", "CertificateExpired.v1"),
    ),
    Topic("payroll.sessions", "payroll", "session", ("TrainingCostIncurred.v1",)),
    Topic("payroll.runs", "payroll", "pay run", ("PayrollPosted.v1",)),
)

TOPICS: Mapping[str, Topic] = MappingProxyType({topic.name: topic for topic in _ROWS})


def partition_of(key: str, topic: str) -> int:
    """Where a key lives on its topic: CRC32, as librdkafka's `consistent` partitioner computes it."""
    return zlib.crc32(key.encode()) % TOPICS[topic].partitions
