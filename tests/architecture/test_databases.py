"""Every service's migrated database keeps the rules, and each rule is shown to bite on a planted table or right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import asyncpg
import pytest

from deploy.local.postgres import DatabaseUrls
from tests.architecture import database_rules as rules
from tests.architecture.catalogue import Catalogue, Kinds, look_after, migrate
from tests.architecture.house import ROOT
from tests.support.stack import TestPostgres

SERVICES = sorted({path.parent.parent.name for path in (ROOT / "services").glob("*/migrations/*.py")})


@dataclass(frozen=True, slots=True)
class Migrated:
    """A service's database after all its migrations."""

    service: str
    urls: DatabaseUrls
    kinds: Kinds
    catalogue: Catalogue


@pytest.fixture(scope="session")
def migrated(postgres_server: TestPostgres) -> Callable[[str], Migrated]:
    """Migrates a service's database once."""
    made: dict[str, Migrated] = {}

    def make(service: str) -> Migrated:
        if service not in made:
            urls = postgres_server.create_database(service)
            kinds = migrate(service, urls)
            catalogue = look_after(service, postgres_server.superuser_url_of(urls), kinds)
            made[service] = Migrated(service, urls, kinds, catalogue)
        return made[service]

    return make


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("service", SERVICES)
def test_the_database_keeps_the_rule(service: str, rule: rules.Rule, migrated: Callable[[str], Migrated]) -> None:
    violations = sorted(rule(migrated(service).catalogue))

    assert not violations, f"{rule.__doc__}\n" + "\n".join(violations)


OWNER = "inventory_owner"
RUNTIME = "inventory_service"
RELAY = "inventory_relay"
BARE = "create table planted (company text, n int not null, primary key (company, n))"
OWNED = f"{BARE}; alter table planted owner to {OWNER}"
PLANTED: list[tuple[rules.Rule, str, str]] = [
    (
        rules.every_table_is_isolated_by_company_or_exempt_for_a_reason,
        OWNED,
        "planted has no row-level security",
    ),
    (
        rules.every_table_is_isolated_by_company_or_exempt_for_a_reason,
        "alter table item no force row level security",
        "item does not force row-level security on its owner",
    ),
    (
        rules.every_table_is_isolated_by_company_or_exempt_for_a_reason,
        "alter table inbox_offset enable row level security; alter table inbox_offset force row level security",
        "inbox_offset is isolated, so it need not be exempt",
    ),
    (rules.an_exemption_names_a_table_and_a_reason, "drop table job_lease", "job_lease is exempt and does not exist"),
    (rules.a_policy_lets_nobody_past_the_company, "drop policy company on item", "item has no policy by company"),
    (
        rules.a_policy_lets_nobody_past_the_company,
        f"create policy every_row on item for select to {RUNTIME} using (true)",
        "item: policy every_row does not isolate by company",
    ),
    (
        rules.a_policy_lets_nobody_past_the_company,
        "alter policy company on item with check (true)",
        "item: policy company does not isolate by company",
    ),
    (
        rules.a_policy_lets_nobody_past_the_company,
        f"create policy operator on item for select to {RELAY} using (true)",
        "item: policy operator shows the operator what is none of its business",
    ),
    (
        rules.company_is_first_in_every_primary_key_and_part_of_every_unique_one,
        "create table planted (n int, company text, primary key (n, company))",
        "planted: planted_pkey begins with n",
    ),
    (
        rules.company_is_first_in_every_primary_key_and_part_of_every_unique_one,
        "create unique index item_once on item (sku)",
        "item: item_once is unique across companies",
    ),
    (
        rules.company_is_first_in_every_primary_key_and_part_of_every_unique_one,
        "create table planted (company text)",
        "planted has no primary key",
    ),
    (
        rules.company_comes_first_in_every_foreign_key,
        "create unique index on item (sku); "
        "alter table stock_move add constraint any_item foreign key (sku) references item (sku)",
        "stock_move: any_item refers to item by sku",
    ),
    (
        rules.the_running_service_owns_nothing_and_bypasses_nothing,
        f"{BARE}; alter table planted owner to {RUNTIME}",
        f"{RUNTIME} owns something",
    ),
    (
        rules.the_running_service_owns_nothing_and_bypasses_nothing,
        f"grant create on schema public to {RUNTIME}",
        f"{RUNTIME} makes tables",
    ),
    (
        rules.the_running_service_owns_nothing_and_bypasses_nothing,
        "create function see_all() returns bigint security definer language sql as 'select count(*) from item'",
        "function see_all runs with its owner's rights",
    ),
    (
        rules.the_running_service_owns_nothing_and_bypasses_nothing,
        "create view all_items as select * from item",
        "view all_items runs with its owner's rights",
    ),
    (
        rules.facts_are_added_and_never_changed,
        f"grant update (quantity) on stock_move to {RUNTIME}",
        f"stock_move holds facts, and {RUNTIME} has UPDATE on it",
    ),
    (rules.facts_are_added_and_never_changed, OWNED, "planted is declared neither as facts nor as mutable"),
    (
        rules.nothing_is_deleted_that_is_not_a_queue,
        f"grant delete on stock_level to {RUNTIME}",
        f"{RUNTIME} may delete from stock_level",
    ),
    (
        rules.nothing_is_deleted_that_is_not_a_queue,
        f"grant truncate on held to {RUNTIME}",
        f"{RUNTIME} has TRUNCATE on held",
    ),
    (
        rules.relay_and_operator_write_the_corridor_alone,
        f"grant update on outbox to {RELAY}",
        f"{RELAY} has UPDATE on outbox",
    ),
    (rules.relay_and_operator_write_the_corridor_alone, f"grant select on item to {RELAY}", f"{RELAY} reads item"),
    (
        rules.relay_and_operator_write_the_corridor_alone,
        "grant select on item to public",
        "everybody has SELECT on item",
    ),
    (
        rules.every_constraint_is_checked_by_its_statement,
        "alter table stock_move add constraint any_move unique (company, move) deferrable initially deferred",
        "stock_move: any_move may be deferred to the commit",
    ),
    (
        rules.amounts_are_exact_and_times_are_absolute,
        "alter table item add column price double precision",
        "item.price is double precision",
    ),
    (
        rules.amounts_are_exact_and_times_are_absolute,
        "alter table item add column seen timestamp",
        "item.seen has no time zone",
    ),
    (rules.tables_py_says_what_the_database_has, BARE, "tables.py lacks planted"),
    (
        rules.tables_py_says_what_the_database_has,
        "alter table item alter column name drop not null",
        "item.name: tables.py says ('text', True), the database ('text', False)",
    ),
    (
        rules.tables_py_says_what_the_database_has,
        "alter table receipt drop constraint receipt_pkey cascade; alter table receipt add primary key (company)",
        "receipt: the primary key of tables.py is not [['company']]",
    ),
]


