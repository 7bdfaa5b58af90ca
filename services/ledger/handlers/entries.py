"""Entries that people make: posted at once, or kept until a second person agrees; and taken back by their mirror."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.ids import UUID
from chassis.requests import Answer, Result
from services.ledger import translate
from services.ledger.commands import DecideEntry, PostEntry, ReverseEntry
from services.ledger.domain.exchange import Quote, Rate
from services.ledger.domain.late import in_places
from services.ledger.domain.manual import Chart, needs_approval, prepare
from services.ledger.domain.posting import GENERAL_JOURNAL, Entry, Line, mirrored, reversal_id
from services.ledger.handlers.bookkeeping import open_books, post, rates_for
from services.ledger.handlers.gate import Gate, open_gate
from services.ledger.store import dimensions, journal, proposals

Key = tuple[str, UUID]


@dataclass(slots=True)
class Desk:
    """What a group of commands is decided against, and what it leads to."""

    gate: Gate
    now: datetime
    posted: list[tuple[Entry, Cause]] = field(default_factory=list)
    proposed: list[tuple[Entry, Cause]] = field(default_factory=list)
    results: dict[str, frozenset[str]] = field(default_factory=dict)
    """The accounts of income and expense of companies that ask for places there."""
    rates: Mapping[Quote, Rate] = field(default_factory=dict)
    """What amounts in other currencies are valued by, where a company has a limit."""

    async def find_rates(self, quotes: Iterable[Quote], unit: UnitOfWork) -> None:
        """Get ready for entries that a person may not post alone. No statement where no other currency is named."""
        limited = {
            c for c, books in self.gate.books.items() if any(x.approval_limit is not None for x in books.policies)
        }
        self.rates = await rates_for([quote for quote in quotes if quote.company in limited], self.gate.books, unit)

    async def find_places(self, days: Iterable[tuple[str, date]], unit: UnitOfWork) -> None:
        """Get ready for entries of these days whose lines nobody has looked at since the policies of now: they were
        made before, and what names no place stands in the company's own.
        """
        asking = {company for company, day in days if self.gate.books[company].policy(day).dimensions_required}
        if asking:
            charts = await read_charts(unit)
            self.results = {company: charts[company].result_accounts for company in asking}

    def take(self, entry: Entry, cause: Cause, place: int, *, decided: bool = False) -> Result:
        """Post the entry, or propose it, or say why not; `place` is that of the result."""
        for subledger in self.gate.books[entry.company].subledgers_of(entry):
            refused = self.gate.fault(entry.company, subledger, entry.posted_on, cause, place, "/posted_on")
            if refused is not None:
                return refused
        # By the limit of the entry's day and by today's: who dates an entry back, or forward, gains nothing by it.
        books = self.gate.books[entry.company]
        if entry.company in self.results:
            entry = in_places(entry, books.policy(entry.posted_on), self.results[entry.company])
        policies = books.policy(entry.posted_on), books.policy(books.day_of(self.now))
        if not decided and needs_approval(entry, self.rates, books.currency, *policies):
            self.proposed.append((entry, cause))
            return Answer(202, {"entry": str(entry.id), "state": "awaiting-approval"})
        self.posted.append((entry, cause))
        return Answer(201, {"entry": str(entry.id), "state": "posted"})


async def post_entries(commands: Sequence[PostEntry], unit: UnitOfWork) -> Sequence[Result]:
    """Post entries; those above the company's limit wait for a second person."""
    desk = await open_desk(unit)
    charts = await read_charts(unit)
    asked = [(c.wanted.company, line.currency, c.wanted.posted_on) for c in commands for line in c.wanted.lines]
    await desk.find_rates([Quote(*one) for one in asked], unit)
    results: list[Result] = []
    for place, command in enumerate(commands):
        wanted = command.wanted
        policy = desk.gate.books[wanted.company].policy(wanted.posted_on)
        entry = prepare(wanted, charts[wanted.company], policy)
        results.append(entry if isinstance(entry, Refused) else desk.take(entry, command.cause, place))
    return await finish(desk, results, unit)


