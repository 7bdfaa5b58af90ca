"""Where documents are rendered and fetched: one renderer for the queue, at lowest priority, one for those who wait."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from chassis.errors import Problem, Transient
from chassis.requests import unavailable
from chassis.telemetry import Metrics, logger
from services.documents.commands import KeepContent
from services.documents.keeping.contents import ContentDamaged, ContentMissing, StoreAway, contents_of
from services.documents.keeping.files import Files
from services.documents.keeping.seals import SealBroken, Seals
from services.documents.rendering.renderer import NotRendered, Paper, Rendered, Renderer

if TYPE_CHECKING:
    from chassis.service import Service
    from services.documents.settings import DocumentsSettings
    from services.documents.store.documents import PaperToRender

MEDIA_TYPE = "application/pdf"
LOWEST_PRIORITY = 19
NO_LOWER = 0


class Desk:
    """One process's rendering. Building it has no effect; a renderer starts with its first paper."""

    def __init__(self, settings: DocumentsSettings) -> None:
        self.settings = settings
        self.contents = contents_of(settings)
        self.seals = None if settings.seal_key_file is None else Seals(settings.seal_key_file)
        self._patience_s = settings.content_patience_s
        self._queued = Renderer(settings.store_dir, niceness=LOWEST_PRIORITY, patience_s=settings.render_patience_s)
        self._urgent = Renderer(settings.store_dir, niceness=NO_LOWER, patience_s=settings.render_patience_s)

    async def render(self, papers: Sequence[PaperToRender]) -> list[KeepContent | NotRendered]:
        """Render at leisure; answers in the order given. Raises Transient when the process or the store fails."""
        return await self._render(self._queued, papers)

    async def render_now(self, paper: PaperToRender) -> KeepContent:
        """Render for somebody who waits. Raises Problem 503 when it takes too long, 500 when it cannot be done."""
        try:
            async with asyncio.timeout(self._patience_s):
                (kept,) = await self._render(self._urgent, [paper])
        except TimeoutError:
            raise unavailable("rendering-takes-long", "The document is not rendered yet; ask again.") from None
        if isinstance(kept, NotRendered):
            logger.error("document cannot be rendered", action="alarm", document=str(paper.document), error=kept.error)
            raise Problem(500, "not-rendered", "The document cannot be rendered; this has been recorded.")
        return kept

    async def fetch(self, sha256: str, metrics: Metrics) -> bytes:
        """The bytes with this hash. Raises Problem 500 and an alarm when they are not what was stored, 503 when the
        store does not give them in time.
        """
        try:
            async with asyncio.timeout(self._patience_s):
                return await asyncio.to_thread(self.contents.fetch, sha256)
        except (StoreAway, TimeoutError):
            raise unavailable("store-unavailable", "The store of contents does not answer; ask again.") from None
        except (ContentMissing, ContentDamaged) as wrong:
            code = "content-missing" if isinstance(wrong, ContentMissing) else "content-damaged"
            raise _alarm(code, sha256, metrics) from wrong

    def opened(self, paper: PaperToRender, sealed: bytes, metrics: Metrics) -> bytes:
        """What was sealed for this paper's person. Raises Problem 500 and an alarm when it does not open."""
        try:
            return self._open(paper, sealed)
        except SealBroken as wrong:
            raise _alarm("seal-broken", str(paper.document), metrics) from wrong

    async def close(self) -> None:
        """Let running batches finish, then end the rendering processes."""
        await asyncio.gather(self._queued.close(), self._urgent.close())

    async def look_after(self, _service: Service) -> None:
        """End idle rendering processes, and all of them in the end."""
        await asyncio.gather(self._queued.look_after(), self._urgent.look_after())

    async def _render(self, renderer: Renderer, papers: Sequence[PaperToRender]) -> list[KeepContent | NotRendered]:
        in_files = isinstance(self.contents, Files)
        made: list[Paper] = []
        for paper in papers:
            facts = self._open(paper, paper.facts) if paper.sealed else paper.facts
            made.append(Paper(paper.template, facts, keep=in_files and not paper.sealed))
        results = await renderer.render(made)
        return [await self._kept(paper, result) for paper, result in zip(papers, results, strict=True)]

    async def _kept(self, paper: PaperToRender, result: Rendered | NotRendered) -> KeepContent | NotRendered:
        if isinstance(result, NotRendered):
            return result
        sha256, size = result.sha256, result.size
        if result.content is not None:
            content = self._seal(paper, result.content) if paper.sealed else result.content
            try:
                sha256, size = bytes.fromhex(await asyncio.to_thread(self.contents.keep, content)), len(content)
            except OSError as error:
                raise Transient(f"the store of contents: {error}") from error
        return KeepContent(
            paper.cause,
            paper.document,
            paper.document_class,
            paper.order,
            paper.employee,
            sha256,
            size,
            MEDIA_TYPE,
            paper.template,
            result.template_hash,
            result.renderer,
            paper.sealed,
        )

    def _seal(self, paper: PaperToRender, content: bytes) -> bytes:
        assert self.seals is not None
        assert paper.person_key is not None
        return self.seals.seal(paper.person_key, paper.cause.company, paper.employee, paper.document, content)

    def _open(self, paper: PaperToRender, sealed: bytes) -> bytes:
        if self.seals is None or paper.person_key is None:
            raise SealBroken("there is no key to open it")
        return self.seals.open(paper.person_key, paper.cause.company, paper.employee, paper.document, sealed)


def _alarm(code: str, about: str, metrics: Metrics) -> Problem:
    metrics.alarm(code)
    logger.error("stored content is not what it was", action="alarm", code=code, about=about)
    return Problem(500, code, "What is stored is not what was stored once; this has been recorded.")
