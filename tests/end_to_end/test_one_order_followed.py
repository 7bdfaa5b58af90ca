"""One order followed by hand: HTTP, topics, five databases and the PDF, as the README's walk tells it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pypdfium2
import pytest_asyncio
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

from contracts.envelope import from_headers
from contracts.topics import TOPICS
from deploy.local.demo.day import accepted, until_known
from deploy.local.demo.expected import ACCOUNTS
from deploy.local.demo.front_office import FrontOffice
from deploy.local.stack import LocalStack
from tests.chassis.topics import everything_on
from tests.support.eventually import eventually

COMPANY = "walk"
ORDER = {
    "company": COMPANY, "reference": "WALK-1", "placed_at": "2026-11-20T09:30:00Z", "currency": "EUR",
    "customer": {
        "id": "C-1", "name": "Καφενείο Η Ωραία Ελλάς", "language": "el",
        "address": {"line1": "Ερμού 1", "city": "Αθήνα", "postcode": "10563", "country": "GR"},
    },
    "lines": [
        {"item": "OLIVE", "description": "Λάδι", "quantity": "3", "unit_price": "8.90", "tax_code": "S24"},
        {"item": "HONEY", "description": "דבש", "quantity": "2", "unit_price": "6.45", "tax_code": "S24"},
    ],
}  # fmt: skip

STOCK_ACCOUNTS = (
    ("1200", "Stock", "asset", "inventory"), ("5000", "Cost of goods", "expense", "cost_of_goods"),
    ("2100", "Goods received", "liability", "goods_received"),
)  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def admin(house: LocalStack) -> AsyncIterator[FrontOffice]:
    """A company with accounts, a tax code and stock; everything by API."""
    office = FrontOffice(house.address("gateway"), await house.admin_key())
    address = {"line1": "Πλατεία 1", "city": "Αθήνα", "postcode": "10557", "country": "GR"}
    company = {"company": COMPANY, "name": "Περίπατος Α.Ε.", "currency": "EUR", "country": "GR"}
    await accepted(
        office.post(
            "/ledger/v1/companies", company | {"time_zone": "Europe/Athens", "address": address}, key="walk-company"
        )
    )
    at = f"/ledger/v1/companies/{COMPANY}"
    accounts = [{"code": c, "name": n, "kind": k, "role": r} for c, n, k, r in ACCOUNTS]
    await accepted(office.post(f"{at}/accounts/batch", {"accounts": accounts}, key="walk-accounts"))
    taxes = [{"code": "S24", "name": "ΦΠΑ 24 %", "rate": "0.24", "account": "2200"}]
    await accepted(office.post(f"{at}/tax-codes/batch", {"tax_codes": taxes}, key="walk-taxes"))
    stock = f"/inventory/v1/companies/{COMPANY}"
    await until_known(office, f"{stock}/items")
    items = [{"sku": "OLIVE", "name": "Olive oil"}, {"sku": "HONEY", "name": "Honey"}]
    await accepted(office.post(f"{stock}/items/batch", {"items": items}, key="walk-items"))
    lines = [{"item": "OLIVE", "quantity": "10"}, {"item": "HONEY", "quantity": "10"}]
    receipt = {"reference": "R-1", "received_on": "2026-11-19", "lines": lines}
    await accepted(office.post(f"{stock}/receipts", receipt, key="walk-receipt"))
    yield office
    await office.close()


async def in_state(office: FrontOffice, order: str, state: str) -> dict[str, Any]:
    """The order once it is in a state."""

    async def look() -> dict[str, Any]:
        shown: dict[str, Any] = await office.get(f"/v1/orders/{order}")
        return shown

    return await eventually(look, lambda shown: shown["state"] == state, what=f"{order} is {state}", within_s=30)


@asynccontextmanager
async def superuser(house: LocalStack, service: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to a department's database, past row-level security."""
    url = str(house.file.content["postgres"][service]["superuser_url"]).rpartition("/")[0] + f"/{service}"
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def rows(house: LocalStack, service: str, query: str, *arguments: object) -> list[asyncpg.Record]:
    """What stands in a department's database."""
    async with superuser(house, service) as connection:
        found: list[asyncpg.Record] = await connection.fetch(query, *arguments)
        return found


