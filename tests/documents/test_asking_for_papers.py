"""Papers whose facts are given: statements and labels on request, and payslips, which are nobody's business."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest

from chassis.ids import derive, new_id
from contracts import published
from tests.documents.archive import Archive, text_of
from tests.documents.paper_samples import facts_of
from tests.documents.test_papers import plain
from tests.payroll.office import company

AT = "/v1/companies/acme"
OFFICER = {"documents:confidential"}
NET = "1494.67"


def asked(document_class: str, *, about: str = "1", **more: Any) -> dict[str, Any]:
    """A paper of this class, as a caller asks for it."""
    facts = facts_of(document_class, "en")
    paper = {"class": document_class, "about": {"kind": "thing", "id": str(derive("thing", about))}, "facts": facts}
    if document_class in ("payslip", "employment_contract"):
        paper["employee"] = str(employee("1"))
    return paper | more


def employee(name: str) -> Any:
    """The id of the employee with this name."""
    return derive("test-employee", name)


def key() -> dict[str, str]:
    """A new idempotency key."""
    return {"idempotency-key": str(new_id())}


async def test_a_statement_is_filed_and_can_be_read_at_once(archive: Archive) -> None:
    """D14: a paper that is asked for by its facts is on file in one answer, with the version of its template."""
    async with archive.reader() as client:
        made = await client.post(f"{AT}/papers", json={"papers": [asked("statement")]}, headers=key())
        assert made.status_code == 201, made.text
        (paper,) = made.json()["papers"]
        content = await client.get(f"{AT}/documents/{paper['document']}/content")
        shown = (await client.get(f"{AT}/documents/{paper['document']}")).json()

    assert paper["registered"] is True
    assert "Total open 537.36 EUR" in plain(text_of(content.content))
    assert (shown["template"], shown["about"]["kind"], shown["party"]) == (
        "statement@2", "thing", "Northwind Traders Ltd.",
    )  # fmt: skip
    told = [(t.type, t.envelope.type, t.data["class"]) for t in await archive.told()]
    assert told == [
        ("DocumentRegistered", "DocumentRegistered.v2", "statement"),
        ("DocumentStored", "DocumentStored.v2", "statement"),
    ]


@pytest.mark.parametrize(
    ("scope", "status"),
    [("documents:confidential", 201), ("documents:confidential@acme", 201), ("documents:confidential@umbrella", 403)],
)
async def test_the_right_to_confidential_papers_may_be_for_one_company(
    archive: Archive, scope: str, status: int
) -> None:
    """D19: so it comes from an identity provider; it counts in the company that it names."""
    async with archive.reader(scopes={scope}, name="personnel") as client:
        made = await client.post(f"{AT}/papers", json={"papers": [asked("payslip")]}, headers=key())
        assert made.status_code == status
        if status == 201:
            document = made.json()["papers"][0]["document"]
            assert (await client.get(f"{AT}/documents/{document}/content")).status_code == 200


async def test_a_paper_without_a_seller_is_the_companys_own(archive: Archive) -> None:
    """Its name and address are those that the ledger registered; until they are known here it is refused by name."""
    paper = asked("statement")
    del paper["facts"]["seller"]
    async with archive.reader() as client:
        refused = await client.post(f"{AT}/papers", json={"papers": [paper]}, headers=key())
        await archive.hear(company())
        made = await client.post(f"{AT}/papers", json={"papers": [paper]}, headers=key())
        document = made.json()["papers"][0]["document"]
        content = await client.get(f"{AT}/documents/{document}/content")

    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/letterhead-unknown")
    assert refused.json()["errors"][0]["pointer"] == "/papers/0/facts/seller"
    assert str(published.sample("CompanyRegistered.v1").data["name"]) in plain(text_of(content.content))


async def test_a_paper_that_is_asked_for_again_is_on_file_once(archive: Archive) -> None:
    async with archive.reader() as client:
        answers = [
            (await client.post(f"{AT}/papers", json={"papers": [asked("label")]}, headers=key())).json()["papers"][0]
            for _ in range(2)
        ]

    assert [answer["registered"] for answer in answers] == [True, False]
    assert answers[0]["document"] == answers[1]["document"]
    assert len(await archive.told("DocumentRegistered")) == 1


async def test_a_payslip_is_rendered_and_its_pay_stands_in_no_row_no_event_and_no_file(archive: Archive) -> None:
    """D14: payslips are papers too, and D19: what they say is sealed wherever it rests."""
    async with archive.reader(scopes=OFFICER, name="payroll") as client:
        made = await client.post(f"{AT}/papers", json={"papers": [asked("payslip")]}, headers=key())
        assert made.status_code == 201, made.text
        document = made.json()["papers"][0]["document"]
        await archive.work()
        content = await client.get(f"{AT}/documents/{document}/content")

    assert content.status_code == 200
    assert "Net pay 1,494.67 EUR" in plain(text_of(content.content))
    canaries = (NET, "1,494.67", "GR** **** **** 0695", "Alex Smith")
    (stored,) = archive.files()
    assert not stored.read_bytes().startswith(b"%PDF")
    rows = [
        str(row)
        for table in ("document", "document_content", "outbox", "audit", "request", "job", "person_key")
        for row in await archive.rows(f"select * from {table}")
    ]
    for canary in canaries:
        assert canary.encode() not in stored.read_bytes()
        assert not [row for row in rows if canary in row], canary
    assert {t.data["title"] for t in await archive.told("DocumentRegistered")} == {"Payslip P-2026-000017"}


@pytest.mark.parametrize(
    ("name", "scopes", "seen"),
    [
        ("payroll", OFFICER, True),
        (f"employee:{employee('1')}", {"documents:granted"}, False),
        ("clerk", {"documents:read"}, False),
        ("admin", {"documents:*"}, False),
        ("root", {"*"}, False),
    ],
)
async def test_a_payslip_is_read_by_officers_alone_whatever_a_caller_is_called(
    archive: Archive, name: str, scopes: set[str], seen: bool
) -> None:
    """D19: access is by class, document and caller, and what is not stated is refused; no wildcard opens pay."""
    async with archive.reader(scopes=OFFICER, name="payroll") as client:
        made = await client.post(f"{AT}/papers", json={"papers": [asked("payslip")]}, headers=key())
        document = made.json()["papers"][0]["document"]
    async with archive.reader(scopes=scopes, name=name) as client:
        listed = (await client.get(f"{AT}/documents")).json()["documents"]
        shown = await client.get(f"{AT}/documents/{document}")
        content = await client.get(f"{AT}/documents/{document}/content")

    assert [found["document"] for found in listed] == ([document] if seen else [])
    assert (shown.status_code, content.status_code) == ((200, 200) if seen else (404, 404))
    log = await archive.rows("select what, client, document::text from read_log order by position")
    assert log == ([(what, name, document) for what in ("listed", "shown", "content")] if seen else [])


async def test_two_readers_of_a_payslip_that_is_not_rendered_yet_both_get_it(archive: Archive) -> None:
    """D13, D19: sealed bytes are others each time; what stands is what came first, and both read the same paper."""
    async with archive.reader(scopes=OFFICER, name="payroll") as client:
        made = await client.post(f"{AT}/papers", json={"papers": [asked("payslip")]}, headers=key())
        document = made.json()["papers"][0]["document"]
        async with archive.reader(scopes=OFFICER, name="personnel") as other:
            at = f"{AT}/documents/{document}/content"
            answers = await asyncio.gather(*[reader.get(at) for reader in (client, other, client, other)])

    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.content for answer in answers}) == 1
    assert len(await archive.contents()) == 1


async def test_the_hash_that_is_kept_of_a_request_with_pay_cannot_be_found_by_trying(
    make_archive: Any, tmp_path: Path
) -> None:
    """D19: what is kept of a request about pay is keyed: without the house's key nobody can try amounts out on it."""
    other_key = tmp_path / "another key"
    other_key.write_text("another key of another house, long enough")
    body = {"papers": [asked("payslip")]}
    kept: list[bytes] = []
    for archive in (make_archive(), make_archive(seal_key_file=other_key)):
        await archive.knows("acme")
        async with archive.reader(scopes=OFFICER, name="payroll") as client:
            once = {"idempotency-key": "one"}
            answers = [await client.post(f"{AT}/papers", json=body, headers=once) for _ in range(2)]
            other = await client.post(f"{AT}/papers", json={"papers": [asked("payslip", about="2")]}, headers=once)
        assert [answer.status_code for answer in (*answers, other)] == [201, 201, 422]
        kept += [row[0] for row in await archive.rows("select hash from request where key = 'one'")]
    assert len(set(kept)) == 2


