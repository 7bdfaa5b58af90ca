"""Planted against the arrows."""

from tests.architecture.planted.case import innocent, planted
from tests.architecture.rules import arrows

PLANTED = [
    planted(
        arrows.services_never_import_each_other,
        "services/ledger/store.py",
        "from services.inventory import store",
        "ledger imports services.inventory.store",
    ),
    planted(
        arrows.services_never_import_each_other,
        "services/ledger/domain/posting.py",
        "def late() -> None:\n    from ...inventory.store import lock_orders\n",
        "ledger imports services.inventory.store.lock_orders",
        line=2,
    ),
    planted(
        arrows.services_never_import_each_other,
        "services/ledger/jobs.py",
        "import importlib\nimportlib.import_module('services.payroll.queries')",
        "ledger imports services.payroll.queries",
        line=2,
    ),
    planted(
        arrows.services_stand_on_chassis_and_contracts_alone,
        "services/payroll/main.py",
        "from tests.support.stack import TestPostgres",
        "imports tests.support.stack.TestPostgres; services may use services and chassis and contracts",
    ),
    planted(
        arrows.the_chassis_knows_no_service,
        "chassis/relay.py",
        "import services.gateway.settings as gateway",
        "imports services.gateway.settings; chassis may use chassis and contracts",
    ),
    planted(
        arrows.contracts_import_pydantic_and_the_standard_library_only,
        "contracts/ledger.py",
        "import asyncpg",
        "imports asyncpg",
    ),
    planted(
        arrows.contracts_import_pydantic_and_the_standard_library_only,
        "contracts/base.py",
        "from chassis.ids import UUID",
        "imports chassis.ids.UUID",
    ),
    planted(
        arrows.nothing_that_is_installed_imports_the_tests,
        "deploy/local/stack.py",
        "from tests.support.eventually import eventually",
        "imports tests.support.eventually.eventually; deploy may use deploy and services and chassis and contracts",
    ),
    planted(
        arrows.the_checker_stands_outside_of_what_it_checks,
        "tests/proof/checker/subjects.py",
        "from services.ledger.domain.posting import check",
        "imports services.ledger.domain.posting.check; the checker may use itself and contracts.topics",
    ),
    planted(
        arrows.the_checker_stands_outside_of_what_it_checks,
        "tests/proof/checker/books.py",
        "from contracts.money import to_minor",
        "imports contracts.money.to_minor; the checker may use itself and contracts.topics",
    ),
    planted(
        arrows.the_chassis_holds_no_business_noun,
        "chassis/outbox.py",
        "class OutboxInvoice:\n    pass\n",
        "OutboxInvoice speaks of invoice",
    ),
    planted(
        arrows.the_chassis_holds_no_business_noun,
        "chassis/inbox.py",
        "def claim(customers: list[str]) -> None: ...",
        "customers speaks of customers",
    ),
    planted(
        arrows.the_chassis_holds_no_business_noun,
        "chassis/migrating.py",
        "CORRIDOR = 'create table stock_level (company text)'",
        "stock_level speaks of stock",
    ),
    planted(
        arrows.the_chassis_holds_no_business_noun, "chassis/payroll_dates.py", "", "payroll_dates.py speaks of payroll"
    ),
]

INNOCENT = [
    innocent(
        arrows.services_never_import_each_other,
        "services/ledger/handlers/billing.py",
        "from services.ledger import store\nfrom .. import translate\n",
    ),
    innocent(arrows.the_chassis_knows_no_service, "chassis/relay.py", "from contracts.topics import TOPICS"),
    innocent(
        arrows.contracts_import_pydantic_and_the_standard_library_only,
        "contracts/base.py",
        "from pydantic import BaseModel\nfrom contracts.money import to_minor\nimport decimal\n",
    ),
    innocent(
        arrows.the_checker_stands_outside_of_what_it_checks,
        "tests/proof/checker/streaming.py",
        "from contracts.topics import TOPICS\nfrom tests.proof.checker.books import Books\nimport orjson\n",
    ),
    innocent(
        arrows.the_chassis_holds_no_business_noun,
        "chassis/inbox.py",
        "DUE = 'select 1 from held order by 1'\nordered, company, reordering = 1, 2, 3\n",
    ),
]
