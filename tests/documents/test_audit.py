"""Who changed and who read what, in whose name: written down with the change, and before anything is shown."""

from __future__ import annotations

from typing import Any

from services.documents.api import ROUTERS
from tests.documents.archive import Archive, invoice, paper_id
from tests.documents.conftest import MakeArchive
from tests.documents.file_samples import FILES, pdf
from tests.documents.test_asking_for_papers import AT, key
from tests.documents.test_files import CLERK, ORDER, upload
from tests.documents.test_goods_leaving import founded, shipment

ALICE = {"name": "archive-ui", "actor": "user:alice", "on_behalf_of": "user:bob"}
"""A program that asks for Alice, who stands in for Bob."""

TELLS_OF_NO_DOCUMENT = {"/classes", "/grants", "/documents/{document}/readings"}
"""Reading doors that write nothing down: which classes there are, whom rights were given to, and the log itself."""


def reading_doors() -> list[str]:
    """Every reading door below a company, found from the routes: a new one cannot be forgotten."""
    prefix = "/v1/companies/{company}"
    routes: list[Any] = [route for router in ROUTERS for route in router.routes]
    return sorted(route.path.removeprefix(prefix) for route in routes if "GET" in route.methods)


async def trail(archive: Archive) -> list[tuple[Any, ...]]:
    """Every record of a change, in its order: what, of what, by whom, for whom."""
    return await archive.rows("select action, subject, actor, on_behalf_of from audit order by id")


async def test_every_change_is_written_down_with_who_made_it_and_in_whose_name(archive: Archive) -> None:
    """D11, X10: changes of a document are audited, each once, in the commit of the change; what is refused is none."""
    async with archive.reader(scopes=CLERK | {"documents:administer"}, **ALICE) as client:
        first = (await upload(client)).json()["document"]
        await upload(client)
        changed = await upload(
            client, pdf("two"), "two.pdf", f"documents/{first}/versions", after=1, metadata={}, reason="a better scan"
        )
        link = {"kind": "order", "id": ORDER, "reason": "it is theirs"}
        linked = await client.post(f"{AT}/documents/{first}/links", json=link, headers=key())
        over = {"reason": "no longer"}
        ended = await client.post(f"{AT}/documents/{first}/links/order/{ORDER}/end", json=over, headers=key())
        body = {"principal": "auditor", "document": first, "reason": "the yearly audit"}
        given = (await client.post(f"{AT}/grants", json=body, headers=key())).json()["grant"]
        await client.post(f"{AT}/grants/{given}/end", json=over, headers=key())
        kind = {"title": "Permit", "fields": [], "reason": "we import now"}
        await client.post(f"{AT}/classes/permit", json=kind, headers=key())
        refused = [
            await upload(client, b"MZ" + bytes(200), "a.pdf"),
            await upload(client, FILES["letter.pdf"], "b.pdf", f"documents/{first}/versions", after=1, metadata={},
                         reason="too late"),
            await client.post(f"{AT}/documents/{first}/links/order/{ORDER}/end", json=over, headers=key()),
            await client.post(f"{AT}/grants/{given}/end", json=over, headers=key()),
        ]  # fmt: skip

    assert (changed.status_code, linked.status_code, ended.status_code) == (201, 201, 200)
    assert [answer.status_code for answer in refused] == [415, 409, 404, 409]
    who = ("user:alice", "user:bob")
    assert await trail(archive) == [
        ("file-taken", first, *who), ("file-known", first, *who), ("file-changed", first, *who),
        ("document-linked", first, *who), ("document-unlinked", first, *who), ("access-granted", given, *who),
        ("access-ended", given, *who), ("class-defined", "permit", *who),
    ]  # fmt: skip
    causes = await archive.rows("select count(distinct cause)::int, count(*)::int from audit")
    assert causes == [(8, 8)], "each names the request that it came from"


async def test_papers_of_events_have_their_record_of_what_was_told(archive: Archive) -> None:
    """X10: the paper of an invoice and those of a shipment are written down by the event that they come from."""
    await archive.hear(founded(), invoice("7"), shipment("7"))
    await archive.hear(shipment("7"))

    records = await archive.rows("select action, count(*), count(distinct cause) from audit group by action")
    assert records == [("document-registered", 4, 2)]
    assert await archive.told_without_record() == []
    assert await archive.rows("select count(*) from audit where actor = '' or cause is null") == [(0,)]


