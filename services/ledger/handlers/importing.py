"""Files of accounts, customers and opening balances: each row is decided, then all are written at once, or none.

A constant number of statements for a file of any length: the same as for the request for one of its rows.
"""

from __future__ import annotations

from collections.abc import Sequence

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.ids import UUID, derive
from chassis.requests import Answer, Result
from chassis.tables import RowProblem, count_of, is_refused, refusal_of, report_of
from contracts.money import from_minor
from services.ledger.commands import ImportAccounts, ImportBalances, ImportCustomers, NewAccount, NewCustomer
from services.ledger.domain.books import CONTROL_ROLES, OPENING_BALANCE, Books
from services.ledger.domain.exchange import Quote
from services.ledger.domain.manual import LINES_MAX, Chart, lines_of
from services.ledger.domain.opening import balancing
from services.ledger.domain.posting import GENERAL_JOURNAL, Entry, Line
from services.ledger.handlers.customers import keep_customers, known_lists, list_fault
from services.ledger.handlers.entries import Desk, finish, open_desk, read_charts
from services.ledger.handlers.setup import Standing, add_account, keep_accounts, read_standing
from services.ledger.store import companies, journal, proposals
from services.ledger.store import customers as customer_store

# -- the chart -----------------------------------------------------------------------------------------------------


async def import_accounts(commands: Sequence[ImportAccounts], unit: UnitOfWork) -> Sequence[Result]:
    """Open the accounts of each file."""
    standing = await read_standing(unit)
    accepted: list[tuple[Cause, Sequence[NewAccount]]] = []
    results: list[Result] = []
    for command in commands:
        before = standing[command.company]
        grown = Standing(before.registered, dict(before.accounts), dict(before.roles), before.tax_codes)
        problems, new = list(command.problems), list[NewAccount]()
        for row, account in command.rows:
            wrong = add_account(account, grown)
            if wrong is None:
                new.append(account)
            else:
                problems.append(_problem(row, wrong))
        refused = _refused(command, problems, len(new))
        if refused is not None:
            results.append(refused)
            continue
        standing[command.company] = grown
        accepted.append((command.cause, new))
        results.append(Answer(201, {**_report(command, problems), "taken": len(new)}))
    await keep_accounts(accepted, unit)
    return results


# -- customers -----------------------------------------------------------------------------------------------------


async def import_customers(commands: Sequence[ImportCustomers], unit: UnitOfWork) -> Sequence[Result]:
    """Register the customers of each file."""
    await companies.lock(unit.raw, unit.companies)
    named = {(command.company, new.code) for command in commands for _, new in command.rows}
    taken = set(await customer_store.read_existing(unit.raw, named)) if named else set()
    lists = await known_lists([new.first for command in commands for _, new in command.rows], unit)
    accepted: list[tuple[Cause, Sequence[NewCustomer]]] = []
    results: list[Result] = []
    for command in commands:
        here, problems, new = set(taken), list(command.problems), list[NewCustomer]()
        for row, customer in command.rows:
            if (command.company, customer.code) in here:
                detail = f"There is a customer {customer.code}, or a row of this file above."
                problems.append(RowProblem(row, "customer", "customer-exists", detail))
                continue
            without = list_fault(command.company, customer.first, lists, "")
            if without is not None:
                problems.append(_problem(row, without))
                continue
            here.add((command.company, customer.code))
            new.append(customer)
        refused = _refused(command, problems, len(new))
        if refused is not None:
            results.append(refused)
            continue
        taken = here
        accepted.append((command.cause, new))
        results.append(Answer(201, {**_report(command, problems), "taken": len(new)}))
    await keep_customers(accepted, unit)
    return results


# -- opening balances ----------------------------------------------------------------------------------------------


