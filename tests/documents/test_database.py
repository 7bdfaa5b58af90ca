"""What the database itself refuses, whatever the code above it believes."""

from __future__ import annotations

import asyncpg
import pytest

from chassis import migrating
from services.documents import tables
from tests.documents.archive import Archive, invoice
from tests.support.schema import schema_differences

OURS = tuple(tables.OwnTable.metadata.tables)


async def refused(archive: Archive, statement: str, kind: type[Exception], company: str = "acme") -> str:
    """The error that the runtime role gets for a statement."""
    with pytest.raises(kind) as caught:
        async with archive.database.unit([company]) as unit:
            await unit.raw.execute(statement)
    return str(getattr(caught.value, "constraint_name", None) or caught.value)


@pytest.mark.parametrize("table", [*sorted(set(OURS) - {"person_key", "sweep_place"}), "outbox", "audit"])
async def test_the_runtime_role_cannot_change_or_delete_facts(archive: Archive, table: str) -> None:
    denied = asyncpg.InsufficientPrivilegeError
    column = "actor" if table in tables.EXEMPT else "company"
    assert "permission denied" in await refused(archive, f"update {table} set {column} = null", denied)
    assert "permission denied" in await refused(archive, f"delete from {table}", denied)
    assert "permission denied" in await refused(archive, f"truncate {table}", denied)


async def test_a_persons_key_is_erased_or_stays_as_it_is(archive: Archive) -> None:
    async with archive.database.unit(["acme"]) as unit:
        await unit.raw.execute("insert into person_key values ('acme', gen_random_uuid(), 'k', now())")
    denied, wrong = asyncpg.InsufficientPrivilegeError, asyncpg.CheckViolationError
    assert "permission denied" in await refused(archive, "delete from person_key", denied)
    await refused(archive, "update person_key set wrapped = 'other'", wrong)
    await refused(archive, "update person_key set wrapped = null", wrong)
    async with archive.database.unit(["acme"]) as unit:
        await unit.raw.execute("update person_key set wrapped = null, erased_at = now()")
    await refused(archive, "update person_key set wrapped = 'k', erased_at = null", wrong)


async def test_a_company_sees_and_writes_its_own_papers_alone(archive: Archive) -> None:
    await archive.knows("other")
    await archive.hear(invoice("7"), invoice("8", company="other"))
    await archive.work()
    for table in ("party", "document", "document_content"):
        async with archive.database.read(["other"]) as unit:
            assert {row["company"] for row in await unit.raw.fetch(f"select company from {table}")} == {"other"}
    foreign = "insert into party values ('acme', gen_random_uuid(), 'X', 'x')"
    denied = asyncpg.InsufficientPrivilegeError
    assert "row-level security" in await refused(archive, foreign, denied, company="other")


async def test_a_document_is_rendered_by_a_template_with_a_hash_or_not_at_all(archive: Archive) -> None:
    await archive.hear(invoice("7"))
    copy = """insert into document (company, document, class, title, number, about_kind, about_id, party, language,
        dated, template, facts, cause, correlation, actor, registered_at)
        select company, gen_random_uuid(), class, title, number, about_kind, about_id, party, language, dated,
        template, facts, cause, correlation, actor, registered_at from document"""
    assert await refused(archive, copy, asyncpg.CheckViolationError) == "template_has_hash"


async def test_bytes_belong_to_a_document_of_the_same_company(archive: Archive) -> None:
    await archive.knows("other")
    await archive.hear(invoice("7"))
    ((document,),) = await archive.rows("select document from document")
    stray = (
        f"insert into document_content values ('other', '{document}', sha256('x'), 1, 'application/pdf', 'invoice@1', "
        "sha256('x'), 'typst', now(), false)"
    )
    assert "fkey" in await refused(archive, stray, asyncpg.ForeignKeyViolationError, company="other")


async def test_every_table_is_isolated_by_company_or_listed_as_exempt(archive: Archive) -> None:
    rows = await archive.rows(
        "select relname, relrowsecurity and relforcerowsecurity from pg_class "
        "where relkind = 'r' and relnamespace = 'public'::regnamespace"
    )
    assert {name for name, isolated in rows if not isolated} == set(migrating.EXEMPT) | set(tables.EXEMPT)


async def test_the_declared_tables_are_those_of_the_database(archive: Archive) -> None:
    declared = tables.Document.metadata
    assert set(declared.tables) == set(OURS)
    assert await schema_differences(archive.server.superuser_url_of(archive.urls), declared) == []
