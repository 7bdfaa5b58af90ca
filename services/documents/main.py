"""Builds documents. Importing this has no effect; only `build` constructs."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.service import Service
from services.documents.api import ROUTERS
from services.documents.consumers import consumers
from services.documents.jobs import jobs_of
from services.documents.rendering.desk import Desk
from services.documents.settings import DocumentsSettings


def build(settings: DocumentsSettings, parts: Sequence[str]) -> Service:
    """The service with the parts that this process runs."""
    desk = Desk(settings)
    service = Service(
        settings,
        consumers=consumers,
        routers=ROUTERS,
        jobs=jobs_of(desk),
        background=[desk.look_after],
        parts=parts,
    )
    service.app.state.desk = desk
    return service
