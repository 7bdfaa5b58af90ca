"""Pay, bank and tax data of people are looked for in everything that leaves payroll, and in what others keep of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from chassis import telemetry
from chassis.ids import new_id
from chassis.migrating import migrate
from chassis.settings import ServiceSettings, StackSettings
from contracts.envelope import sequence_header
from services.payroll.api import ROUTERS
from tests.payroll.office import person
from tests.payroll.runs.bureau import AT, Bureau, said, sent
from tests.payroll.runs.filed import Filed
from tests.support.canaries import Canaries, forms
from tests.support.department import Department, Event
from tests.support.stack import TestPostgres

VALUES = {
    "salary": "7919.37",
    "raise": "8231.59",
    "bank account": "DE89370400440532013000",
    "tax id": "CANARY4711X",
    "points": "2.73",
    "holder": "Zyxwvut Qrstpon",
}
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
OTHERS = ("gateway", "inventory", "ledger")
"""Documents has a test bed of its own: payslips are filed there."""


def canaries(**more: str) -> Canaries:
    return Canaries({name: value for name, value in VALUES.items() if name != "points"} | more)


async def a_month_with_canaries(bureau: Bureau) -> dict[str, str]:
    """Canaries come in by every route that takes such data, are paid, changed after the fact and filed."""
    await bureau.hire("Anna", "Boris")
    for name in ("Anna", "Boris"):
        await bureau.agree(name, VALUES["salary"])
        async with bureau.client() as client:
            path = f"{AT}/employees/{person(name)}/bank-accounts"
            await said(client, path, effective_on="2024-01-01", iban=VALUES["bank account"], holder=VALUES["holder"])
        await bureau.confirm(name, VALUES["bank account"], "2024-01-01", 1)
    await bureau.tax("Anna", VALUES["points"], tax_id=VALUES["tax id"], children=3)
    run = await bureau.paid("2024-01")
    async with bureau.client() as client:
        await said(client, f"{AT}/pay-runs/{run['run']}/pay-file", execution_on="2024-01-31")
    await bureau.agree("Anna", VALUES["raise"], on="2024-01-16")
    await bureau.paid("2024-02")
    async with bureau.client() as client:
        changes = f"{AT}/employees/{person('Anna')}/changes"
        await said(client, changes, effective_on="2024-02-01", job_title="Buyer")
    await bureau.leave("Boris", date(2024, 6, 30))
    slips = await bureau.slips("Anna")
    return {f"net {slip['period']}": slip["net"] for slip in slips}


async def bad_requests(bureau: Bureau) -> list[httpx.Response]:
    """Every route that changes something, with canaries where they do not belong."""
    every = [route for router in ROUTERS for route in router.routes]
    routes = [route for route in every if isinstance(route, APIRoute) and "POST" in (route.methods or ())]
    assert len(routes) > 30
    answers: list[httpx.Response] = []
    async with bureau.client() as client:
        for route in routes:
            path = route.path.replace("{company}", "acme").replace("{employee}", person("Anna"))
            path = path.replace("{", "").replace("}", "")
            field = route.body_field
            names = list(getattr(field.field_info.annotation, "model_fields", {})) if field is not None else []
            answers.append(await sent(client, path, **dict.fromkeys(names, VALUES["salary"]), surprise="7919.37"))
            answers.append(await sent(client, path, **{name: list(VALUES.values()) for name in names}))
            broken = json.dumps(VALUES)[:-1]
            headers = {"Idempotency-Key": str(new_id()), "content-type": "application/json"}
            answers.append(await client.post(path, content=broken, headers=headers))
    return answers


async def other_departments(
    server: TestPostgres, folder: Path, records: list[tuple[Any, ...]]
) -> Mapping[str, Department]:
    """The other departments, each with a database of its own, after they have heard what payroll told."""
    secret = folder / "secret of others"
    secret.write_text("x" * 40)
    made: dict[str, Department] = {}
    for service in OTHERS:
        urls = server.create_database(service)
        with ThreadPoolExecutor(1) as thread:
            thread.submit(migrate, service, urls.migration_url).result()
        module = import_module(f"services.{service}.settings")
        kind = next(
            c for c in vars(module).values()
            if isinstance(c, type) and issubclass(c, ServiceSettings) and c is not ServiceSettings
        )  # fmt: skip
        stack = StackSettings(kafka_bootstrap_servers="127.0.0.1:1", backbone_internal_secret_file=secret)
        settings = kind(database_url=urls.database_url, relay_url=urls.relay_url, stack=stack)
        consumers = import_module(f"services.{service}.consumers").consumers
        made[service] = Department(urls, server, settings, consumers)
        heard = [
            Event(company, topic, key, sequence, headers_of(headers, sequence), body)
            for company, topic, key, sequence, headers, body in records
            if topic in consumers.topics
        ]
        await made[service].knows("acme")
        if heard:
            await made[service].hear(*heard)
    return made


def headers_of(stored: bytes, sequence: int) -> tuple[tuple[str, bytes], ...]:
    """As the relay sends them."""
    return (*((name, value.encode()) for name, value in json.loads(stored)), sequence_header(sequence))


RECORDS = "select company, topic, key, sequence, headers, body from outbox order by id"


async def test_no_canary_leaves_payroll(
    filed: Filed, postgres_server: TestPostgres, tmp_path: Path, capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """P27: not in a topic, log, metric, trace or answer to a mistake, nor in any database, payroll's own and that of
    documents included, where the payslips are filed and rendered.
    """
    bureau, archive = filed.bureau, filed.archive
    spans = InMemorySpanExporter()
    tracing = telemetry.Tracing("payroll", exporter=spans)
    monkeypatch.setattr(telemetry, "_tracing", tracing)
    looking = canaries(**await a_month_with_canaries(bureau))
    for number, answer in enumerate(await bad_requests(bureau)):
        assert 400 <= answer.status_code < 500, answer.text
        looking.search(f"answer {number}: {answer.request.url.path}", answer.content + str(answer.headers).encode())
    await filed.everything()
    await archive.work()
    assert len(archive.files()) == 4
    for file in archive.files():
        looking.search(f"file {file.name}", file.read_bytes())
    await looking.search_database("documents", postgres_server.superuser_url_of(archive.urls))
    records = [*await bureau.office.rows(RECORDS), *await archive.rows(RECORDS)]
    assert len(records) >= 5
    for company, topic, key, _, headers, body in records:
        looking.search(f"topic {topic}", b"".join((company.encode(), key.encode(), headers, body)))
    departments = await other_departments(postgres_server, tmp_path, records)
    for name, department in departments.items():
        await looking.search_database(name, postgres_server.superuser_url_of(department.urls))
        await department.close()
    await looking.search_database("payroll", postgres_server.superuser_url_of(bureau.office.urls))
    text, _ = bureau.office.metrics.exposition()
    looking.search("metrics", text)
    with tracing.event_span("end", TRACE):
        pass
    tracing.close()
    finished = spans.get_finished_spans()
    assert finished
    for span in finished:
        looking.search("trace", span.to_json())
    telemetry.logger.warning("the last line", action="scan")
    out, err = capfd.readouterr()
    assert "the last line" in out + err
    looking.search("log", out + err)
    assert looking.found == []
    assert looking.searched > 100_000


@pytest.mark.parametrize("form", sorted(forms(VALUES["salary"])), ids=repr)
def test_a_planted_canary_is_found_in_every_form(form: bytes) -> None:
    """P27: the search bites."""
    looking = canaries()
    looking.search("a log", b"before " + form + b" after")
    assert looking.found == ["salary in a log"]


@pytest.mark.parametrize("before", [b"", b"x", b"xy", b"xyz"])
def test_a_canary_inside_of_base64_is_found_wherever_it_begins(before: bytes) -> None:
    """P27: as in a header or a sealed value that was not sealed."""
    looking = canaries()
    looking.search("a header", base64.b64encode(before + VALUES["bank account"].encode() + b"z"))
    assert looking.found == ["bank account in a header"]


async def test_a_leak_that_is_planted_in_a_database_is_named_by_its_place(
    bureau: Bureau, postgres_server: TestPostgres
) -> None:
    """P27: a column that somebody forgot, as text and as bytes."""
    await bureau.hire("Anna")
    leak = "insert into holiday values ('acme', current_date, $1, now())"
    async with bureau.office.database.unit(["acme"]) as unit:
        await unit.raw.execute(leak, f"paid {VALUES['salary']}")
    looking = canaries()
    await looking.search_database("payroll", postgres_server.superuser_url_of(bureau.office.urls))
    assert looking.found == ["salary in payroll.holiday.name"]