async def test_every_look_at_a_document_is_written_down_and_no_other(archive: Archive) -> None:
    """D11: shown and handed out, with the version, rendered for the reader or stored long before; and listed, where
    not everybody who reads documents may read it.
    """
    await archive.hear(invoice("7"))
    async with archive.reader(scopes=CLERK | {"documents:administer"}, name="boss") as boss:
        for may in ("read", "write"):
            body = {"principal": "archive-ui", "class": "contract", "may": may, "reason": "their work"}
            assert (await boss.post(f"{AT}/grants", json=body, headers=key())).status_code == 201
    at = f"{AT}/documents/{paper_id('7')}"
    async with archive.reader(scopes={"documents:read"}, **ALICE) as client:
        early = await client.get(f"{at}/content")
        await client.get(f"{AT}/documents", params={"number": "INV-7"})
        shown = await client.get(at)
        await client.get(f"{at}/content", headers={"if-none-match": early.headers["etag"]})
        await client.get(f"{AT}/documents", params={"number": "nothing"})
        await client.get(f"{AT}/documents/{paper_id('none')}/content")
    assert shown.status_code == 200
    async with archive.reader(scopes=CLERK, **ALICE) as client:
        of_a_contract: dict[str, Any] = {"class": "contract", "metadata": {"party": "Σία"}}
        made = await upload(client, **of_a_contract)
        await client.get(f"{AT}/documents")
    contract = made.json()["document"]
    async with archive.reader(scopes={"documents:granted"}, name="stranger") as stranger:
        assert (await stranger.get(f"{at}/content")).status_code == 404
        assert (await stranger.get(at)).status_code == 404

    log = await archive.rows(
        "select what, version, client, actor, on_behalf_of, document::text from read_log order by position"
    )

    who = ("archive-ui", "user:alice", "user:bob")
    paper = (*who, paper_id("7"))
    assert log == [("content", 1, *paper), ("shown", 1, *paper), ("content", 1, *paper), ("listed", 1, *who, contract)]


async def test_every_door_that_tells_of_a_document_writes_the_look_down(make_archive: MakeArchive) -> None:
    """D11: metadata of its versions, its links and its mails too; which doors there are is read from the routes."""
    # Given a file of a class that is not open to everybody, linked, in two versions, and sent by mail
    archive = make_archive(mail_from="a@house.example", smtp_url="smtp://127.0.0.1:1")
    await archive.knows("acme")
    every = CLERK | {"documents:administer"}
    async with archive.reader(scopes=every, name="boss") as boss:
        for may in ("read", "write"):
            body = {"principal": "archive-ui", "class": "contract", "may": may, "reason": "their work"}
            assert (await boss.post(f"{AT}/grants", json=body, headers=key())).status_code == 201
    async with archive.reader(scopes=every, **ALICE) as client:
        of_a_contract: dict[str, Any] = {"class": "contract", "metadata": {"party": "Σία"}}
        contract = (await upload(client, **of_a_contract)).json()["document"]
        again = {"after": 1, "metadata": {"party": "Σία"}, "reason": "signed"}
        await upload(client, pdf("two"), "two.pdf", f"documents/{contract}/versions", **again)
        sent = await client.post(f"{AT}/documents/{contract}/mail", json={"recipient": "a@b.example"}, headers=key())
        assert sent.status_code == 202, sent.text

        # When each door is looked through
        told: dict[str, list[tuple[Any, ...]]] = {}
        for door in reading_doors():
            before = await archive.rows("select coalesce(max(position), 0) from read_log")
            answer = await client.get(AT + door.format(document=contract, version=1))
            assert answer.status_code == 200, f"{door}: {answer.text}"
            told[door] = await archive.rows(
                "select what, version, actor, on_behalf_of from read_log where document = $1 and position > $2"
                " order by position",
                contract, before[0][0],
            )  # fmt: skip

    # Then it stands in the log: what was seen, in which version, by whom, for whom
    who = ("user:alice", "user:bob")
    assert {door for door, looks in told.items() if not looks} == TELLS_OF_NO_DOCUMENT
    assert told["/documents/{document}/versions"] == [("shown", 2, *who), ("shown", 1, *who)]
    assert told["/documents/{document}/versions/{version}/content"] == [("content", 1, *who)]
    assert told["/documents/{document}/links"] == told["/documents/{document}/mails"] == [("shown", 2, *who)]
    assert told["/mails"] == told["/documents"] == [("listed", 2, *who)]


async def test_what_cannot_be_written_down_is_not_shown(archive: Archive) -> None:
    """D11: the log comes first; a reader who cannot be named in it reads nothing."""
    await archive.hear(invoice("7"))
    await archive.work()
    await archive.rows("alter table read_log rename to read_log_away")
    at = f"{AT}/documents/{paper_id('7')}"
    async with archive.reader(scopes={"documents:read"}) as client:
        looks = ("", "/content", "/versions", "/versions/1/content", "/links", "/mails")
        answers = [await client.get(f"{at}{look}") for look in looks]

    assert all(answer.status_code >= 500 for answer in answers), [answer.status_code for answer in answers]
    assert all(b"INV-7" not in answer.content and b"%PDF" not in answer.content for answer in answers)
