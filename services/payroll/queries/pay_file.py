"""The file for the bank, page by page: of any length in the same memory, and always the same one."""

from __future__ import annotations

import uuid

import asyncpg

from chassis.ids import UUID
from services.payroll.domain.pain import FileHead, Payment, payments
from services.payroll.domain.pay.records import read, read_profile, read_totals
from services.payroll.domain.privacy import Place
from services.payroll.store.pay_runs import sums_place
from services.payroll.store.payslips import slip_place
from services.payroll.store.vault import Unreadable, Vault

FILE = """
select f.message, f.execution_on, f.payments, f.exported_at, r.period, r.attempt, r.totals, g.currency,
    coalesce(d.debtor_name, g.debtor_name) as debtor_name, d.words,
    coalesce(a.debtor_iban, g.debtor_iban) as debtor_iban,
    case when a.company is null then g.debtor_bic else a.debtor_bic end as debtor_bic,
    exists (select from pay_file_payment p
        join person_key k on k.company = p.company and k.employee = p.employee and k.wrapped is null
        where p.company = f.company and p.run = f.run) as erased
from pay_file f join pay_run r on r.company = f.company and r.run = f.run
join pay_group g on g.company = r.company and g.pay_group = r.pay_group
left join payer_account a on a.company = g.company and a.pay_group = g.pay_group and a.effective_on = f.account_from
    and a.revision = f.account_revision
left join payer_details d on d.company = g.company and d.pay_group = g.pay_group and d.effective_on = f.details_from
    and d.revision = f.details_revision
where f.company = $1 and f.run = $2
"""
PAYMENTS = """
select p.employee, p.period, p.kind, p.sealed, e.number, b.effective_on, b.revision, b.sealed as account
from pay_file_payment f join payslip p on p.company = f.company and p.run = f.run and p.employee = f.employee
join employee e on e.company = p.company and e.employee = p.employee
join bank_account b on b.company = f.company and b.employee = f.employee and b.effective_on = f.account_from
    and b.revision = f.account_revision
where f.company = $1 and f.run = $2 and f.employee > $3 order by f.employee limit $4
"""
NOBODY = uuid.UUID(int=0)
PAYMENTS_A_PAGE = 500


async def head(connection: asyncpg.Connection, vault: Vault, company: str, run: uuid.UUID) -> FileHead | None:
    """What the file of a run begins with; None when none was made. Raises Unreadable when somebody in it was erased."""
    row = await connection.fetchrow(FILE, company, run)
    if row is None:
        return None
    if row["erased"]:
        raise Unreadable("the key of somebody who was paid was erased")
    totals = read_totals(vault.unseal_sums(company, sums_place(UUID(run.hex), row["attempt"]), row["totals"]))
    month = f"{row['period']:%Y-%m}"
    return FileHead(
        row["message"], row["exported_at"], row["execution_on"], row["currency"], row["payments"], totals.payable,
        row["debtor_name"], row["debtor_iban"], row["debtor_bic"],
        month if row["words"] is None else f"{row['words']} {month}",
    )  # fmt: skip


async def page(
    connection: asyncpg.Connection, vault: Vault, company: str, run: uuid.UUID, begins: FileHead, after: uuid.UUID
) -> tuple[str, uuid.UUID | None]:
    """The payments to those who come after somebody, and after whom the next page begins; None after the last one.

    Each page may be read in a transaction of its own: what is paid, and to which account, was chosen once.
    """
    rows = await connection.fetch(PAYMENTS, company, run, after, PAYMENTS_A_PAGE)
    ring = await vault.ring(connection, [(company, each["employee"]) for each in rows])
    paid: list[Payment] = []
    for each in rows:
        slip = read(ring.unseal(slip_place(company, each["employee"], each["period"], each["kind"]), each["sealed"]))
        spot = f"{each['effective_on']}/{each['revision']}"
        account = read_profile(
            ring.unseal(Place(company, each["employee"], "bank_account.sealed", spot), each["account"])
        )
        reference = f"{each['number']}-{each['period']:%Y%m}"
        paid.append(Payment(reference, slip.payable, account["holder"], account["iban"], account["bic"]))
    return "".join(payments(begins, paid)), rows[-1]["employee"] if len(rows) == PAYMENTS_A_PAGE else None