async def nothing_is_unsent(house: LocalStack) -> None:
    """Every queue of unsent events is empty, as soon as the relays are done."""
    for service in house.services:
        await eventually(
            lambda service=service: rows(house, service, "select 1 from outbox_unsent"),  # type: ignore[misc]
            lambda left: left == [],
            what=f"{service} has sent everything",
        )


def seen_by_another_make(servers: str, topic: str) -> list[dict[str, str]]:
    """The headers of all records of a topic, and the key, as a Kafka client that is not ours reads them."""
    consumer = Consumer({
        "bootstrap.servers": servers, "group.id": "walk", "enable.auto.commit": False, "enable.partition.eof": True,
    })  # fmt: skip
    unread = set(range(TOPICS[topic].partitions))
    consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in unread])
    seen: list[dict[str, str]] = []
    while unread:
        for record in consumer.consume(500, 1.0):
            if (fault := record.error()) is not None:
                assert fault.code() == KafkaError._PARTITION_EOF
                unread.discard(record.partition() or 0)
                continue
            headers = {name: bytes(value or b"").decode() for name, value in dict(record.headers() or ()).items()}  # type: ignore[arg-type]
            seen.append(headers | {"key": bytes(record.key() or b"").decode()})
    consumer.close()
    return seen


async def test_an_order_walks_through_every_department_as_the_readme_says(
    house: LocalStack, admin: FrontOffice
) -> None:
    # 1 Accepted: a 202 means that request and event are committed in the gateway's database
    answer = await admin.post("/v1/orders", ORDER, key="walk-order")
    assert answer.status_code == 202, answer.text
    order = answer.json()["subject"]
    assert len(await rows(house, "gateway", "select 1 from outbox where key = $1", order)) == 1
    kept = await rows(house, "gateway", "select status from request where position($1 in body) > 0", order.encode())
    assert [row[0] for row in kept] == [202]
    # 2-5 Sent, reserved, billed, filed
    shown = await in_state(admin, order, "documented")
    types = [fact["type"] for fact in shown["timeline"]]
    assert {"OrderPlaced.v1", "StockReserved.v1", "InvoiceIssued.v1"} <= set(types)
    # and the invoice names the entry that posted it
    (entry,) = (fact["summary"]["entry"] for fact in shown["timeline"] if fact["type"] == "InvoiceIssued.v1")
    assert len(await rows(house, "ledger", "select 1 from journal_entry where id = $1", UUID(entry))) == 1
    # each department has its own row
    assert len(await rows(house, "inventory", "select 1 from reservation where order_id = $1", order)) == 1
    ((invoice,),) = await rows(house, "ledger", "select id from invoice where order_id = $1", order)
    number = shown["invoice_number"]
    # and has moved its cursor in the same commit
    read = [("gateway", "sales.orders", order), ("inventory", "sales.orders", order), ("ledger", "sales.orders", order)]
    read += [("ledger", "inventory.reservations", order), ("documents", "ledger.invoices", str(invoice))]
    for service, topic, key in read:
        cursors = await rows(
            house, service, "select sequence, held from inbox where (topic, key) = ($1, $2)", topic, key
        )
        assert [tuple(cursor) for cursor in cursors] == [(1, 0)], f"{service} has read {topic}"
    # net 39.60, tax 9.50
    assert shown["total"] == "49.10"
    entry = await rows(
        house, "ledger", "select sum(debit)::bigint, sum(credit)::bigint from journal_line where company = $1", COMPANY
    )
    assert entry[0][0] == entry[0][1] == 4910
    # one event per step on the topics, numbered from 1 on its key, all of one correlation
    correlations: set[str] = set()
    for topic in ("sales.orders", "inventory.reservations", "ledger.invoices", "ledger.entries", "documents.documents"):
        records = await everything_on(house.kafka_bootstrap, topic)
        envelopes = [from_headers(r.headers) for r in records if order.encode() in (r.key or b"") + (r.value or b"")]
        first = [e for e in envelopes if e.sequence == 1]
        assert len(first) == 1, f"{topic} has {len(first)} first events of the order"
        correlations.add(first[0].correlationid)
        # and a client of another make sees what the relay wrote as CloudEvents
        (same,) = [seen for seen in await asyncio.to_thread(seen_by_another_make, house.kafka_bootstrap, topic)
                   if seen["ce_id"] == str(first[0].id)]  # fmt: skip
        assert (same["ce_specversion"], same["ce_type"], same["ce_company"]) == ("1.0", first[0].type, COMPANY)
        assert (same["ce_sequence"], same["ce_subject"]) == ("1", same["key"])
    assert len(correlations) == 1
    # the PDF is real and readable, in both scripts
    papers = await admin.get(f"/documents/v1/companies/{COMPANY}/documents", about=str(invoice))
    paper = papers["documents"][0]["document"]
    content = await admin.send("GET", f"/documents/v1/companies/{COMPANY}/documents/{paper}/content")
    assert content.headers["content-type"] == "application/pdf"
    text = "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(content.content))
    assert str(number) in text
    assert "Ωραία" in text
    assert "דבש" in text
    # and what the departments' databases say of it
    filed = "select d.number, c.media_type, c.size from document d join document_content c using (company, document)"
    ((filed_number, media_type, size),) = await rows(house, "documents", f"{filed} where d.about_id = $1", invoice)
    assert (filed_number, media_type, size) == (str(number), "application/pdf", len(content.content))
    # 6 Paid, in part and then in full
    for turn, (amount, state) in enumerate((("20.00", "partly_paid"), ("29.10", "paid"))):
        body = {
            "company": COMPANY, "reference": f"P-{turn}", "received_on": "2026-11-21", "payer": {"name": "X"},
            "amount": {"amount": amount, "currency": "EUR"}, "invoice_number": number,
        }  # fmt: skip
        await accepted(admin.post("/v1/payments", body, key=f"walk-payment-{turn}"))
        await in_state(admin, order, state)
    # 7 Told: the request knows what each department did
    request = await admin.get(f"/v1/requests/{answer.json()['request_id']}")
    assert request["state"] == "done"
    # and a cancellation releases the stock, credits the invoice, and frees the money
    await accepted(admin.post("/v1/orders/WALK-1/cancellation", {"company": COMPANY}, key="walk-cancel"))
    await in_state(admin, order, "credited")
    trial = await admin.get(f"/ledger/v1/companies/{COMPANY}/trial-balance")
    balances = {row["account"]: row["balance"] for row in trial["accounts"] if float(row["balance"])}
    assert balances == {"1000": "49.10", "2300": "-49.10"}
    await nothing_is_unsent(house)


