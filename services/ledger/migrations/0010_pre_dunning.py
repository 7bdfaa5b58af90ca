"""Dunning: policies with their levels, what stops it, runs by day, and which invoice reached which level."""

from chassis.migrating import execute, facts, isolate, mutable

revision = "ledger_0010"
down_revision = "ledger_0009"
branch_labels = None
depends_on = None

DUNNING = """
create table dunning_level (
    company text not null references legal_entity (company), version int not null check (version > 0),
    level int not null check (level between 1 and 9), days_overdue int not null check (days_overdue > 0),
    fee bigint not null check (fee >= 0), interest_rate text not null, books_charges boolean not null,
    at timestamptz not null default now(), primary key (company, version, level));
create table dunning_stop (
    company text not null, invoice uuid not null, kind text not null check (kind in ('dispute', 'promise')),
    until date, reason text not null, set_by text not null, at timestamptz not null default now(),
    primary key (company, invoice), foreign key (company, invoice) references invoice (company, id),
    constraint dunning_stop_promise_has_day check (kind <> 'promise' or until is not null));
create table dunning_run (
    company text not null references legal_entity (company), day date not null, letters int not null,
    at timestamptz not null default now(), primary key (company, day));
create table dunning_step (
    company text not null, invoice uuid not null, level int not null check (level between 0 and 9), day date not null,
    letter uuid, interest bigint not null check (interest >= 0), interest_until date not null,
    at timestamptz not null default now(), primary key (company, invoice, level),
    foreign key (company, invoice) references invoice (company, id));
create index dunning_step_letter on dunning_step (letter, company) where letter is not null;
"""


def upgrade() -> None:
    """Create what dunning keeps. A stop can be changed; what was reached stays reached."""
    execute(DUNNING)
    isolate("dunning_level", "dunning_stop", "dunning_run", "dunning_step")
    facts("dunning_level", "dunning_run", "dunning_step")
    mutable("dunning_stop")
