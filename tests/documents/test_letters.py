"""What a mail about a document says, and to which addresses one goes."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from pydantic import ValidationError

from services.documents.domain.filing import Language
from services.documents.domain.letters import (
    ADDRESS,
    Letter,
    Step,
    is_given_up,
    message_id_of,
    steps_before_sending,
    steps_to,
    written,
)
from services.documents.settings import DocumentsSettings

AT = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


def letter(language: Language, **more: object) -> Letter:
    given = {
        "message_id": "<m@house.example>", "sender": "papers@house.example", "recipient": "ann@example.com",
        "language": language, "at": AT, "document_class": "invoice", "number": "INV-7", "title": "Invoice INV-7",
        "seller": "Αιγαίο Α.Ε.", "file_name": "INV-7.pdf", "media_type": "application/pdf", "content": b"%PDF-1.7",
    }  # fmt: skip
    return Letter(**(given | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("language", "subject", "word"),
    [
        ("en", "Invoice INV-7 from Αιγαίο Α.Ε.", "Kind regards"),
        ("el", "Τιμολόγιο INV-7 από Αιγαίο Α.Ε.", "Με εκτίμηση"),
        ("he", "חשבונית מס INV-7 מאת Αιγαίο Α.Ε.", "בברכה"),
    ],
)
def test_a_letter_speaks_its_language_and_carries_the_paper(language: Language, subject: str, word: str) -> None:
    message = message_from_bytes(written(letter(language)), policy=default)

    assert message["subject"] == subject
    assert message["from"].addresses[0].display_name == "Αιγαίο Α.Ε."
    assert (message["message-id"], message["auto-submitted"]) == ("<m@house.example>", "auto-generated")
    text, attached = message.iter_parts()
    assert word in text.get_content()
    assert (attached.get_filename(), attached.get_content()) == ("INV-7.pdf", b"%PDF-1.7")


def test_a_letter_is_the_same_bytes_each_time_and_all_of_them_are_ascii() -> None:
    assert written(letter("he")) == written(letter("he"))
    assert written(letter("he")).isascii()


def test_a_file_is_called_as_it_came_in_and_cannot_write_a_header() -> None:
    named = letter("en", document_class="own", number=None, title="A\r\nBcc: eve@example.com", file_name='π"\r\n.pdf')
    message = message_from_bytes(written(named), policy=default)

    assert message["bcc"] is None
    assert message["subject"] == "A Bcc: eve@example.com from Αιγαίο Α.Ε."


@pytest.mark.parametrize(
    ("address", "taken"),
    [
        ("ann@example.com", True),
        ("o'neil+papers@sub.example.co", True),
        ("ann@example", False),
        ("ann", False),
        ("ann@@example.com", False),
        ("ann@exa mple.com", False),
        (".ann@example.com", False),
        ("ann@-example.com", False),
        ("ann@example.com\r\nRCPT TO:<eve@example.com>", False),
        ("ann@example.com\n", False),
        ("Ann <ann@example.com>", False),
        ("άννα@example.com", False),
    ],
)
def test_an_address_is_one_mailbox_and_nothing_else(address: str, taken: bool) -> None:
    assert bool(re.fullmatch(ADDRESS.strip("^$"), address)) is taken


@pytest.mark.parametrize(
    ("last", "then"),
    [
        ("asked", ["sending"]),
        ("failed", ["sending"]),
        ("unclear", ["sending"]),
        ("sending", ["unclear", "sending"]),
        ("sent", []),
        ("refused", []),
    ],
)
def test_an_attempt_that_was_cut_off_is_named_before_the_next(last: str, then: list[str]) -> None:
    assert [step for step, _ in steps_before_sending(last)] == then


@pytest.mark.parametrize("step", ["failed", "refused"])
def test_whatever_comes_after_an_attempt_that_was_cut_off_it_may_have_arrived(step: Step) -> None:
    assert [one for one, _ in steps_to(step, "why", "sending")] == ["unclear", step]
    assert steps_to(step, "why", "asked") == ((step, "why"),)


def test_a_mail_is_given_up_when_it_was_put_off_for_long_enough() -> None:
    later = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
    assert is_given_up(AT, later, timedelta(days=2))
    assert not is_given_up(AT, later, timedelta(days=2, seconds=1))


def test_an_id_of_a_message_is_of_the_house_that_sends_it() -> None:
    assert message_id_of("one", "papers@house.example") == "<one@house.example>"


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        ({"smtp_url": "smtp+starttls://me@mail.example:587", "mail_from": "a@b.example", "smtp_password": "x"}, None),
        ({"smtp_url": "smtps://mail.example", "mail_from": "{company}@b.example"}, None),
        ({"smtp_url": "smtp://me@127.0.0.1:25", "mail_from": "a@b.example", "smtp_password": "x"}, None),
        ({"smtp_url": "smtp://mail.example"}, "needs MAIL_FROM"),
        ({"smtp_url": "smtp://me@mail.example", "mail_from": "a@b.example", "smtp_password": "x"}, "starttls alone"),
        ({"smtp_url": "smtps://mail.example", "mail_from": "a@b.example", "smtp_password": "x"}, "needs a name"),
        ({"smtp_url": "smtps://me:secret@mail.example", "mail_from": "a@b.example"}, "match"),
    ],
)
def test_a_password_goes_over_a_line_that_nobody_reads(settings: dict[str, str], wrong: str | None) -> None:
    given = {"database_url": "postgresql://x", "relay_url": "postgresql://x", **settings}
    if wrong is None:
        DocumentsSettings.model_validate(given)
        return
    with pytest.raises(ValidationError, match=wrong) as failed:
        DocumentsSettings.model_validate(given)
    assert "secret" not in str(failed.value)
