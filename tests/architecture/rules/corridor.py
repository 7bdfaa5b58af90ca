"""What only the chassis may do: begin, commit, acknowledge; and what nobody does at import."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.architecture.house import House, Source
from tests.architecture.rule import Violation, rule, words

TRANSACTION_METHODS = frozenset({"commit", "rollback", "begin", "begin_nested", "transaction", "begin_transaction"})
TRANSACTION_SQL = re.compile(
    r"\s*(begin|commit|rollback|abort|end(?=\s+(?:work|transaction)\b|\s*;)|start\s+transaction|prepare\s+transaction|savepoint|"
    r"release\s+savepoint)"
    r"(\s+(work|transaction|read\s+only|to\s+savepoint|isolation\s+level|\w+))*\s*(;.*)?",
    re.IGNORECASE | re.DOTALL,
)
"""A whole string that starts or ends a transaction or a part of one; a sentence has more than words. `end`
alone is also the name of a place in a stream: only what is run as a statement counts."""
CLOSED = re.compile(
    r";\s*(begin|commit|rollback|abort|end|start\s+transaction|(?:prepare\s+transaction|(?:release\s+)?savepoint)\s+\S+)"
    r"(\s+(work|transaction))?\s*(;|$)",
    re.IGNORECASE,
)
"""The same behind another statement. In a migration, `end` closes the body of a function."""
EXECUTORS = frozenset({"execute", "fetch", "fetchrow", "fetchval", "prepare", "text"})
OPENERS = words("""
    asyncpg.connect asyncpg.create_pool sqlalchemy.create_engine sqlalchemy.ext.asyncio.create_async_engine
    sqlmodel.create_engine sqlalchemy.engine.create_engine psycopg.connect
    """)
EFFECTS = OPENERS | words("""
    aiokafka.AIOKafkaConsumer aiokafka.AIOKafkaProducer aiokafka.admin.AIOKafkaAdminClient asyncio.Event asyncio.Lock
    asyncio.Queue asyncio.Semaphore asyncio.create_task asyncio.get_event_loop asyncio.new_event_loop asyncio.run
    chassis.database.Database chassis.relay.Relay chassis.service.Service chassis.telemetry.Metrics
    chassis.telemetry.configure_logging chassis.telemetry.configure_tracing faststream.FastStream
    faststream.kafka.KafkaBroker httpx.AsyncClient httpx.Client logging.basicConfig open os.environ os.getenv os.mkdir
    os.makedirs os.putenv print signal.signal socket.socket structlog.configure subprocess.Popen subprocess.run
    threading.Thread uvicorn.run uvloop.install
    """)
"""What touches the world, or binds what it makes to one event loop."""
EFFECT_METHODS = frozenset(
    {"read_text", "read_bytes", "write_text", "write_bytes", "mkdir", "start", "connect", "from_environment"}
)
STATEMENTS = frozenset({"ignore", "on", "update_forward_refs", "model_rebuild"})
"""Calls that stand alone at module level and only fill a table that the module itself has made."""


@rule(
    allowed={
        "chassis/database.py": "here it is: the unit of work begins and commits",
        "chassis/applying.py": "savepoints of the careful second pass, inside the unit's transaction",
        "chassis/migrating.py": "migrations run under another role, in a transaction of their own",
        "chassis/alembic/env.py": "the same, as Alembic wants it said",
        "chassis/remembering.py": "offsets left with Kafka, no transaction of a database",
    }
)
def only_the_unit_of_work_begins_and_commits(house: House) -> Iterator[Violation]:
    """Inbox, business rows, audit and outbox share one commit, because nothing else can make one."""
    for source in house.within("services/", "chassis/"):
        for call in source.calls:
            if isinstance(call.func, ast.Attribute) and call.func.attr in TRANSACTION_METHODS:
                yield Violation(source.path, call.lineno, f".{call.func.attr}() belongs to the unit of work")
            if isinstance(call.func, ast.Attribute) and call.func.attr in EXECUTORS and _says(call, "end"):
                yield Violation(source.path, call.lineno, "end belongs to the unit of work")
        for line, text in source.strings:
            found = TRANSACTION_SQL.fullmatch(text) or CLOSED.search(text)
            if found and not (source.room == "migrations" and found.group(1).lower() == "end"):
                yield Violation(source.path, line, f"{found.group(1).lower()} belongs to the unit of work")


@rule()
def no_service_opens_a_unit_of_work(house: House) -> Iterator[Violation]:
    """The corridor, the HTTP door and the job workers open it; a handler is given it."""
    for source in house.within("services/"):
        for call in source.calls:
            if (
                isinstance(call.func, ast.Attribute)
                and call.func.attr == "unit"
                and "database" in ast.unparse(call.func.value)
            ):
                yield Violation(source.path, call.lineno, "opens a transaction of its own")


@rule(allowed={"services/gateway/key_commands.py": "an operator's command is a process of its own, of one statement"})
def no_service_connects_to_a_database_by_itself(house: House) -> Iterator[Violation]:
    """Pool, timeouts, companies and role come with the chassis's connections."""
    for source in house.within("services/"):
        for line, name in source.references:
            if name in OPENERS:
                yield Violation(source.path, line, f"{name} goes around the chassis")


