"""Money comes in: it pays the invoice that it names; what fits nothing is kept as unapplied cash."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from chassis.database import UnitOfWork
from chassis.errors import Outcome, Refused, Waiting
from services.ledger import translate
from services.ledger.commands import RecordPayment
from services.ledger.domain.books import BANK, UNAPPLIED_CASH, Books
from services.ledger.domain.documents import invoice_id
from services.ledger.domain.numbering import read_number
from services.ledger.domain.settlement import Money, Receivable, allocate, application, money_of, receipt, settled_on
from services.ledger.handlers.bookkeeping import open_books, post
from services.ledger.handlers.settling import Key, Settling, to_receivable
from services.ledger.store import documents, orders
from services.ledger.store import money as store

ACCOUNT_PATIENCE_S = 30 * 86_400
"""How long money waits for the account it is booked on; then a person must look."""

Named = tuple[dict[Key, Receivable], dict[tuple[str, str], Receivable]]
"""The last invoice of each order by company and order, and invoices by company and printed number."""


async def record_payments(commands: Sequence[RecordPayment], unit: UnitOfWork) -> Sequence[Outcome]:
    """Book money and allocate it. Money is never turned away for what we lack: it waits until there is an account.

    A second payment under an id is refused: money that came in once is booked once.
    """
    books = await open_books(unit)
    decisions = [_accept(command, books[command.company]) for command in commands]
    taken = [(c, money) for c, money in zip(commands, decisions, strict=True) if isinstance(money, Money)]
    new = await store.insert_payments(unit.raw, taken) if taken else set()
    if new:
        await _book([(c, money) for c, money in taken if (c.company, c.payment) in new], books, unit)
    return [_outcome(decision, new) for decision in decisions]


def _accept(command: RecordPayment, books: Books) -> Money | Refused | Waiting:
    for role in (BANK, UNAPPLIED_CASH):
        if role not in books.accounts:
            return Waiting(f"company {command.company} has no account with the role {role}", ACCOUNT_PATIENCE_S)
    return money_of(command.company, command.payment, command.received_on, command.amount, command.currency)


def _outcome(decision: Money | Refused | Waiting, new: Collection[Key]) -> Outcome:
    if not isinstance(decision, Money):
        return decision
    if (decision.company, decision.payment) in new:
        return None
    return Refused("payment-exists", "There is a payment with this id; it stays as it is.")


async def _book(taken: Sequence[tuple[RecordPayment, Money]], books: Mapping[str, Books], unit: UnitOfWork) -> None:
    named = await _invoices_named_by([command for command, _ in taken], unit)
    settling = Settling(books)
    rows: list[store.UnappliedRow] = []
    for command, money in taken:
        receivable = _invoice_for(command, named)
        _settle(command, money, receivable, settling)
        # What is left, now or when the invoice is credited, waits for the next invoice of the same order and no other:
        # whether the money came before or after its invoice must make no difference.
        waits_for = command.order if receivable is None else receivable.order
        rows.append((money.company, money.payment, waits_for, money.currency, money.amount, money.unapplied))
    await store.insert_unapplied(unit.raw, rows)
    await settling.keep(unit)
    await post(settling.entries, unit)
    for command, money in taken:
        unit.emit(*translate.payment_allocated(money, "received"), command.cause)
        unit.audit(command.cause, "payment.recorded", str(money.payment))
    settling.tell_settled(unit)


def _settle(command: RecordPayment, money: Money, receivable: Receivable | None, settling: Settling) -> None:
    """Book one payment. Money dated before its invoice is an advance until the invoice's own day."""
    books = settling.books[money.company]
    allocation = allocate(money, receivable)
    if allocation is None or receivable is None:
        settling.entries.append((receipt(money, command.order, 0, books), command.cause))
        return
    at_once = allocation.amount if settled_on(money, receivable) == money.received_on else 0
    entry = receipt(money, allocation.order, at_once, books)
    settling.entries.append((entry, command.cause))
    if not at_once:
        entry = application(money, receivable, allocation.amount, books)
        settling.entries.append((entry, command.cause))
    settling.allocated(money, receivable, allocation, entry.id, command.cause)


async def _invoices_named_by(commands: Sequence[RecordPayment], unit: UnitOfWork) -> Named:
    numbers = [(c.company, read_number(c.invoice_number)) for c in commands if c.invoice_number is not None]
    named = {(c.company, c.order) for c in commands if c.order is not None}
    latest = await orders.latest_reserved(unit.raw, named)
    rows = await documents.read_receivables(
        unit.raw,
        [(company, invoice_id(company, order, revision)) for (company, order), revision in latest.items()],
        [(company, number) for company, number in numbers if number is not None],
    )
    receivables = {r.invoice: r for r in map(to_receivable, rows)}
    by_order = {
        (company, order): receivables[invoice]
        for (company, order), revision in latest.items()
        if (invoice := invoice_id(company, order, revision)) in receivables
    }
    return by_order, {(r.company, r.number): r for r in receivables.values()}


def _invoice_for(command: RecordPayment, named: Named) -> Receivable | None:
    """The one invoice that the payer means: by the number he wrote; where no invoice has it yet, by the order."""
    by_order, by_number = named
    number = None if command.invoice_number is None else read_number(command.invoice_number)
    if number is not None and (command.company, number.printed) in by_number:
        return by_number[command.company, number.printed]
    return None if command.order is None else by_order.get((command.company, command.order))
