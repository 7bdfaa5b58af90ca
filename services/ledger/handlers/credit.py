"""May this order get stock? Answered where its company asks; what is held waits for room, or for a person.

All of it happens under the company's turn to book (`open_books`), so no two orders look at one limit at the same time.
Companies that never asked for credit cost no statement.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from types import MappingProxyType

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.ids import UUID
from chassis.requests import Answer, Result
from services.ledger import translate
from services.ledger.commands import ReleaseCredit
from services.ledger.domain.books import Books
from services.ledger.domain.documents import invoice_id
from services.ledger.domain.exposure import Because, Exposure, Held
from services.ledger.handlers.bookkeeping import open_books
from services.ledger.handlers.ordered import open_orders, worth_of
from services.ledger.store import credit as store
from services.ledger.store import orders
from services.ledger.store.credit import ApprovalRow, CreditRow, CustomerKey
from services.ledger.store.orders import OrderRevision

QUEUE = "credit-days"
"""Days on which held orders are looked at anew, by the company's own clock."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A revision of an order whose stock is not decided yet."""

    company: str
    order: UUID
    revision: int
    terms: bytes
    cause: Cause

    @property
    def key(self) -> OrderRevision:
        """Which revision of which order it is."""
        return self.company, self.order, self.revision


async def answer(
    asked: Sequence[Asked], books: Mapping[str, Books], unit: UnitOfWork, *, all_pass: bool = False
) -> None:
    """Say of each order whether it may get stock; `all_pass` for those that came before anybody asked."""
    asked = [one for one in asked if books[one.company].answers_orders]
    if not asked:
        return
    terms = [translate.to_terms(one.order, one.terms) for one in asked]
    worth = await worth_of(
        [(one.company, t, one.cause.at) for one, t in zip(asked, terms, strict=True)], books, unit.raw
    )
    customers = [(one.company, str(t.customer["id"])) for one, t in zip(asked, terms, strict=True)]
    standing = await _standing(dict(zip(customers, [one.cause for one in asked], strict=True)), books, unit)
    later = [one.key for one in asked if one.revision > 1]
    instead = await _instead(later, unit)
    if later:
        earlier = [(company, order, revision - 1) for company, order, revision in later]
        asked_by = {one.key[:2]: one.cause for one in asked}
        _note_ended(await store.end(unit.raw, earlier, held_only=True), asked_by, unit)
    rows: list[CreditRow] = []
    count = Counter[UUID]()
    for one, key, amount in zip(asked, customers, worth, strict=True):
        exposure, before = standing[key], instead.get(one.key, 0)
        at_stake = exposure.total - before
        because = _because(one, exposure, amount, before, books[one.company], all_pass=all_pass)
        held = Held(one.company, one.order, one.revision, key[1], amount)
        state = "held" if because is None else "approved"
        rows.append(CreditRow(*one.key, key[1], state, amount, at_stake, exposure.limit, one.cause.at))
        own = books[one.company].currency
        ordinal = count[one.cause.id]
        count[one.cause.id] += 1
        if because is None:
            told = translate.credit_held(held, at_stake, exposure.limit or 0, own, exposure.lacks_rate_of)
        else:
            told = translate.credit_approved(held, because, at_stake, exposure.limit, own)
            exposure.add(amount, before)
        unit.emit(*told, one.cause, ordinal=ordinal)
        unit.audit(one.cause, f"credit.{state}", str(one.order), {"revision": one.revision})
    await store.insert(unit.raw, rows)
    held_of = {(row.company, row.customer) for row in rows if row.state == "held"}
    # Money that came for an order before it did is counted with it.
    over_limit = {key: one.cause for key, one in zip(customers, asked, strict=True) if key in held_of}
    await review(over_limit, books, unit)


def _because(
    one: Asked, exposure: Exposure, amount: int, before: int, books: Books, *, all_pass: bool
) -> Because | None:
    """Why the order passes; None where it does not."""
    if all_pass or not books.policy(books.day_of(one.cause.at)).credit_check:
        return "not-asked"
    if exposure.limit is None:
        return "no-limit"
    return "within-limit" if exposure.fits(amount, before) else None


async def _standing(
    causes: Mapping[CustomerKey, Cause], books: Mapping[str, Books], unit: UnitOfWork
) -> dict[CustomerKey, Exposure]:
    wanted = {key: (books[key[0]].currency, books[key[0]].day_of(cause.at)) for key, cause in causes.items()}
    return await store.exposures(unit.raw, wanted)


