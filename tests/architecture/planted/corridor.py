"""Planted against what only the chassis may do."""

from tests.architecture.planted.case import innocent, planted
from tests.architecture.rules import corridor

PLANTED = [
    planted(
        corridor.only_the_unit_of_work_begins_and_commits,
        "services/ledger/handlers.py",
        "async def issue(unit) -> None:\n    session = await unit.session()\n    await session.commit()\n",
        ".commit() belongs to the unit of work",
        line=3,
    ),
    planted(
        corridor.only_the_unit_of_work_begins_and_commits,
        "services/ledger/store.py",
        "async def lock(connection) -> None:\n    async with connection.transaction():\n        pass\n",
        ".transaction() belongs to the unit of work",
        line=2,
    ),
    planted(
        corridor.only_the_unit_of_work_begins_and_commits,
        "chassis/relay.py",
        "START = 'begin; select 1'\n",
        "begin belongs to the unit of work",
    ),
    planted(
        corridor.only_the_unit_of_work_begins_and_commits,
        "services/ledger/jobs.py",
        "async def run(raw) -> None:\n    await raw.execute('ROLLBACK')\n",
        "rollback belongs to the unit of work",
        line=2,
    ),
    planted(
        corridor.only_the_unit_of_work_begins_and_commits,
        "services/ledger/store.py",
        "async def done(raw) -> None:\n    await raw.execute('END')\n",
        "end belongs to the unit of work",
        line=2,
    ),
    planted(
        corridor.only_the_unit_of_work_begins_and_commits,
        "services/ledger/store.py",
        "DONE = 'end transaction'\n",
        "end belongs to the unit of work",
    ),
    planted(
        corridor.only_the_unit_of_work_begins_and_commits,
        "services/ledger/store.py",
        "UNDO = 'abort'\n",
        "abort belongs to the unit of work",
    ),
    planted(
        corridor.only_the_unit_of_work_begins_and_commits,
        "services/ledger/store.py",
        'PAY = """update invoice set paid = true; commit;\nselect 1"""\n',
        "commit belongs to the unit of work",
    ),
    planted(
        corridor.only_the_unit_of_work_begins_and_commits,
        "services/ledger/migrations/0009_pre_more.py",
        "SCRIPT = 'create table x (a int); commit'\n",
        "commit belongs to the unit of work",
    ),
    planted(
        corridor.no_service_opens_a_unit_of_work,
        "services/ledger/api.py",
        "async def post(read) -> None:\n    async with read.database.unit(['acme']) as unit:\n        pass\n",
        "opens a transaction of its own",
        line=2,
    ),
    planted(
        corridor.no_service_connects_to_a_database_by_itself,
        "services/ledger/queries.py",
        "from asyncpg import create_pool\n\nasync def pool() -> object:\n    return await create_pool('')\n",
        "asyncpg.create_pool goes around the chassis",
        line=4,
    ),
    planted(
        corridor.every_subscriber_acknowledges_after_the_commit,
        "chassis/consuming.py",
        "def subscribe(broker) -> None:\n    broker.subscriber('sales.orders', group_id='ledger')\n",
        "a subscriber without ack_policy=AckPolicy.NACK_ON_ERROR",
        line=2,
    ),
    planted(
        corridor.every_subscriber_acknowledges_after_the_commit,
        "chassis/consuming.py",
        "from faststream import AckPolicy\n\ndef subscribe(broker) -> None:\n"
        "    broker.subscriber('sales.orders', ack_policy=AckPolicy.ACK_FIRST)\n",
        "a subscriber without ack_policy=AckPolicy.NACK_ON_ERROR",
        line=4,
    ),
    planted(
        corridor.every_subscriber_acknowledges_after_the_commit,
        "services/gateway/streams/hub.py",
        "import aiokafka\n\ndef make() -> object:\n    return aiokafka.AIOKafkaConsumer(group_id='gateway')\n",
        "a consumer that commits by a timer (enable_auto_commit=False)",
        line=4,
    ),
    planted(
        corridor.only_the_chassis_subscribes,
        "services/ledger/consumers.py",
        "from faststream.kafka import KafkaBroker",
        "imports faststream.kafka.KafkaBroker; chassis/consuming.py is the door from Kafka",
    ),
    planted(
        corridor.importing_has_no_effect,
        "services/ledger/store.py",
        "from sqlalchemy.ext.asyncio import create_async_engine\n\nENGINE = create_async_engine('postgresql://')\n",
        "sqlalchemy.ext.asyncio.create_async_engine runs at import",
        line=3,
    ),
    planted(
        corridor.importing_has_no_effect,
        "services/ledger/settings.py",
        "import os\n\nclass Settings:\n    url = os.environ['LEDGER_DATABASE_URL']\n",
        "os.environ runs at import",
        line=4,
    ),
    planted(
        corridor.importing_has_no_effect,
        "services/documents/rendering/words.py",
        "from pathlib import Path\n\ndef words(text: str = Path('words.json').read_text()) -> str:\n    return text\n",
        "read_text runs at import",
        line=3,
    ),
    planted(
        corridor.importing_has_no_effect,
        "services/ledger/jobs.py",
        "def start() -> None: ...\n\nstart()\n",
        "start(…) runs at import",
        line=3,
    ),
]

INNOCENT = [
    innocent(
        corridor.only_the_unit_of_work_begins_and_commits,
        "services/ledger/queries.py",
        "PLACES = ('end', 'end of month', 'the last one; end of list', 'paid in full; commit to it')\n",
    ),
    innocent(
        corridor.only_the_unit_of_work_begins_and_commits,
        "services/ledger/migrations/0009_pre_more.py",
        "SCRIPT = 'create function f() returns int language plpgsql as $$ begin return 1; end; $$;'\n",
    ),
    innocent(
        corridor.only_the_unit_of_work_begins_and_commits,
        "services/ledger/translate.py",
        """
        NOTE = "begin with the oldest invoice, then the next"
        KINDS = ["end-of-day", "beginning"]
        ORIGIN = "The end of the month, as agreed."
        """,
    ),
    innocent(
        corridor.importing_has_no_effect,
        "services/ledger/consumers.py",
        """
        import os
        from chassis.consumers import Consumers

        consumers = Consumers("ledger")
        consumers.ignore(because="nothing here depends on it")

        def late() -> str:
            return os.environ["LATER"]

        if __name__ == "__main__":
            print(late())
        """,
    ),
    innocent(
        corridor.every_subscriber_acknowledges_after_the_commit,
        "chassis/consuming.py",
        "from faststream import AckPolicy\n\ndef subscribe(broker) -> None:\n"
        "    broker.subscriber('sales.orders', ack_policy=AckPolicy.NACK_ON_ERROR)\n",
    ),
]
