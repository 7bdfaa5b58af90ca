"""The same rooms with the same names in every service."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture.house import House, Source
from tests.architecture.rule import Violation, rule

ALWAYS = (
    "README.md",
    "__init__.py",
    "__main__.py",
    "main.py",
    "settings.py",
    "consumers.py",
    "migrations/",
)
"""No service can do without these, nor without commands."""
ROOMS = frozenset(
    {
        *ALWAYS,
        *("commands.py", "commands/"),
        *("api.py", "api/"),
        *("handlers.py", "handlers/"),
        "domain/",
        *("store.py", "store/"),
        *("tables.py", "tables/"),
        *("queries.py", "queries/"),
        "jobs.py",
        *("translate.py", "translate/"),
    }
)
"""What else a service may have. A room that would be empty is left out, never renamed."""
EXTRA = {
    "services/gateway/views.py": "it reads every department's events, so the views would fill translate.py",
    "services/ledger/views.py": "the views of five events, apart from translate.py, which makes eight",
    "services/gateway/keys.py": "API keys of front offices: who may enter is the gateway's own business",
    "services/gateway/tokens.py": "tokens of those who show no key: who may enter is the gateway's own business",
    "services/gateway/admission.py": "what a client may send, looked at before a body is read: no other door is public",
    "services/gateway/key_commands.py": "the operator's command line for those keys",
    "services/gateway/streams/": "server-sent events: long answers that no command and no query is",
    "services/documents/rendering/": "typesetting, outside any transaction and away from the corridor",
    "services/documents/keeping/": "where bytes are kept and sealed: files and networks, away from the corridor",
    "services/documents/mailing/": "the line to the mail server: a network, away from the corridor",
    "services/documents/templates/": "what is typeset: templates and words by version",
    "services/payroll/filing.py": "the call to documents, outside of any transaction, for the job that files payslips",
    "services/payroll/pay_desk.py": "the handlers of pay hold the vault and the rules, so they are built once, by main",
    "services/documents/bench_rendering.py": "how many papers a second this machine renders; `make bench` runs it",
}
"""Rooms that one service has and the others do not, each with its reason."""

MAIN_LINES_MAX = 80
FROZEN = "a frozen dataclass with slots, or a NamedTuple"


def _entries(house: House, service: str) -> dict[str, str]:
    """What lies directly in a service: name (folders end with `/`) to the path of the violation's file."""
    entries: dict[str, str] = {}
    for source in house.files:
        if source.service == service:
            name, slash, _ = source.path.split("/", 2)[2].partition("/")
            entries[name + slash] = f"services/{service}/{name}{slash}"
    return entries


@rule(allowed=EXTRA)
def every_service_has_the_named_rooms_and_no_others(house: House) -> Iterator[Violation]:
    """Know one service, know five."""
    for service in house.services:
        entries = _entries(house, service)
        for name, path in entries.items():
            if name not in ROOMS:
                yield Violation(path, 1, f"{name} is not a room of a service; which of the named ones is it?")


@rule()
def no_service_lacks_a_room_that_all_need(house: House) -> Iterator[Violation]:
    """Each can be read, started, migrated and told apart."""
    for service in house.services:
        entries = _entries(house, service)
        for name in ALWAYS:
            if name not in entries:
                yield Violation(f"services/{service}/", 1, f"has no {name}")
        if not entries.keys() & {"commands.py", "commands/"}:
            yield Violation(f"services/{service}/", 1, "has no commands.py")


@rule()
def a_room_is_a_file_or_a_folder_but_not_both(house: House) -> Iterator[Violation]:
    """When a room grows it becomes a folder of the same name."""
    for service in house.services:
        entries = _entries(house, service)
        for name, path in entries.items():
            if name.endswith("/") and f"{name[:-1]}.py" in entries:
                yield Violation(path, 1, f"stands beside {name[:-1]}.py")


@rule()
def main_builds_the_service_and_is_short(house: House) -> Iterator[Violation]:
    """The composition root is read at a glance."""
    for source in house.in_rooms("main"):
        lines = source.text.count("\n")
        if lines > MAIN_LINES_MAX:
            yield Violation(source.path, lines, f"{lines} lines; a composition root has at most {MAIN_LINES_MAX}")
        if not any(isinstance(node, ast.FunctionDef) and node.name == "build" for node in source.tree.body):
            yield Violation(source.path, 1, "defines no `build`")


@rule(allowed={"services/gateway/commands.py": "a fold is filled while its batch is translated, one object per order"})
def commands_are_frozen(house: House) -> Iterator[Violation]:
    """What a service can be asked to do is a list of values."""
    for source in house.in_rooms("commands"):
        for node in source.tree.body:
            if isinstance(node, ast.ClassDef) and not _is_frozen(source, node):
                yield Violation(source.path, node.lineno, f"{node.name} is not {FROZEN}")


def _is_frozen(source: Source, node: ast.ClassDef) -> bool:
    if any(source.named(base) == "typing.NamedTuple" for base in node.bases):
        return True
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and source.named(decorator.func) == "dataclasses.dataclass":
            set_true = {
                k.arg for k in decorator.keywords if isinstance(k.value, ast.Constant) and k.value.value is True
            }
            return {"frozen", "slots"} <= set_true
    return False


@rule()
def tables_have_columns_and_no_behaviour(house: House) -> Iterator[Violation]:
    """Joins stand in store.py, where they can be seen; a row does nothing."""
    for source in house.in_rooms("tables"):
        for line, name in source.references:
            if name.rsplit(".", 1)[-1] in {"Relationship", "relationship"}:
                yield Violation(source.path, line, "a relationship loads rows behind one's back")
        for node in source.tree.body:
            if isinstance(node, ast.ClassDef):
                for part in node.body:
                    if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef)):
                        yield Violation(source.path, part.lineno, f"{node.name}.{part.name} is behaviour")


@rule()
def a_consumer_function_says_why_the_service_cares(house: House) -> Iterator[Violation]:
    """One function per event, named for it, and a reason that a reader can judge."""
    for source in house.in_rooms("consumers"):
        for node in source.tree.body:
            if isinstance(node, ast.AsyncFunctionDef) and not node.name.startswith("_"):
                if not node.name.startswith("on_"):
                    yield Violation(source.path, node.lineno, f"{node.name} is not named for what came (on_…)")
                if not ast.get_docstring(node):
                    yield Violation(source.path, node.lineno, f"{node.name} does not say why the service cares")


FIRST_OF_ALL = "None"


@rule()
def each_revision_follows_the_one_before(house: House) -> Iterator[Violation]:
    """One chain per service, numbered as its files are: two people who each add the next one are told so."""
    before: dict[str, str] = {}
    for source in sorted(house.within("services/"), key=lambda each: each.path):
        folder, _, name = source.path.rpartition("/")
        if not folder.endswith("/migrations") or not name[:4].isdigit():
            continue
        wanted = f"{source.service}_{name[:4]}", before.get(folder, FIRST_OF_ALL)
        said = _assigned(source, "revision"), _assigned(source, "down_revision")
        if said != wanted:
            yield Violation(
                source.path, 1, f"is {said[0]} after {said[1]}, and should be {wanted[0]} after {wanted[1]}"
            )
        before[folder] = wanted[0]


def _assigned(source: Source, name: str) -> str:
    found = [
        node.value
        for node in source.tree.body
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets)
    ]
    return str(found[0].value) if found and isinstance(found[0], ast.Constant) else FIRST_OF_ALL
