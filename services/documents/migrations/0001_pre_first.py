"""Documents, the parties that they concern, and what is known of their bytes. All of it facts: added, never changed.

Primary keys begin with the company, every other index with what singles a row out: row-level security states the
company a second time, so that without statistics two indexes beginning with it look alike to the planner.
"""

from chassis.migrating import create_corridor, execute, facts, isolate

revision = "documents_0001"
down_revision = None
branch_labels = None
depends_on = None

SCRIPT = """
create table party (company text not null references known_company (company), party uuid not null,
    name text not null, folded text not null, primary key (company, party));
create table document (company text not null, document uuid not null, position bigint generated always as identity,
    class text not null check (class in ('invoice', 'credit_note', 'employee_file')), title text not null,
    number text collate "C" not null, about_kind text not null, about_id uuid not null, order_id uuid, employee_id uuid,
    party uuid not null, language text not null check (language in ('en', 'el', 'he')), dated date not null,
    template text, template_hash bytea check (octet_length(template_hash) = 32), facts bytea not null,
    cause uuid not null, correlation text not null, actor text not null, on_behalf_of text,
    registered_at timestamptz not null,
    primary key (company, document),
    foreign key (company, party) references party (company, party),
    constraint template_has_hash check ((template is null) = (template_hash is null)));
create index document_newest on document (class, company, position);
create index document_number on document (number, company);
create index document_order on document (order_id, company) where order_id is not null;
create index document_party on document (party, company, position);
create table document_content (company text not null, document uuid not null,
    sha256 bytea not null check (octet_length(sha256) = 32), size bigint not null check (size > 0),
    media_type text not null, template text not null,
    template_hash bytea not null check (octet_length(template_hash) = 32), renderer text not null,
    stored_at timestamptz not null,
    primary key (company, document),
    foreign key (company, document) references document (company, document));
"""


def upgrade() -> None:
    """Create the tables with their rights."""
    create_corridor()
    execute(SCRIPT)
    isolate("party", "document", "document_content")
    facts("party", "document", "document_content")
