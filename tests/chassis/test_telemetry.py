"""What an operator sees: metrics, logs without payloads, traces that cost nothing unless they are sampled."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from typing import cast

import asyncpg
import pytest
import structlog
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import BaseModel, ValidationError

from chassis import telemetry
from chassis.telemetry import (
    Metrics,
    Tracing,
    configure_logging,
    configure_tracing,
    is_sampled,
    new_traceparent,
    safe_text,
    sampled_by,
    valid_traceparent,
)

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_every_number_says_which_service_and_replica_it_is_of() -> None:
    metrics = Metrics("ledger", 2)
    metrics.outbox(3, 1.5)
    metrics.owns_relay(True)
    metrics.lag("sales.orders", 7)
    metrics.held("poison", 4, 2)
    metrics.alarm("content-differs")
    metrics.batch(500)
    metrics.handled("issue_invoices", 500, 0.2)
    metrics.outcome("sales.orders", "applied", 500)
    metrics.relayed(10)
    metrics.relay_failed()
    metrics.retried("corridor")
    metrics.door_group(12)
    metrics.door(12, 0.01)
    metrics.responded(202)
    metrics.jobs("render", "done", 5)
    metrics.job_batch("render", 0.5)
    text, media_type = metrics.exposition()
    lines = [line for line in text.decode().splitlines() if line and not line.startswith("#")]
    assert media_type.startswith("text/plain")
    assert all('service="ledger"' in line and 'replica="2"' in line for line in lines)
    for expected in (
        'backbone_outbox_unsent_events{replica="2",service="ledger"} 3.0',
        'backbone_outbox_oldest_seconds{replica="2",service="ledger"} 1.5',
        'backbone_consumer_lag_events{replica="2",service="ledger",topic="sales.orders"} 7.0',
        'backbone_held_keys{reason="poison",replica="2",service="ledger"} 2.0',
        'backbone_events_total{outcome="applied",replica="2",service="ledger",topic="sales.orders"} 500.0',
        'backbone_handler_events_total{handler="issue_invoices",replica="2",service="ledger"} 500.0',
        'backbone_door_commands_total{replica="2",service="ledger"} 12.0',
        'backbone_alarm{kind="content-differs",replica="2",service="ledger"} 1.0',
    ):
        assert expected in lines


def test_two_services_in_one_process_do_not_share_their_numbers() -> None:
    ledger, payroll = Metrics("ledger"), Metrics("payroll")
    ledger.relayed(3)
    assert b'relay_sent_events_total{replica="0",service="payroll"} 0.0' in payroll.exposition()[0]


@pytest.fixture
def logs(capsys: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    """Standard output, and logging as it was afterwards; each test configures it itself, on its own output."""
    root = logging.getLogger()
    handlers, level, ours = root.handlers[:], root.level, structlog.get_config()
    yield capsys
    structlog.configure(**ours)
    root.handlers[:], root.level = handlers, level


def last_line(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    line: dict[str, object] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return line


def test_a_log_line_is_one_json_object_whatever_is_in_it(logs: pytest.CaptureFixture[str]) -> None:
    configure_logging("ledger", 1)
    structlog.get_logger().info("two\nlines \x1b[31m", action="start", reason="a\nb")
    written = logs.readouterr().out
    assert written.count("\n") == 1
    line = json.loads(written)
    assert (line["message"], line["action"], line["reason"]) == ("two\nlines \x1b[31m", "start", "a\nb")
    assert (line["service"], line["replica"], line["level"]) == ("ledger", 1, "info")


def test_libraries_log_the_same_way_and_only_what_matters(logs: pytest.CaptureFixture[str]) -> None:
    configure_logging("ledger", 1)
    logging.getLogger("aiokafka").info("chatter")
    logging.getLogger("aiokafka").warning("connection to %s lost", "broker")
    line = last_line(logs)
    assert (line["message"], line["service"], line["level"]) == ("connection to broker lost", "ledger", "warning")


def test_an_error_is_told_with_its_chain_and_its_places(logs: pytest.CaptureFixture[str]) -> None:
    configure_logging("ledger", 1)

    def inner() -> None:
        raise ValueError("inner")

    try:
        try:
            inner()
        except ValueError as error:
            raise KeyError("outer") from error
    except KeyError as error:
        structlog.get_logger().error("it failed", action="x", exc_info=error)
    outer, first = map(str, cast("list[str]", last_line(logs)["errors"]))
    assert outer.startswith("KeyError @ test_telemetry.py:")
    assert first.startswith("ValueError @ test_telemetry.py:")
    assert " inner < test_telemetry.py:" in first


class _Person(BaseModel):
    iban: int


async def test_values_of_rows_and_requests_stay_out_of_the_log(logs: pytest.CaptureFixture[str]) -> None:
    configure_logging("ledger", 1)
    with pytest.raises(ValidationError) as told:
        _Person.model_validate({"iban": "GR1601101250000000012300695"})
    assert safe_text(told.value) == "ValidationError _Person: /iban: int_parsing"
    broken = asyncpg.UniqueViolationError('duplicate key value violates unique constraint "person_iban"')
    broken.table_name, broken.constraint_name, broken.column_name = "person", "person_iban", None
    broken.detail = "Key (iban)=(GR1601101250000000012300695) already exists."
    assert safe_text(broken) == "UniqueViolationError 23505 person person_iban"
    for error in (told.value, broken):
        structlog.get_logger().error("failed", action="x", exc_info=error)
    assert "GR16" not in logs.readouterr().out


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        (TRACE, True),
        (TRACE.upper(), False),
        (TRACE[:-1], False),
        (TRACE + "-00", False),
        (TRACE.replace("00-4b", "ff-4b"), False),
        ("00-" + "0" * 32 + "-00f067aa0ba902b7-01", False),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-" + "0" * 16 + "-01", False),
        ("", False),
        ("00-x-y-z", False),
    ],
)
def test_only_a_whole_trace_context_is_taken_from_outside(text: str, valid: bool) -> None:
    assert valid_traceparent(text) is valid


def test_a_new_trace_says_whether_it_is_recorded() -> None:
    for sampled in (True, False):
        made = new_traceparent(sampled)
        assert valid_traceparent(made)
        assert is_sampled(made) is sampled
    assert not is_sampled(None)
    assert sampled_by(1.0)
    assert not sampled_by(0.0)


def test_an_event_that_is_not_sampled_passes_for_less_than_a_few_microseconds() -> None:
    tracing, quiet = Tracing("ledger", exporter=InMemorySpanExporter()), new_traceparent(False)
    began = time.perf_counter()
    for _ in range(10_000):
        with tracing.event_span("issue", quiet) as carried:
            assert carried is quiet
    assert (time.perf_counter() - began) / 10_000 < 20e-6, "generous, for a machine that is busy"
    tracing.close()


def test_a_sampled_event_has_a_span_of_its_own_and_hands_it_on() -> None:
    exporter = InMemorySpanExporter()
    tracing = Tracing("ledger", exporter=exporter)
    with tracing.event_span("issue", TRACE) as carried:
        assert carried is not None
    tracing.close()
    (span,) = exporter.get_finished_spans()
    assert carried == f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}-01"
    assert carried.split("-")[1] == TRACE.split("-")[1]
    assert span.parent is not None
    assert f"{span.parent.span_id:016x}" == TRACE.split("-")[2]


def test_a_batch_has_one_span_that_points_at_most_at_32_sampled_traces() -> None:
    exporter = InMemorySpanExporter()
    tracing = Tracing("ledger", exporter=exporter)
    traces = [new_traceparent(True) for _ in range(40)]
    with tracing.batch_span("process sales.orders", [None, new_traceparent(False), *traces, *traces]):
        pass
    with tracing.batch_span("process sales.orders", [None, new_traceparent(False)]):
        pass
    tracing.close()
    (span,) = exporter.get_finished_spans()
    assert span.attributes == {"messaging.batch.traces": 40}
    assert [f"{link.context.trace_id:032x}" for link in span.links] == [t.split("-")[1] for t in traces[:32]]


def test_without_an_endpoint_nothing_is_recorded_even_when_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry, "_tracing", telemetry.tracing())
    tracing = configure_tracing("ledger", None)
    assert telemetry.tracing() is tracing
    with tracing.event_span("issue", TRACE) as carried, tracing.batch_span("process", [TRACE]):
        assert carried == TRACE
    tracing.close()
