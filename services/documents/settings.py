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
    upload_bytes_max: int = Field(default=52_428_800, ge=1_024, le=268_000_000)
    """A file that comes in may be so long; a class may take less."""
    intake_dir: Path | None = None
    """A folder that is watched, `<company>/<class>/<file>`; scanners and other programs put files there."""
    intake_every_s: float = Field(default=10.0, gt=0, le=3_600)
    intake_quiet_s: float = Field(default=2.0, ge=0, le=3_600)
    """A file that was written to more recently than this is still being written."""