async def _instead(later: Sequence[OrderRevision], unit: UnitOfWork) -> dict[OrderRevision, int]:
    """What revisions of an order stand for that others will replace."""
    earlier = {(company, order, n) for company, order, revision in later for n in range(1, revision)}
    parts = await orders.read_parts(unit.raw, sorted(earlier)) if earlier else {}
    invoices = [
        (company, order, invoice_id(company, order, revision, part))
        for (company, order, revision), in_parts in parts.items()
        for part in range(1, in_parts + 1)
    ]
    return await store.stands_for(unit.raw, later, invoices)


async def review(eased: Mapping[CustomerKey, Cause], books: Mapping[str, Books], unit: UnitOfWork) -> None:
    """Less is at stake with these customers than before: let their held orders pass as far as there is room.

    The oldest first; one that does not fit lets a younger one pass that does.
    """
    eased = {key: cause for key, cause in eased.items() if books[key[0]].answers_orders}
    if not eased:
        return
    held = await store.read_held(unit.raw, {company for company, _ in eased}, {customer for _, customer in eased})
    await _let_pass([one for one in held if (one.company, one.customer) in eased], eased, books, unit)


async def waiting_for(
    paid: Mapping[tuple[str, UUID], Cause], books: Mapping[str, Books], unit: UnitOfWork
) -> dict[CustomerKey, Cause]:
    """Whose orders these are for which money came before their invoice; of those alone that were asked about."""
    asked = {key: cause for key, cause in paid.items() if books[key[0]].answers_orders}
    latest = await store.read_latest(unit.raw, asked) if asked else []
    return {(one.company, one.customer): asked[one.company, one.order] for one in latest}


async def review_all(causes: Mapping[str, Cause], unit: UnitOfWork) -> None:
    """Look anew at all that is held in these companies."""
    books = await open_books(unit)
    causes = {company: cause for company, cause in causes.items() if books[company].answers_orders}
    if not causes:
        return
    held = await store.read_held(unit.raw, causes, None)
    await _let_pass(held, {(one.company, one.customer): causes[one.company] for one in held}, books, unit)


def look_again_on(days: Iterable[tuple[str, date]], books: Mapping[str, Books], unit: UnitOfWork) -> None:
    """Companies with days from which a limit, a policy or a rate holds: on those to come, held orders are looked at.

    What holds today already has been looked at by who changed it.
    """
    for company, day in sorted(set(days)):
        own = books[company]
        if own.answers_orders and day > own.day_of(unit.now):
            begins = datetime.combine(day, time.min, own.zone)
            unit.enqueue(QUEUE, company, {}, key=day.isoformat(), run_at=begins)


async def _let_pass(
    held: Sequence[Held], causes: Mapping[CustomerKey, Cause], books: Mapping[str, Books], unit: UnitOfWork
) -> None:
    if not held:
        return
    standing = await _standing({(h.company, h.customer): causes[h.company, h.customer] for h in held}, books, unit)
    instead = await _instead([one.key for one in held if one.revision > 1], unit)
    rows: list[ApprovalRow] = []
    count = Counter[UUID]()
    for one in held:
        exposure, before = standing[one.company, one.customer], instead.get(one.key, 0)
        of_company, cause = books[one.company], causes[one.company, one.customer]
        asks = of_company.policy(of_company.day_of(cause.at)).credit_check
        if asks and not exposure.fits(one.amount, before):
            continue
        because: Because = "room-again" if asks else "not-asked"
        rows.append(_passes(one, because, exposure, before, of_company, cause, count[cause.id], unit))
        count[cause.id] += 1
    if rows:
        await store.approve(unit.raw, rows)


def _passes(
    one: Held,
    because: Because,
    exposure: Exposure,
    before: int,
    books: Books,
    cause: Cause,
    ordinal: int,
    unit: UnitOfWork,
    remark: str | None = None,
) -> ApprovalRow:
    at_stake = exposure.total - before
    told = translate.credit_approved(one, because, at_stake, exposure.limit, books.currency, remark)
    unit.emit(*told, cause, ordinal=ordinal)
    detail: dict[str, object] = {"revision": one.revision, "because": because}
    unit.audit(cause, "credit.released", str(one.order), detail if remark is None else detail | {"remark": remark})
    exposure.add(one.amount, before)
    decided_by = cause.person if because == "released" else None
    return ApprovalRow(*one.key, at_stake, exposure.limit, decided_by, remark)


