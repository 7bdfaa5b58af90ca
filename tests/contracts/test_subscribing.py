"""`docs/subscribing.md` does what it says: its programs run as they stand, against a real Kafka."""

import json
import os
import re
import secrets
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import NAMESPACE_OID, uuid5

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from contracts import published
from contracts.envelope import from_headers, to_headers
from contracts.generate import HERE
from contracts.topics import TOPICS

PAGE = (HERE.parent / "docs" / "subscribing.md").read_text(encoding="utf-8")
DOCUMENTED_TOPIC = "ledger.invoices"
PROGRAM = re.compile(r"^```python file=(\S+)\n(.*?)^```$", re.M | re.S)
COMMAND = re.compile(r"^\$ (.+)$", re.M)
NOT_RUN = (
    "pip install confluent-kafka",
    "export KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:9092",
    "export BACKBONE_URL=http://127.0.0.1:8080 BACKBONE_KEY=bb_...",
    "pip install ./contracts",
)

Message = tuple[bytes, bytes, list[tuple[str, str | bytes | None]]]


@dataclass(frozen=True, slots=True)
class Desk:
    """An analyst's folder with the programs of the page, and a topic that stands in for the documented one."""

    folder: Path
    topic: str
    bootstrap: str

    def run(self, command: str) -> str:
        """Runs a command of the page, on this topic. Fails the test where the command fails."""
        done = self.attempt(command)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def attempt(self, command: str) -> subprocess.CompletedProcess[str]:
        """The same, whatever comes of it."""
        program, *arguments = command.replace(DOCUMENTED_TOPIC, self.topic).removeprefix("python ").split()
        environment = {**os.environ, "KAFKA_BOOTSTRAP_SERVERS": self.bootstrap, "PYTHONPATH": str(HERE.parent)}
        return subprocess.run(
            [sys.executable, program, *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


def _message(event_type: str, company: str, sequence: int, **data: str) -> Message:
    sample = published.sample(event_type)
    event_id = str(uuid5(NAMESPACE_OID, f"{company} {event_type} {sequence}"))
    envelope = from_headers(sample.headers)._replace(id=event_id, company=company, sequence=sequence)
    body = json.dumps({**sample.data, **data}, ensure_ascii=False).encode()
    return sample.key.encode(), body, [*to_headers(envelope)]


def _messages() -> list[Message]:
    """Two companies; what a sender repeats after a crash is there twice; and a record of somebody else's, no event."""
    issued, paid = _message("InvoiceIssued.v1", "aegean", 1), _message("InvoicePaid.v1", "aegean", 2)
    credited = _message("CreditNoteIssued.v1", "aegean", 2)
    other = _message("InvoiceIssued.v1", "galim", 1, currency="ILS", net="100.00")
    stranger: Message = (issued[0], b"hello", [])
    return [issued, stranger, other, credited, paid, issued, paid]


@pytest.fixture(scope="module")
def desk(kafka_bootstrap: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("analyst")
    for name, text in PROGRAM.findall(PAGE):
        (folder / name).write_text(text, encoding="utf-8")
    topic = f"{DOCUMENTED_TOPIC}-{secrets.token_hex(4)}"
    admin = AdminClient({"bootstrap.servers": kafka_bootstrap})
    row = TOPICS[DOCUMENTED_TOPIC]
    made = admin.create_topics([NewTopic(topic, row.partitions, 1, config=row.config)], operation_timeout=20)
    made[topic].result(30)
    _send(kafka_bootstrap, topic, _messages())
    yield Desk(folder, topic, kafka_bootstrap)
    admin.delete_topics([topic], operation_timeout=20)[topic].result(30)


def _send(bootstrap: str, topic: str, messages: list[Message]) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "partitioner": "consistent", "enable.idempotence": True})
    for key, body, headers in messages:
        producer.produce(topic, key=key, value=body, headers=headers)
    assert producer.flush(30) == 0


def _commands(program: str) -> list[str]:
    return [command for command in COMMAND.findall(PAGE) if command.startswith(f"python {program}")]


def test_every_command_of_the_page_is_run_by_a_test_or_named_here() -> None:
    programs = [name for name, _ in PROGRAM.findall(PAGE)]
    commands = COMMAND.findall(PAGE)

    assert sorted(programs) == ["keep_copy.py", "paid.py", "read_batches.py", "read_topic.py", "turnover.py"]
    # read_batches.py needs a gateway: tests/gateway/test_subscriptions.py runs it
    assert [command for command in commands if not command.startswith("python ")] == list(NOT_RUN)
    assert {command.split()[1] for command in commands if command.startswith("python ")} == set(programs)


def test_a_topic_is_read_from_its_beginning(desk: Desk) -> None:
    from_beginning, from_time = _commands("read_topic.py")

    output = desk.run(from_beginning)

    assert output.count("\naegean InvoicePaid.v1 2 ") + output.startswith("aegean InvoicePaid.v1 2 ") == 2
    assert "Καφέ Ακρόπολη Ο.Ε." in output
    assert sorted(desk.run(from_time).splitlines()) == sorted(output.splitlines())


def test_a_topic_is_read_from_a_time_on(desk: Desk) -> None:
    tomorrow = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86_400))

    assert desk.run(f"python read_topic.py {DOCUMENTED_TOPIC} {tomorrow}") == ""


