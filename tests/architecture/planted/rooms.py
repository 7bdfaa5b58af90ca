"""Planted against the rooms."""

from tests.architecture.planted.case import Case, innocent, planted
from tests.architecture.rules import rooms

WHOLE = {f"services/ledger/{name}{'0001_pre_first.py' if name.endswith('/') else ''}": "" for name in rooms.ALWAYS}
WHOLE["services/ledger/commands.py"] = ""

PLANTED = [
    planted(
        rooms.every_service_has_the_named_rooms_and_no_others,
        "services/ledger/utils.py",
        "",
        "utils.py is not a room of a service; which of the named ones is it?",
    ),
    Case(
        rooms.every_service_has_the_named_rooms_and_no_others,
        {"services/ledger/repositories/accounts.py": ""},
        "services/ledger/repositories/:1",
        "repositories/ is not a room of a service; which of the named ones is it?",
    ),
    Case(
        rooms.every_service_has_the_named_rooms_and_no_others,
        {"services/payroll/streams/hub.py": ""},
        "services/payroll/streams/:1",
        "streams/ is not a room of a service; which of the named ones is it?",
    ),
    Case(
        rooms.no_service_lacks_a_room_that_all_need,
        {path: text for path, text in WHOLE.items() if not path.endswith("README.md")},
        "services/ledger/:1",
        "has no README.md",
    ),
    Case(
        rooms.no_service_lacks_a_room_that_all_need,
        {path: text for path, text in WHOLE.items() if not path.endswith("commands.py")},
        "services/ledger/:1",
        "has no commands.py",
    ),
    Case(
        rooms.a_room_is_a_file_or_a_folder_but_not_both,
        {"services/ledger/store.py": "", "services/ledger/store/journal.py": ""},
        "services/ledger/store/:1",
        "stands beside store.py",
    ),
    planted(
        rooms.main_builds_the_service_and_is_short,
        "services/ledger/main.py",
        "service = None\n",
        "defines no `build`",
    ),
    planted(
        rooms.main_builds_the_service_and_is_short,
        "services/ledger/main.py",
        "def build() -> None: ...\n" + "# wiring\n" * 99,
        "100 lines; a composition root has at most 80",
        line=100,
    ),
    planted(
        rooms.commands_are_frozen,
        "services/ledger/commands.py",
        "from dataclasses import dataclass\n\n@dataclass(slots=True)\nclass IssueInvoice:\n    order: str\n",
        "IssueInvoice is not a frozen dataclass with slots, or a NamedTuple",
        line=4,
    ),
    planted(
        rooms.tables_have_columns_and_no_behaviour,
        "services/ledger/tables.py",
        "import sqlmodel\n\nclass Invoice:\n    lines = sqlmodel.Relationship()\n",
        "a relationship loads rows behind one's back",
        line=4,
    ),
    planted(
        rooms.tables_have_columns_and_no_behaviour,
        "services/ledger/tables.py",
        "class Invoice:\n    def pay(self) -> None: ...\n",
        "Invoice.pay is behaviour",
        line=2,
    ),
    planted(
        rooms.a_consumer_function_says_why_the_service_cares,
        "services/ledger/consumers.py",
        "async def on_order_placed(events, unit):\n    return None\n",
        "on_order_placed does not say why the service cares",
    ),
    planted(
        rooms.a_consumer_function_says_why_the_service_cares,
        "services/ledger/consumers.py",
        'async def orders(events, unit):\n    """Terms are needed to bill."""\n',
        "orders is not named for what came (on_…)",
    ),
    Case(
        rooms.each_revision_follows_the_one_before,
        {
            f"services/payroll/migrations/{name}.py": f'revision = "payroll_000{at}"\ndown_revision = {before}\n'
            for name, at, before in (
                ("0001_pre_first", 1, None),
                ("0002_pre_leave", 2, '"payroll_0001"'),
                ("0002_pre_pay", 2, '"payroll_0001"'),
            )
        },
        "services/payroll/migrations/0002_pre_pay.py:1",
        "is payroll_0002 after payroll_0001, and should be payroll_0002 after payroll_0002",
    ),
]

INNOCENT = [
    Case(rooms.every_service_has_the_named_rooms_and_no_others, WHOLE),
    Case(rooms.no_service_lacks_a_room_that_all_need, WHOLE),
    Case(
        rooms.no_service_lacks_a_room_that_all_need,
        {path: text for path, text in WHOLE.items() if not path.endswith("commands.py")}
        | {"services/ledger/commands/setup.py": ""},
    ),
    Case(rooms.every_service_has_the_named_rooms_and_no_others, {"services/gateway/streams/hub.py": ""}),
    Case(
        rooms.each_revision_follows_the_one_before,
        {
            "services/ledger/migrations/0001_pre_first.py": 'revision = "ledger_0001"\ndown_revision = None\n',
            "services/ledger/migrations/0002_post_next.py": 'revision = "ledger_0002"\ndown_revision = "ledger_0001"\n',
        },
    ),
    innocent(
        rooms.commands_are_frozen,
        "services/ledger/commands.py",
        """
        import typing
        from dataclasses import dataclass as value

        @value(frozen=True, slots=True)
        class IssueInvoice:
            order: str

        class Line(typing.NamedTuple):
            number: int
        """,
    ),
]