@pytest.mark.parametrize(("rule", "statement", "sentence"), PLANTED, ids=[sentence for *_, sentence in PLANTED])
def test_a_planted_violation_is_found_in_the_database(
    rule: rules.Rule,
    statement: str,
    sentence: str,
    postgres_server: TestPostgres,
    migrated: Callable[[str], Migrated],
) -> None:
    inventory = migrated("inventory")
    url = postgres_server.superuser_url_of(inventory.urls)

    found = list(rule(look_after("inventory", url, inventory.kinds, statement)))

    assert sentence in found


def test_every_rule_of_databases_is_shown_to_bite() -> None:
    assert {rule.__name__ for rule in rules.RULES} == {rule.__name__ for rule, *_ in PLANTED}


@pytest.mark.parametrize("service", SERVICES)
async def test_a_transaction_sees_and_writes_its_own_companies_and_nothing_without_any(
    service: str, migrated: Callable[[str], Migrated], postgres_server: TestPostgres
) -> None:
    urls = postgres_server.clone(migrated(service).urls)
    connection = await asyncpg.connect(urls.database_url)

    async def as_company(setting: str | None, statement: str) -> list[str]:
        async with connection.transaction():
            if setting is not None:
                await connection.execute("select set_config('app.companies', $1, true)", setting)
            return [row[0] for row in await connection.fetch(statement)]

    seen = "select company from known_company order by 1"
    add = "insert into known_company (company) values ('acme'), ('globex') returning company"
    try:
        await as_company("acme,globex", add)

        assert await as_company("acme", seen) == ["acme"]
        assert await as_company("acme,globex", seen) == ["acme", "globex"]
        assert await as_company("", seen) == []
        assert await as_company(None, seen) == []
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await as_company("acme", add.replace("acme", "initech"))
    finally:
        await connection.close()


AS_BEFORE = "company = any((select string_to_array(current_setting('app.companies', true), ','))::text[])"


async def test_a_database_of_before_gets_the_policy_of_today_when_it_is_migrated(
    migrated: Callable[[str], Migrated], postgres_server: TestPostgres
) -> None:
    """A policy that an index may be searched by made all of a company's rows look like a way to find one of them."""
    inventory = migrated("inventory")
    urls = postgres_server.clone(inventory.urls)
    url = postgres_server.superuser_url_of(urls)
    superuser = await asyncpg.connect(url)
    try:
        for table in ("item", "outbox"):
            await superuser.execute(f"alter policy company on {table} using ({AS_BEFORE}) with check ({AS_BEFORE})")
    finally:
        await superuser.close()
    isolated = rules.a_policy_lets_nobody_past_the_company
    assert len(list(isolated(look_after("inventory", url, inventory.kinds)))) == 2

    migrate("inventory", urls)

    assert list(isolated(look_after("inventory", url, inventory.kinds))) == []
