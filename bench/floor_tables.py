"""The tables of the bare pipeline: the least that each role must keep."""

# ruff: noqa
# mypy: ignore-errors

COMMON = """create table outbox(id bigint generated always as identity primary key, topic text not null, key bytea not null, headers bytea not null, body bytea not null);
create table unsent(id bigint primary key);
create table inbox(consumer text not null, event_id uuid not null, at timestamptz not null default now(), primary key(consumer,event_id));"""
DDL = {
    "gateway": COMMON
    + "create table request(id uuid primary key, company int not null, body bytea not null, at timestamptz not null default now()); create table timeline(request uuid not null, kind text not null, at timestamptz not null, primary key(request,kind));",
    "inventory": COMMON
    + "create table stock(product int primary key, on_hand bigint not null, reserved bigint not null default 0, check(on_hand>=reserved)); insert into stock select i,1000000000 from generate_series(1,1000) i;"
    "create table reservation(id uuid primary key, state text not null, at timestamptz not null default now()); create table reservation_line(reservation uuid not null, n int not null, product int not null, qty int not null, primary key(reservation,n));"
    "create table move(id uuid primary key, product int not null, qty int not null, reservation uuid not null, at timestamptz not null default now()); create index on move(product);",
    "ledger": COMMON
    + "create table counter(series text primary key, n bigint not null); insert into counter values('INV',0);"
    "create table invoice(id uuid primary key, number bigint not null unique, total bigint not null, tax bigint not null, at timestamptz not null default now()); create table invoice_line(invoice uuid not null, n int not null, kind text not null, product int, qty int, amount bigint not null, primary key(invoice,n));"
    "create table entry(id uuid primary key, journal text not null, ref uuid not null, at timestamptz not null default now()); create index on entry(ref); create table posting(entry uuid not null, n int not null, account int not null, amount bigint not null, primary key(entry,n)); create index on posting(account);"
    "create table balance(account int not null, day date not null, amount bigint not null, primary key(account,day));",
    "documents": COMMON
    + "create table document(id uuid primary key, ref uuid not null, class text not null, facts bytea not null, at timestamptz not null default now()); create index on document(ref);",
}
FULL_DDL = DDL | {
    "inventory": DDL["inventory"]
    + "alter table stock add value bigint not null default 4000000000000; alter table move add cost bigint not null;"
    "create table counter(series text primary key, n bigint not null); insert into counter values('DN',0);"
    "create table shipment(id uuid primary key, reservation uuid not null, state text not null, number bigint unique, packages int, at timestamptz not null default now()); create index on shipment(reservation);"
    "create table shipment_line(shipment uuid not null, n int not null, product int not null, qty int not null, primary key(shipment,n));",
    "ledger": DDL["ledger"] + "alter table invoice add open bigint not null check(open between 0 and total);"
    "create table payment(id uuid primary key, amount bigint not null, unapplied bigint not null, at timestamptz not null default now());"
    "create table allocation(payment uuid not null, invoice uuid not null, amount bigint not null, primary key(payment,invoice)); create index on allocation(invoice);",
}
"""The same with what a full order adds: shipments and what goods cost, payments and what they pay."""
