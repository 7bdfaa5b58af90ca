"""Planted against what the rooms of a service may know."""

from tests.architecture.planted.case import innocent, planted
from tests.architecture.rules import insides

PLANTED = [
    planted(
        insides.domain_knows_nothing_but_itself,
        "services/ledger/domain/posting.py",
        "from services.ledger import store",
        "a decision imports services.ledger.store",
    ),
    planted(
        insides.domain_knows_nothing_but_itself,
        "services/ledger/domain/posting.py",
        "from chassis.ids import new_id",
        "a decision imports chassis.ids.new_id",
    ),
    planted(
        insides.domain_knows_nothing_but_itself,
        "services/ledger/domain/posting.py",
        "from contracts.moneylike import Money",
        "a decision imports contracts.moneylike.Money",
    ),
    planted(
        insides.domain_knows_nothing_but_itself,
        "services/ledger/domain/posting.py",
        "import os.path",
        "a decision imports os.path, through which it can see the world",
    ),
    planted(
        insides.domain_does_nothing,
        "services/ledger/domain/posting.py",
        "async def decide() -> None: ...",
        "a decision waits for nothing",
    ),
    planted(
        insides.domain_does_nothing,
        "services/ledger/domain/posting.py",
        "def decide() -> None:\n    print('balanced')\n",
        "print() reaches outside",
        line=2,
    ),
    planted(
        insides.domain_does_nothing,
        "services/ledger/domain/numbering.py",
        "last = 0\ndef take() -> int:\n    global last\n    return last\n",
        "a decision remembers nothing",
        line=3,
    ),
    planted(
        insides.domain_knows_no_clock_and_no_chance,
        "services/ledger/domain/posting.py",
        "from datetime import datetime as moment\n\ndef due() -> object:\n    return moment.now()\n",
        "datetime.datetime.now reads a clock",
        line=4,
    ),
    planted(
        insides.domain_knows_no_clock_and_no_chance,
        "services/ledger/domain/posting.py",
        "import time\nstarted = time.time\n",
        "time.time reads a clock",
        line=2,
    ),
    planted(
        insides.domain_knows_no_clock_and_no_chance,
        "services/ledger/domain/posting.py",
        "from uuid import uuid4\n\nclass Entry:\n    id: object = field(default_factory=uuid4)\n",
        "uuid.uuid4 is chance",
        line=4,
    ),
    planted(
        insides.nothing_in_the_transaction_knows_a_clock_or_chance,
        "services/ledger/handlers/billing.py",
        "import datetime\ntoday = datetime.date.today\n",
        "datetime.date.today reads a clock",
        line=2,
    ),
    planted(
        insides.nothing_in_the_transaction_knows_a_clock_or_chance,
        "services/ledger/translate.py",
        "from chassis.ids import new_id\n\nentry = lambda: new_id()\n",
        "chassis.ids.new_id is chance",
        line=3,
    ),
    planted(
        insides.nothing_in_the_transaction_knows_a_clock_or_chance,
        "services/ledger/store/journal.py",
        "ADD = 'insert into journal_entry (id) values (gen_random_uuid())'\n",
        "gen_random_uuid() differs from call to call",
    ),
    planted(
        insides.only_the_edges_speak_the_published_language,
        "services/ledger/handlers/billing.py",
        "from contracts.gateway import OrderPlaced",
        "handlers imports contracts.gateway.OrderPlaced; consumers, api, jobs, translate, views do",
    ),
    planted(
        insides.only_the_edges_speak_the_published_language,
        "services/ledger/store.py",
        "from contracts import registry",
        "store imports contracts.registry; consumers, api, jobs, translate, views do",
    ),
    planted(
        insides.a_service_makes_only_its_own_events,
        "services/inventory/translate.py",
        "from contracts.ledger import InvoiceIssued\n\ndef issued() -> object:\n    return InvoiceIssued, {}\n",
        "inventory uses InvoiceIssued, which ledger owns",
        line=4,
    ),
    planted(
        insides.nothing_in_the_transaction_has_a_network_client,
        "services/documents/handlers.py",
        "def late() -> None:\n    import httpx\n",
        "handlers imports httpx",
        line=2,
    ),
    planted(
        insides.nothing_in_the_transaction_has_a_network_client,
        "services/documents/store.py",
        "from urllib.request import urlopen",
        "store imports urllib.request.urlopen",
    ),
    planted(
        insides.nothing_in_the_transaction_has_a_network_client,
        "services/documents/handlers.py",
        "import asyncio\n\nasync def render() -> None:\n    await asyncio.to_thread(print)\n",
        "asyncio.to_thread waits for something else than the database",
        line=4,
    ),
    planted(
        insides.nothing_in_the_transaction_has_a_network_client,
        "services/documents/handlers.py",
        "from chassis.calling import Caller",
        "handlers imports chassis.calling.Caller",
    ),
    planted(
        insides.nothing_in_the_transaction_has_a_network_client,
        "services/documents/store.py",
        "from chassis import kafka",
        "store imports chassis.kafka",
    ),
    planted(
        insides.nothing_in_the_transaction_has_a_network_client,
        "services/documents/store.py",
        "import kafka",
        "store imports kafka",
    ),
    planted(
        insides.nothing_in_the_transaction_has_a_network_client,
        "services/documents/handlers.py",
        "import httpcore",
        "handlers imports httpcore",
    ),
    planted(
        insides.nothing_in_the_transaction_has_a_network_client,
        "services/documents/handlers.py",
        "from asyncio import create_subprocess_shell\n\nasync def run(line) -> None:\n"
        "    await create_subprocess_shell(line)\n",
        "asyncio.create_subprocess_shell waits for something else than the database",
        line=4,
    ),
    planted(
        insides.nothing_in_the_transaction_has_a_network_client,
        "services/documents/handlers.py",
        "import asyncio\n\nasync def run() -> None:\n"
        "    await asyncio.get_running_loop().run_in_executor(None, print)\n",
        "run_in_executor waits for something else than the database",
        line=4,
    ),
    planted(
        insides.nothing_in_the_transaction_has_a_network_client,
        "services/documents/handlers.py",
        "async def run(loop) -> None:\n    await loop.run_in_executor(None, print)\n",
        "loop.run_in_executor waits for something else than the database",
        line=2,
    ),
    planted(
        insides.no_statement_runs_in_a_loop,
        "services/ledger/handlers.py",
        "import asyncio\n\nasync def pay(rows, unit):\n    await asyncio.gather(*(store.pay(unit, r) for r in rows))\n",
        "asyncio.gather runs statements side by side, one per row",
        line=4,
    ),
    planted(
        insides.domain_knows_no_clock_and_no_chance,
        "services/ledger/domain/posting.py",
        "from datetime import *\n\ndef due() -> object:\n    return datetime.now()\n",
        "datetime.* hides what is used: clocks and chance have names",
    ),
    planted(
        insides.nothing_in_the_transaction_knows_a_clock_or_chance,
        "services/ledger/store.py",
        "from uuid import *\n",
        "uuid.* hides what is used: clocks and chance have names",
    ),
    planted(
        insides.no_statement_runs_in_a_loop,
        "services/ledger/handlers.py",
        "async def pay(commands, unit):\n    for command in commands:\n        await store.pay(unit, command)\n",
        "waits in a loop, so a batch costs more the larger it is",
        line=3,
    ),
    planted(
        insides.no_statement_runs_in_a_loop,
        "services/ledger/store.py",
        "async def find(connection, ids):\n    return [await connection.fetchval('select', i) for i in ids]\n",
        "waits in a loop, so a batch costs more the larger it is",
        line=2,
    ),
    planted(
        insides.no_statement_runs_in_a_loop,
        "services/ledger/store.py",
        "async def add(connection, rows):\n    await connection.executemany('insert', rows)\n",
        "executemany runs a statement per row",
        line=2,
    ),
    planted(
        insides.domain_is_not_asked_at_the_doors,
        "services/ledger/consumers.py",
        "from services.ledger.domain import posting",
        "a door imports services.ledger.domain.posting",
    ),
    planted(
        insides.domain_is_not_asked_at_the_doors,
        "services/ledger/store.py",
        "from services.ledger.handlers import issue_invoices",
        "a store imports services.ledger.handlers.issue_invoices, which stands above it",
    ),
    planted(
        insides.a_store_speaks_sql_and_a_handler_does_not,
        "services/ledger/handlers.py",
        "FIND = '''\n  select id\n  from invoice'''\n",
        "handlers holds SQL",
    ),
]

