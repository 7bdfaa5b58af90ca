"""Size, errors, money, and what must not be written down."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.architecture.house import House, Source
from tests.architecture.rule import Violation, rule, words

NAMELESS_IGNORE = re.compile(r"#\s*type:\s*ignore(?!\[)")
LINES_MAX = 400
DEEP = 3
MONEY_ROOMS = (
    "commands",
    "domain",
    "handlers",
    "store",
    "translate",
    "tables",
    "queries",
    "views",
    "migrations",
    "api",
)
FLOAT_SQL = re.compile(r"\b(double\s+precision|float8|float4|float|real)\b(?!\w)", re.IGNORECASE)
MACHINE_PATH = re.compile(r"(?<![\w.:/-])/(?:root|work|Users/[A-Za-z]\w*|home/[a-z]\w*)/\w")
REGISTRIES = tuple(
    f"{host}.{top}"
    for host, top in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("maven", "org"),
        ("maven.apache", "org"),
        ("sonatype", "org"),
        ("npmjs", "org"),
        ("docker", "io"),
        ("ghcr", "io"),
        ("quay", "io"),
        ("gcr", "io"),
        ("golang", "org"),
        ("crates", "io"),
        ("conda", "io"),
        ("anaconda", "org"),
        ("artifactory", "com"),
    )
)
"""Spelled in two parts, so that this file may stand in the house."""
SOURCES = re.compile(
    rf"(?<![\w-])(?:{'|'.join(map(re.escape, REGISTRIES))})(?![\w-])|(?<!\S)--(?:(?:extra-)?index-url|find-links)\b"
)


YARDSTICK = "a yardstick, kept as terse as it was tuned; no model for anything"


@rule()
def no_module_has_more_than_400_lines(house: House) -> Iterator[Violation]:
    """A room that grows becomes a folder."""
    for source in house.python:
        lines = source.text.count("\n")
        if lines > LINES_MAX:
            yield Violation(source.path, lines, f"{lines} lines")


@rule()
def no_error_is_swallowed(house: House) -> Iterator[Violation]:
    """What goes wrong is handled, told or let through."""
    for source in house.python:
        for node in source.nodes:
            if not isinstance(node, ast.ExceptHandler):
                continue
            if node.type is None:
                yield Violation(source.path, node.lineno, "a bare except also catches the wish to stop")
            elif source.named(node.type) in {"Exception", "BaseException"} and all(map(_says_nothing, node.body)):
                yield Violation(source.path, node.lineno, "any error is passed over in silence")


def _says_nothing(statement: ast.stmt) -> bool:
    return isinstance(statement, (ast.Pass, ast.Continue)) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


@rule()
def money_is_never_a_float(house: House) -> Iterator[Violation]:
    """Amounts, prices and quantities are whole units or exact decimals, in Python and in SQL."""
    for source in (*house.within("contracts/"), *house.in_rooms(*MONEY_ROOMS)):
        yield from _floats(source)


def _floats(source: Source) -> Iterator[Violation]:
    nodes = _bodies(source) if source.room == "api" else source.nodes
    refused = _asked_for(source)
    for node in nodes:
        if isinstance(node, ast.Name) and source.named(node).endswith("float") and node not in refused:
            yield Violation(source.path, node.lineno, "float cannot hold an amount")
        elif isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield Violation(source.path, node.lineno, f"{node.value} is a float")
    for line, text in source.strings:
        found = FLOAT_SQL.search(text) if source.room in {"store", "migrations", "queries", "tables"} else None
        if found:
            yield Violation(source.path, line, f"{found.group(1)} cannot hold an amount")


def _bodies(source: Source) -> Iterator[ast.AST]:
    """At a door: the fields of bodies and answers. Waiting times and the like are none of money's business."""
    for node in source.nodes:
        if isinstance(node, ast.ClassDef) and not any(source.named(b) == "typing.NamedTuple" for b in node.bases):
            for field in node.body:
                if isinstance(field, ast.AnnAssign):
                    yield from ast.walk(field.annotation)


def _asked_for(source: Source) -> set[ast.AST]:
    """The nodes of `isinstance(x, float)`: how a float is found and refused."""
    asked = (call for call in source.calls if source.named(call.func) == "isinstance")
    return {part for call in asked for part in ast.walk(call)}