def test_repeats_do_not_count_twice(desk: Desk) -> None:
    (command,) = _commands("turnover.py")

    assert desk.run(command).splitlines() == ["aegean 221.31 EUR", "galim 100.00 ILS"]


def test_a_copy_is_brought_up_to_date_again_and_again_without_doubles(desk: Desk) -> None:
    first, again = _commands("keep_copy.py")
    assert desk.run(first) == "4 events in the copy\n"

    _send(desk.bootstrap, desk.topic, [_messages()[0], _message("InvoicePaid.v1", "galim", 2)])

    assert desk.run(again) == "5 events in the copy\n"


def test_a_copy_that_is_lost_is_filled_anew(desk: Desk) -> None:
    command = _commands("keep_copy.py")[0]
    before = desk.run(command)

    (desk.folder / "copy.sqlite").unlink()

    assert desk.run(command) == before != "0 events in the copy\n"


def test_a_copy_that_comes_back_from_an_older_backup_catches_up(desk: Desk) -> None:
    # Given a backup, and a copy that went on
    command = _commands("keep_copy.py")[0]
    desk.run(command)
    copy, backup = desk.folder / "copy.sqlite", desk.folder / "backup.sqlite"
    shutil.copy(copy, backup)
    _send(desk.bootstrap, desk.topic, [_message("InvoiceIssued.v1", "haifa", 1)])
    after = desk.run(command)
    # When the copy goes back
    shutil.copy(backup, copy)
    # Then it has what it had
    assert desk.run(command) == after
    assert _companies(copy) == {"aegean", "galim", "haifa"}


def test_a_copy_of_a_log_that_was_written_anew_is_not_taken_for_up_to_date(desk: Desk) -> None:
    # Given that another record stands where the copy has got to
    command = _commands("keep_copy.py")[0]
    before = desk.run(command)
    with sqlite3.connect(desk.folder / "copy.sqlite") as copy:
        copy.execute("update place set event = 'of another log'")
    # When it goes on
    refused = desk.attempt(command)
    # Then it says so, and reads all of it the next time
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "the topic was written anew: run this again, it will read from the beginning\n"
    assert desk.run(command) == before


def _companies(copy: Path) -> set[str]:
    with sqlite3.connect(copy) as opened:
        return {company for (company,) in opened.execute("select company from event")}


def test_the_types_of_the_language_read_the_stream(desk: Desk) -> None:
    (command,) = _commands("paid.py")

    assert set(desk.run(command).splitlines()) == {"INV-2026-000042 297.36 EUR"}
