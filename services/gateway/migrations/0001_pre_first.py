"""The gateway's first tables: API keys, accepted requests, the directory of companies, the timeline."""

from chassis.migrating import create_corridor, execute, facts, isolate, mutable, roles

revision = "gateway_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_corridor()
    runtime, _ = roles()
    execute("""
    create table api_key (
        id text primary key,
        client text not null,
        digest bytea not null,
        source text not null,
        companies text[] not null,
        scopes text[] not null,
        created_at timestamptz not null default now(),
        expires_at timestamptz,
        replaces text references api_key (id),
        revoked_at timestamptz,
        check (cardinality(companies) > 0 and cardinality(scopes) > 0)
    );
    create index api_key_client on api_key (client);
    create table api_key_version (
        one boolean primary key default true check (one),
        version bigint not null
    );
    insert into api_key_version (version) values (1);
    create table company_directory (
        company text primary key,
        name text not null,
        at timestamptz not null default now()
    );
    create table accepted (
        company text not null,
        subject uuid not null,
        type text not null,
        request uuid not null,
        client text not null,
        source text not null,
        reference text not null,
        at timestamptz not null,
        primary key (company, subject, type)
    );
    create table timeline_fact (
        company text not null,
        subject uuid not null,
        event_id uuid not null,
        type text not null,
        sequence bigint not null,
        at timestamptz not null,
        summary bytea,
        primary key (company, subject, event_id)
    );
    create table order_summary (
        company text not null,
        order_id uuid not null,
        facts bigint not null,
        state text not null generated always as (case
            when facts & 1024 <> 0 then 'credited'
            when facts & 256 <> 0 and (facts & 4 <> 0 or (facts & 512 <> 0 and facts & 8 = 0)) then 'cancelled'
            when facts & 256 <> 0 then 'cancelling'
            when facts & 128 <> 0 then 'paid'
            when facts & 64 <> 0 then 'partly_paid'
            when facts & 2052 <> 0 then 'refused'
            when facts & 16 <> 0 then 'documented'
            when facts & 8 <> 0 then 'invoiced'
            when facts & 2 <> 0 then 'reserved'
            when facts & 1 <> 0 then 'accepted'
            else 'announced' end) stored,
        source text,
        reference text,
        customer_id text,
        customer_name text,
        currency text,
        placed_at timestamptz,
        accepted_at timestamptz,
        invoice_number text,
        total text,
        primary key (company, order_id)
    ) with (fillfactor = 70);
    create index order_by_time on order_summary (company, placed_at desc, order_id desc) where placed_at is not null;
    create index order_by_customer on order_summary (company, customer_id, placed_at desc, order_id desc)
        where placed_at is not null;
    create index order_by_reference on order_summary (company, reference) where placed_at is not null;
    """)
    isolate("accepted", "timeline_fact", "order_summary")
    facts("accepted", "timeline_fact")
    mutable("order_summary", "api_key", "api_key_version", "company_directory")
    execute(f"grant select on outbox_unsent to {runtime}")
