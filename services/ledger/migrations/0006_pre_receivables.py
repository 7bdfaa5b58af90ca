"""Receivables: what lines are worth in the company's own currency, ageing by day, rates, deductions, refunds.

A line in the company's own currency says nothing more (`base` is null); one in another says what it is worth. So what
most companies do costs them nothing. The trigger refuses lines that do not balance in either.
"""

from chassis.migrating import execute, facts, isolate, mutable

revision = "ledger_0006"
down_revision = "ledger_0005"
branch_labels = None
depends_on = None

JOURNAL = """
alter table journal_line add column base bigint;
alter table journal_line drop constraint journal_line_check;
alter table journal_line add constraint journal_line_one_side check (
    (debit = 0) <> (credit = 0) or debit = 0 and credit = 0 and base <> 0 and base is not null);
alter table account_day add column base_debit numeric(38, 0) not null default 0 check (base_debit >= 0);
alter table account_day add column base_credit numeric(38, 0) not null default 0 check (base_credit >= 0);
create table receivable_day (
    company text not null references legal_entity (company), currency text not null, due_on date not null,
    effective_on date not null, amount numeric(38, 0) not null, base numeric(38, 0) not null,
    primary key (company, currency, due_on, effective_on)) with (fillfactor = 50);
create table exchange_rate (
    company text not null references legal_entity (company), currency text not null check (currency ~ '^[A-Z]{3}$'),
    valid_on date not null, scaled bigint not null check (scaled > 0), source text not null,
    recorded_by text not null, at timestamptz not null default now(),
    primary key (company, currency, valid_on));
"""

ITEMS = """
alter table open_item add column customer_id text;
alter table open_item add column base_total bigint;
alter table open_item add column discount bigint;
alter table open_item add column discount_until date;
alter table open_item add column settled_on date;
alter table open_item add column deducted bigint not null default 0 check (deducted between 0 and total);
alter table open_item add constraint open_item_discount check (
    discount is null and discount_until is null or discount between 1 and total and discount_until is not null);
create index open_item_customer on open_item (customer_id, company) where open > 0;
create table deduction (
    company text not null, id uuid not null, invoice uuid not null,
    kind text not null check (kind in ('discount', 'credit-note')), document uuid not null,
    amount bigint not null check (amount <> 0), effective_on date not null, entry uuid not null,
    at timestamptz not null default now(), primary key (company, id),
    foreign key (company, invoice) references invoice (company, id));
create index deduction_invoice on deduction (invoice, company);
alter table credit_note add column printed bytea;
drop index credit_note_invoice;
create unique index credit_note_invoice on credit_note (invoice, company) where printed is null;
create index credit_note_of_invoice on credit_note (invoice, company);
"""

MONEY = """
alter table unapplied_cash add column customer_id text;
alter table unapplied_cash add column base_amount bigint;
alter table unapplied_cash add column returned bigint not null default 0;
alter table unapplied_cash add column bounced boolean not null default false;
alter table unapplied_cash add constraint unapplied_cash_returned check (
    returned >= 0 and unapplied + returned <= amount and (not bounced or unapplied = 0 and returned = amount));
create index unapplied_cash_customer on unapplied_cash (customer_id, company) where customer_id is not null;
alter table allocation add column invoice_amount bigint check (invoice_amount <> 0);
create table refund (
    company text not null, id uuid not null, payment uuid not null, currency text not null,
    amount bigint not null check (amount > 0), reason text not null, refund_on date not null,
    state text not null check (state in ('requested', 'approved', 'rejected')), requested_by text not null,
    decided_by text, entry uuid, at timestamptz not null default now(), decided_at timestamptz,
    primary key (company, id), foreign key (company, payment) references payment (company, id),
    constraint refund_four_eyes check (decided_by <> requested_by),
    constraint refund_decided check ((state = 'requested') = (decided_by is null)),
    constraint refund_posted check ((state = 'approved') = (entry is not null)));
create index refund_payment on refund (payment, company);
create table bounce (
    company text not null, payment uuid not null, bounced_on date not null, reason text not null,
    fee bigint not null check (fee >= 0), entry uuid not null, at timestamptz not null default now(),
    primary key (company, payment), foreign key (company, payment) references payment (company, id));
"""

