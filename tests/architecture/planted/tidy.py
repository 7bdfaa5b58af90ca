"""Planted against untidiness. What must not stand in a file is put together here from parts."""

from tests.architecture.planted.case import innocent, planted
from tests.architecture.rules import tidy

PLANTED = [
    planted(tidy.no_module_has_more_than_400_lines, "chassis/corridor.py", "x = 1\n" * 401, "401 lines", line=401),
    planted(
        tidy.no_error_is_swallowed,
        "services/ledger/api.py",
        "try:\n    pass\nexcept:\n    raise\n",
        "a bare except also catches the wish to stop",
        line=3,
    ),
    planted(
        tidy.no_error_is_swallowed,
        "tests/ledger/test_books.py",
        "for _ in range(3):\n    try:\n        pass\n    except Exception as error:\n        continue\n",
        "any error is passed over in silence",
        line=4,
    ),
    planted(
        tidy.a_test_means_the_same_on_every_day,
        "tests/payroll/test_leave.py",
        "from datetime import UTC, datetime\n\nTODAY = datetime.now(UTC).date()\n",
        "datetime.datetime.now is another day tomorrow",
        line=3,
    ),
    planted(
        tidy.money_is_never_a_float,
        "services/ledger/commands.py",
        "class AllocatePayment:\n    amount: float | None\n",
        "float cannot hold an amount",
        line=2,
    ),
    planted(
        tidy.money_is_never_a_float,
        "services/ledger/api.py",
        "PAUSE_S: float = 0.5\nclass ReceiptBody:\n    amount: float\n",
        "float cannot hold an amount",
        line=3,
    ),
    planted(
        tidy.money_is_never_a_float,
        "services/ledger/domain/invoicing.py",
        "def tax(net: int) -> int:\n    return int(net * 0.24)\n",
        "0.24 is a float",
        line=2,
    ),
    planted(
        tidy.money_is_never_a_float,
        "services/payroll/migrations/0001_pre_first.py",
        "SCRIPT = 'create table pay (company text, net double precision)'\n",
        "double precision cannot hold an amount",
    ),
    planted(
        tidy.money_is_never_a_float,
        "contracts/ledger.py",
        "from builtins import float as number\n\nclass Entry:\n    debit: float\n",
        "float cannot hold an amount",
        line=4,
    ),
    *(
        planted(
            tidy.no_path_of_one_machine_is_written_down,
            "docs/operating.md",
            f"Look into\n{path} for the log.\n",
            f"names a place on one machine: {path[: path.rindex('/') + 2]}",
            line=2,
        )
        for path in ("/".join(["", "root", "backbone"]), "/".join(["", "home", "maria", "backbone"]))
    ),
    planted(
        tidy.no_package_registry_is_written_down,
        "deploy/Dockerfile",
        "FROM python\nRUN pip install " + "--index" + "-url https://mirror.example backbone\n",
        "says where packages come from: --index" + "-url",
        line=2,
    ),
    planted(
        tidy.no_package_registry_is_written_down,
        "deploy/local/kafka_jars.py",
        "SOURCE = 'https://repo1." + "maven" + ".org/maven2'\n",
        "says where packages come from: " + "maven" + ".org",
    ),
    planted(
        tidy.every_ignored_type_error_is_named,
        "chassis/kafka.py",
        "import aiokafka  # type" + ": ignore\n",
        "a type error is ignored without its name",
    ),
    planted(
        tidy.no_test_is_skipped,
        "tests/ledger/test_books.py",
        "import pytest\n\n@pytest.mark.skipif(True, reason='slow')\ndef test_a_b_c() -> None: ...\n",
        "pytest.mark.skipif lets a test not run",
        line=3,
    ),
    planted(
        tidy.a_test_is_named_as_a_sentence,
        "tests/ledger/test_books.py",
        "def test_books() -> None: ...\n",
        "test_books is no sentence",
    ),
    planted(
        tidy.everything_public_is_explained,
        "chassis/ids.py",
        "def new_id() -> str: ...\n",
        "the module does not say what it is for",
    ),
    planted(
        tidy.everything_public_is_explained,
        "chassis/ids.py",
        '"""Ids."""\nclass Maker:\n    """Makes ids."""\n    def make(self) -> str: ...\n',
        "make is not explained",
        line=4,
    ),
]

INNOCENT = [
    innocent(tidy.every_ignored_type_error_is_named, "chassis/kafka.py", "import aiokafka  # type: ignore[import]\n"),
    innocent(tidy.no_module_has_more_than_400_lines, "chassis/corridor.py", "x = 1\n" * 400),
    innocent(
        tidy.no_error_is_swallowed,
        "chassis/relay.py",
        "try:\n    pass\nexcept ValueError:\n    pass\nexcept Exception as error:\n    print(error)\n",
    ),
    innocent(
        tidy.money_is_never_a_float,
        "services/ledger/domain/invoicing.py",
        "def refuse(value: object) -> bool:\n    return isinstance(value, float)\n",
    ),
    innocent(
        tidy.a_test_means_the_same_on_every_day,
        "tests/faults/test_kills.py",
        "import time\n\n\ndef began() -> float:\n    return time.time()\n",
    ),
    innocent(tidy.money_is_never_a_float, "services/ledger/settings.py", "class Settings:\n    pause_s: float = 0.5\n"),
    innocent(tidy.money_is_never_a_float, "services/ledger/store.py", "READ = 'select realm, floating from pay'\n"),
    innocent(
        tidy.no_path_of_one_machine_is_written_down,
        "README.md",
        "Open http://127.0.0.1:8000/home/page/x or docs/root/x; state lives in `.run/`.\n",
    ),
    innocent(
        tidy.no_package_registry_is_written_down, "README.md", "Post events with curl; see docs/subscribing.md.\n"
    ),
]