async def over(
    orders: Mapping[OrderRevision, Cause],
    books: Mapping[str, Books],
    unit: UnitOfWork,
    eased: Mapping[CustomerKey, Cause] = MappingProxyType({}),
) -> None:
    """These orders, up to and with the revision named, want no stock any more; what they took of a limit is free.

    `eased` are customers of whom less is at stake for another reason.
    """
    ended = {key: cause for key, cause in orders.items() if books[key[0]].answers_orders}
    if not ended:
        return
    causes = {(company, order): cause for (company, order, _), cause in ended.items()}
    rows = await store.end(unit.raw, ended)
    _note_ended(rows, causes, unit)
    freed = {(company, customer): causes[company, order] for company, order, customer in rows}
    await review({**eased, **freed}, books, unit)


def _note_ended(
    rows: Sequence[tuple[str, UUID, str]], causes: Mapping[tuple[str, UUID], Cause], unit: UnitOfWork
) -> None:
    for company, order, _ in rows:
        unit.audit(causes[company, order], "credit.ended", str(order))


async def drop(orders: Mapping[OrderRevision, Cause], books: Mapping[str, Books], unit: UnitOfWork) -> None:
    """These revisions alone come too late; what passed of those before counts again."""
    late = {key: cause for key, cause in orders.items() if books[key[0]].answers_orders}
    if not late:
        return
    causes = {(company, order): cause for (company, order, _), cause in late.items()}
    rows = await store.drop(unit.raw, late)
    _note_ended(rows, causes, unit)
    await review({(company, customer): causes[company, order] for company, order, customer in rows}, books, unit)


async def billed(
    invoiced: Sequence[tuple[str, UUID, int, int, bool]], books: Mapping[str, Books], unit: UnitOfWork
) -> None:
    """So much of these orders is owed by now: company, order, revision, amount, and whether that was all of it."""
    sums: dict[OrderRevision, tuple[int, bool]] = {}
    for company, order, revision, amount, over_now in invoiced:
        if books[company].answers_orders:
            before, is_over = sums.get((company, order, revision), (0, False))
            sums[company, order, revision] = before + amount, is_over or over_now
    if sums:
        await store.bill(unit.raw, [(*key, *values) for key, values in sums.items()])


async def release_credit(commands: Sequence[ReleaseCredit], unit: UnitOfWork) -> Sequence[Result]:
    """Let an order pass that is held, whatever the limit says: a person answers for it."""
    books = await open_books(unit)
    latest = {
        (h.company, h.order): h for h in await store.read_latest(unit.raw, {(c.company, c.order) for c in commands})
    }
    found = [h for h in latest.values() if h.state == "held"]
    by_order = {(c.company, c.order): c.cause for c in commands}
    standing: dict[CustomerKey, Exposure] = {}
    instead: dict[OrderRevision, int] = {}
    if found:
        causes = {(h.company, h.customer): by_order[h.company, h.order] for h in found}
        standing = await _standing(causes, books, unit)
        instead = await _instead([h.key for h in found if h.revision > 1], unit)
    rows: list[ApprovalRow] = []
    results: list[Result] = []
    for command in commands:
        one = latest.get((command.company, command.order))
        if one is None:
            results.append(Refused("order-not-found", "The company has not asked about such an order.", None, 404))
            continue
        if one.state != "held":
            what = "passed already" if one.state == "approved" else "over"
            results.append(Refused("order-not-held", f"The order is not held; it is {what}.", None, 409))
            continue
        latest[command.company, command.order] = one._replace(state="approved")
        exposure = standing[one.company, one.customer]
        of_company = books[command.company]
        row = _passes(
            one, "released", exposure, instead.get(one.key, 0), of_company, command.cause, 0, unit, command.remark
        )
        rows.append(row)
        results.append(Answer(200, translate.credit_answer(one, row.exposure, row.limit, of_company.currency)))
    if rows:
        await store.approve(unit.raw, rows)
    return results


async def ask_from_now_on(causes: Mapping[str, Cause], unit: UnitOfWork) -> None:
    """These companies have asked for credit for the first time: orders that came before count, and pass.

    Those whose stock is not decided are told so: whoever learns of it late may let such an order wait, and nobody would
    answer it otherwise.
    """
    books = await open_books(unit)
    before = await open_orders(unit.raw, books, {company: cause.at for company, cause in causes.items()})
    decided = [one for one in before if not one.undecided]
    if decided:
        await store.insert(unit.raw, [
            CreditRow(*one.key, one.customer, "approved", one.amount, 0, None, causes[one.company].at, one.billed)
            for one in decided
        ])  # fmt: skip
    undecided = [Asked(*one.key, one.terms, causes[one.company]) for one in before if one.undecided]
    await answer(undecided, books, unit, all_pass=True)
