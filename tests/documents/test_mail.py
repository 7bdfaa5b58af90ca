"""Documents that go out by mail: once to each recipient, over a real SMTP server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from chassis import faults
from services.documents.translate import document_id
from tests.documents.archive import Archive, hire, invoice, paper_id
from tests.documents.conftest import MakeArchive
from tests.documents.mailbox import Mailbox, post_office
from tests.documents.test_asking_for_papers import AT, OFFICER, asked, employee, key

ANN = "ann@customer.example"
FROM = "{company}@house.example"


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with post_office() as one:
        yield one


async def opened(make_archive: MakeArchive, **settings: object) -> Archive:
    """An archive with an invoice that is rendered."""
    archive = make_archive(mail_from=FROM, **settings)
    await archive.knows("acme")
    await archive.hear(invoice("7", customer={"language": "el"}))
    await archive.work()
    return archive


async def send(client: httpx.AsyncClient, to: str = ANN, document: str | None = None, **more: Any) -> httpx.Response:
    at = f"{AT}/documents/{document or paper_id('7')}/mail"
    return await client.post(at, json={"recipient": to, **more}, headers=key())


async def listed(client: httpx.AsyncClient, query: str = "") -> list[dict[str, Any]]:
    answer = await client.get(f"{AT}/mails{query}")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["mails"])


def steps(mail: dict[str, Any]) -> list[str]:
    return [one["step"] for one in mail["steps"]]


async def test_a_document_goes_to_each_recipient_once(
    make_archive: MakeArchive, box: Mailbox, capfd: pytest.CaptureFixture[str]
) -> None:
    archive = await opened(make_archive, smtp_url=box.url)
    async with archive.reader() as client:
        first = await send(client)
        again = await send(client, to=ANN.upper())
        other = await send(client, to="ben@customer.example", language="he")
        await archive.work()
        later = await send(client)
        await archive.work()
        content = (await client.get(f"{AT}/documents/{paper_id('7')}/content")).content
        ben, ann = await listed(client)
        of_one = (await client.get(f"{AT}/documents/{paper_id('7')}/mails")).json()["mails"]

    assert [answer.status_code for answer in (first, again, other, later)] == [202, 200, 202, 200]
    assert (later.json()["state"], later.json()["asked"]) == ("sent", False)
    assert sorted(to for to, _ in box.taken) == [ANN, "ben@customer.example"]
    mine = next(m for (to, _), m in zip(box.taken, box.messages, strict=True) if to == ANN)
    assert mine["subject"].startswith("Τιμολόγιο INV-7 από ")
    assert mine["from"].addresses[0].addr_spec == "acme@house.example"
    (attached,) = mine.iter_attachments()
    assert attached.get_content() == content
    assert (steps(ann), ann["detail"], ann["message_id"]) == (
        ["asked", "sending", "sent"], "queued as 4711", mine["message-id"],
    )  # fmt: skip
    assert [one["recipient"] for one in of_one] == [one["recipient"] for one in (ben, ann)]
    assert await archive.jobs() == []
    for table in ("outbox", "audit", "request", "job"):
        assert not [row for row in await archive.rows(f"select * from {table}") if "customer.example" in str(row)]
    shown = capfd.readouterr()
    assert "customer.example" not in shown.out + shown.err


async def test_a_worker_that_dies_after_the_servers_answer_sends_the_same_message_again_and_says_so(
    make_archive: MakeArchive, box: Mailbox
) -> None:
    archive = await opened(make_archive, smtp_url=box.url)
    async with archive.reader() as client:
        await send(client)
        await send(client, to="ben@customer.example")
        faults.arm("job.done:error")
        try:
            await archive.work()
        finally:
            faults.arm("")
        await archive.rows("update job set leased_until = null, run_at = now()")
        await archive.work()
        mails = await listed(client)

    twice, once = sorted(mails, key=lambda mail: mail["recipient"])
    to = [recipient for recipient, _ in box.taken]
    assert sorted(to) == [ANN, ANN, "ben@customer.example"]  # only the one whose answer was not written down
    one, other = (content for recipient, content in box.taken if recipient == ANN)
    assert one == other
    assert twice["message_id"].encode() in one
    assert steps(twice) == ["asked", "sending", "unclear", "sending", "sent"]
    assert once["state"] == "sent"


async def test_a_mail_that_is_given_up_after_its_worker_died_is_still_said_to_have_perhaps_arrived(
    make_archive: MakeArchive, box: Mailbox
) -> None:
    # Given a mail whose worker died after the server's answer, and nobody who looked after it for a long time
    archive = await opened(make_archive, smtp_url=box.url, mail_give_up_s=3_600)
    async with archive.reader() as client:
        await send(client)
        faults.arm("job.done:error")
        try:
            await archive.work()
        finally:
            faults.arm("")
        await archive.rows("update mail_step set at = at - interval '1 hour'")
        await archive.rows("update job set leased_until = null, run_at = now()")
        # When it is given up
        await archive.work()
        (mail,) = await listed(client)
    # Then who reads that it was refused reads also that it may have arrived
    assert len(box.taken) == 1
    assert steps(mail) == ["asked", "sending", "unclear", "refused"]


async def test_what_the_server_puts_off_is_tried_again_and_what_it_refuses_is_listed_with_its_reason(
    make_archive: MakeArchive, box: Mailbox
) -> None:
    archive = await opened(make_archive, smtp_url=box.url)
    box.to_recipient = ["451 come again", "550 no such mailbox"]
    box.hang_up = 1
    async with archive.reader() as client:
        await send(client)
        for state in ("failed", "refused"):
            await archive.rows("update job set leased_until = null")
            await archive.work()
            (mail,) = await listed(client, f"?state={state}")
        assert (steps(mail), mail["detail"]) == (
            ["asked", "sending", "failed", "sending", "refused"], "550 no such mailbox",
        )  # fmt: skip
        assert await archive.jobs() == []

        asked_again = await send(client)
        assert (asked_again.status_code, asked_again.json()["asked"]) == (202, True)
        await archive.work()
        (mail,) = await listed(client, "?state=unclear")  # taken, and no answer came
        await archive.rows("update job set leased_until = null")
        await archive.work()
        (mail,) = await listed(client)

    assert steps(mail)[-5:] == ["asked", "sending", "unclear", "sending", "sent"]
    assert len({message["message-id"] for message in box.messages}) == 1


async def test_while_the_mail_server_is_away_mail_waits_and_is_given_up_in_the_end(make_archive: MakeArchive) -> None:
    with post_office() as gone:
        url = gone.url
    archive = await opened(make_archive, smtp_url=url, mail_give_up_s=3_600)
    async with archive.reader() as client:
        await send(client)
        for _ in range(2):
            await archive.rows("update job set leased_until = null")
            await archive.work()
        (mail,) = await listed(client, "?state=failed")
        assert steps(mail) == ["asked", "failed"]
        assert mail["detail"].startswith("No line to the mail server")
        ((_, _, error),) = await archive.jobs()
        assert error is not None
        assert ANN not in error

        with post_office(int(url.rpartition(":")[2])) as box:
            await send(client, to="ben@customer.example")
            await archive.work()
            assert [to for to, _ in box.taken] == ["ben@customer.example"]  # the other one rests
        await archive.rows("update mail_step set at = at - interval '1 hour'")
        await archive.rows("update job set leased_until = null")
        await archive.work()
        (mail,) = await listed(client, "?state=refused")

    assert mail["recipient"] == ANN
    assert mail["detail"].startswith("Given up, the last thing said was: No line")
    assert await archive.jobs() == []


async def test_a_name_and_a_password_open_the_line(make_archive: MakeArchive, tmp_path: Path) -> None:
    secret = tmp_path / "smtp-password"
    with post_office(with_password=True) as box:
        archive = await opened(
            make_archive, smtp_url=box.url.replace("smtp://", "smtp://me@"), smtp_password_file=secret
        )
        async with archive.reader() as client:
            await send(client)
            for password, state in (("wrong", "failed"), ("open sesame\n", "sent")):
                secret.write_text(password)
                await archive.rows("update job set leased_until = null")
                await archive.work()
                (mail,) = await listed(client)
                assert mail["state"] == state, mail
    assert (b"me", b"open sesame") in box.logins


async def test_what_cannot_or_may_not_go_by_mail_is_refused_with_its_reason(
    make_archive: MakeArchive, box: Mailbox
) -> None:
    archive = await opened(make_archive, smtp_url=box.url)
    await archive.hear(hire("Ann"))
    file = str(document_id("acme", "employee", employee("Ann")))
    everything = {*OFFICER, "documents:read", "documents:write"}
    async with archive.reader(scopes=everything) as client:
        made = await client.post(f"{AT}/papers", json={"papers": [asked("payslip")]}, headers=key())
        payslip = made.json()["papers"][0]["document"]
        answers = [
            await send(client, to="ann@@x"),
            await send(client, to=f"{'a' * 65}@customer.example"),
            await send(client, language="fr"),
            await send(client, document=payslip),
            await send(client, document=file),
            await send(client, document=paper_id("none")),
        ]
    async with archive.reader() as client:
        answers.append(await send(client, document=payslip))
    async with archive.reader(scopes={"documents:read"}) as client:
        answers.append(await send(client))
        unasked = await listed(client)
    without = make_archive()
    await without.knows("acme")
    async with without.reader() as client:
        answers.append(await send(client))

    assert [(answer.status_code, answer.json()["type"].rpartition("/")[2]) for answer in answers] == [
        (422, "invalid-request"), (422, "invalid-request"), (422, "invalid-request"),
        (409, "confidential-not-mailed"), (409, "no-content"), (404, "document-not-found"),
        (404, "document-not-found"), (403, "scope-missing"), (503, "mail-not-set-up"),
    ]  # fmt: skip
    assert [answer.json()["errors"][0]["pointer"] for answer in answers[:3]] == [
        "/recipient",
        "/recipient",
        "/language",
    ]
    assert (unasked, box.taken) == ([], [])
