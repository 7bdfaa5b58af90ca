"""Files that come in by upload: sent once, kept once, found by what is said of them, and closed to everybody else."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from typing import Any

import httpx
import orjson
import pytest

from chassis.ids import derive
from tests.documents.archive import Archive, invoice, paper_id
from tests.documents.file_samples import FILES, LIES, pdf
from tests.documents.test_asking_for_papers import AT, key

CLERK = {"documents:write", "documents:read"}
ORDER = str(derive("test-order", "1"))


async def upload(
    client: httpx.AsyncClient,
    content: bytes = FILES["letter.pdf"],
    name: str = "letter.pdf",
    to: str = "files",
    **entry: Any,
) -> httpx.Response:
    """Send a file, by default to correspondence."""
    said = {"class": "correspondence"} | entry if to == "files" else entry
    form: Any = {"entry": (None, orjson.dumps(said), "application/json"), "file": (name, content)}
    return await client.post(f"{AT}/{to}", files=form, headers=key())


async def grant(archive: Archive, **more: str) -> None:
    async with archive.reader(scopes={"documents:administer"}, name="boss") as boss:
        made = await boss.post(
            f"{AT}/grants", json={"principal": "clerk", "reason": "their work", **more}, headers=key()
        )
        assert made.status_code == 201, made.text


async def test_the_same_bytes_sent_twice_are_one_document_and_one_file(archive: Archive) -> None:
    """D1: bytes that are on file already become one more time that they came, however many send them at once."""
    async with archive.reader(scopes=CLERK, name="clerk") as client:
        answers = await asyncio.gather(*[upload(client, name=f"letter {n}.pdf", title="A letter") for n in range(5)])
        (document,) = {answer.json()["document"] for answer in answers}
        shown = (await client.get(f"{AT}/documents/{document}")).json()
        content = await client.get(f"{AT}/documents/{document}/content")
        history = (await client.get(f"{AT}/documents/{document}/versions")).json()
        readings = await client.get(f"{AT}/documents/{document}/readings")
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 201]
    assert content.content == FILES["letter.pdf"]
    assert shown["title"] == "A letter"
    assert shown["content"]["sha256"] == sha256(FILES["letter.pdf"]).hexdigest()
    assert [path.name for path in archive.files()] == [shown["content"]["sha256"]]
    assert {one["file_name"] for one in history["sources"]} == {f"letter {n}.pdf" for n in range(5)}
    assert [one["what"] for one in readings.json()["readings"]] == ["shown", "content", "shown"]
    told = [(t.type, t.data["title"]) if "title" in t.data else (t.type, "") for t in await archive.told()]
    assert told == [("DocumentRegistered", "Correspondence"), ("DocumentStored", "")]


async def test_a_repeat_with_its_key_is_answered_and_with_another_file_refused(archive: Archive) -> None:
    async with archive.reader(scopes=CLERK) as client:
        again = key()
        form = {"entry": (None, b'{"class": "correspondence"}'), "file": ("a.pdf", pdf("one"))}
        first = await client.post(f"{AT}/files", files=form, headers=again)
        same = await client.post(f"{AT}/files", files=form, headers=again)
        other = await client.post(f"{AT}/files", files=form | {"file": ("a.pdf", pdf("two"))}, headers=again)
    assert (first.status_code, same.status_code, other.status_code) == (201, 201, 422)
    assert same.json() == first.json()
    assert other.json()["type"] == "/problems/idempotency-key-reused"


@pytest.mark.parametrize(
    ("name", "content", "entry", "code"),
    [
        ("a.pdf", LIES["a program.pdf"], {}, (415, "file-type-mismatch")),
        ("a.exe", b"MZ", {}, (415, "file-type-not-allowed")),
        ("a.pdf", b"", {}, (422, "file-empty")),
        ("a.pdf", pdf("x" * 3_000), {}, (413, "file-too-large")),
        ("a.pdf", pdf(), {"class": "payslip"}, (403, "class-not-allowed")),
        ("a.pdf", pdf(), {"class": "contract", "metadata": {"party": "X"}}, (403, "class-not-allowed")),
        ("a.pdf", pdf(), {"class": "invoice"}, (422, "class-takes-no-files")),
        ("a.pdf", pdf(), {"class": "nothing"}, (422, "class-unknown")),
        ("a.pdf", pdf(), {"metadata": {"colour": "red"}}, (422, "metadata-unknown")),
        ("a.pdf", pdf(), {"metadata": {"received_on": "yesterday"}}, (422, "metadata-malformed")),
        ("a.pdf", pdf(), {"surplus": 1}, (422, "invalid-request")),
    ],
)
async def test_what_is_not_taken_is_refused_by_name_and_nothing_is_kept(
    make_archive: Any, name: str, content: bytes, entry: dict[str, Any], code: tuple[int, str]
) -> None:
    """D5: whatever does not fit is named, and neither a row nor a file is left."""
    archive = make_archive(upload_bytes_max=2_048)
    await archive.knows("acme")
    async with archive.reader(scopes=CLERK) as client:
        answer = await upload(client, content, name, **entry)
    assert (answer.status_code, answer.json()["type"]) == (code[0], f"/problems/{code[1]}"), answer.text
    assert answer.json().get("errors", [{"pointer": "/"}])[0]["pointer"].startswith("/")
    assert await archive.rows("select 1 from document") == []
    assert archive.files() == []


async def test_a_body_that_is_no_form_is_refused(archive: Archive) -> None:
    async with archive.reader(scopes=CLERK) as client:
        plain = await client.post(f"{AT}/files", content=b"x", headers=key() | {"content-type": "application/pdf"})
        torn = {"content-type": "multipart/form-data; boundary=x"}
        broken = await client.post(f"{AT}/files", content=b"--y\r\nnothing", headers=key() | torn)
        bare = await client.post(f"{AT}/files", content=b"x", headers=key() | {"content-type": "multipart/form-data"})
        form = {"entry": (None, b'{"class": "correspondence"}')}
        without = await client.post(f"{AT}/files", files=form, headers=key())
        large = await client.post(f"{AT}/files", content=b"x", headers=key() | torn | {"content-length": str(2**40)})
    assert [a.status_code for a in (plain, broken, bare, without, large)] == [415, 400, 400, 400, 413]


async def test_a_class_of_ones_own_is_closed_until_somebody_is_let_in(archive: Archive) -> None:
    """D5, D19: a company defines a class with its fields; nobody reads or files there until a grant names them."""
    fields = [
        {"name": "permit", "type": "text", "required": True, "pattern": "AA-9999"},
        {"name": "kind", "type": "choice", "choices": ["import", "export"]},
    ]
    body = {"title": "Customs permit", "fields": fields, "media_types": ["application/pdf"], "reason": "we import now"}
    async with archive.reader(scopes={"documents:administer"}, name="boss") as boss:
        assert (await boss.post(f"{AT}/classes/permit", json=body, headers=key())).json()["version"] == 1
        wrong = body | {"fields": [*fields, fields[0]], "media_types": ["application/x-dosexec"]}
        refused = await boss.post(f"{AT}/classes/permit", json=wrong, headers=key())
        house = await boss.post(f"{AT}/classes/payslip", json={"access": "open", "reason": "why not"}, headers=key())
    assert {e["code"] for e in refused.json()["errors"]} == {"file-type-not-allowed", "field-repeated"}
    assert (house.status_code, house.json()["type"]) == (422, "/problems/class-of-the-house")
    permit: dict[str, Any] = {"class": "permit", "metadata": {"permit": "GR-1234", "kind": "import"}}
    async with archive.reader(scopes=CLERK | {"documents:granted"}, name="clerk") as clerk:
        assert (await upload(clerk, **permit)).status_code == 403
        assert (await clerk.post(f"{AT}/classes/permit", json=body, headers=key())).status_code == 403
        await grant(archive, **{"class": "permit", "may": "write"})
        wrong_answer = await upload(clerk, **permit | {"metadata": {"permit": "1234", "kind": "both"}})
        picture = await upload(clerk, FILES["scan.PNG"], "scan.png", **permit)
        made = await upload(clerk, **permit)
        at = f"{AT}/documents/{made.json()['document']}"
        unread = await clerk.get(at)
        await grant(archive, **{"class": "permit", "may": "read"})
        found = await clerk.get(f"{AT}/documents", params={"metadata": "permit:GR-1234"})
        assert (await clerk.get(at)).json()["metadata"] == permit["metadata"]
    assert [e["pointer"] for e in wrong_answer.json()["errors"]] == ["/entry/metadata/permit", "/entry/metadata/kind"]
    assert (picture.status_code, made.status_code, unread.status_code) == (415, 201, 404)
    assert [one["document"] for one in found.json()["documents"]] == [made.json()["document"]]


async def test_a_file_has_versions_with_who_when_and_why(archive: Archive) -> None:
    """D6: what a file was before stays; of two who change it at once, one is told to look again."""
    async with archive.reader(scopes=CLERK, name="clerk") as client:
        first = (await upload(client, pdf("one"), "one.pdf", metadata={"sender": "A"})).json()["document"]
        to = f"documents/{first}/versions"
        twins = await asyncio.gather(
            *[
                upload(client, pdf(name), f"{name}.pdf", to, after=1, metadata={"sender": name}, reason="a better scan")
                for name in ("two", "deux")
            ]
        )
        form = {"entry": (None, b'{"after": 2, "metadata": {"sender": "B"}, "reason": "misread"}')}
        third = await client.post(f"{AT}/{to}", files=form, headers=key())
        page = (await client.get(f"{AT}/{to}")).json()["versions"]
        before = await client.get(f"{AT}/{to}/1/content")
        none = await client.get(f"{AT}/{to}/9/content")
        now = (await client.get(f"{AT}/documents/{first}")).json()
    assert sorted(answer.status_code for answer in twins) == [201, 409]
    assert third.status_code == 201, third.text
    assert [(v["version"], v["reason"], v["actor"]) for v in page] == [
        (3, "misread", "key:clerk"), (2, "a better scan", "key:clerk"), (1, "", "key:clerk"),
    ]  # fmt: skip
    assert page[0]["sha256"] == page[1]["sha256"] != page[2]["sha256"]
    assert (before.content, none.status_code) == (pdf("one"), 404)
    assert (now["version"], now["metadata"]) == (3, {"sender": "B"})


async def test_people_link_documents_and_end_their_links_but_not_those_of_events(archive: Archive) -> None:
    """D13: a link that a person made ends by a person, with both reasons; what an event linked stays linked."""
    await archive.hear(invoice("7"))
    about = (await archive.rows("select about_id from document"))[0][0]
    paper = f"{AT}/documents/{paper_id('7')}/links"
    async with archive.reader(scopes=CLERK, name="clerk") as client:
        made = (await upload(client, links=[{"kind": "order", "id": ORDER}])).json()["document"]
        at = f"{AT}/documents/{made}/links"
        end = {"reason": "wrong order"}
        found = await client.get(f"{AT}/documents", params={"link": ORDER})
        ended = await client.post(f"{at}/order/{ORDER}/end", json=end, headers=key())
        twice = await client.post(f"{at}/order/{ORDER}/end", json=end, headers=key())
        gone = await client.get(f"{AT}/documents", params={"link": ORDER})
        body = {"kind": "order", "id": ORDER, "reason": "it is theirs after all"}
        again = [await client.post(at, json=body, headers=key()) for _ in range(2)]
        links = (await client.get(at)).json()["links"]
        kept = await client.post(f"{paper}/invoice/{about}/end", json=end, headers=key())
    assert [len(page.json()["documents"]) for page in (found, gone)] == [1, 0]
    assert [a.status_code for a in (ended, twice, *again)] == [200, 404, 201, 200]
    assert [(one["reason"], one["ended"] and one["ended"]["reason"]) for one in links] == [
        ("it is theirs after all", None), ("", "wrong order"),
    ]  # fmt: skip
    assert (kept.status_code, kept.json()["type"]) == (409, "/problems/link-by-event")


async def test_who_may_not_change_a_document_does_not(archive: Archive) -> None:
    """D19: reading is not changing, and what nobody may know of is not found."""
    async with archive.reader(scopes=CLERK) as client:
        made = (await upload(client)).json()["document"]
    body = {"kind": "order", "id": ORDER, "reason": "no reason"}
    await grant(archive, document=made)
    async with archive.reader(scopes={"documents:granted"}, name="clerk") as reader:
        assert (await reader.get(f"{AT}/documents/{made}/content")).status_code == 200
        assert (await reader.post(f"{AT}/documents/{made}/links", json=body, headers=key())).status_code == 403
        to = f"documents/{made}/versions"
        assert (await upload(reader, to=to, after=1, metadata={}, reason="no reason")).status_code == 403
    async with archive.reader(scopes={"documents:granted"}, name="stranger") as stranger:
        for path in ("links", "versions"):
            assert (await stranger.get(f"{AT}/documents/{made}/{path}")).status_code == 404
        assert (await stranger.post(f"{AT}/documents/{made}/links", json=body, headers=key())).status_code == 404