async def test_who_is_erased_is_read_by_nobody_and_has_no_new_paper(archive: Archive) -> None:
    """D19: with the person's key all that was sealed is gone, rendered or not; other people's papers stay."""
    papers = [asked("payslip", about=n, employee=str(employee(n))) for n in ("1", "2")]
    for paper, number in zip(papers, ("P-1", "P-2"), strict=True):
        paper["facts"] = paper["facts"] | {"number": number}
    async with archive.reader(scopes=OFFICER, name="payroll") as client:
        made = await client.post(f"{AT}/papers", json={"papers": papers}, headers=key())
        gone, stays = [paper["document"] for paper in made.json()["papers"]]
        erasure = f"{AT}/people/{employee('1')}/erasure"
        for _ in range(2):
            assert (await client.post(erasure, headers=key())).json()["erased"] is True
        await archive.work()
        answers = [await client.get(f"{AT}/documents/{document}/content") for document in (gone, stays)]
        later = asked("payslip", about="3", facts=papers[0]["facts"] | {"number": "P-3"})
        refused = await client.post(f"{AT}/papers", json={"papers": [papers[1], later]}, headers=key())
    assert [answer.status_code for answer in answers] == [410, 200]
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/papers/1/employee")
    assert await archive.jobs() == []
    assert await archive.rows("select count(*) from audit where action = 'person-erased'") == [(1,)]
    async with archive.reader(scopes={"documents:write", "documents:*"}) as clerk:
        assert (await clerk.post(erasure, headers=key())).status_code == 403


