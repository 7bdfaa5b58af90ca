"""The HTTP door of documents: finding papers and reading them, also before their turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
import pytest_asyncio

from chassis.ids import new_id
from tests.documents.archive import Archive, credit_note, hire, invoice, invoice_id, paper_id, text_of
from tests.documents.conftest import MakeArchive

AT = "/v1/companies/acme/documents"


@pytest_asyncio.fixture
async def client(archive: Archive) -> AsyncIterator[httpx.AsyncClient]:
    async with archive.reader() as client:
        yield client


async def found(client: httpx.AsyncClient, **query: Any) -> list[str]:
    answer = await client.get(AT, params=query)
    assert answer.status_code == 200, answer.text
    return [document["number"] for document in answer.json()["documents"]]


async def test_a_document_is_shown_with_what_it_is_about_and_its_bytes_once_they_are_known(
    archive: Archive, client: httpx.AsyncClient
) -> None:
    issued = invoice("7", customer={"name": "Acme Ltd.", "language": "en"})
    await archive.hear(issued)

    before = (await client.get(f"{AT}/{paper_id('7')}")).json()
    await archive.work()
    after = (await client.get(f"{AT}/{paper_id('7')}")).json()

    assert before.pop("registered_at").endswith("Z")
    assert before == {
        "document": paper_id("7"),
        "class": "invoice",
        "title": "Invoice INV-7",
        "number": "INV-7",
        "about": {"kind": "invoice", "id": invoice_id("7")},
        "order": orjson.loads(issued.body)["order"],
        "employee": None,
        "party": "Acme Ltd.",
        "language": "en",
        "dated": "2026-11-22",
        "template": "invoice@1",
        "content": None,
        "version": 1,
        "file_name": None,
        "metadata": {},
        "kept_since": None,
    }
    assert after["content"]["sha256"] == (await archive.contents())[paper_id("7")]
    assert after["content"]["media_type"] == "application/pdf"


async def test_documents_are_found_by_class_number_order_and_what_they_are_about(
    archive: Archive, client: httpx.AsyncClient
) -> None:
    order = str(new_id())
    await archive.hear(invoice("1"), invoice("2", order=order), credit_note("2", order=order))
    await archive.hear(hire("Noa"))

    assert await found(client) == ["HIRE-Noa", "CN-2", "INV-2", "INV-1"]
    assert await found(client, **{"class": "invoice"}) == ["INV-2", "INV-1"]
    assert await found(client, **{"class": "employee_file"}) == ["HIRE-Noa"]
    assert await found(client, number="INV-1") == ["INV-1"]
    assert await found(client, number="inv-1") == []
    assert await found(client, order=order) == ["CN-2", "INV-2"]
    assert await found(client, order=order, **{"class": "credit_note"}) == ["CN-2"]
    assert await found(client, about=invoice_id("2")) == ["INV-2"]
    assert await found(client, about=invoice_id("2"), number="INV-2", order=order, text="ακροπολη") == ["INV-2"]
    assert await found(client, order=order, text="nobody") == []


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("ακροπολη", ["INV-2", "INV-1"]),
        ("ΑΚΡΌΠΟΛΗ", ["INV-2", "INV-1"]),
        ("καφές", ["INV-2"]),
        ("תל אביב", ["INV-3"]),
        ("CAFE", ["INV-4"]),
        ("ltd", ["INV-4"]),
        ("100%", ["INV-5"]),
        ("10_%", []),
        ("\\", []),
        ("νοα", []),
    ],
)
async def test_documents_are_found_by_part_of_a_name_in_any_case_and_with_any_accents(
    make_archive: MakeArchive, text: str, numbers: list[str]
) -> None:
    archive = make_archive()
    await archive.knows("acme")
    names = ("Καφέ Ακρόπολη Ο.Ε.", "Καφές ΑΚΡΟΠΟΛΗ", "קפה תל אביב", "Café Ltd", "100% Söhne")
    await archive.hear(*[invoice(str(n), customer={"name": name}) for n, name in enumerate(names, 1)])
    async with archive.reader() as client:
        assert await found(client, text=text.ljust(2, "\\")) == numbers


async def test_pages_lead_through_all_documents_newest_first(archive: Archive, client: httpx.AsyncClient) -> None:
    await archive.hear(*[invoice(str(n)) for n in range(7)])
    await archive.hear(invoice("late"))
    for query in ({}, {"class": "invoice"}, {"text": "ακροπολη"}):
        seen: list[str] = []
        after: dict[str, Any] = {}
        for _ in range(10):
            page = (await client.get(AT, params={"limit": 3} | query | after)).json()
            seen += [document["number"] for document in page["documents"]]
            if page["next"] is None:
                break
            after = {"after": page["next"]}
        assert seen == ["INV-late", *(f"INV-{n}" for n in reversed(range(7)))]


async def test_stored_bytes_are_served_as_a_pdf_with_their_hash_as_etag(
    archive: Archive, client: httpx.AsyncClient
) -> None:
    await archive.hear(invoice("7"))
    await archive.work()

    answer = await client.get(f"{AT}/{paper_id('7')}/content", headers={"accept": "application/pdf"})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["etag"] == f'"{(await archive.contents())[paper_id("7")]}"'
    assert answer.headers["content-disposition"] == "inline; filename*=UTF-8''INV-7.pdf"
    assert "INV-7" in text_of(answer.content)
    same = await client.get(f"{AT}/{paper_id('7')}/content", headers={"if-none-match": answer.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")


async def test_a_document_that_is_asked_for_before_its_turn_is_rendered_at_once_and_stored_once(
    archive: Archive, client: httpx.AsyncClient
) -> None:
    await archive.hear(invoice("7"))

    answers = await asyncio.gather(*[client.get(f"{AT}/{paper_id('7')}/content") for _ in range(3)])

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert "INV-7" in text_of(answers[0].content)
    contents = await archive.contents()
    assert answers[0].headers["etag"] == f'"{contents[paper_id("7")]}"'
    await archive.work()
    assert await archive.jobs() == []
    assert await archive.contents() == contents
    assert [t.sequence for t in await archive.told("DocumentStored")] == [2]


@pytest.mark.parametrize("damage", ["flip a bit", "remove it"])
async def test_bytes_that_are_not_what_was_stored_are_never_served(
    archive: Archive, client: httpx.AsyncClient, damage: str
) -> None:
    await archive.hear(invoice("7"))
    await archive.work()
    (path,) = archive.files()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.unlink()
    if damage == "flip a bit":
        path.write_bytes(content)

    answer = await client.get(f"{AT}/{paper_id('7')}/content")

    code = "content-damaged" if damage == "flip a bit" else "content-missing"
    assert (answer.status_code, answer.json()["type"]) == (500, f"/problems/{code}")
    assert answer.headers["content-type"] == "application/problem+json"
    metrics = (await client.get("/metrics")).text
    assert f'kind="{code}"' in metrics


async def test_a_document_that_takes_long_asks_its_reader_to_come_back(make_archive: MakeArchive) -> None:
    archive = make_archive(content_patience_s=0.001)
    await archive.knows("acme")
    await archive.hear(invoice("7"))
    async with archive.reader() as client:
        answer = await client.get(f"{AT}/{paper_id('7')}/content")

    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/rendering-takes-long")
    assert answer.headers["retry-after"] == "1"
    assert await archive.contents() == {}


async def test_a_file_without_a_paper_has_no_content(archive: Archive, client: httpx.AsyncClient) -> None:
    await archive.hear(hire("Noa"))
    (document,) = (await client.get(AT)).json()["documents"]

    answer = await client.get(f"{AT}/{document['document']}/content")

    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-content")
    assert (document["employee"], document["content"]) == (document["about"]["id"], None)


@pytest.mark.parametrize("path", ["", "/{document}", "/{document}/content"])
async def test_papers_of_another_company_do_not_exist(archive: Archive, client: httpx.AsyncClient, path: str) -> None:
    await archive.knows("other")
    await archive.hear(invoice("7", company="other"))
    document = paper_id("7", "other")

    foreign = await client.get(f"/v1/companies/other/documents{path.format(document=document)}")
    under_ours = await client.get(f"{AT}{path.format(document=document)}")

    assert foreign.status_code == 404
    if path:
        assert (under_ours.status_code, under_ours.json()["type"]) == (404, "/problems/document-not-found")
    else:
        assert under_ours.json() == {"documents": [], "next": None}


async def test_a_caller_without_the_scope_is_refused(archive: Archive) -> None:
    async with archive.reader(scopes={"ledger:read"}) as client:
        for path in ("", f"/{new_id()}", f"/{new_id()}/content"):
            answer = await client.get(f"{AT}{path}")
            assert (answer.status_code, answer.json()["type"]) == (403, "/problems/scope-missing")


@pytest.mark.parametrize(
    "query",
    [
        {"class": "Letter"}, {"order": "x"}, {"limit": 0}, {"limit": 501}, {"text": "a"}, {"after": -1},
        {"after": 2**63}, {"colour": "red"}, {"number": "x" * 65},
    ],
)  # fmt: skip
async def test_a_question_that_makes_no_sense_is_refused(client: httpx.AsyncClient, query: dict[str, Any]) -> None:
    answer = await client.get(AT, params=query)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_address_that_is_no_document_is_not_found(client: httpx.AsyncClient) -> None:
    for path in (f"{AT}/nonsense", f"{AT}/{new_id()}", f"{AT}/{new_id()}/content"):
        assert (await client.get(path)).status_code == 404


async def test_a_caller_who_takes_no_pdf_is_told(archive: Archive, client: httpx.AsyncClient) -> None:
    await archive.hear(invoice("7"))
    answer = await client.get(f"{AT}/{paper_id('7')}/content", headers={"accept": "text/html"})
    assert answer.status_code == 406
