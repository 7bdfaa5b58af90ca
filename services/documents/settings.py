"""What documents adds to the settings of every service."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from chassis.settings import ServiceSettings


class DocumentsSettings(ServiceSettings):
    """Read from the environment under `DOCUMENTS_`."""

    service: ClassVar[str] = "documents"

    store_dir: Path = Path(".run/documents")
    """Where the bytes of documents are kept, by their SHA-256; all replicas share it."""
    store_url: str | None = Field(default=None, pattern=r"^(s3|s3a)://[^/]+(/.*)?$")
    """A bucket to keep them in instead, `s3://bucket/prefix`; its keys and endpoint come from `AWS_…` variables."""
    store_patience_s: float = Field(default=8.0, gt=0, le=120)
    """How long a bucket may be silent, and how long it is asked again; after that it is away for now."""
    sweep_age_s: float = Field(default=604_800.0, ge=3_600, le=31_536_000)
    """A file that no row speaks of is set aside after this and removed after this once more. A day and more is wise:
    it must be longer than any upload, and than the clocks of the replicas may differ."""
    seal_key_file: Path | None = None
    """Keys under which papers about persons are sealed, newest line first; without it such papers are refused."""
    content_patience_s: float = Field(default=10.0, gt=0, le=60)
    """How long a caller waits for a document that is not rendered yet; after that 503 asks it to come back."""
    render_patience_s: float = Field(default=30.0, gt=0, le=300)
    """One document that takes longer is given up, and the process that renders it is ended."""
    upload_bytes_max: int = Field(default=52_428_800, ge=1_024, le=268_000_000)
    """A file that comes in may be so long; a class may take less."""
    intake_dir: Path | None = None
    """A folder that is watched, `<company>/<class>/<file>`; scanners and other programs put files there."""
    intake_every_s: float = Field(default=10.0, gt=0, le=3_600)
    intake_quiet_s: float = Field(default=2.0, ge=0, le=3_600)
    """A file that was written to more recently than this is still being written."""
    mail_intake_dir: Path | None = None
    """Maildirs that a mail server delivers into, `<company>/<class>/`; looked at as often as the folder."""
    smtp_url: str | None = Field(default=None, pattern=r"^(smtps|smtp\+starttls|smtp)://([^/:@\s]+@)?[^/:@\s]+(:\d+)?$")
    """Where mail goes out, `smtp+starttls://name@host:587`; unset, mail is refused. It bears no password."""
    smtp_password: SecretStr | None = None
    smtp_password_file: Path | None = None
    """File with the password of the name in `smtp_url`; or the password itself, above."""
    smtp_ca_file: Path | None = None
    """Certificates (PEM) that are trusted besides the machine's own, for a mail server with one of the house."""
    smtp_patience_s: float = Field(default=20.0, gt=0, le=120)
    """One answer of the mail server may take so long."""
    mail_from: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._+{}-]{1,64}@[A-Za-z0-9.{}-]{1,190}$")
    """Address that mail comes from; `{company}` in it stands for the company's code."""
    mail_give_up_s: float = Field(default=172_800.0, gt=0, le=2_592_000)
    """What the mail server puts off for so long is given up and listed as refused."""

    @model_validator(mode="after")
    def mail_is_whole(self) -> Self:
        """A server needs a sender; a password needs a name, and a line that nobody listens to."""
        if self.smtp_url is None:
            return self
        if self.mail_from is None:
            raise ValueError("SMTP_URL needs MAIL_FROM")
        server = urlsplit(self.smtp_url)
        if self.smtp_password_file is None and self.smtp_password is None:
            return self
        if server.username is None:
            raise ValueError("the password for mail needs a name in SMTP_URL")
        if server.scheme == "smtp" and server.hostname not in ("localhost", "127.0.0.1"):
            raise ValueError("a password goes to another machine by smtps or smtp+starttls alone")
        return self