async def test_a_hire_is_registered_by_payroll_and_documents_open_a_file(house: LocalStack, admin: FrontOffice) -> None:
    await until_known(admin, f"/payroll/v1/companies/{COMPANY}/employees")
    body = {
        "company": COMPANY, "reference": "H-1", "name": "Ελένη Μαυρίδου", "job_title": "Accountant",
        "department": "finance", "starts_on": "2026-12-01",
    }  # fmt: skip
    answer = await admin.post("/v1/employees", body, key="walk-hire")
    assert answer.status_code == 202, answer.text

    async def files() -> list[Any]:
        path = f"/documents/v1/companies/{COMPANY}/documents"
        return [p for p in (await admin.get(path))["documents"] if p["class"] == "employee_file"]

    await eventually(files, what="the employee has a file")

    async def employees() -> list[Any]:
        return list((await admin.get(f"/payroll/v1/companies/{COMPANY}/employees"))["employees"])

    # payroll and documents hear of the hire at their own pace: neither waits for the other
    registered = await eventually(employees, what="payroll has registered the employee")
    assert [e["name"] for e in registered] == ["Ελένη Μαυρίδου"]
    # and each of the two has its own row and its own cursor
    hire = answer.json()["subject"]
    cursor = "select sequence, held from inbox where (topic, key) = ($1, $2)"
    assert [tuple(row) for row in await rows(house, "payroll", cursor, "sales.hires", hire)] == [(1, 0)]
    ((employee, name),) = await rows(
        house, "payroll", "select employee, name from employee where company = $1", COMPANY
    )
    assert (str(employee), name) == (hire, "Ελένη Μαυρίδου")
    paper = "select class from document where employee_id = $1"
    filed = [row[0] for row in await rows(house, "documents", paper, employee)]
    assert {*filed, "employment_contract"} == {"employee_file", "employment_contract"}  # the contract may follow
    assert filed.count("employee_file") == 1
    await nothing_is_unsent(house)


