"""The rules of every service's database, as functions over its catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module

from sqlalchemy import Column, Table
from sqlalchemy.dialects import postgresql

from chassis import migrating
from tests.architecture.catalogue import Catalogue

Rule = Callable[[Catalogue], Iterator[str]]

ISOLATION = (
    "((company = ANY (( SELECT string_to_array(current_setting('app.companies'::text, true), ','::text) "
    "AS string_to_array)::text[])) IS TRUE)"
)
"""As PostgreSQL writes the chassis's policy back."""
OPERATOR_READS = frozenset({"outbox", "outbox_sequence", "outbox_count", "inbox", "inbox_count", "held", "audit"})
"""The operator reads these of all companies; it moves jobs as well."""

LOGS = {
    "outbox": "ids give the order of the log across companies; its sequences are unique per company",
    "held": "an operator names one event by a number",
    "audit": "ids give the order of the trail across companies",
    "job": "a worker takes what is due whatever the company; its work is unique per company",
}
"""Tables of the chassis whose primary key is a number, each with its reason."""

QUEUES = {
    "held": "what was released or skipped leaves, with an audit record",
    "job": "what is done leaves",
    "job_lease": "a turn that is over leaves",
}
"""The only tables from which the running service may delete."""

RELAY_WRITES = {
    "outbox_unsent": {"INSERT", "DELETE"},
    "relay_owner": {"INSERT", "UPDATE"},
    "relay_position": {"INSERT", "UPDATE"},
    "job": {"INSERT", "UPDATE", "DELETE"},
    "job_lease": {"INSERT", "UPDATE", "DELETE"},
}
"""What relay and operator may change."""

RULES: list[Rule] = []


def rule(check: Rule) -> Rule:
    """Make a rule of a function."""
    RULES.append(check)
    return check


@rule
def every_table_is_isolated_by_company_or_exempt_for_a_reason(catalogue: Catalogue) -> Iterator[str]:
    """Row-level security is on and forced, so that even a forgotten WHERE shows nothing of others."""
    for table in catalogue.tables:
        isolated = table.secured and table.forced
        if table.name in catalogue.exempt:
            if isolated:
                yield f"{table.name} is isolated, so it need not be exempt"
        elif not table.secured:
            yield f"{table.name} has no row-level security"
        elif not table.forced:
            yield f"{table.name} does not force row-level security on its owner"


@rule
def an_exemption_names_a_table_and_a_reason(catalogue: Catalogue) -> Iterator[str]:
    """The list stays as short as it can be."""
    names = {table.name for table in catalogue.tables}
    for name, reason in catalogue.exempt.items():
        if name not in names:
            yield f"{name} is exempt and does not exist"
        if len(reason.split()) < 3:
            yield f"{name} is exempt without a reason"


@rule
def a_policy_lets_nobody_past_the_company(catalogue: Catalogue) -> Iterator[str]:
    """One way in for the running service: the companies of its transaction, for reading and for writing."""
    isolated = {table.name for table in catalogue.tables} - set(catalogue.exempt)
    for table in isolated - {policy.table for policy in catalogue.policies if policy.name == "company"}:
        yield f"{table} has no policy by company"
    for policy in catalogue.policies:
        for_all = policy.permissive == "PERMISSIVE" and policy.roles == ["public"] and policy.command == "ALL"
        if policy.roles == [catalogue.relay]:
            reads_only = policy.command == "SELECT" and policy.table in OPERATOR_READS
            if not reads_only and policy.table != "job":
                yield f"{policy.table}: policy {policy.name} shows the operator what is none of its business"
        elif not for_all or policy.reads != ISOLATION or policy.writes != ISOLATION:
            yield f"{policy.table}: policy {policy.name} does not isolate by company"


@rule
def company_is_first_in_every_primary_key_and_part_of_every_unique_one(catalogue: Catalogue) -> Iterator[str]:
    """So no two companies can meet on a key. Other indexes may begin with what singles a row out."""
    for key in catalogue.keys:
        if key.table in catalogue.exempt or (key.primary and key.table in LOGS):
            continue
        if key.primary and key.columns[0] != "company":
            yield f"{key.table}: {key.name} begins with {key.columns[0]}"
        elif "company" not in key.columns:
            yield f"{key.table}: {key.name} is unique across companies"
    with_primary = {key.table for key in catalogue.keys if key.primary}
    yield from (f"{table.name} has no primary key" for table in catalogue.tables if table.name not in with_primary)


@rule
def company_comes_first_in_every_foreign_key(catalogue: Catalogue) -> Iterator[str]:
    """A row can only refer to a row of its own company."""
    for reference in catalogue.references:
        if reference.to not in catalogue.exempt and reference.columns[0] != "company":
            yield f"{reference.table}: {reference.name} refers to {reference.to} by {reference.columns[0]}"