FILL = """
update account_day set base_debit = debit, base_credit = credit;
update open_item o set customer_id = i.customer_id from invoice i where i.company = o.company and i.id = o.invoice;
insert into receivable_day (company, currency, due_on, effective_on, amount, base)
select company, currency, due_on, effective_on, sum(amount), sum(amount) from (
    select company, currency, due_on, issued_on as effective_on, total as amount from invoice where total > 0
    union all select n.company, n.currency, i.due_on, n.issued_on, -n.total from credit_note n
        join invoice i on i.company = n.company and i.id = n.invoice where n.total > 0
    union all select a.company, i.currency, i.due_on, a.effective_on, -a.amount from allocation a
        join invoice i on i.company = a.company and i.id = a.invoice) m
group by 1, 2, 3, 4;
alter table open_item alter column customer_id set not null;
"""

# As before, and in the company's own currency too: one more sum in a scan that is made anyway. Only lines that say
# nothing of their worth are asked for their currency, by what there is of it in a batch: one or two.
GUARD = """
create or replace function guard_journal_lines() returns trigger language plpgsql as $$
begin
    if exists (select from added group by company, entry, currency having sum(debit) <> sum(credit)) then
        raise exception 'an entry is not balanced in each of its currencies'
            using errcode = 'check_violation', constraint = 'journal_line_balanced', table = 'journal_line';
    end if;
    if exists (select from added group by company, entry having min(line) <> 1 or max(line) <> count(*)) then
        raise exception 'the lines of an entry are numbered from 1 and come in one statement'
            using errcode = 'check_violation', constraint = 'journal_line_complete', table = 'journal_line';
    end if;
    if exists (select from added where base is not null) and exists (
            select from added group by company, entry having sum(coalesce(base, debit - credit)) <> 0) then
        raise exception 'an entry is not balanced in the currency of the company'
            using errcode = 'check_violation', constraint = 'journal_line_base_balanced', table = 'journal_line';
    end if;
    if exists (select from (select distinct company, currency, base is null as own from added) a left join lateral
            (select currency from legal_entity c where c.company = a.company offset 0) e on true
            where a.own <> (a.currency = e.currency)) then
        raise exception 'a line in another currency than the company''s says what it is worth, others do not'
            using errcode = 'check_violation', constraint = 'journal_line_valued', table = 'journal_line';
    end if;
    if exists (select from (select distinct company, account from added) a left join lateral (select true as found
            from account c where c.company = a.company and c.code = a.account offset 0) f on true
            where f.found is null) then
        raise exception 'an account does not exist'
            using errcode = 'foreign_key_violation', constraint = 'journal_line_account', table = 'journal_line';
    end if;
    if exists (select from (select distinct company, entry from added) a left join lateral (select true as found
            from journal_entry e where e.company = a.company and e.id = a.entry offset 0) f on true
            where f.found is null) then
        raise exception 'an entry does not exist'
            using errcode = 'foreign_key_violation', constraint = 'journal_line_entry', table = 'journal_line';
    end if;
    return null;
end $$;
"""

KEPT = ("exchange_rate", "deduction", "bounce")
CHANGING = ("receivable_day", "refund")
FILLED = ("account_day", "open_item", "invoice", "credit_note", "allocation", "receivable_day", "legal_entity")


def upgrade() -> None:
    """Add what receivables need; rows that stand get their values."""
    for script in (JOURNAL, ITEMS, MONEY, GUARD):
        execute(script)
    for table in FILLED:
        execute(f"alter table {table} no force row level security")
    execute(FILL)
    for table in FILLED[:5] + FILLED[6:]:
        execute(f"alter table {table} force row level security")
    isolate(*KEPT, *CHANGING)
    facts(*KEPT)
    mutable(*CHANGING)