async def test_a_caller_without_the_right_files_no_payslip(archive: Archive) -> None:
    async with archive.reader(scopes={"documents:write", "documents:*"}) as client:
        refused = await client.post(
            f"{AT}/papers", json={"papers": [asked("statement"), asked("payslip")]}, headers=key()
        )

    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/class-not-allowed")
    assert await archive.rows("select 1 from document") == []


async def test_confidential_papers_are_refused_where_nothing_can_seal_them(make_archive: Any) -> None:
    archive = make_archive(seal_key_file=None)
    await archive.knows("acme")
    async with archive.reader(scopes=OFFICER) as client:
        refused = await client.post(f"{AT}/papers", json={"papers": [asked("payslip")]}, headers=key())

    assert (refused.status_code, refused.json()["type"]) == (503, "/problems/sealing-not-set-up")
    assert await archive.rows("select 1 from document") == []


async def test_two_hundred_payslips_come_in_one_call_and_one_batch_of_statements(archive: Archive) -> None:
    papers = []
    for n in range(200):
        paper = asked("payslip", about=str(n), employee=str(employee(str(n))))
        papers.append(paper | {"facts": paper["facts"] | {"number": f"P-{n}"}})
    async with archive.reader(scopes=OFFICER) as client:
        made = await client.post(f"{AT}/papers", json={"papers": papers}, headers=key())

    assert made.status_code == 201, made.text
    assert len({paper["document"] for paper in made.json()["papers"]}) == 200
    assert await archive.rows("select count(*) from person_key") == [(200,)]
    assert await archive.rows("select count(*) from job") == [(200,)]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"facts": {}}, "/papers/0/payslip/facts/language"),
        ({"class": "invoice"}, "/papers/0"),
        ({"employee": "nobody"}, "/papers/0/payslip/employee"),
        ({"surplus": 1}, "/papers/0/payslip/surplus"),
    ],
)
async def test_facts_that_cannot_be_printed_are_refused_by_field(
    archive: Archive, change: dict[str, Any], pointer: str
) -> None:
    async with archive.reader(scopes=OFFICER) as client:
        refused = await client.post(f"{AT}/papers", json={"papers": [asked("payslip") | change]}, headers=key())

    assert refused.status_code == 422
    pointers = [error["pointer"] for error in orjson.loads(refused.content)["errors"]]
    assert any(found.startswith(pointer.rsplit("/", 1)[0]) for found in pointers), pointers
    assert NET not in refused.text
    assert await archive.rows("select 1 from document") == []


async def test_a_barcode_that_cannot_be_written_is_refused_by_its_field(archive: Archive) -> None:
    paper = asked("label")
    paper["facts"]["labels"][1]["barcode"]["value"] = "5201234567890"
    async with archive.reader() as client:
        refused = await client.post(f"{AT}/papers", json={"papers": [paper]}, headers=key())

    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/barcode-impossible")
    assert refused.json()["errors"][0]["pointer"] == "/papers/0/facts/labels/1/barcode/value"