@rule()
def every_subscriber_acknowledges_after_the_commit(house: House) -> Iterator[Violation]:
    """FastStream's default is at most once. One subscriber per service, in one file, says otherwise."""
    for source in house.within("services/", "chassis/", "deploy/"):
        for call in source.calls:
            if isinstance(call.func, ast.Attribute) and call.func.attr == "subscriber" and not _is_self(call.func):
                policy = next((source.named(k.value) for k in call.keywords if k.arg == "ack_policy"), "")
                if not policy.endswith("AckPolicy.NACK_ON_ERROR"):
                    yield Violation(source.path, call.lineno, "a subscriber without ack_policy=AckPolicy.NACK_ON_ERROR")
            if source.named(call.func).endswith("AIOKafkaConsumer") and not _sets(call, "enable_auto_commit", False):
                yield Violation(
                    source.path, call.lineno, "a consumer that commits by a timer (enable_auto_commit=False)"
                )


@rule()
def only_the_chassis_subscribes(house: House) -> Iterator[Violation]:
    """FastStream has one door, so that its policy is set once."""
    for source in house.within("services/", "chassis/", "deploy/"):
        if source.path == "chassis/consuming.py":
            continue
        for line, module in source.imports:
            if module.split(".")[0] == "faststream":
                yield Violation(source.path, line, f"imports {module}; chassis/consuming.py is the door from Kafka")


def _says(call: ast.Call, word: str) -> bool:
    return any(
        isinstance(a, ast.Constant) and isinstance(a.value, str) and a.value.strip().lower() == word for a in call.args
    )


def _is_self(function: ast.Attribute) -> bool:
    """`self.subscriber(handler)` registers with a subscriber that was made before."""
    return isinstance(function.value, ast.Name) and function.value.id == "self"


def _sets(call: ast.Call, argument: str, value: object) -> bool:
    return any(
        k.arg == argument and isinstance(k.value, ast.Constant) and k.value.value is value for k in call.keywords
    )


@rule()
def importing_has_no_effect(house: House) -> Iterator[Violation]:
    """Only `main` builds: no engine, client, file, loop or setting is made by an import."""
    for source in house.within("contracts/", "chassis/", "services/", "deploy/"):
        if source.path.endswith("/__main__.py") or source.within("chassis/alembic/"):
            continue
        yield from _effects(source, source.tree.body)


def _effects(source: Source, body: list[ast.stmt]) -> Iterator[Violation]:
    for statement in body:
        if isinstance(statement, ast.If) and "__name__" in ast.unparse(statement.test):
            continue
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            name = ast.unparse(statement.value.func)
            if name.rsplit(".", 1)[-1] not in STATEMENTS:
                yield Violation(source.path, statement.lineno, f"{name}(…) runs at import")
        for node in _evaluated(statement):
            name = source.named(node.func) if isinstance(node, ast.Call) else source.named(node)
            attribute = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""
            if (isinstance(node, ast.Call) and name in EFFECTS) or name == "os.environ" or attribute in EFFECT_METHODS:
                yield Violation(source.path, node.lineno, f"{name or attribute} runs at import")


def _evaluated(node: ast.AST) -> Iterator[ast.expr]:
    """Expressions that run when the statement does: bodies of functions and annotations are left out."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        parts: list[ast.AST] = [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]
    elif isinstance(node, ast.Lambda):
        parts = []
    else:
        parts = list(ast.iter_child_nodes(node))
    if isinstance(node, ast.expr):
        yield node
    for part in parts:
        yield from _evaluated(part)