INNOCENT = [
    innocent(
        insides.domain_knows_nothing_but_itself,
        "services/ledger/domain/posting.py",
        """
        from datetime import date
        from contracts.money import to_minor
        from chassis.ids import UUID, derive
        from services.ledger.domain.books import Account
        """,
    ),
    innocent(
        insides.domain_knows_no_clock_and_no_chance,
        "services/ledger/domain/posting.py",
        "from datetime import datetime\n\ndef due(now: datetime) -> datetime:\n    return now\n",
    ),
    innocent(insides.domain_does_nothing, "services/ledger/domain/posting.py", "class Receivable:\n    open: int\n"),
    innocent(
        insides.nothing_in_the_transaction_knows_a_clock_or_chance,
        "services/ledger/store.py",
        '''"""Never uses random()."""\nADD = "insert into entry (at) values (now())"\n''',
    ),
    innocent(
        insides.only_the_edges_speak_the_published_language,
        "services/ledger/handlers.py",
        "from contracts.money import to_minor\n",
    ),
    innocent(
        insides.a_service_makes_only_its_own_events,
        "services/inventory/translate.py",
        """
        from contracts.inventory import StockReserved
        from contracts.ledger import InvoiceRefused

        class Refusal(EventView, of=InvoiceRefused):
            order: str

        KIND = InvoiceRefused.event_type
        FACT = StockReserved
        """,
    ),
    innocent(
        insides.nothing_in_the_transaction_has_a_network_client,
        "services/ledger/translate.py",
        "from urllib.parse import quote\n",
    ),
    innocent(
        insides.no_statement_runs_in_a_loop,
        "services/ledger/store.py",
        "async def find(connection):\n    return [row[0] for row in await connection.fetch('select')]\n",
    ),
    innocent(
        insides.a_store_speaks_sql_and_a_handler_does_not,
        "services/ledger/translate.py",
        'DETAIL = "Select an account, or delete it; update the customer instead."\n',
    ),
]