@rule
def the_running_service_owns_nothing_and_bypasses_nothing(catalogue: Catalogue) -> Iterator[str]:
    """Neither does the relay; only the owner migrates."""
    for role in (catalogue.runtime, catalogue.relay):
        yield from (f"{role} {fault}" for fault in catalogue.roles.get(role, ["does not exist"]))
    for table in catalogue.tables:
        if table.owner != f"{catalogue.service}_owner":
            yield f"{table.name} belongs to {table.owner}"
    yield from (f"{name} runs with its owner's rights" for name in catalogue.definers)


@rule
def facts_are_added_and_never_changed(catalogue: Catalogue) -> Iterator[str]:
    """History is not rewritten, not even by a bug."""
    for right in catalogue.rights:
        theirs = right.role == catalogue.runtime and right.table in catalogue.kinds.facts
        if theirs and right.right not in {"SELECT", "INSERT"}:
            yield f"{right.table} holds facts, and {right.role} has {right.right} on it"
    yield from (f"{table} is both facts and mutable" for table in catalogue.kinds.facts & catalogue.kinds.mutable)
    declared = catalogue.kinds.facts | catalogue.kinds.mutable
    for table in catalogue.tables:
        if table.name not in declared and table.name not in migrating.EXEMPT and table.name not in QUEUES:
            yield f"{table.name} is declared neither as facts nor as mutable"


@rule
def nothing_is_deleted_that_is_not_a_queue(catalogue: Catalogue) -> Iterator[str]:
    """Rights end at reading, adding and changing; emptying a table is nobody's."""
    for right in catalogue.rights:
        if right.role == catalogue.runtime:
            if right.right == "DELETE" and right.table not in QUEUES:
                yield f"{right.role} may delete from {right.table}"
            elif right.right not in {"SELECT", "INSERT", "UPDATE", "DELETE"}:
                yield f"{right.role} has {right.right} on {right.table}"


@rule
def relay_and_operator_write_the_corridor_alone(catalogue: Catalogue) -> Iterator[str]:
    """They see the log of all companies, so they change nothing else, and no business table is theirs."""
    for right in catalogue.rights:
        if right.role == "public":
            yield f"everybody has {right.right} on {right.table}"
        if right.role != catalogue.relay or right.right in RELAY_WRITES.get(right.table, set()):
            continue
        if right.right != "SELECT":
            yield f"{right.role} has {right.right} on {right.table}"
        elif right.table not in _corridor_tables() | {"alembic_version"}:
            yield f"{right.role} reads {right.table}"


@rule
def every_constraint_is_checked_by_its_statement(catalogue: Catalogue) -> Iterator[str]:
    """What fails at the commit fails for the whole batch, where no bisection finds it."""
    yield from (f"{name} may be deferred to the commit" for name in catalogue.deferred)


@rule
def amounts_are_exact_and_times_are_absolute(catalogue: Catalogue) -> Iterator[str]:
    """No column holds money in binary fractions, or a time without its zone."""
    for column in catalogue.columns:
        if column.type in {"real", "double precision", "money"}:
            yield f"{column.table}.{column.name} is {column.type}"
        elif column.type.startswith(("timestamp without", "time without")) or column.type.endswith("without time zone"):
            yield f"{column.table}.{column.name} has no time zone"


@rule
def tables_py_says_what_the_database_has(catalogue: Catalogue) -> Iterator[str]:
    """Tables, columns, types, what may be null, and primary keys; the chassis's own tables aside."""
    described = {table.name: table for table in _described(catalogue.service)}
    chassis = set(migrating.EXEMPT) | _corridor_tables()
    actual = {table.name for table in catalogue.tables} - chassis
    yield from (f"tables.py lacks {name}" for name in sorted(actual - set(described)))
    yield from (f"tables.py has {name}, the database has not" for name in sorted(set(described) - actual))
    for name in sorted(actual & set(described)):
        yield from _differences(catalogue, described[name])


def _differences(catalogue: Catalogue, described: Table) -> Iterator[str]:
    actual = {c.name: (c.type, c.required) for c in catalogue.columns if c.table == described.name}
    said = {column.name: (_type(column), not column.nullable) for column in described.columns}
    for name in sorted(actual.keys() | said.keys()):
        if actual.get(name) != said.get(name):
            yield f"{described.name}.{name}: tables.py says {said.get(name)}, the database {actual.get(name)}"
    primary = [key.columns for key in catalogue.keys if key.table == described.name and key.primary]
    if primary != [[column.name for column in described.primary_key.columns]]:
        yield f"{described.name}: the primary key of tables.py is not {primary}"


def _described(service: str) -> Iterator[Table]:
    for each in vars(import_module(f"services.{service}.tables")).values():
        table = getattr(each, "__table__", None)
        if isinstance(table, Table):
            yield table


def _type(column: Column[object]) -> str:
    """The type as PostgreSQL names it; plain text is what SQLModel calls a VARCHAR without a length."""
    name = column.type.compile(postgresql.dialect()).lower().replace(", ", ",")  # type: ignore[no-untyped-call]
    return "text" if name == "varchar" else name


def _corridor_tables() -> set[str]:
    made = migrating.CORRIDOR + migrating.ERROR_COUNTS
    return {part.split(" ", 1)[0] for part in made.split("create table ")[1:]}