@rule()
def no_path_of_one_machine_is_written_down(house: House) -> Iterator[Violation]:
    """The house stands wherever it is checked out."""
    deep = len(house.root.parts) > DEEP  # a checkout in /app must not forbid an image to have an /app
    here = f"{house.root.as_posix()}/" if deep else "\0"
    for source in house.files:
        for number, line in enumerate(source.text.splitlines(), 1):
            found = MACHINE_PATH.search(line)
            if found or here in line:
                yield Violation(
                    source.path, number, f"names a place on one machine: {(found.group() if found else here)}"
                )


@rule()
def no_package_registry_is_written_down(house: House) -> Iterator[Violation]:
    """Where packages come from is the machine's business; what they are is pinned by hash."""
    for source in house.files:
        for number, line in enumerate(source.text.splitlines(), 1):
            if found := SOURCES.search(line):
                yield Violation(source.path, number, f"says where packages come from: {found.group()}")


@rule()
def every_ignored_type_error_is_named(house: House) -> Iterator[Violation]:
    """An ignore without a name hides the next error too."""
    for source in house.python:
        for number, line in enumerate(source.text.splitlines(), 1):
            if NAMELESS_IGNORE.search(line):
                yield Violation(source.path, number, "a type error is ignored without its name")


@rule()
def no_test_is_skipped(house: House) -> Iterator[Violation]:
    """A test that may not run proves nothing."""
    for source in house.within("tests/"):
        for line, name in source.references:
            if name in {"pytest.skip", "pytest.mark.skip", "pytest.mark.skipif", "pytest.mark.xfail", "pytest.xfail",
                        "pytest.importorskip", "unittest.skip"}:  # fmt: skip
                yield Violation(source.path, line, f"{name} lets a test not run")


DEPARTMENTS_ALONE = tuple(
    f"tests/{name}/" for name in ("chassis", "contracts", "gateway", "ledger", "inventory", "payroll", "documents")
)
OUTSIDE_CLOCKS = words("datetime.datetime.now datetime.datetime.utcnow datetime.date.today time.time")
BROKERS = "Kafka stamps its records with a clock of its own, and is asked by it"
FILES = "the file system stamps files with a clock of its own"
CERTIFICATES = "whoever connects looks at the machine's clock to see whether a certificate has ended"


@rule(
    allowed={
        "tests/chassis/test_topics_and_clocks.py": BROKERS,
        "tests/contracts/test_subscribing.py": BROKERS,
        "tests/gateway/test_streams.py": BROKERS,
        "tests/gateway/test_subscriptions.py": BROKERS,
        "tests/documents/test_sweeping.py": FILES,
        "tests/documents/test_mail_over_tls.py": CERTIFICATES,
        "tests/documents/certificates.py": CERTIFICATES,
    }
)
def a_test_means_the_same_on_every_day(house: House) -> Iterator[Violation]:
    """A test of a department has the days that it writes and the pinned day of its database, not that of the run."""
    for source in house.within(*DEPARTMENTS_ALONE):
        for line, name in source.references:
            if name in OUTSIDE_CLOCKS:
                yield Violation(source.path, line, f"{name} is another day tomorrow")


@rule()
def a_test_is_named_as_a_sentence(house: House) -> Iterator[Violation]:
    """The list of tests is the list of promises."""
    is_short = re.compile(r"test_[^_]*(_[^_]*)?")
    for source in house.within("tests/"):
        for node in source.nodes:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and is_short.fullmatch(node.name):
                yield Violation(source.path, node.lineno, f"{node.name} is no sentence")


@rule(allowed=dict.fromkeys(("bench/floor.py", "bench/floor_full.py"), YARDSTICK))
def everything_public_is_explained(house: House) -> Iterator[Violation]:
    """Every module, and every public class and function outside the tests, says what it is for."""
    for source in house.within("contracts/", "chassis/", "services/", "deploy/", "bench/"):
        if source.text.strip() and not ast.get_docstring(source.tree):
            yield Violation(source.path, 1, "the module does not say what it is for")
        yield from _unexplained(source, source.tree.body)


def _unexplained(source: Source, body: list[ast.stmt]) -> Iterator[Violation]:
    for node in body:
        if not isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) or node.name.startswith("_"):
            continue
        if source.room == "migrations" and node.name in {"upgrade", "downgrade"}:
            continue
        if not ast.get_docstring(node):
            yield Violation(source.path, node.lineno, f"{node.name} is not explained")
        if isinstance(node, ast.ClassDef):
            yield from _unexplained(source, node.body)
