"""Mail goes over TLS, at once or after STARTTLS, to a server that is known by its certificate, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from ssl import SSLContext

import pytest

from tests.documents.certificates import Authority
from tests.documents.conftest import MakeArchive
from tests.documents.mailbox import LOOPBACK, Mailbox, post_office
from tests.documents.test_mail import ANN, listed, opened, send, steps

PASSWORD = "open sesame"
SCHEMES = pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def named(box: Mailbox) -> str:
    """The address of a server, with the name that we have there."""
    return box.url.replace("://", "://me@")


async def what_became(make_archive: MakeArchive, url: str, trusted: Path | None) -> tuple[str, str]:
    """State and reason of a mail that is sent this way, with a password."""
    archive = await opened(make_archive, smtp_url=url, smtp_password=PASSWORD, smtp_ca_file=trusted)
    async with archive.reader() as client:
        await send(client)
        await archive.work()
        (mail,) = await listed(client)
    return mail["state"], mail["detail"]


@SCHEMES
async def test_mail_goes_over_tls_to_a_server_whose_certificate_is_trusted(
    make_archive: MakeArchive, authority: Authority, scheme: str
) -> None:
    with post_office(scheme=scheme, tls=authority.server(LOOPBACK), with_password=True) as box:
        state, _ = await what_became(make_archive, named(box), authority.file)

    assert state == "sent"
    assert [to for to, _ in box.taken] == [ANN]
    assert box.tls == ["TLSv1.3"]
    assert box.logins == [(b"me", PASSWORD.encode())]


def of_a_stranger(folder: Path) -> SSLContext:
    (folder / "stranger").mkdir()
    return Authority(folder / "stranger", "Somebody").server(LOOPBACK)


def of_another_machine(folder: Path) -> SSLContext:
    return Authority(folder).server("mail.elsewhere.example")


def of_last_year(folder: Path) -> SSLContext:
    return Authority(folder).server(LOOPBACK, valid_until=datetime.now(UTC) - timedelta(days=1))


@SCHEMES
@pytest.mark.parametrize(
    ("certificate", "reason"),
    [(of_a_stranger, "unable to get local issuer certificate"), (of_another_machine, "IP address mismatch"),
     (of_last_year, "certificate has expired")],
)  # fmt: skip
async def test_a_server_whose_certificate_is_not_trusted_gets_neither_mail_nor_password(
    make_archive: MakeArchive, tmp_path: Path, scheme: str, certificate: object, reason: str
) -> None:
    assert callable(certificate)
    shown = certificate(tmp_path)
    trusted = tmp_path / "House CA.pem"
    if not trusted.exists():
        Authority(tmp_path)
    with post_office(scheme=scheme, tls=shown, with_password=True) as box:
        state, detail = await what_became(make_archive, named(box), trusted)

    assert state == "failed"
    assert detail.startswith("The mail server's certificate is not trusted: ")
    assert reason in detail
    assert (box.taken, box.logins) == ([], [])


async def test_a_certificate_of_the_house_is_a_stranger_s_until_the_house_says_that_it_is_its_own(
    make_archive: MakeArchive, authority: Authority
) -> None:
    with post_office(scheme="smtps", tls=authority.server(LOOPBACK)) as box:
        archive = await opened(make_archive, smtp_url=box.url)
        async with archive.reader() as client:
            await send(client)
            await archive.work()
            archive.settings = archive.settings.model_copy(update={"smtp_ca_file": authority.file})
            await archive.rows("update job set leased_until = null")
            await archive.work()
            (mail,) = await listed(client)

    assert steps(mail) == ["asked", "failed", "sending", "sent"]


async def test_a_server_that_offers_no_tls_gets_nothing_where_tls_was_asked_for(make_archive: MakeArchive) -> None:
    with post_office(with_password=True) as box:
        url = named(box).replace("smtp://", "smtp+starttls://")
        state, detail = await what_became(make_archive, url, None)

    assert (state, detail) == ("failed", "The mail server offers no TLS, and mail does not go without it.")
    assert (box.taken, box.logins) == ([], [])


async def test_a_server_that_speaks_in_the_open_where_tls_was_meant_is_no_line(make_archive: MakeArchive) -> None:
    with post_office(with_password=True) as box:
        state, detail = await what_became(make_archive, named(box).replace("smtp://", "smtps://"), None)

    assert state == "failed"
    assert detail.startswith("No line to the mail server (")
    assert (box.taken, box.logins) == ([], [])
