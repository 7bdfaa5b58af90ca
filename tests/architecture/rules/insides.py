"""Inside a service: what each room may know."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator

from contracts.registry import EVENTS, owner_of
from tests.architecture.house import House, Source
from tests.architecture.rule import Violation, rule, words

OWNERS = frozenset({
    "gateway", "inventory", "inventory_counts", "ledger", "ledger_dues", "ledger_prices", "documents", "payroll",
    "registry",
})  # fmt: skip
"""The files of contracts/ that hold events."""
EDGES = ("consumers", "api", "jobs", "translate", "views")
"""The rooms that speak the published language."""
IN_THE_TRANSACTION = ("consumers", "commands", "handlers", "domain", "store", "translate", "views", "tables")
"""What runs between begin and commit. Nothing remote happens there, and the same input gives the same rows."""

NETWORK = words("""
    aiohttp aiokafka aiosmtplib anyio asyncssh boto3 confluent_kafka faststream ftplib grpc h11 http httpcore httptools
    httpx imaplib kafka paramiko pika poplib redis requests smtplib socket ssl subprocess telnetlib urllib3 urllib
    websockets xmlrpc
    """)
OUR_CLIENTS = ("chassis.calling", "chassis.kafka", "chassis.consuming", "chassis.relay", "chassis.rebuilding")
"""Rooms of the chassis that speak to other processes."""
HARMLESS = ("urllib.parse", "http.HTTPStatus")
"""Text and numbers, from packages that also have clients."""

ELSEWHERE = words("""
    asyncio.create_subprocess_exec asyncio.create_subprocess_shell asyncio.open_connection asyncio.open_unix_connection
    asyncio.sleep asyncio.start_server asyncio.to_thread
    """)
ELSEWHERE_BY_METHOD = words("create_connection run_in_executor subprocess_exec subprocess_shell")
"""The same, asked of the loop."""
SIDE_BY_SIDE = words("""
    asyncio.TaskGroup asyncio.as_completed asyncio.create_task asyncio.ensure_future asyncio.gather asyncio.wait
    """)
"""What runs a call per row without the look of a loop; a transaction has one connection anyway."""

NOT_PURE = words("""
    asyncio ctypes fcntl glob io logging mmap multiprocessing os pathlib pickle queue random secrets select selectors
    shelve shutil signal socket sqlite3 subprocess sys tempfile threading time urllib
    """)
"""Parts of the standard library through which a decision could see or change the world."""
PURE = ("contracts.gs1", "contracts.money", "chassis.ids.UUID", "chassis.ids.derive", "chassis.errors.Refused")
"""Of ours, what domain may use beside itself, values and pure functions alone: exact arithmetic and check digits, ids
derived from other ids, and the word for a rule that said no."""

CLOCKS = words("""
    datetime.datetime.now datetime.datetime.utcnow datetime.datetime.today datetime.date.today
    """)
CHANCES = words("uuid.uuid1 uuid.uuid4 uuid.uuid6 uuid.uuid7 os.urandom chassis.ids.new_id")
CLOCK_MODULES = ("time.",)
CHANCE_MODULES = ("random.", "secrets.", "numpy.random.")
STATEMENT = re.compile(
    r"\s*(select\s.+\sfrom\s|insert\s+into\s|update\s+\w+.*\sset\s|delete\s+from\s|with\s+\w+.*\sas\s*\()",
    re.IGNORECASE | re.DOTALL,
)
SQL_CHANCE = re.compile(
    r"\b(gen_random_uuid|uuidv4|uuidv7|random|clock_timestamp|statement_timestamp)\s*\(", re.IGNORECASE
)

TOLD_THE_TIME = {"services/ledger/store/companies.py": "clock_timestamp"}
"""An entry is known since its transaction had its turn, and not since it began to wait: no event can say when."""


@rule()
def domain_knows_nothing_but_itself(house: House) -> Iterator[Violation]:
    """Values in, decision out: the standard library, its own folder, and a few pure helpers of ours."""
    for source in house.in_rooms("domain"):
        own = f"services.{source.service}.domain"
        for line, module in source.imports:
            top = module.split(".")[0]
            if _is_one_of(module, own, *PURE):
                continue
            if top not in sys.stdlib_module_names:
                yield Violation(source.path, line, f"a decision imports {module}")
            elif top in NOT_PURE:
                yield Violation(source.path, line, f"a decision imports {module}, through which it can see the world")


def _is_one_of(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


@rule()
def domain_does_nothing(house: House) -> Iterator[Violation]:
    """No waiting, no files, no output: a decision can be called a thousand times."""
    for source in house.in_rooms("domain"):
        for node in source.nodes:
            if isinstance(node, (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)):
                yield Violation(source.path, node.lineno, "a decision waits for nothing")
            elif isinstance(node, (ast.Global, ast.Nonlocal)):
                yield Violation(source.path, node.lineno, "a decision remembers nothing")
        for call in source.calls:
            if (name := source.named(call.func)) in {"open", "print", "input", "exec", "eval", "globals"}:
                yield Violation(source.path, call.lineno, f"{name}() reaches outside")


@rule()
def domain_knows_no_clock_and_no_chance(house: House) -> Iterator[Violation]:
    """Time and ids are arguments."""
    for source in house.in_rooms("domain"):
        yield from _clocks_and_chances(source)


@rule()
def nothing_in_the_transaction_knows_a_clock_or_chance(house: House) -> Iterator[Violation]:
    """The same event handled again gives the same rows: time is the unit's or the event's, ids are derived."""
    for source in house.in_rooms(*(room for room in IN_THE_TRANSACTION if room != "domain")):
        yield from _clocks_and_chances(source)
        for line, text in source.strings:
            found = SQL_CHANCE.search(text)
            if found and found.group(1) != TOLD_THE_TIME.get(source.path):
                yield Violation(source.path, line, f"{found.group(1)}() differs from call to call")


def _clocks_and_chances(source: Source) -> Iterator[Violation]:
    for line, module in source.imports:
        if module.endswith(".*"):
            yield Violation(source.path, line, f"{module} hides what is used: clocks and chance have names")
    for line, name in source.references:
        if name in CLOCKS or name.startswith(CLOCK_MODULES):
            yield Violation(source.path, line, f"{name} reads a clock")
        elif name in CHANCES or name.startswith(CHANCE_MODULES):
            yield Violation(source.path, line, f"{name} is chance")


@rule()
def only_the_edges_speak_the_published_language(house: House) -> Iterator[Violation]:
    """A handler and a store know their own commands; events are translated at the doors."""
    for source in house.within("services/"):
        if source.room in EDGES:
            continue
        for line, module in source.imports:
            parts = module.split(".")
            if parts[0] == "contracts" and len(parts) > 1 and parts[1] in OWNERS:
                yield Violation(source.path, line, f"{source.room} imports {module}; {', '.join(EDGES)} do")


EVENTS_OF_OTHERS = {event.__name__: owner_of(event_type) for event_type, event in EVENTS.items()}
"""Event classes by name, and who owns them."""


@rule()
def a_service_makes_only_its_own_events(house: House) -> Iterator[Violation]:
    """One owner per event. Others look at it through a view (`of=`), list it in consumers.py, or name its type."""
    for source in house.within("services/"):
        if source.room == "consumers":
            continue
        looked_at = _looked_at(source)
        for node in source.nodes:
            if isinstance(node, ast.Name) and node not in looked_at:
                name = source.named(node)
                owner = EVENTS_OF_OTHERS.get(name.rsplit(".", 1)[-1], source.service)
                if name.startswith("contracts.") and owner != source.service:
                    yield Violation(source.path, node.lineno, f"{source.service} uses {node.id}, which {owner} owns")


def _looked_at(source: Source) -> set[ast.AST]:
    """Where an event class of others may stand: `class V(EventView, of=Event)`, `Event.event_type`, `Event.topic`."""
    views = (node for node in source.nodes if isinstance(node, ast.ClassDef))
    said = (node for node in source.nodes if isinstance(node, ast.Attribute) and node.attr in {"event_type", "topic"})
    return {k.value for view in views for k in view.keywords if k.arg == "of"} | {node.value for node in said}


@rule()
def nothing_in_the_transaction_has_a_network_client(house: House) -> Iterator[Violation]:
    """Rows are locked there; whoever waits for a stranger meanwhile stops everybody."""
    for source in house.in_rooms(*IN_THE_TRANSACTION, "queries"):
        for line, module in source.imports:
            is_client = module.split(".")[0] in NETWORK and not module.startswith(HARMLESS)
            if is_client or _is_one_of(module, *OUR_CLIENTS):
                yield Violation(source.path, line, f"{source.room} imports {module}")
        for line, name in source.references:
            if name in ELSEWHERE or name.rsplit(".", 1)[-1] in ELSEWHERE_BY_METHOD:
                yield Violation(source.path, line, f"{name} waits for something else than the database")
        for call in source.calls:  # of what has no name of its own: `asyncio.get_running_loop().run_in_executor(…)`
            if isinstance(call.func, ast.Attribute) and not source.named(call.func):
                name = call.func.attr
                if name in ELSEWHERE_BY_METHOD:
                    yield Violation(source.path, call.lineno, f"{name} waits for something else than the database")


@rule()
def no_statement_runs_in_a_loop(house: House) -> Iterator[Violation]:
    """A batch costs a constant number of statements: rows are gathered in Python and written at once."""
    for source in house.in_rooms("handlers", "store", "consumers"):
        for node in source.nodes:
            if isinstance(node, LOOPS):
                yield from (
                    Violation(source.path, part.lineno, "waits in a loop, so a batch costs more the larger it is")
                    for part in _repeated(node)
                    if isinstance(part, ast.Await)
                )
        for call in source.calls:
            if isinstance(call.func, ast.Attribute) and call.func.attr == "executemany":
                yield Violation(source.path, call.lineno, "executemany runs a statement per row")
        for line, name in source.references:
            if name in SIDE_BY_SIDE:
                yield Violation(source.path, line, f"{name} runs statements side by side, one per row")


LOOPS = (ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def _repeated(loop: ast.AST) -> Iterator[ast.AST]:
    """What runs once per turn; what is looped over runs once."""
    parts: list[ast.AST] = []
    if isinstance(loop, (ast.For, ast.AsyncFor)):
        parts = [*loop.body]
    elif isinstance(loop, ast.While):
        parts = [loop.test, *loop.body]
    elif isinstance(loop, ast.DictComp):
        parts = [loop.key, loop.value]
    elif isinstance(loop, (ast.ListComp, ast.SetComp, ast.GeneratorExp)):
        parts = [loop.elt]
    for number, clause in enumerate(getattr(loop, "generators", ())):
        parts += [*clause.ifs, *([clause.iter] if number else [])]
    for part in parts:
        yield from ast.walk(part)


@rule()
def domain_is_not_asked_at_the_doors(house: House) -> Iterator[Violation]:
    """A door receives, translates and hands over; what is decided is decided in a handler."""
    for source in house.in_rooms("consumers", "store"):
        for line, module in source.imports:
            if source.room == "consumers" and f"services.{source.service}.domain" in module:
                yield Violation(source.path, line, f"a door imports {module}")
            elif (
                source.room == "store"
                and module.startswith(f"services.{source.service}.")
                and _is_above_the_store(module)
            ):
                yield Violation(source.path, line, f"a store imports {module}, which stands above it")


def _is_above_the_store(module: str) -> bool:
    return module.split(".")[2] in {"handlers", "consumers", "api", "translate", "main", "jobs", "queries"}


@rule()
def a_store_speaks_sql_and_a_handler_does_not(house: House) -> Iterator[Violation]:
    """A SELECT lives in store or queries, so that what a batch costs can be read in one place."""
    for source in house.in_rooms("handlers", "consumers", "api", "domain", "translate", "commands"):
        for line, text in source.strings:
            if STATEMENT.match(text):
                yield Violation(source.path, line, f"{source.room} holds SQL")
