"""The books: entries, the trial balance, and whether everything still adds up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

import asyncpg
from pydantic import BaseModel

from chassis.ids import UUID
from contracts.money import from_minor, sum_text
from services.ledger.domain.documents import charge_id
from services.ledger.queries.own_currency import own_currency
from services.ledger.store import companies

ENTRY = """
select e.*, r.id as reversed_by from journal_entry e
left join lateral (select id from journal_entry b where b.reverses = e.id offset 0) r on true
"""

LINES = """
select l.*, (select currency from legal_entity where company = $1) as own from unnest($2::uuid[]) as x(entry)
cross join lateral (select * from journal_line j where j.company = $1 and j.entry = x.entry offset 0) l
order by l.entry, l.line
"""

LETTERS_ABOUT = """
select distinct s.letter from unnest($2::uuid[]) x(invoice)
join dunning_step s on s.company = $1 and s.invoice = x.invoice and s.letter is not null
"""

# As known at an instant: the sums of the days before, and the entries of its own day up to it.
TRIAL_BALANCE_AT = """
select d.account, a.name, a.kind, d.currency, sum(d.debit) as debit, sum(d.credit) as credit,
    sum(d.base_debit) as base_debit, sum(d.base_credit) as base_credit
from (
    select account, currency, debit, credit, base_debit, base_credit from account_day
    where company = $1 and ($2::date is null or effective_on <= $2) and recorded_on < $3::date
    union all
    select l.account, l.currency, l.debit, l.credit, greatest(coalesce(l.base, l.debit - l.credit), 0),
        greatest(-coalesce(l.base, l.debit - l.credit), 0) from journal_entry e
    cross join lateral (select * from journal_line j where j.company = e.company and j.entry = e.id offset 0) l
    where e.company = $1 and e.at >= $4 and e.at <= $5 and ($2::date is null or e.posted_on <= $2)) d
join account a on a.company = $1 and a.code = d.account
group by 1, 2, 3, 4 order by 1, 4
"""

TRIAL_BALANCE = """
select d.account, a.name, a.kind, d.currency, sum(d.debit) as debit, sum(d.credit) as credit,
    sum(d.base_debit) as base_debit, sum(d.base_credit) as base_credit
