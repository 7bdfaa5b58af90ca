"""What documents adds to the settings of every service."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pydantic import Field

from chassis.settings import ServiceSettings


class DocumentsSettings(ServiceSettings):
    """Read from the environment under `DOCUMENTS_`."""

    service: ClassVar[str] = "documents"

    store_dir: Path = Path(".run/documents")
    """Where the bytes of documents are kept, by their SHA-256; all replicas share it."""
    store_url: str | None = Field(default=None, pattern=r"^(s3|s3a)://[^/]+(/.*)?$")
    """A bucket to keep them in instead, `s3://bucket/prefix`; its keys and endpoint come from `AWS_…` variables."""
    seal_key_file: Path | None = None
    """Keys under which papers about persons are sealed, newest line first; without it such papers are refused."""
    content_patience_s: float = Field(default=10.0, gt=0, le=60)
    """How long a caller waits for a document that is not rendered yet; after that 503 asks it to come back."""
    render_patience_s: float = Field(default=30.0, gt=0, le=300)
    """One document that takes longer is given up, and the process that renders it is ended."""

    upload_bytes_max: int = Field(default=26_214_400, ge=1_024, le=1_073_741_824)
    """A file that is longer is refused, whatever its class allows."""
    upload_patience_s: float = Field(default=300.0, gt=0, le=3_600)
    """How long the whole of an upload may take."""

    intake_dir: Path | None = None
    """Folders that are looked into for files, `<company>/<class>/…`; none when not set."""
    intake_every_s: float = Field(default=5.0, gt=0, le=3_600)
    intake_settled_s: float = Field(default=2.0, ge=0, le=3_600)
    """A file is taken when nobody has written to it for so long."""

    smtp_host: str | None = None
    """The server that sends our mail; without it nothing is sent, and whoever asks for it is told."""
    smtp_port: int = Field(default=587, ge=1, le=65_535)
    smtp_user: str | None = None
    smtp_password_file: Path | None = None
    smtp_tls: str = Field(default="starttls", pattern=r"^(none|starttls|tls)$")
    smtp_from: str = "documents@localhost"
    smtp_patience_s: float = Field(default=30.0, gt=0, le=300)