async def import_balances(commands: Sequence[ImportBalances], unit: UnitOfWork) -> Sequence[Result]:
    """Post each file as one entry; above the company's limit it waits for a second person, as any entry does.

    What its lines lack to balance stands on the account of opening balances, where open items and opening stock stand
    against it: when all has been taken over, nothing is left there.
    """
    desk, charts = await open_desk(unit), await read_charts(unit)
    entries = {(c.company, entry_id(c)) for c in commands}
    used = {(row["company"], row["entry"]) for row in await journal.read_lines(unit.raw, entries)}
    used |= set(await proposals.read_proposals(unit.raw, entries))
    asked = [(c.company, line.currency, c.posted_on) for c in commands for _, line in c.rows if line.currency]
    await desk.find_rates([Quote(*one) for one in asked], unit)
    results: list[Result] = []
    for place, command in enumerate(commands):
        key = command.company, entry_id(command)
        if key in used:
            detail = f"Balances were posted under {command.reference} already."
            results.append(Refused("opening-exists", detail, "?reference", 409))
            continue
        result = _balances(command, charts[command.company], desk, place)
        if isinstance(result, Answer):
            used.add(key)
        results.append(result)
    return await finish(desk, results, unit)


def entry_id(command: ImportBalances) -> UUID:
    """A reference names one entry, once."""
    return derive(command.company, "opening-balances", command.reference)


def _balances(command: ImportBalances, chart: Chart, desk: Desk, place: int) -> Result:
    books = desk.gate.books[command.company]
    lines, problems = _lines(command, chart, books)
    good = len(command.rows) - (len({p.row for p in problems}) - len({p.row for p in command.problems}))
    refused = _refused(command, problems, good)
    if refused is not None:
        return refused
    account = books.accounts.get(OPENING_BALANCE)
    rest = balancing(lines, account or "", chart.currency)
    if rest and account is None:
        detail = f"The company has no account with the role {OPENING_BALANCE}, and the file does not balance itself."
        return Refused("account-missing", detail, None, 409)
    if not 2 <= len(lines) + len(rest) <= LINES_MAX:
        return Refused("entry-too-long", f"The entry would have {len(lines) + len(rest)} lines.", None)
    entry = Entry(
        command.company, entry_id(command), GENERAL_JOURNAL, command.posted_on, entry_id(command), None,
        [*lines, *rest], text=f"Opening balances {command.reference}",
    )  # fmt: skip
    answer = desk.take(entry, command.cause, place)
    if isinstance(answer, Refused):
        return answer
    told = [{"currency": line.currency, "amount": from_minor(line.debit - line.credit, line.currency)} for line in rest]
    return Answer(answer.status, {**_report(command, problems), "taken": good, **answer.body, "opening_balance": told})


def _lines(command: ImportBalances, chart: Chart, books: Books) -> tuple[list[Line], list[RowProblem]]:
    lines: list[Line] = []
    problems = list(command.problems)
    policy = books.policy(command.posted_on)
    for row, stated in command.rows:
        wanted = stated._replace(currency=stated.currency or chart.currency)
        known = chart.accounts.get(wanted.account)
        if known is not None and known.role in {*CONTROL_ROLES, OPENING_BALANCE}:
            detail = f"What stands on account {wanted.account} comes of open items; leave this row out."
            problems.append(RowProblem(row, "account", "control-account", detail))
            continue
        made = lines_of(wanted, "", chart, policy)
        if isinstance(made, Refused):
            problems.append(_problem(row, made))
        else:
            lines += made
    return lines, problems


# -- what they share -----------------------------------------------------------------------------------------------


def _problem(row: int, refused: Refused) -> RowProblem:
    column = (refused.pointer or "").rpartition("/")[2] or None
    return RowProblem(row, column, refused.code, refused.detail)


def _refused(
    command: ImportAccounts | ImportCustomers | ImportBalances, problems: Sequence[RowProblem], taken: int
) -> Refused | None:
    if is_refused(problems, taken, skip=command.skip):
        return refusal_of(problems, count_of(command.rows, command.problems))
    return None


def _report(
    command: ImportAccounts | ImportCustomers | ImportBalances, problems: Sequence[RowProblem]
) -> dict[str, object]:
    return report_of(problems, count_of(command.rows, command.problems))