async def test_a_hire_with_pay_or_bank_data_is_refused_naming_the_field(house: LocalStack, admin: FrontOffice) -> None:
    body: dict[str, object] = {
        "company": COMPANY, "reference": "H-2", "name": "N", "job_title": "J", "department": "d",
        "starts_on": "2026-12-01", "salary": "5000",
    }  # fmt: skip
    answer: httpx.Response = await admin.post("/v1/employees", body, key="walk-hire-2")
    assert answer.status_code == 422
    assert "/salary" in [error["pointer"] for error in answer.json()["errors"]]


async def test_a_changed_order_is_reserved_and_billed_anew_in_every_department(
    house: LocalStack, admin: FrontOffice
) -> None:
    # Given an order that is reserved, billed and filed: 2 x 8.90 net, 24 % tax
    line = {"item": "OLIVE", "description": "Λάδι", "quantity": "2", "unit_price": "8.90", "tax_code": "S24"}
    placed = await admin.post("/v1/orders", ORDER | {"reference": "WALK-2", "lines": [line]}, key="walk-order-2")
    assert placed.status_code == 202, placed.text
    order = placed.json()["subject"]
    before = await in_state(admin, order, "documented")
    assert before["total"] == "22.07"

    # When its lines are replaced: 1 x 8.90 and 2 x 6.45
    honey = {"item": "HONEY", "description": "דבש", "quantity": "2", "unit_price": "6.45", "tax_code": "S24"}
    lines = [line | {"quantity": "1"}, honey]
    body = {"company": COMPANY, "revision": 2, "changed_at": "2026-11-20T11:00:00Z", "lines": lines}
    changed = await admin.post("/v1/orders/WALK-2/changes", body, key="walk-change")
    assert changed.status_code == 202, changed.text

    async def look() -> dict[str, Any]:
        shown: dict[str, Any] = await admin.get(f"/v1/orders/{order}")
        return shown

    after = await eventually(
        look,
        lambda shown: shown["revision"] == 2 and shown["state"] == "documented",
        what="the changed order is documented",
        within_s=60,
    )

    # Then inventory has let the first lines go and holds the second ones, and nothing beside
    held = await admin.get(f"/inventory/v1/companies/{COMPANY}/reservations/{order}")
    assert held["state"] == "reserved"
    assert {part["item"]: float(part["reserved"]) for part in held["lines"]} == {"OLIVE": 1, "HONEY": 2}
    assert (await admin.get(f"/inventory/v1/companies/{COMPANY}/stock-check"))["differences"] == []
    # the ledger has credited the first invoice wholly and issued another: 21.80 net, 5.23 tax
    told = {fact["type"]: fact["summary"] for fact in after["timeline"] if fact["type"] == "CreditNoteIssued.v1"}
    assert told["CreditNoteIssued.v1"]["total"] == before["total"]
    assert after["invoice_number"] != before["invoice_number"]
    assert after["total"] == "27.03"
    invoices = await rows(house, "ledger", "select total from invoice where order_id = $1 order by revision", order)
    assert [row[0] for row in invoices] == [2207, 2703]
    # and everybody has done their part of the change
    request = await admin.get(f"/v1/requests/{changed.json()['request_id']}")
    assert (request["state"], [step["state"] for step in request["departments"]]) == ("done", ["done"] * 3)


