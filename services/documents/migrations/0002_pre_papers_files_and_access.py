"""Every kind of paper and file: classes with metadata, versions, links, rights, the log of readers, seals and mail.

All of it facts: what ends (a link, a right) ends by a row of its own. A link that an event made cannot end: its end
would need `made_by = 'event'`, which the database refuses.
"""

from chassis.migrating import execute, facts, isolate

revision = "documents_0002"
down_revision = "documents_0001"
branch_labels = None
depends_on = None

CODE = "~ '^[a-z][a-z0-9_]{0,39}$'"
SCRIPT = f"""
alter table document drop constraint document_class_check;
alter table document add constraint document_class_check check (class {CODE});
alter table document alter column number drop not null;
alter table document alter column about_kind drop not null;
alter table document alter column about_id drop not null;
alter table document alter column party drop not null;
alter table document alter column facts drop not null;
alter table document add column sealed boolean not null default false;
alter table document add constraint about_whole check ((about_kind is null) = (about_id is null));
alter table document add constraint sealed_for_somebody check (not sealed or employee_id is not null);
create index document_about on document (about_id, company) where about_id is not null;
create index document_employee on document (employee_id, company) where employee_id is not null;
create index document_dated on document (dated, company, position);
alter table document_content add column sealed boolean not null default false;
create table document_class (company text not null references known_company (company), class text not null
    check (class {CODE}), version int not null check (version > 0), definition bytea not null,
    reason text not null, actor text not null, on_behalf_of text, cause uuid not null, at timestamptz not null,
    primary key (company, class, version));
create table document_version (company text not null, document uuid not null, version int not null check (version > 0),
    sha256 bytea not null check (octet_length(sha256) = 32), size bigint not null check (size > 0),
    media_type text not null, file_name text not null, sealed boolean not null default false,
    class_version int not null, metadata bytea not null, reason text not null, actor text not null, on_behalf_of text,
    cause uuid not null, at timestamptz not null,
    primary key (company, document, version),
    foreign key (company, document) references document (company, document));
create table document_value (company text not null, document uuid not null, version int not null, name text not null,
    value text not null, position bigint generated always as identity,
    primary key (company, document, version, name),
    foreign key (company, document, version) references document_version (company, document, version));
create index document_value_found on document_value (value, name, company, position);
create table document_source (company text not null, cause uuid not null, document uuid not null, source text not null
    check (source in ('upload', 'folder')), file_name text not null, sha256 bytea not null
    check (octet_length(sha256) = 32), actor text not null, on_behalf_of text, at timestamptz not null,
    primary key (company, cause),
    foreign key (company, document) references document (company, document));
create index document_source_document on document_source (document, company);
create table document_link (company text not null, document uuid not null, kind text not null check (kind {CODE}),
    object_id uuid not null, nth int not null default 1 check (nth > 0), made_by text not null
    check (made_by in ('event', 'person')), reason text not null, actor text not null, on_behalf_of text,
    cause uuid not null, at timestamptz not null,
    primary key (company, document, kind, object_id, nth),
    unique (company, document, kind, object_id, nth, made_by),
    foreign key (company, document) references document (company, document));
create index document_link_object on document_link (object_id, company);
create table document_unlink (company text not null, document uuid not null, kind text not null,
    object_id uuid not null, nth int not null, made_by text not null check (made_by = 'person'), reason text not null,
    actor text not null, on_behalf_of text, cause uuid not null, at timestamptz not null,
    primary key (company, document, kind, object_id, nth),
    foreign key (company, document, kind, object_id, nth, made_by)
        references document_link (company, document, kind, object_id, nth, made_by));
create table access_grant (company text not null references known_company (company), access_grant uuid not null,
    principal text not null, class text, document uuid, may text not null check (may in ('read', 'write')),
    reason text not null, actor text not null, on_behalf_of text, at timestamptz not null,
    primary key (company, access_grant),
    constraint one_thing check ((class is null) <> (document is null)));
create index access_grant_principal on access_grant (principal, company);
create table access_end (company text not null, access_grant uuid not null, reason text not null, actor text not null,
    on_behalf_of text, at timestamptz not null,
    primary key (company, access_grant),
    foreign key (company, access_grant) references access_grant (company, access_grant));
create table read_log (company text not null, position bigint generated always as identity, document uuid not null,
    class text not null, what text not null check (what in ('listed', 'shown', 'content')), version int,
    client text not null, actor text not null, on_behalf_of text, request uuid not null, at timestamptz not null,
    primary key (company, position));
create index read_log_document on read_log (document, company, position);
create index read_log_actor on read_log (actor, company, position);
create table person_key (company text not null references known_company (company), person uuid not null,
    wrapped bytea not null, at timestamptz not null, primary key (company, person));
create table mail (company text not null, mail uuid not null, document uuid not null, recipient text not null,
    language text not null check (language in ('en', 'el', 'he')), message_id text not null, sender text not null,
    actor text not null, on_behalf_of text, cause uuid not null, at timestamptz not null,
    primary key (company, mail),
    unique (company, document, recipient),
    foreign key (company, document) references document (company, document));
create table mail_step (company text not null, mail uuid not null, nth int not null check (nth > 0), step text not null
    check (step in ('asked', 'sending', 'sent', 'refused', 'failed', 'unclear', 'bounced')), detail text not null,
    actor text not null, at timestamptz not null,
    primary key (company, mail, nth),
    foreign key (company, mail) references mail (company, mail));
"""

TABLES = (
    "document_class", "document_version", "document_value", "document_source", "document_link", "document_unlink",
    "access_grant", "access_end", "read_log", "person_key", "mail", "mail_step",
)  # fmt: skip


def upgrade() -> None:
    """Create the tables with their rights."""
    execute(SCRIPT)
    isolate(*TABLES)
    facts(*(table for table in TABLES if table != "person_key"))  # a key can be erased: 0003