from account_day d join account a on a.company = d.company and a.code = d.account
where d.company = $1 and ($2::date is null or d.effective_on <= $2) and ($3::date is null or d.recorded_on <= $3)
group by 1, 2, 3, 4 order by 1, 4
"""

CHECKS: Mapping[str, str] = {
    "every entry balances in each of its currencies": """
        select entry::text, currency from journal_line where company = $1 group by entry, currency
        having sum(debit) <> sum(credit)""",
    "the balances are the sum of the entries": """
        select account, currency, posted_on::text
        from (select l.account, l.currency, e.posted_on, sum(l.debit) as debit, sum(l.credit) as credit
            from journal_line l join journal_entry e on e.company = l.company and e.id = l.entry
            where l.company = $1 group by 1, 2, 3) j
        full join (select account, currency, effective_on as posted_on, sum(debit) as debit, sum(credit) as credit
            from account_day where company = $1 group by 1, 2, 3) d using (account, currency, posted_on)
        where (j.debit, j.credit) is distinct from (d.debit, d.credit)""",
    "the receivable account is what invoices have open": """
        select currency, balance::text, open::text
        from (select d.currency, sum(d.debit - d.credit) as balance from account_day d
            join account a on a.company = d.company and a.code = d.account
            where d.company = $1 and a.role = 'receivable' group by 1) b
        full join (select currency, sum(open) as open from open_item where company = $1 group by 1) o using (currency)
        where coalesce(balance, 0) <> coalesce(open, 0)""",
    "the unapplied cash account is what payments have left": """
        select currency, balance::text, unapplied::text
        from (select d.currency, sum(d.credit - d.debit) as balance from account_day d
            join account a on a.company = d.company and a.code = d.account
            where d.company = $1 and a.role = 'unapplied_cash' group by 1) b
        full join (select currency, sum(unapplied) as unapplied from unapplied_cash where company = $1 group by 1) u
            using (currency)
        where coalesce(balance, 0) <> coalesce(unapplied, 0)""",
    "numbers have no gap": """
        select series, fiscal_year::text, count(serial)::text, last::text
        from (select series, fiscal_year, serial from invoice where company = $1
            union all select series, fiscal_year, serial from credit_note where company = $1) n
        full join (select series, fiscal_year, last from number_counter where company = $1) c
            using (series, fiscal_year)
        group by series, fiscal_year, last
        having count(serial) is distinct from last or max(serial) is distinct from last or min(serial) <> 1""",
}


class EntryLineAnswer(BaseModel):
    """One side of an entry."""

    account: str
    currency: str
    debit: str
    credit: str
    base: str | None
    department: str | None
    cost_centre: str | None


class EntryAnswer(BaseModel):
    """An entry with its lines, and with the one that it reverses or is reversed by."""

    entry: str
    journal: str
    posted_on: date
    original_on: date | None
    subledger: str
    text: str | None
    actor: str | None
    recorded_at: datetime
    document: str
    order: str | None
    reverses: str | None
    reversed_by: str | None
    cause: str
    lines: list[EntryLineAnswer]


class EntriesAnswer(BaseModel):
    """Entries in the order in which they were recorded."""

    entries: list[EntryAnswer]


class AccountBalance(BaseModel):
    """An account in a currency: everything on its two sides, and the difference (debit less credit); the same in the
    company's own currency, in which alone differences of exchange stand.
    """

    account: str
    name: str
    kind: str
    currency: str
    debit: str
    credit: str
    balance: str
    base_debit: str
    base_credit: str
    base_balance: str


class CurrencyTotal(BaseModel):
    """Both sides of all accounts in a currency: they are equal, or the books are broken."""

    currency: str
    debit: str
    credit: str


class TrialBalanceAnswer(BaseModel):
    """All accounts with effect up to `as_of`, as far as recorded up to `known_on` (a UTC day) or up to the instant
    `known_at`; null is no bound. An instant to come is answered as of now, and the answer says so.
    """

    company: str
    as_of: date | None
    known_on: date | None
    known_at: datetime | None
    accounts: list[AccountBalance]
    totals: list[CurrencyTotal]
    base_total: CurrencyTotal
    """Of all accounts in the company's own currency."""


class CheckAnswer(BaseModel):
    """Something that must be true, and where it is not."""

    rule: str
    holds: bool
    broken_at: list[list[str | None]]


class IntegrityAnswer(BaseModel):
    """Whether the company's books add up."""

    holds: bool
    checks: list[CheckAnswer]


async def entry(connection: asyncpg.Connection, company: str, entry_id: UUID) -> EntryAnswer | None:
    """The entry, or None."""
    rows = await connection.fetch(f"{ENTRY} where e.company = $1 and e.id = $2", company, entry_id)
    found = await _with_lines(connection, company, rows)
    return found[0] if found else None


async def entries_of(connection: asyncpg.Connection, company: str, documents: Sequence[UUID]) -> EntriesAnswer:
    """All entries that documents have led to: invoices, credit notes, payments, shipments; and what dunning charged."""
    letters = await connection.fetch(LETTERS_ABOUT, company, documents)
    charges = [charge_id(company, letter) for (letter,) in letters]
    query = f"{ENTRY} where e.company = $1 and e.document = any($2::uuid[]) order by e.at, e.posted_on, e.id"
    rows = await connection.fetch(query, company, [*documents, *charges])
    return EntriesAnswer(entries=await _with_lines(connection, company, rows))


