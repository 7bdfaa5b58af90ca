"""What the gateway does: accepts front offices' events, and folds everybody's events into timelines."""

from __future__ import annotations

from collections.abc import Sequence

from chassis import companies
from chassis.database import UnitOfWork
from chassis.errors import Transient
from chassis.requests import Answer, Result
from services.gateway import store
from services.gateway.commands import (
    Accept,
    Acknowledge,
    CloseSubscription,
    Fold,
    OpenSubscription,
    SetBack,
)
from services.gateway.translate.sealing import (
    already_accepted,
    answer_of,
    company_unknown,
    event_of,
    is_cancelled,
    not_next,
    not_placed,
)


async def accept(commands: Sequence[Accept], unit: UnitOfWork) -> Sequence[Result]:
    """Write each event to the outbox, unless its company is unknown or the same was said before under another id.

    Changes of orders come last: what they follow may be accepted in the same commit.
    """
    changes = [command for command in commands if command.revision > 1]
    if not changes:
        return await _accept_new(commands, unit)
    others = [command for command in commands if command.revision == 1]
    told = await _accept_new(others, unit) if others else []
    results = dict(zip(map(id, others), told, strict=True))
    results |= zip(map(id, changes), await _accept_changes(changes, unit), strict=True)
    return [results[id(command)] for command in commands]


async def _accept_changes(commands: Sequence[Accept], unit: UnitOfWork) -> Sequence[Result]:
    """Each change takes the revision that follows the order's last one; two that take the same are told apart here.

    Raises Transient when another process took one meanwhile: the door asks again.
    """
    so_far = dict(await store.revisions_of(unit.raw, {(c.cause.company, c.subject) for c in commands}))
    known = await store.known_companies(unit.raw, {command.cause.company for command in commands})
    results: list[Result] = []
    accepted: list[Accept] = []
    for command in commands:
        key = (command.cause.company, command.subject)
        order = so_far.get(key)
        if command.cause.company not in known:
            results.append(company_unknown(command.cause.company))
        elif order is None:
            results.append(not_placed(command))
        elif order.requests.get(command.revision) == command.cause.id:
            results.append(Answer(202, answer_of(command)))  # a twin committed a moment ago
        elif order.cancelled:
            results.append(is_cancelled(command))
        elif command.revision != order.revision + 1:
            results.append(not_next(command, order.revision, order.requests.get(command.revision)))
        else:
            so_far[key] = order.with_change(command.revision, command.cause.id)
            accepted.append(command)
            results.append(Answer(202, answer_of(command)))
    if accepted and len(await store.note_accepted(unit.raw, accepted, unit.now)) < len(accepted):
        raise Transient("an order was changed meanwhile")
    for command in accepted:
        unit.emit_sealed(event_of(command, unit.now))
    return results


async def _accept_new(commands: Sequence[Accept], unit: UnitOfWork) -> Sequence[Result]:
    taken = await store.note_accepted(unit.raw, commands, unit.now)
    if len(taken) == len(commands):
        for command in commands:
            unit.emit_sealed(event_of(command, unit.now))
        return [Answer(202, answer_of(command)) for command in commands]
    return await _accept_some(commands, taken, unit)


async def _accept_some(commands: Sequence[Accept], taken: frozenset[str], unit: UnitOfWork) -> Sequence[Result]:
    """The answers when not all are new. Raises Transient when what is known changed meanwhile: the door asks again."""
    rest = [command for command in commands if str(command.cause.id) not in taken]
    known = await store.known_companies(unit.raw, {command.cause.company for command in rest})
    former = await store.former_requests(unit.raw, rest)
    results: list[Result] = []
    for command in commands:
        before = former.get((command.cause.company, str(command.subject), command.type))
        if str(command.cause.id) in taken:
            unit.emit_sealed(event_of(command, unit.now))
            results.append(Answer(202, answer_of(command)))
        elif command.cause.company not in known:
            results.append(company_unknown(command.cause.company))
        elif before is None:
            # Its company was registered after we tried to note it: nothing is written, so nothing may be promised.
            raise Transient("a company was registered meanwhile")
        elif before == command.cause.id:
            # A twin committed a moment ago; storing this answer meets its row, and the door looks again.
            results.append(Answer(202, answer_of(command)))
        else:
            results.append(already_accepted(command, before))
    return results


async def fold(command: Fold, unit: UnitOfWork) -> None:
    """Add facts to the timelines and to the orders' summaries; facts known already change nothing."""
    if command.companies:
        await companies.learn(unit.raw, [company.company for company in command.companies])
        await store.list_companies(unit.raw, command.companies)
    if command.facts:
        await store.add_facts(unit.raw, command.facts)
    if command.orders:
        await store.add_to_orders(unit.raw, command)
    if command.bills:
        await store.add_bills(unit.raw, command.bills)
    if command.settled:
        said = await store.said_of_money(unit.raw, command.settled)
        if said:
            await store.take_back(unit.raw, said)
    if command.departures:
        await store.revoke_keys_of(unit.raw, command.departures, unit.now)
        await store.shut_accounts_of(unit.raw, command.departures)


async def open_subscription(command: OpenSubscription, unit: UnitOfWork) -> bool:
    """Keep a named cursor, unless there is one of this name; whether there was none."""
    opened = await store.open_subscription(unit.raw, command)
    if opened:
        unit.audit(command.cause, "subscription.opened", command.of.name, {"topic": command.topic})
    return opened


async def set_back(command: SetBack, unit: UnitOfWork) -> bool:
    """Move a cursor anywhere; whether there is one. What was given out before acknowledges nothing any more."""
    moved = await store.set_back(unit.raw, command)
    if moved:
        unit.audit(command.cause, "subscription.set-back", command.of.name)
    return moved


async def acknowledge(command: Acknowledge, unit: UnitOfWork) -> bool:
    """Move a cursor on; whether it still stood where the caller thought. Reading is no change of the business and
    leaves no record in the audit trail.
    """
    return await store.acknowledge(unit.raw, command)


async def close_subscription(command: CloseSubscription, unit: UnitOfWork) -> bool:
    """Keep the cursor no more; whether there was one."""
    closed = await store.close_subscription(unit.raw, command.of)
    if closed:
        unit.audit(command.cause, "subscription.closed", command.of.name)
    return closed
