"""What documents puts on file when it hears of invoices, credit notes and hires."""

from __future__ import annotations

from datetime import date

import orjson

from contracts.ledger import InvoicePaid
from services.documents.rendering.templates import named
from tests.chassis.statements import counting_statements
from tests.documents.archive import Archive, credit_note, hire, invoice, invoice_id, paper_id
from tests.documents.conftest import MakeArchive
from tests.support.department import Department, Event, event

COUNTS = "select (select count(*) from document), (select count(*) from outbox), (select count(*) from job)"


async def test_an_invoice_is_on_file_told_of_and_queued_for_rendering_in_one_commit(archive: Archive) -> None:
    """D13: registered at once, linked to invoice and order, with the job that renders it."""
    issued = invoice("7", customer={"name": "Acme Ltd.", "language": "en"})

    await archive.hear(issued)

    (told,) = await archive.told()
    assert (told.type, told.key, told.envelope.causationid) == ("DocumentRegistered", paper_id("7"), _id_of(issued))
    assert told.data == {
        "document": paper_id("7"),
        "class": "invoice",
        "title": "Invoice INV-7",
        "number": "INV-7",
        "about": {"kind": "invoice", "id": invoice_id("7")},
        "order": orjson.loads(issued.body)["order"],
        "employee": None,
        "template": "invoice@1",
        "language": "en",
    }
    ((facts, template, template_hash, dated, title),) = await archive.rows(
        "select facts, template, template_hash, dated, title from document"
    )
    assert facts == issued.body, "the facts are the event's own bytes"
    assert (template, template_hash) == ("invoice@1", named("invoice@1").hash)
    assert (dated, title) == (date(2026, 11, 22), "Invoice INV-7")
    assert await archive.jobs() == [(paper_id("7"), 0, None)]
    assert await archive.rows("select action, subject, actor from audit") == [
        ("document-registered", paper_id("7"), "webshop")
    ]


async def test_an_invoice_that_is_delivered_again_is_on_file_once(archive: Archive) -> None:
    issued = [invoice(str(n)) for n in range(3)]

    await archive.hear(*issued)
    await archive.hear(*issued, *issued)

    assert await archive.rows(COUNTS) == [(3, 3, 3)]


async def test_an_invoice_is_on_file_once_even_when_the_inbox_has_forgotten_it(archive: Archive) -> None:
    issued = invoice("7")
    await archive.hear(issued)
    await _forget(archive)

    await archive.hear(issued)

    assert await archive.rows(COUNTS) == [(1, 1, 1)]


async def test_a_credit_note_is_a_paper_of_its_own_beside_its_invoice(archive: Archive) -> None:
    await archive.hear(invoice("7"), credit_note("7"))

    bill, credit = await archive.told()
    assert (bill.data["class"], credit.data["class"]) == ("invoice", "credit_note")
    assert credit.data["about"]["kind"] == "credit_note"
    assert credit.data["title"] == "Πιστωτικό τιμολόγιο CN-7"
    assert bill.key != credit.key
    assert len(await archive.jobs()) == 2


async def test_a_hire_opens_a_file_without_a_paper_and_without_the_name_in_its_title(archive: Archive) -> None:
    await archive.hear(hire("נועה לוי", language="he", reference="HIRE-31"))

    (told,) = await archive.told()
    assert (told.data["class"], told.data["about"]["kind"]) == ("employee_file", "employee")
    assert told.data["employee"] == told.data["about"]["id"]
    assert (told.data["template"], told.data["order"]) == (None, None)
    assert told.data["title"] == "תיק עובד HIRE-31"
    assert await archive.jobs() == []
    assert await archive.rows("select name, folded from party") == [("נועה לוי", "נועה לוי")]


async def test_a_payment_leaves_no_trace_but_the_count(archive: Archive) -> None:
    issued = invoice("7")
    paid = event(
        InvoicePaid,
        "acme",
        {
            "invoice": invoice_id("7"),
            "number": "INV-7",
            "order": orjson.loads(issued.body)["order"],
            "paid_on": "2026-12-01",
            "total": {"amount": "297.36", "currency": "EUR"},
        },
        sequence=2,
    )

    await archive.hear(issued, paid)

    assert await archive.rows(COUNTS) == [(1, 1, 1)]
    counted = dict(await archive.rows("select outcome, sum(events)::int from inbox_count group by 1"))
    assert counted == {"applied": 1, "ignored": 1}


async def test_a_customer_of_many_invoices_is_one_party(archive: Archive) -> None:
    await archive.hear(*[invoice(str(n), customer={"name": "Καφέ ΑΚΡΌΠΟΛΗ Ο.Ε."}) for n in range(5)])

    assert await archive.rows("select name, folded from party") == [("Καφέ ΑΚΡΌΠΟΛΗ Ο.Ε.", "καφε ακροπολη ο.ε.")]


async def test_a_batch_costs_the_same_number_of_statements_whether_it_has_10_invoices_or_500(
    make_archive: MakeArchive,
) -> None:
    counts = {}
    for size in (10, 500):
        archive = make_archive()
        await archive.knows("acme")
        await archive.hear(invoice("first"))
        async with counting_statements(archive.database) as counted:
            await archive.hear(*[invoice(str(n)) for n in range(size)])
        counts[size] = counted.statements
        assert await archive.rows(COUNTS) == [(size + 1, size + 1, size + 1)]

    assert counts[10] == counts[500]
    assert counts[10] <= 12


async def test_invoices_of_a_company_that_is_not_known_yet_wait_for_it(make_archive: MakeArchive) -> None:
    archive = make_archive()
    await archive.hear(invoice("7"))
    assert await archive.held() == [("waiting", "company acme is not known here")]

    await archive.knows("acme")
    await archive.try_held()

    assert await archive.rows(COUNTS) == [(1, 1, 1)]


def _id_of(heard: Event) -> str:
    return dict(heard.headers)["ce_id"].decode()


async def _forget(department: Department) -> None:
    """What a restored database would do: the cursors and offsets are gone, the documents are there."""
    await department.rows("delete from inbox")
    await department.rows("delete from inbox_offset")
    department._offsets.clear()
