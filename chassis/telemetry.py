"""What an operator sees: structured logs, metrics, and traces that survive the outbox.

Costs are kept per batch, not per event: a histogram is observed once a batch, a batch has one span with links, and an
event has a span of its own only when its trace was sampled where it began. No library is instrumented from outside.
"""

from __future__ import annotations

import logging
import math
import os
import random
import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import orjson
import structlog
from opentelemetry import trace
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, TraceFlags
from opentelemetry.trace.propagation import set_span_in_context
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from pydantic import ValidationError

from chassis.labelled import Labelled
from chassis.repeated_logs import RepeatsCounted

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

logger: structlog.typing.FilteringBoundLogger = structlog.get_logger()
"""Everyone's logger; the lines say themselves who writes and in which trace."""

LINKS_MAX = 32
"""Traces that one batch span points at; more are counted only."""

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SIZES = (1, 2, 5, 10, 25, 50, 100, 200, 350, 500, 1_000)


# -- metrics ----------------------------------------------------------------------------------------------------------


class Metrics:
    """The numbers of one process, in a registry of their own (so that a test may build two services in one process)."""

    def __init__(self, service: str, replica: int = 0) -> None:
        self.registry = CollectorRegistry()
        self._about = {"service": service, "replica": str(replica)}
        self._outbox_depth = self.gauge("outbox_unsent_events", "Events committed and not yet acknowledged by Kafka")
        self._outbox_age = self.gauge("outbox_oldest_seconds", "Age of the oldest unsent event")
        self._relay_owner = self.gauge("relay_owner", "1 when this process relays its database's outbox")
        self._lag = self.gauge("consumer_lag_events", "Records of a topic not yet taken responsibility for", "topic")
        self._held = self.gauge("held_events", "Events that are held, by reason", "reason")
        self._held_keys = self.gauge("held_keys", "Keys that have something held, by reason", "reason")
        self._alarm = self.gauge("alarm", "1 while something needs a person", "kind")
        self._events = self.counter("events_total", "Events consumed, by what became of them", "topic", "outcome")
        self._refused = self.counter("refusals_total", "Events and commands refused, by the rule", "door", "code")
        self._relayed = self.counter("relay_sent_events_total", "Events that Kafka acknowledged")
        self._relay_batch = self._histogram("relay_batch_events", "Events in one send of the relay", SIZES)
        self._relay_failed = self.counter("relay_failures_total", "Sends that failed and are repeated")
        self._retries = self.counter("transient_failures_total", "Work that is tried again", "where")
        self._batch = self._histogram("batch_events", "Events in one batch", SIZES)
        self._handler = self._histogram("handler_seconds", "A handler's time for one call", SECONDS, "handler")
        self._handler_events = self.counter("handler_events_total", "Events or commands given to a handler", "handler")
        self._door_group = self._histogram("door_group_commands", "HTTP commands that shared a commit", SIZES)
        self._door_seconds = self._histogram("door_seconds", "From submission to answer of an HTTP command", SECONDS)
        self._door = self.counter("door_commands_total", "HTTP commands answered")
        self._http = self.counter("http_responses_total", "Responses by status", "status")
        self._jobs = self.counter("jobs_total", "Background jobs, by what became of them", "queue", "outcome")
        self._job_seconds = self._histogram("job_seconds", "Time of one batch of jobs", SECONDS, "queue")

    # gauges, set by whoever looks at the database once in a while

    def outbox(self, depth: int, oldest_s: float) -> None:
        """How much is unsent, and for how long."""
        self._outbox_depth.set(depth)
        self._outbox_age.set(oldest_s)

    def owns_relay(self, owns: bool) -> None:
        """Whether this process is the one that relays."""
        self._relay_owner.set(1 if owns else 0)

    def lag(self, topic: str, records: int | None) -> None:
        """How many records of a topic this consumer has not settled yet; None (shown as NaN) while nobody knows."""
        self._lag.labels(topic).set(math.nan if records is None else records)

    def held(self, reason: str, events: int, keys: int) -> None:
        """How much is held for one reason."""
        self._held.labels(reason).set(events)
        self._held_keys.labels(reason).set(keys)

    def alarm(self, kind: str, raised: bool = True) -> None:
        """Something needs a person (a log that lost events, content that differs under one sequence), or no longer."""
        self._alarm.labels(kind).set(1 if raised else 0)

    # counted once per batch

    def batch(self, events: int) -> None:
        """One batch came from Kafka."""
        self._batch.observe(events)

    def handled(self, handler: str, events: int, seconds: float) -> None:
        """One call of a handler."""
        self._handler.labels(handler).observe(seconds)
        self._handler_events.labels(handler).inc(events)

    def outcome(self, topic: str, outcome: str, events: int) -> None:
        """Events of a topic that were applied, refused, ignored, held, or dropped as duplicates."""
        self._events.labels(topic, outcome).inc(events)

    def refused(self, door: str, code: str, number: int = 1) -> None:
        """Events of a topic, or commands at an HTTP door, to which a rule said no."""
        self._refused.labels(door, code).inc(number)

    def relayed(self, events: int) -> None:
        """Events that Kafka acknowledged in one send."""
        self._relayed.inc(events)
        self._relay_batch.observe(events)

    def relay_failed(self) -> None:
        """A send that failed."""
        self._relay_failed.inc()

    def retried(self, where: str) -> None:
        """Something transient happened in `corridor`, `door`, `relay`, `jobs`, …"""
        self._retries.labels(where).inc()

    def door_group(self, commands: int) -> None:
        """One group of HTTP commands was committed."""
        self._door_group.observe(commands)

    def door(self, commands: int, seconds: float) -> None:
        """One submission was answered."""
        self._door.inc(commands)
        self._door_seconds.observe(seconds)

    def responded(self, status: int) -> None:
        """One HTTP response."""
        self._http.labels(str(status)).inc()

    def jobs(self, queue: str, outcome: str, count: int) -> None:
        """Jobs that were done, failed, buried, or lost their lease."""
        self._jobs.labels(queue, outcome).inc(count)

    def job_batch(self, queue: str, seconds: float) -> None:
        """One batch of jobs was worked on."""
        self._job_seconds.labels(queue).observe(seconds)

    def exposition(self) -> tuple[bytes, str]:
        """What `/metrics` answers: the text and its media type."""
        return generate_latest(self.registry), CONTENT_TYPE_LATEST

    def gauge(self, name: str, about: str, *labels: str) -> Any:
        """A gauge under the house's name, with this process's labels; of a service's own, too."""
        return self._bound(Gauge(f"backbone_{name}", about, (*self._about, *labels), registry=self.registry), labels)

    def counter(self, name: str, about: str, *labels: str) -> Any:
        """The same, for what only grows."""
        return self._bound(Counter(f"backbone_{name}", about, (*self._about, *labels), registry=self.registry), labels)

    def _histogram(self, name: str, about: str, buckets: Sequence[float], *labels: str) -> Any:
        names = (*self._about, *labels)
        made = Histogram(f"backbone_{name}", about, names, buckets=buckets, registry=self.registry)
        return self._bound(made, labels)

    def _bound(self, metric: Any, labels: Sequence[str]) -> Any:
        """The metric with this process's own labels filled in; what remains is asked for at each use."""
        own = tuple(self._about.values())
        return Labelled(metric, own) if labels else metric.labels(*own)


