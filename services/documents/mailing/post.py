"""The line to the mail server, and what it said about a mail."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import aiosmtplib
from aiosmtplib.errors import (
    SMTPAuthenticationError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

if TYPE_CHECKING:
    from services.documents.settings import DocumentsSettings

PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
DETAIL_CHARS_MAX = 300
NO_STARTTLS = "STARTTLS extension not supported"
"""In the words of the library, which has no exception of its own for it."""
FOR_GOOD = 500
"""From this code on a mail server means what it says; below it asks to come again."""


class MailServerAway(Exception):
    """No mail can be handed over now. Its text names neither sender nor recipient."""


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a mail by the server's answer, or that there was none."""

    step: Literal["sent", "refused", "failed", "unclear"]
    detail: str
    """In the server's own words: it may name the recipient, so it stands in no log."""
    code: str = ""
    """The same for logs and jobs."""


class Line:
    """A connection to the mail server."""

    def __init__(self, client: aiosmtplib.SMTP) -> None:
        self._client = client

    @property
    def is_up(self) -> bool:
        """Whether another mail can be handed over."""
        return self._client.is_connected

    async def hand_over(self, sender: str, recipient: str, message: bytes) -> Told:
        """Give one mail to the server."""
        try:
            _, answer = await self._client.sendmail(sender, [recipient], message)
        except SMTPRecipientsRefused as refused:
            first = refused.recipients[0]
            return _refusal(first.code, first.message)
        except SMTPResponseException as refused:
            return _refusal(refused.code, refused.message)
        except SMTPNotSupported as refused:
            return Told("refused", _short(str(refused)), "not supported")
        except (SMTPException, OSError) as gone:  # the answer never came: the mail may be on its way all the same
            self._client.close()
            return Told("unclear", f"The mail server did not say what became of it ({type(gone).__name__}).", "gone")
        return Told("sent", _short(answer))


class Post:
    """The mail server of the settings. Nothing is connected before its use."""

    def __init__(self, settings: DocumentsSettings) -> None:
        assert settings.smtp_url is not None
        assert settings.mail_from is not None
        self._url = urlsplit(settings.smtp_url)
        self._settings = settings

    @asynccontextmanager
    async def line(self) -> AsyncIterator[Line]:
        """A connection for some mails. Raises MailServerAway."""
        client = aiosmtplib.SMTP(
            hostname=self._url.hostname,
            port=self._url.port or PORTS[self._url.scheme],
            use_tls=self._url.scheme == "smtps",
            start_tls=self._url.scheme == "smtp+starttls",
            timeout=self._settings.smtp_patience_s,
            cert_bundle=None if self._settings.smtp_ca_file is None else str(self._settings.smtp_ca_file),
            local_hostname="localhost",
        )
        try:
            await client.connect()
            password = self._password()
            if self._url.username is not None and password is not None:
                await client.login(self._url.username, password)
        except SMTPAuthenticationError as refused:
            client.close()
            raise MailServerAway(f"the mail server does not take our name and password ({refused.code})") from None
        except (SMTPException, OSError, ValueError) as away:
            client.close()
            raise MailServerAway(_no_line(away)) from None
        try:
            yield Line(client)
        finally:
            with suppress(SMTPException, OSError):
                await client.quit()
            client.close()

    def _password(self) -> str | None:
        if self._settings.smtp_password_file is not None:
            return self._settings.smtp_password_file.read_text().strip()
        secret = self._settings.smtp_password
        return None if secret is None else secret.get_secret_value()


def _no_line(away: Exception) -> str:
    """Why there is no line. Who cannot be known by its certificate is told neither password nor mail."""
    wrong: BaseException | None = away
    while wrong is not None:
        if isinstance(wrong, ssl.SSLCertVerificationError):
            return f"the mail server's certificate is not trusted: {wrong.verify_message.rstrip('.')}"
        wrong = wrong.__cause__ or wrong.__context__
    if NO_STARTTLS in str(away):
        return "the mail server offers no TLS, and mail does not go without it"
    return f"no line to the mail server ({type(away).__name__})"


def _refusal(code: int, message: str) -> Told:
    return Told("refused" if code >= FOR_GOOD else "failed", _short(f"{code} {message}"), f"SMTP {code}")


def _short(text: str) -> str:
    return " ".join(text.replace("\x00", "").split())[:DETAIL_CHARS_MAX]
