"""What must be true of the ledger's tables at every moment, asked past all its code."""

from __future__ import annotations

from collections.abc import Mapping

COHERENCE: Mapping[str, str] = {
    "an entry is not balanced": "select company, entry, currency from journal_line group by 1, 2, 3 "
    "having sum(debit) <> sum(credit)",
    "two events have one id": "select event_id from outbox group by 1 having count(*) > 1",
    "an entry has no lines": "select company, id from journal_entry e where not exists "
    "(select from journal_line l where l.company = e.company and l.entry = e.id)",
    "balances are not the sum of lines": """
        with l as (select l.company, l.account, l.currency, e.posted_on, sum(debit) debit, sum(credit) credit
                   from journal_line l join journal_entry e on e.company = l.company and e.id = l.entry
                   group by 1, 2, 3, 4),
        d as (select company, account, currency, effective_on, sum(debit) debit, sum(credit) credit
              from account_day group by 1, 2, 3, 4)
        select * from l full join d on (l.company, l.account, l.currency, l.posted_on)
            = (d.company, d.account, d.currency, d.effective_on)
        where (l.debit, l.credit) is distinct from (d.debit, d.credit)""",
    "numbers have a gap": """
        with n as (select company, series, fiscal_year, serial from invoice
                   union all select company, series, fiscal_year, serial from credit_note)
        select company, series, fiscal_year, count(*), max(serial), last from n
        full join number_counter c using (company, series, fiscal_year)
        group by company, series, fiscal_year, last
        having count(*) <> last or max(serial) <> last or min(serial) <> 1""",
    "the receivables account differs from what is open": """
        select * from (select company, currency, sum(debit - credit) balance from account_day d
            join account a using (company) where a.code = d.account and a.role = 'receivable' group by 1, 2) b
        full join (select company, currency, sum(open) open from open_item group by 1, 2) o using (company, currency)
        where coalesce(balance, 0) <> coalesce(open, 0)""",
    "unapplied cash differs from what is left of payments": """
        select * from (select company, currency, sum(credit - debit) balance from account_day d
            join account a using (company) where a.code = d.account and a.role = 'unapplied_cash' group by 1, 2) b
        full join (select company, currency, sum(unapplied) unapplied from unapplied_cash group by 1, 2) u
            using (company, currency)
        where coalesce(balance, 0) <> coalesce(unapplied, 0)""",
    "money was spent before it was there": """
        with d as (select e.company, e.document, l.currency, e.posted_on, sum(l.credit - l.debit) amount
                   from journal_line l join journal_entry e on e.company = l.company and e.id = l.entry
                   join payment p on p.company = e.company and p.id = e.document
                   join account a on a.company = l.company and a.code = l.account and a.role = 'unapplied_cash'
                   group by 1, 2, 3, 4),
        s as (select *, sum(amount) over (partition by company, document, currency order by posted_on) left_on from d)
        select * from s where left_on < 0""",
    "allocations differ from what payments have spent": """
        select u.company, u.payment, amount, unapplied, spent from unapplied_cash u
        left join (select company, payment, sum(amount) spent from allocation group by 1, 2) a using (company, payment)
        where amount - unapplied - returned <> coalesce(spent, 0)""",
    "allocations differ from what invoices have open": """
        select o.company, o.invoice, total, open, paid from open_item o
        left join (select company, invoice, sum(coalesce(invoice_amount, amount)) paid from allocation group by 1, 2) a
            using (company, invoice)
        where not credited and total - open - deducted <> coalesce(paid, 0) or credited and coalesce(paid, 0) <> 0""",
    "deductions differ from what invoices are less": """
        select o.company, o.invoice, deducted, less from open_item o
        left join (select company, invoice, sum(amount) less from deduction group by 1, 2) d using (company, invoice)
        where deducted <> coalesce(less, 0)""",
    "an entry does not balance in the company's own currency": """
        select company, entry from journal_line group by 1, 2 having sum(coalesce(base, debit - credit)) <> 0""",
    "balances in the company's own currency are not the sum of lines": """
        with l as (select l.company, l.account, sum(coalesce(base, debit - credit)) base from journal_line l
                   group by 1, 2),
        d as (select company, account, sum(base_debit - base_credit) base from account_day group by 1, 2)
        select * from l full join d using (company, account) where l.base is distinct from d.base""",
    "the ageing differs from the receivables account on some day": """
        with b as (select d.company, d.currency, d.effective_on as day, sum(d.debit - d.credit) amount,
                       sum(d.base_debit - d.base_credit) base
                   from account_day d join account a on a.company = d.company and a.code = d.account
                   where a.role = 'receivable' group by 1, 2, 3),
        r as (select company, currency, effective_on as day, sum(amount) amount, sum(base) base from receivable_day
              group by 1, 2, 3)
        select * from b full join r using (company, currency, day)
        where (coalesce(b.amount, 0), coalesce(b.base, 0)) <> (coalesce(r.amount, 0), coalesce(r.base, 0))""",
    "the receivables account differs from what open items are worth": """
        select * from (select d.company, d.currency, sum(d.base_debit - d.base_credit) base from account_day d
            join account a on a.company = d.company and a.code = d.account
            where a.role = 'receivable' group by 1, 2) b
        full join (select company, currency, sum(case when base_total is null or total = 0 then open
            else div(base_total::numeric * open * 2 + total, total * 2) end) worth from open_item group by 1, 2) o
            using (company, currency)
        where coalesce(base, 0) <> coalesce(worth, 0)""",
    "unapplied cash differs from what is left of payments' worth": """
        select * from (select d.company, d.currency, sum(d.base_credit - d.base_debit) base from account_day d
            join account a on a.company = d.company and a.code = d.account
            where a.role = 'unapplied_cash' group by 1, 2) b
        full join (select company, currency, sum(case when base_amount is null then unapplied
            else div(base_amount::numeric * unapplied * 2 + amount, amount * 2) end) worth
            from unapplied_cash group by 1, 2) u using (company, currency)
        where coalesce(base, 0) <> coalesce(worth, 0)""",
}
"""Questions whose answer is empty while the books are in order; independent of the code that keeps them."""