# -- logs -------------------------------------------------------------------------------------------------------------


def configure_logging(service: str, replica: int = 0, *, level: int = logging.INFO) -> None:
    """One JSON object a line on standard output; every line names service, replica and, inside a request, its trace.

    `action` is the word to search for (`logger.warning("batch failed", action="retry")`). Payloads are never logged.
    Libraries' own records take the same way out; what one says again and again is counted (`repeated_logs.py`).
    """

    def about(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["service"] = service
        event["replica"] = replica
        return event

    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        about,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _exception,
        structlog.processors.EventRenamer("message"),
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(serializer=_json)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_arguments: structlog.WriteLogger(sys.stdout),  # looked up at each line
        cache_logger_on_first_use=False,
    )
    handler = RepeatsCounted(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=_json),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(level, logging.WARNING))


def safe_text(error: BaseException) -> str:
    """What may be logged of an error: never the values of a row or of a request, which may be personal."""
    name = type(error).__name__
    if isinstance(error, asyncpg.PostgresError):
        told = (error.sqlstate, error.table_name, error.column_name, error.constraint_name)
        return f"{name} {' '.join(str(part) for part in told if part)}"
    if isinstance(error, ValidationError):
        return f"{name} {error.title}: {broken_rules(error)}"
    if type(error).__module__.partition(".")[0] in TELLING or isinstance(error, OSError):
        return f"{name}: {str(error)[:500]}"
    return name


TELLING = frozenset({"aiokafka", "chassis", "contracts", "deploy", "services"})
"""Whose errors speak of machinery in their own words; others may quote what they were given."""


def broken_rules(error: ValidationError) -> str:
    """Which fields break which rules, without their values."""
    wrong = error.errors(include_input=False, include_url=False, include_context=False)[:5]
    return "; ".join(f"/{'/'.join(map(str, each['loc']))}: {each['type']}" for each in wrong)


