"""A real SMTP server on this machine, which keeps what it takes and says what a test wants it to say."""

from __future__ import annotations

import socket
from asyncio import Transport
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ssl import SSLContext
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

LOOPBACK = "127.0.0.1"


@dataclass
class Mailbox:
    """What came in, and answers to come before all is taken."""

    taken: list[tuple[str, bytes]] = field(default_factory=list)
    to_recipient: list[str] = field(default_factory=list)
    """Answers to the next recipients that are named."""
    hang_up: int = 0
    """So many mails are taken without an answer: the line is cut."""
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)
    tls: list[str | None] = field(default_factory=list)
    """How each mail came: the version of TLS, or None in the open."""
    url: str = ""

    @property
    def messages(self) -> list[EmailMessage]:
        """What came in, taken apart."""
        return [message_from_bytes(content, policy=default) for _, content in self.taken]

    async def handle_RCPT(  # noqa: N802 - the server's name for it
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Say whether a recipient is known."""
        if self.to_recipient:
            return self.to_recipient.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep a mail."""
        assert isinstance(envelope.content, bytes)
        assert server.transport is not None
        sealed = server.transport.get_extra_info("ssl_object")
        self.tls.append(None if sealed is None else sealed.version())
        self.taken.append((envelope.rcpt_tos[0], envelope.content))
        if self.hang_up:
            self.hang_up -= 1
            assert isinstance(server.transport, Transport)
            server.transport.abort()
        return "250 queued as 4711"

    def authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, _way: str, data: Any) -> AuthResult:
        """Take one password alone."""
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"open sesame")


@contextmanager
def post_office(
    port: int = 0, *, with_password: bool = False, scheme: str = "smtp", tls: SSLContext | None = None
) -> Iterator[Mailbox]:
    """A mail server while the block runs; with `tls` it speaks it from the first byte (`smtps`) or when asked."""
    box = Mailbox()
    options: dict[str, Any] = {}
    if with_password:
        options |= {"authenticator": box.authenticate, "auth_require_tls": False}
    if tls is not None:
        options |= {"ssl_context": tls} if scheme == "smtps" else {"tls_context": tls, "require_starttls": True}
    controller = Controller(box, hostname=LOOPBACK, port=port or _free_port(), **options)
    controller.start()
    box.url = f"{scheme}://{LOOPBACK}:{controller.port}"
    try:
        yield box
    finally:
        controller.stop()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind((LOOPBACK, 0))
        return int(one.getsockname()[1])
