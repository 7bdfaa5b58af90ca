"""Rights that are given by name, and the log of readers, through the doors."""

from __future__ import annotations

from typing import Any

import pytest

from tests.documents.archive import Archive, invoice, paper_id
from tests.documents.test_asking_for_papers import AT, OFFICER, asked, key

GIVERS = {"documents:administer", "documents:read"}


async def payslip(archive: Archive) -> str:
    async with archive.reader(scopes=OFFICER, name="payroll") as client:
        made = await client.post(f"{AT}/papers", json={"papers": [asked("payslip")]}, headers=key())
    return str(made.json()["papers"][0]["document"])


async def test_a_right_that_is_given_opens_one_document_until_it_ends(archive: Archive) -> None:
    """D19: access is default deny; who was given a right, by whom, why and until when can be told."""
    document = await payslip(archive)
    body = {"principal": "auditor", "document": document, "reason": "the yearly audit"}
    async with archive.reader(scopes={"documents:granted"}, name="auditor") as auditor:
        at = f"{AT}/documents/{document}/content"
        assert (await auditor.get(at)).status_code == 404
        async with archive.reader(scopes=OFFICER, name="payroll") as officer:
            made = await officer.post(f"{AT}/grants", json=body, headers=key())
            assert made.status_code == 201, made.text
            assert (await auditor.get(at)).status_code == 200
            end = f"{AT}/grants/{made.json()['grant']}/end"
            ended = await officer.post(end, json={"reason": "the audit is over"}, headers=key())
            again = await officer.post(end, json={"reason": "the audit is over"}, headers=key())
            listed = (await officer.get(f"{AT}/grants", params={"principal": "auditor"})).json()["grants"]
            readings = (await officer.get(f"{AT}/documents/{document}/readings")).json()["readings"]
        assert (await auditor.get(at)).status_code == 404
    assert (ended.status_code, again.status_code, again.json()["type"]) == (200, 409, "/problems/grant-ended")
    assert [(one["document"], one["reason"], one["ended"]["reason"]) for one in listed] == [
        (document, "the yearly audit", "the audit is over")
    ]
    assert [(one["what"], one["client"]) for one in readings] == [("content", "auditor")]


@pytest.mark.parametrize(
    ("scopes", "change", "code"),
    [
        (GIVERS, {"class": "payslip"}, (403, "class-not-allowed")),
        ({"documents:administer", "*"}, {"class": "payslip"}, (403, "class-not-allowed")),
        ({"documents:*", "*"}, {"class": "invoice"}, (403, "class-not-allowed")),
        ({"documents:granted"}, {"class": "invoice"}, (403, "class-not-allowed")),
        (GIVERS, {"document": paper_id("none"), "may": "grant"}, (422, "invalid-request")),
        (OFFICER, {"class": "payslip", "principal": "clerk"}, (409, "own-right")),
        (GIVERS, {"class": "nothing"}, (422, "class-unknown")),
        (GIVERS, {"class": "invoice", "reason": ""}, (422, "invalid-request")),
        (GIVERS, {}, (422, "invalid-request")),
        (GIVERS, {"document": paper_id("none")}, (404, "document-not-found")),
        ({"documents:read"}, {"class": "invoice"}, (403, "scope-missing")),
    ],
)
async def test_a_right_that_cannot_be_given_is_refused_by_name(
    archive: Archive, scopes: set[str], change: dict[str, Any], code: tuple[int, str]
) -> None:
    """D19: nobody opens what they may not read themselves, nor anything for themselves."""
    body = {"principal": "auditor", "reason": "the yearly audit"} | change
    async with archive.reader(scopes=scopes, name="clerk") as client:
        answer = await client.post(f"{AT}/grants", json=body, headers=key())
    assert (answer.status_code, answer.json()["type"]) == (code[0], f"/problems/{code[1]}")
    assert await archive.rows("select 1 from access_grant") == []


async def test_a_class_has_its_own_granter_who_makes_no_further_ones(archive: Archive) -> None:
    """D19: no wildcard gives or ends a right; an administrator does, and whom they gave a class to look after."""
    async with archive.reader(scopes=GIVERS, name="boss") as boss:
        body = {"principal": "key:clerk", "class": "contract", "may": "grant", "reason": "looks after contracts"}
        assert (await boss.post(f"{AT}/grants", json=body, headers=key())).status_code == 201
        other = {"principal": "auditor", "class": "supplier_invoice", "reason": "the yearly audit"}
        others = (await boss.post(f"{AT}/grants", json=other, headers=key())).json()["grant"]
    async with archive.reader(scopes={"documents:granted"}, name="clerk") as clerk:
        given = await clerk.post(f"{AT}/grants", json=other | {"class": "contract"}, headers=key())
        further = await clerk.post(f"{AT}/grants", json=body | {"principal": "friend"}, headers=key())
        beyond = await clerk.post(f"{AT}/grants", json=other, headers=key())
        foreign = await clerk.post(f"{AT}/grants/{others}/end", json={"reason": "not mine"}, headers=key())
        seen = {one["class"] for one in (await clerk.get(f"{AT}/grants")).json()["grants"]}
        ended = await clerk.post(
            f"{AT}/grants/{given.json()['grant']}/end", json={"reason": "it is over"}, headers=key()
        )
    assert [a.status_code for a in (given, further, beyond, foreign, ended)] == [201, 403, 403, 403, 200]
    assert seen == {"contract"}
    async with archive.reader(scopes={"documents:*", "*"}, name="wild") as wild:
        assert (
            await wild.post(f"{AT}/grants/{others}/end", json={"reason": "why not"}, headers=key())
        ).status_code == 403


async def test_the_log_of_readers_is_for_those_who_may_read_the_document(archive: Archive) -> None:
    """D19: the log says who reads whom, so it is as closed as the document itself."""
    await archive.hear(invoice("7"))
    await archive.work()
    document = await payslip(archive)
    async with archive.reader(scopes=GIVERS, name="clerk") as clerk:
        await clerk.get(f"{AT}/documents/{paper_id('7')}/content")
        page = (await clerk.get(f"{AT}/documents/{paper_id('7')}/readings", params={"limit": 1})).json()
        assert [one["client"] for one in page["readings"]] == ["clerk"]
        assert (await clerk.get(f"{AT}/documents/{document}/readings")).status_code == 404
    async with archive.reader(scopes={"documents:read"}, name="reader") as reader:
        assert (await reader.get(f"{AT}/documents/{paper_id('7')}/readings")).status_code == 403
