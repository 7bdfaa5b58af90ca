"""Where documents are rendered and fetched: one renderer for the queue, at lowest priority, one for those who wait."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from chassis.errors import Problem
from chassis.requests import unavailable
from chassis.telemetry import Metrics, logger
from services.documents.commands import KeepContent
from services.documents.rendering.files import ContentDamaged, ContentMissing, Files
from services.documents.rendering.renderer import NotRendered, Paper, Rendered, Renderer

if TYPE_CHECKING:
    from chassis.service import Service
    from services.documents.settings import DocumentsSettings
    from services.documents.store import PaperToRender

MEDIA_TYPE = "application/pdf"
LOWEST_PRIORITY = 19
NO_LOWER = 0


class Desk:
    """One process's rendering. Building it has no effect; a renderer starts with its first paper."""

    def __init__(self, settings: DocumentsSettings) -> None:
        self.files = Files(settings.store_dir)
        self._patience_s = settings.content_patience_s
        self._queued = Renderer(settings.store_dir, niceness=LOWEST_PRIORITY, patience_s=settings.render_patience_s)
        self._urgent = Renderer(settings.store_dir, niceness=NO_LOWER, patience_s=settings.render_patience_s)

    async def render(self, papers: Sequence[PaperToRender]) -> list[KeepContent | NotRendered]:
        """Render at leisure; answers in the order given. Raises Transient when the process or the disk fails."""
        results = await self._queued.render([Paper(paper.template, paper.facts) for paper in papers])
        return [_kept(paper, result) for paper, result in zip(papers, results, strict=True)]

    async def render_now(self, paper: PaperToRender) -> KeepContent:
        """Render for somebody who waits. Raises Problem 503 when it takes too long, 500 when it cannot be done."""
        try:
            async with asyncio.timeout(self._patience_s):
                (result,) = await self._urgent.render([Paper(paper.template, paper.facts)])
        except TimeoutError:
            raise unavailable("rendering-takes-long", "The document is not rendered yet; ask again.") from None
        kept = _kept(paper, result)
        if isinstance(kept, NotRendered):
            logger.error("document cannot be rendered", action="alarm", document=str(paper.document), error=kept.error)
            raise Problem(500, "not-rendered", "The document cannot be rendered; this has been recorded.")
        return kept

    async def fetch(self, sha256: str, metrics: Metrics) -> bytes:
        """The bytes with this hash. Raises Problem 500 and an alarm when they are not what was stored."""
        try:
            return await asyncio.to_thread(self.files.fetch, sha256)
        except (ContentMissing, ContentDamaged) as wrong:
            code = "content-missing" if isinstance(wrong, ContentMissing) else "content-damaged"
            metrics.alarm(code)
            logger.error("stored content is not what it was", action="alarm", code=code, sha256=sha256)
            raise Problem(500, code, "What is stored is not what was stored once; this has been recorded.") from wrong

    async def close(self) -> None:
        """Let running batches finish, then end the rendering processes."""
        await asyncio.gather(self._queued.close(), self._urgent.close())

    async def look_after(self, _service: Service) -> None:
        """End idle rendering processes, and all of them in the end."""
        await asyncio.gather(self._queued.look_after(), self._urgent.look_after())


def _kept(paper: PaperToRender, result: Rendered | NotRendered) -> KeepContent | NotRendered:
    if isinstance(result, NotRendered):
        return result
    return KeepContent(
        paper.cause,
        paper.document,
        paper.document_class,
        paper.order,
        result.sha256,
        result.size,
        MEDIA_TYPE,
        paper.template,
        result.template_hash,
        result.renderer,
    )