async def reverse_entries(commands: Sequence[ReverseEntry], unit: UnitOfWork) -> Sequence[Result]:
    """Take manual entries back by their mirror, dated in an open period; each is taken back once."""
    desk = await open_desk(unit)
    keys = {(c.company, c.entry) for c in commands}
    found = await proposals.read_reversible(unit.raw, keys)
    waiting = await proposals.read_proposals(unit.raw, {(c, reversal_id(c, e)) for c, e in keys})
    lines: dict[Key, list[Line]] = {}
    for company, entry, *line in await journal.read_lines(unit.raw, keys):
        lines.setdefault((company, entry), []).append(journal.to_line(line))
    await desk.find_places([(c.company, c.posted_on) for c in commands], unit)
    asked = [(c.company, line.currency, c.posted_on) for c in commands for line in lines.get((c.company, c.entry), ())]
    await desk.find_rates([Quote(*one) for one in asked], unit)
    results: list[Result] = []
    taken: set[Key] = set()
    for place, command in enumerate(commands):
        key = command.company, command.entry
        mirror = reversal_id(*key)
        row = found.get(key)
        proposal = waiting.get((command.company, mirror))
        pending = proposal is not None and proposal["approved"] is None
        if row is None:
            results.append(Refused("entry-not-found", "The company has no such entry.", status=404))
        elif row["journal"] != GENERAL_JOURNAL:
            detail = f"The entry belongs to a document of the {row['journal']} journal; take the document back instead."
            results.append(Refused("entry-of-a-document", detail, status=409))
        elif row["reversed_by"] is not None or pending or key in taken:
            results.append(Refused("entry-reversed", "The entry is taken back already, or about to be.", status=409))
        elif proposal is not None:
            results.append(Refused("entry-reversal-refused", "Taking it back was turned down.", status=409))
        elif command.posted_on < row["posted_on"]:
            detail = f"The entry has effect on {row['posted_on']}; it cannot be taken back before."
            results.append(Refused("reversal-before-entry", detail, "/posted_on"))
        else:
            taken.add(key)
            entry = Entry(
                command.company, mirror, GENERAL_JOURNAL, command.posted_on, command.entry, None, mirrored(lines[key]),
                reverses=command.entry, text=command.text,
            )  # fmt: skip
            results.append(desk.take(entry, command.cause, place))
    return await finish(desk, results, unit)


async def decide_entries(commands: Sequence[DecideEntry], unit: UnitOfWork) -> Sequence[Result]:
    """Agree with entries above the limit, or turn them down: never who proposed them, and once."""
    desk = await open_desk(unit)
    found = await proposals.read_proposals(unit.raw, {(c.company, c.entry) for c in commands})
    await desk.find_places([(key[0], row["posted_on"]) for key, row in found.items()], unit)
    results: list[Result] = []
    decisions: dict[Key, proposals.DecisionRow] = {}
    for place, command in enumerate(commands):
        key = command.company, command.entry
        row = found.get(key)
        if row is None:
            results.append(Refused("entry-not-found", "No such entry waits for a decision.", status=404))
            continue
        if row["approved"] is not None or key in decisions:
            results.append(Refused("entry-decided", "Somebody has decided on this entry.", status=409))
            continue
        if command.cause.person == (row["on_behalf_of"] or row["proposed_by"]):
            results.append(Refused("self-approval", "Who proposed an entry does not decide on it.", status=409))
            continue
        result: Result = Answer(200, {"entry": str(command.entry), "state": "refused"})
        if command.approved:
            result = desk.take(translate.unpack_entry(*key, row["body"]), command.cause, place, decided=True)
            if isinstance(result, Answer):
                result = Answer(200, result.body)
        if isinstance(result, Answer):
            cause = command.cause
            decisions[key] = (*key, command.approved, command.reason, cause.actor, cause.on_behalf_of)
            unit.audit(cause, "entry.approved" if command.approved else "entry.refused", str(command.entry))
        results.append(result)
    if decisions:
        await proposals.insert_decisions(unit.raw, decisions.values())
    return await finish(desk, results, unit)


async def open_desk(unit: UnitOfWork) -> Desk:
    """A desk with the books of all companies of this transaction."""
    return Desk(await open_gate(await open_books(unit), unit), unit.now)


async def read_charts(unit: UnitOfWork) -> dict[str, Chart]:
    """What lines can name, by company."""
    return {row["company"]: translate.to_chart(row) for row in await dimensions.read_charts(unit.raw, unit.companies)}


async def finish(desk: Desk, results: list[Result], unit: UnitOfWork) -> list[Result]:
    """Write what was decided."""
    if desk.proposed:
        rows = [
            (e.company, e.id, e.posted_on, translate.pack_entry(e), cause.actor, cause.on_behalf_of)
            for e, cause in desk.proposed
        ]
        await proposals.insert_proposals(unit.raw, rows)
        for entry, cause in desk.proposed:
            unit.audit(cause, "entry.proposed", str(entry.id))
    if desk.posted:
        await post(desk.posted, desk.gate.books, unit, as_dated=True)
        for entry, cause in desk.posted:
            action = "entry.posted" if entry.reverses is None else "entry.reversed"
            unit.audit(cause, action, str(entry.reverses or entry.id), {"entry": str(entry.id)})
    return await desk.gate.name_periods(results, unit)
