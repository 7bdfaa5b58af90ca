"""One arrow: services → chassis → contracts."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator

from tests.architecture.house import House, Source
from tests.architecture.rule import Violation, rule, words

OURS = ("contracts", "chassis", "services", "deploy", "bench", "tests")

BUSINESS_NOUNS = words("""
    account allocation bank customer debit credit currency department dispatch employee goods hire iban inventory
    invoice journal ledger money order pay payment payroll posting price quantity receipt reservation salary
    sales shipment sku stock supplier tax training vat wage warehouse
    """)
"""Words of departments, plurals too. `company` is none (the chassis isolates companies), nor is `item` (of a list)."""

WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def outside(source: Source, *allowed: str) -> Iterator[Violation]:
    """Imports of ours that lead out of the allowed packages."""
    for line, module in source.imports:
        top = module.split(".")[0]
        if top in OURS and top not in allowed:
            yield Violation(
                source.path, line, f"imports {module}; {source.path.split('/')[0]} may use {' and '.join(allowed)}"
            )


@rule()
def services_never_import_each_other(house: House) -> Iterator[Violation]:
    """Departments speak by events; what two of them need is chassis or contracts."""
    for source in house.within("services/"):
        for line, module in source.imports:
            parts = module.split(".")
            if parts[0] == "services" and (len(parts) < 2 or parts[1] != source.service):
                yield Violation(source.path, line, f"{source.service} imports {module}")


@rule()
def services_stand_on_chassis_and_contracts_alone(house: House) -> Iterator[Violation]:
    """Nothing that runs a department imports tests, benches or the local stack."""
    for source in house.within("services/"):
        yield from outside(source, "services", "chassis", "contracts")


@rule()
def the_chassis_knows_no_service(house: House) -> Iterator[Violation]:
    """The chassis stands on contracts alone."""
    for source in house.within("chassis/"):
        yield from outside(source, "chassis", "contracts")


@rule()
def contracts_import_pydantic_and_the_standard_library_only(house: House) -> Iterator[Violation]:
    """The published language can be installed on its own."""
    for source in house.within("contracts/"):
        for line, module in source.imports:
            top = module.split(".")[0]
            if top not in {"contracts", "pydantic"} and top not in sys.stdlib_module_names:
                yield Violation(source.path, line, f"imports {module}")


@rule()
def nothing_that_is_installed_imports_the_tests(house: House) -> Iterator[Violation]:
    """Test fixtures import everything, so nothing may import them."""
    for source in house.within("deploy/"):
        yield from outside(source, "deploy", "services", "chassis", "contracts")


@rule()
def the_checker_stands_outside_of_what_it_checks(house: House) -> Iterator[Violation]:
    """It knows histories, topics and public APIs: with the system's own code it would believe the system's mistakes."""
    for source in house.within("tests/proof/checker/"):
        for line, module in source.imports:
            known = module.split(".")[:2] == ["contracts", "topics"] or module.startswith("tests.proof.checker")
            if module.split(".")[0] in OURS and not known:
                yield Violation(source.path, line, f"imports {module}; the checker may use itself and contracts.topics")


@rule()
def the_chassis_holds_no_business_noun(house: House) -> Iterator[Violation]:
    """A name that means something to one department belongs to that department."""
    for source in house.within("chassis/"):
        for line, name in _names(source):
            for word in WORDS.findall(name):
                noun = word.lower()
                if noun in BUSINESS_NOUNS or noun.removesuffix("s") in BUSINESS_NOUNS:
                    yield Violation(source.path, line, f"{name} speaks of {noun}")


def _names(source: Source) -> Iterator[tuple[int, str]]:
    """Names that the module gives: of functions, classes, arguments, variables and fields."""
    yield 1, source.path.rsplit("/")[-1]
    for node in source.nodes:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr
    tables = re.compile(r"create table (\w+)")
    yield from ((line, table) for line, text in source.strings for table in tables.findall(text))