async def trial_balance(
    connection: asyncpg.Connection,
    company: str,
    *,
    as_of: date | None,
    known_on: date | None,
    known_at: datetime | None = None,
) -> TrialBalanceAnswer:
    """Its cost follows the number of accounts and days, and what was posted on the day of `known_at`.

    What was known is asked for after all that was being posted meanwhile: the same question has the same answer later.
    """
    if known_at is not None or known_on is not None:
        now = await companies.known(connection, company)
        known_at = None if known_at is None else min(known_at, now)
    if known_at is None:
        rows = await connection.fetch(TRIAL_BALANCE, company, as_of, known_on)
    else:
        instant = known_at.astimezone(UTC)
        midnight = instant.replace(hour=0, minute=0, second=0, microsecond=0)
        rows = await connection.fetch(TRIAL_BALANCE_AT, company, as_of, instant.date(), midnight, instant)
    own = await own_currency(connection, company)
    totals: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        totals[row["currency"]][0] += int(row["debit"])
        totals[row["currency"]][1] += int(row["credit"])
    return TrialBalanceAnswer(
        company=company,
        as_of=as_of,
        known_on=known_on,
        known_at=known_at,
        accounts=[_balance(row, own) for row in rows],
        totals=[
            CurrencyTotal(currency=currency, debit=sum_text(debit, currency), credit=sum_text(credit, currency))
            for currency, (debit, credit) in sorted(totals.items())
        ],
        base_total=CurrencyTotal(
            currency=own,
            debit=sum_text(sum(int(row["base_debit"]) for row in rows), own),
            credit=sum_text(sum(int(row["base_credit"]) for row in rows), own),
        ),
    )


async def integrity(connection: asyncpg.Connection, company: str) -> IntegrityAnswer:
    """Look at every line of the company: as dear as its history is long, for operators and tests."""
    checks = []
    for rule, query in CHECKS.items():
        broken = await connection.fetch(query, company)
        checks.append(CheckAnswer(rule=rule, holds=not broken, broken_at=[[*row] for row in broken[:20]]))
    return IntegrityAnswer(holds=all(check.holds for check in checks), checks=checks)


async def _with_lines(
    connection: asyncpg.Connection, company: str, rows: Sequence[asyncpg.Record]
) -> list[EntryAnswer]:
    lines: defaultdict[UUID, list[EntryLineAnswer]] = defaultdict(list)
    for line in await connection.fetch(LINES, company, [row["id"] for row in rows]):
        currency = line["currency"]
        debit, credit = from_minor(line["debit"], currency), from_minor(line["credit"], currency)
        lines[line["entry"]].append(
            EntryLineAnswer(
                account=line["account"],
                currency=currency,
                debit=debit,
                credit=credit,
                base=None if line["base"] is None else from_minor(line["base"], line["own"]),
                department=line["department"],
                cost_centre=line["cost_centre"],
            )
        )
    return [_entry(row, lines[row["id"]]) for row in rows]


def _entry(row: asyncpg.Record, lines: list[EntryLineAnswer]) -> EntryAnswer:
    return EntryAnswer(
        entry=str(row["id"]),
        journal=row["journal"],
        posted_on=row["posted_on"],
        original_on=row["original_on"],
        subledger=row["subledger"],
        text=row["narration"],
        actor=row["actor"],
        recorded_at=row["at"],
        document=str(row["document"]),
        order=_text(row["order_id"]),
        reverses=_text(row["reverses"]),
        reversed_by=_text(row["reversed_by"]),
        cause=str(row["cause"]),
        lines=lines,
    )


def _balance(row: asyncpg.Record, own: str) -> AccountBalance:
    currency, debit, credit = row["currency"], int(row["debit"]), int(row["credit"])
    base_debit, base_credit = int(row["base_debit"]), int(row["base_credit"])
    return AccountBalance(
        account=row["account"],
        name=row["name"],
        kind=row["kind"],
        currency=currency,
        debit=sum_text(debit, currency),
        credit=sum_text(credit, currency),
        balance=sum_text(debit - credit, currency),
        base_debit=sum_text(base_debit, own),
        base_credit=sum_text(base_credit, own),
        base_balance=sum_text(base_debit - base_credit, own),
    )


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)
