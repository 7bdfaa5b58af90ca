"""Intake by mail: a real mail server delivers into a Maildir, and what lies there is on file once."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from pathlib import Path

import asyncpg
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Mailbox
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis import faults
from chassis.errors import Transient
from chassis.jobs import TurnContext
from services.documents.jobs import jobs_of
from services.documents.keeping.receiving import opened
from services.documents.keeping.sniffing import Lying
from tests.documents.archive import Archive
from tests.documents.conftest import MakeArchive
from tests.documents.file_samples import FILES, LIES, pdf
from tests.documents.mailbox import LOOPBACK, _free_port
from tests.documents.test_asking_for_papers import AT
from tests.documents.test_files import CLERK

BOX = "acme/correspondence"


@contextmanager
def delivering_into(box: Path) -> Iterator[smtplib.SMTP]:
    """A connection to a mail server that delivers into this Maildir."""
    controller = Controller(Mailbox(box), hostname=LOOPBACK, port=_free_port())
    controller.start()
    try:
        with smtplib.SMTP(LOOPBACK, controller.port, timeout=10) as line:
            yield line
    finally:
        controller.stop()


def mail(subject: str = "Damaged goods", **attached: bytes) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Σία <orders@supplier.example>"
    message["To"] = "letters@acme.example"
    message["Subject"] = subject
    message["Date"] = "Fri, 27 Nov 2026 23:30:00 -0500"
    message.set_content("Please see what is attached.")
    for name, content in attached.items():
        stem, _, kind = name.rpartition("_")
        message.add_attachment(content, maintype="application", subtype=kind, filename=f"{stem}.{kind}")
    return message


async def turn(archive: Archive) -> None:
    """One turn of the job that looks for mail."""
    operator = await asyncpg.create_pool(archive.urls.relay_url, min_size=0, max_size=1)
    try:
        jobs = jobs_of(archive.new_desk())
        await jobs.periodic["mail-intake"].turn(TurnContext(archive.database, operator, archive.metrics))
    finally:
        await operator.close()


async def made(make_archive: MakeArchive, tmp_path: Path, box: str = BOX) -> tuple[Archive, Path]:
    """An archive with a mail box."""
    archive = make_archive(mail_intake_dir=tmp_path / "mail")
    await archive.knows("acme")
    (tmp_path / "mail" / box).parent.mkdir(parents=True)
    return archive, tmp_path / "mail" / box


def left(box: Path, folder: str) -> list[str]:
    return sorted(path.name for path in (box / folder).iterdir()) if (box / folder).is_dir() else []


async def test_a_mail_is_on_file_as_it_came_and_what_is_attached_beside_it(
    make_archive: MakeArchive, tmp_path: Path
) -> None:
    """D1: over SMTP into a Maildir; the same attachment of another mail is one more time that it came."""
    archive, box = await made(make_archive, tmp_path)
    with delivering_into(box) as line:
        line.send_message(mail(letter_pdf=FILES["letter.pdf"], tool_pdf=LIES["a program.pdf"]))
        line.send_message(mail("Again / once more", letter_pdf=FILES["letter.pdf"]))

    await turn(archive)
    await turn(archive)

    async with archive.reader(scopes=CLERK, name="clerk") as client:
        found = (await client.get(f"{AT}/documents")).json()["documents"]
        by_name = {one["file_name"]: one for one in found}
        assert set(by_name) == {"Damaged goods.eml", "Again - once more.eml", "letter.pdf"}
        letter, whole = by_name["letter.pdf"], by_name["Damaged goods.eml"]
        at = f"{AT}/documents/{letter['document']}"
        assert (await client.get(f"{at}/content")).content == FILES["letter.pdf"]
        whole_bytes = (await client.get(f"{AT}/documents/{whole['document']}/content")).content
        sources = (await client.get(f"{at}/versions")).json()["sources"]
        links = {one["id"] for one in (await client.get(f"{at}/links")).json()["links"]}
    assert (whole["title"], whole["dated"]) == ("Damaged goods", "2026-11-28")
    assert whole["metadata"] == {"sender": "orders@supplier.example", "received_on": "2026-11-28"}
    assert [one.name for one in opened(whole_bytes).attachments] == ["letter.pdf", "tool.pdf"]
    assert [(one["source"], one["actor"]) for one in sources] == [("mail", "system:mail")] * 2
    assert links >= {whole["document"]}
    assert (left(box, "new"), len(left(box, "cur"))) == ([], 2)


async def test_a_mail_is_taken_once_though_the_worker_dies_before_it_could_clear_up(
    make_archive: MakeArchive, tmp_path: Path
) -> None:
    """D1: what is on file and was not moved is found again, and nothing is doubled."""
    archive, box = await made(make_archive, tmp_path)
    with delivering_into(box) as line:
        line.send_message(mail(letter_pdf=pdf("one")))
    faults.arm("turn.committed:error")
    try:
        with pytest.raises(Transient):
            await turn(archive)
    finally:
        faults.arm("")
    assert len(left(box, "new")) == 1

    await turn(archive)

    counts = "select (select count(*)::int from document), (select count(*)::int from document_source)"
    assert await archive.rows(counts) == [(2, 2)]
    assert left(box, "new") == []


async def test_what_cannot_be_filed_is_put_aside_with_the_reason(make_archive: MakeArchive, tmp_path: Path) -> None:
    archive, box = await made(make_archive, tmp_path, "acme/contract")
    with delivering_into(box) as line:
        line.send_message(mail())
    (tmp_path / "mail/nobody/correspondence/new").mkdir(parents=True)
    (tmp_path / "mail/nobody/correspondence/new/1").write_bytes(mail().as_bytes())
    letters = tmp_path / "mail/acme/correspondence/new"
    letters.mkdir(parents=True)
    (letters / "1").write_bytes(b"MZ" + bytes(200))
    (letters / "2").symlink_to("/etc/passwd")

    await turn(archive)

    refused = [name for name in left(box, "refused") if name.endswith(".reason.txt")]
    assert [(box / "refused" / name).read_text().split()[0] for name in refused] == ["metadata-missing"]
    assert left(letters.parent, "refused") == ["1", "1.reason.txt"]
    assert await archive.rows("select 1 from document") == []
    assert left(tmp_path / "mail/nobody/correspondence", "new") == ["1"], "until the company is known"


@pytest.mark.parametrize("content", [b"", b"\x00\xff", b"Subject: no sender\n\nx", b"MZ" + bytes(200)])
def test_bytes_that_are_no_mail_are_refused_by_name(content: bytes) -> None:
    with pytest.raises(Lying, match="who wrote it") as refused:
        opened(content)
    assert refused.value.code == "mail-malformed"


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=400), st.sampled_from([b"", b"Date: ", b"Content-Type: ", b"Subject: =?utf-8?b?", b"From: <"])
)
def test_no_bytes_that_come_by_mail_break_the_reader(content: bytes, head: bytes) -> None:
    with suppress(Lying):
        opened(b"From: a@b.example\n" + head + content)