async def test_one_question_leads_from_the_request_to_every_journal_entry_and_back(
    house: LocalStack, admin: FrontOffice
) -> None:
    """G13, X1: sale, cost of goods and money, from the request; and from each of these entries the same way back."""
    # Given goods with a cost, an order of them that was shipped, and half of its money
    at, stock = f"/ledger/v1/companies/{COMPANY}", f"/inventory/v1/companies/{COMPANY}"
    accounts = [{"code": c, "name": n, "kind": k, "role": r} for c, n, k, r in STOCK_ACCOUNTS]
    await accepted(admin.post(f"{at}/accounts/batch", {"accounts": accounts}, key="walk-stock-accounts"))
    await accepted(
        admin.post(
            f"{stock}/items/batch",
            {"items": [{"sku": "THYME", "name": "Thyme", "valuation": "fifo"}]},
            key="walk-thyme",
        )
    )
    receipt = {"reference": "R-2", "received_on": "2026-11-19"}
    lines = [{"item": "THYME", "quantity": "10", "unit_cost": "1.50"}]
    await accepted(admin.post(f"{stock}/receipts", receipt | {"lines": lines}, key="walk-receipt-2"))
    line = {"item": "THYME", "description": "Θυμάρι", "quantity": "4", "unit_price": "5.00", "tax_code": "S24"}
    placed = await admin.post("/v1/orders", ORDER | {"reference": "WALK-3", "lines": [line]}, key="walk-order-3")
    order, request = placed.json()["subject"], placed.json()["request_id"]
    shown = await in_state(admin, order, "documented")
    picked = await admin.post(f"{stock}/picks", {"picks": [{"order": order}]}, key="walk-pick")
    shipment = picked.json()["shipments"][0]["shipment"]
    await accepted(admin.post(f"{stock}/packs", {"packs": [{"shipment": shipment, "packages": 1}]}, key="walk-pack"))
    leaving = {"shipments": [{"shipment": shipment, "carrier": "Aegean"}]}
    await accepted(admin.post(f"{stock}/dispatches", leaving, key="walk-dispatch"))
    money = {
        "company": COMPANY, "reference": "P-9", "received_on": "2026-11-21", "payer": {"name": "X"},
        "amount": {"amount": "12.40", "currency": "EUR"}, "invoice_number": shown["invoice_number"],
    }  # fmt: skip
    payment = (await admin.post("/v1/payments", money, key="walk-payment-9")).json()["subject"]
    await in_state(admin, order, "partly_paid")

    async def trace() -> dict[str, Any]:
        return dict(await admin.get("/v1/trace", request=request))

    # When it is asked for by the request
    whole = await eventually(trace, lambda told: len(told["entries"]) >= 3, what="all entries are there", within_s=30)

    # Then each entry is there, with the event that caused it
    kinds = {(entry["journal"], entry["document"]) for entry in whole["entries"]}
    (invoice,) = {f["summary"]["invoice"] for f in shown["timeline"] if f["type"] == "InvoiceIssued.v1"}
    assert kinds == {("sales", invoice), ("stock", shipment), ("cash", payment)}
    events = {event["event_id"]: event["type"] for event in whole["events"]}
    causes = {entry["journal"]: events.get(entry["cause"]) for entry in whole["entries"]}
    assert causes["sales"] == "StockReserved.v1"
    assert causes["stock"] == "StockIssued.v1"
    assert (whole["cut"], whole["absent"]) == (False, [])
    # and back, from each of them
    for entry in whole["entries"]:
        back = await admin.get("/v1/trace", entry=entry["entry"])
        assert (back["subject"], back["requests"], back["entries"]) == (order, [request], whole["entries"])
    # and so from the invoice
    assert (await admin.get("/v1/trace", invoice=invoice))["entries"] == whole["entries"]