def _exception(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Turn exception information into a chain of errors with their frames, outermost first."""
    told = event.pop("exc_info", None)
    error = sys.exc_info()[1] if told is True else told[1] if isinstance(told, tuple) else told
    chain: list[str] = []
    while isinstance(error, BaseException) and len(chain) < 5:
        frames = traceback.extract_tb(error.__traceback__)[-8:]
        places = " < ".join(f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in reversed(frames))
        chain.append(f"{safe_text(error)} @ {places}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if chain:
        event["errors"] = chain
    return event


def _json(event: Any, **_options: Any) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


# -- traces -----------------------------------------------------------------------------------------------------------


def new_traceparent(sampled: bool) -> str:
    """A W3C trace context for a request that brought none (Trace Context Level 1, section 3.2)."""
    return f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-{'01' if sampled else '00'}"


def sampled_by(ratio: float) -> bool:
    """Whether a trace that begins here is one of the recorded share."""
    return random.random() < ratio


def is_sampled(traceparent: str | None) -> bool:
    """Whether the trace was sampled where it began: the lowest bit of the flags."""
    return traceparent is not None and traceparent[-1:] in _ODD


_ODD = frozenset("13579bdf")
_HEX = frozenset("0123456789abcdef")


def valid_traceparent(text: str) -> bool:
    """Whether a header from outside may be passed on."""
    parts = text.split("-")
    return (
        [len(part) for part in parts] == [2, 32, 16, 2]
        and parts[0] == "00"
        and all(_HEX.issuperset(part) for part in parts)
        and parts[1].strip("0") != ""
        and parts[2].strip("0") != ""
    )


def span_context(traceparent: str) -> SpanContext:
    """The trace context that a header names. Raises ValueError on what is not one."""
    _, trace_id, span_id, flags = traceparent.split("-")
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))


class _Passed:
    """Stands for a span where none is made: hands the trace context on as it came."""

    __slots__ = ("traceparent",)

    def __init__(self, traceparent: str | None) -> None:
        self.traceparent = traceparent

    def __enter__(self) -> str | None:
        return self.traceparent

    def __exit__(self, *_error: object) -> None:
        return None


_NOTHING: AbstractContextManager[None] = nullcontext()


class Tracing:
    """Spans of one service; without an endpoint to send them to, everything here is a no-op."""

    def __init__(self, service: str, endpoint: str | None = None, *, replica: int = 0, exporter: Any = None) -> None:
        self._provider: TracerProvider | None = None
        self._tracer: trace.Tracer | None = None
        if endpoint is None and exporter is None:
            return
        self._provider = _provider(service, replica, endpoint, exporter)
        self._tracer = self._provider.get_tracer("backbone")

    def batch_span(self, name: str, traceparents: Iterable[str | None]) -> AbstractContextManager[None]:
        """One span for a batch, pointing at the sampled traces in it; nothing when none was sampled."""
        if self._tracer is None:
            return _NOTHING
        sampled = dict.fromkeys(t for t in traceparents if t is not None and t[-1:] in _ODD)
        return self._batch(name, list(sampled)) if sampled else _NOTHING

    def event_span(self, name: str, traceparent: str | None) -> AbstractContextManager[str | None]:
        """A span of one event; gives the trace context for what follows from it (the same one when not sampled)."""
        if self._tracer is None or traceparent is None or traceparent[-1:] not in _ODD:
            return _Passed(traceparent)
        return self._event(name, traceparent)

    def close(self) -> None:
        """Send what is left. Blocks; call it from a thread when the loop still runs."""
        if self._provider is not None:
            self._provider.shutdown()

    @contextmanager
    def _batch(self, name: str, traceparents: Sequence[str]) -> Iterator[None]:
        assert self._tracer is not None
        links = [Link(span_context(t)) for t in traceparents[:LINKS_MAX]]
        attributes = {"messaging.batch.traces": len(traceparents)}
        with self._tracer.start_as_current_span(name, links=links, kind=SpanKind.CONSUMER, attributes=attributes):
            yield

    @contextmanager
    def _event(self, name: str, traceparent: str) -> Iterator[str]:
        assert self._tracer is not None
        parent = set_span_in_context(NonRecordingSpan(span_context(traceparent)))
        with self._tracer.start_as_current_span(name, context=parent, kind=SpanKind.CONSUMER) as span:
            made = span.get_span_context()
            yield f"00-{made.trace_id:032x}-{made.span_id:016x}-{int(made.trace_flags):02x}"


def _provider(service: str, replica: int, endpoint: str | None, exporter: Any) -> TracerProvider:
    """The SDK and its exporter are imported only where spans are made: a service that makes none starts without."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk import resources
    from opentelemetry.sdk.trace import TracerProvider, export

    named = {"service.name": service, "service.instance.id": f"{service}-{replica}"}
    provider = TracerProvider(resource=resources.Resource.create(named))
    sink = exporter or OTLPSpanExporter(endpoint=f"{str(endpoint).rstrip('/')}/v1/traces")
    provider.add_span_processor(export.BatchSpanProcessor(sink))
    return provider


_tracing = Tracing("")


def configure_tracing(service: str, endpoint: str | None, *, replica: int = 0) -> Tracing:
    """Set this process's tracing up; without an endpoint everything stays a no-op."""
    global _tracing
    _tracing = Tracing(service, endpoint, replica=replica)
    return _tracing


def tracing() -> Tracing:
    """This process's tracing."""
    return _tracing
