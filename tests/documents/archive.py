"""An archive of one test: invoices come in through the corridor, papers are rendered by real processes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pypdfium2

from chassis.ids import derive
from chassis.jobs import Jobs, JobWorkers
from chassis.service import Service
from chassis.settings import StackSettings
from chassis.starting import PARTS
from contracts import published
from contracts.gateway import EmployeeHired
from contracts.ledger import CreditNoteIssued, InvoiceIssued
from deploy.local.postgres import DatabaseUrls
from services.documents.consumers import consumers
from services.documents.jobs import jobs_of
from services.documents.main import build
from services.documents.rendering.desk import Desk
from services.documents.settings import DocumentsSettings
from services.documents.translate import document_id
from tests.support.department import Department, Event, event
from tests.support.stack import TestPostgres

Changes = Mapping[str, Any]


@dataclass
class Archive(Department):
    """Documents with a few words of its own for tests."""

    desks: list[Desk] = field(default_factory=list)

    @classmethod
    def on(cls, urls: DatabaseUrls, server: TestPostgres, secret: Path, store: Path, **more: Any) -> Archive:
        """An archive on a migrated database."""
        settings = DocumentsSettings(
            database_url=urls.database_url,
            relay_url=urls.relay_url,
            store_dir=store,
            stack=StackSettings(kafka_bootstrap_servers="127.0.0.1:1", backbone_internal_secret_file=secret),
            **more,
        )
        return cls(urls, server, settings, consumers)

    @property
    def store(self) -> Path:
        """Its folder of files."""
        assert isinstance(self.settings, DocumentsSettings)
        return self.settings.store_dir

    def new_desk(self) -> Desk:
        """A desk that is closed with the archive."""
        assert isinstance(self.settings, DocumentsSettings)
        self.desks.append(Desk(self.settings))
        return self.desks[-1]

    async def close(self) -> None:
        """End the rendering processes and give the connections back."""
        for desk in self.desks:
            await desk.close()
        await super().close()

    @asynccontextmanager
    async def reader(self, **options: Any) -> AsyncIterator[httpx.AsyncClient]:
        """A caller of the HTTP door."""

        def remembering(settings: DocumentsSettings, parts: Sequence[str] = PARTS) -> Service:
            service = build(settings, parts)
            self.desks.append(service.app.state.desk)
            return service

        async with self.client(remembering, **options) as client:
            yield client

    async def work(self, jobs: Jobs | None = None) -> None:
        """Take one batch of every queue, as the workers do, until nothing is due."""
        operator = await asyncpg.create_pool(self.urls.relay_url, min_size=0, max_size=2)
        try:
            jobs = jobs or jobs_of(self.new_desk())
            workers = JobWorkers(jobs, self.database, operator, self.metrics)
            for queue in jobs.queues.values():
                while await workers._work_once(queue):
                    pass
        finally:
            await operator.close()

    async def jobs(self) -> list[tuple[str, int, str | None]]:
        """Key, attempts and error of what is still to do."""
        return [(k, a, e) for k, a, e in await self.rows("select key, attempts, error from job order by id")]

    async def contents(self) -> dict[str, str]:
        """Hash of the bytes of each document that has some."""
        rows = await self.rows("select document, sha256 from document_content")
        return {str(document): sha256.hex() for document, sha256 in rows}

    def files(self) -> list[Path]:
        """Every file in the store."""
        return sorted(path for path in self.store.rglob("*") if path.is_file())


def invoice_id(name: str) -> str:
    """The id of the invoice with this name."""
    return str(derive("test-invoice", name))


def paper_id(name: str, company: str = "acme") -> str:
    """The id of the document about the invoice with this name."""
    return str(document_id(company, "invoice", invoice_id(name)))


def invoice(
    name: str, *, company: str = "acme", sequence: int = 1, customer: Changes | None = None, **more: Any
) -> Event:
    """An invoice numbered by its name; everything else as in the golden sample."""
    return event(InvoiceIssued, company, invoice_facts(name, customer=customer, **more), sequence=sequence)


def invoice_facts(name: str, *, customer: Changes | None = None, **more: Any) -> dict[str, Any]:
    """The facts of such an invoice."""
    data = published.sample("InvoiceIssued.v1").data
    who = data["customer"] | dict(customer or {})
    return data | {"invoice": invoice_id(name), "number": f"INV-{name}", "customer": who} | more


def credit_note(name: str, *, company: str = "acme", sequence: int = 2, **more: Any) -> Event:
    """The credit note for the invoice with this name."""
    data = published.sample("CreditNoteIssued.v1").data
    own = {"credit_note": str(derive("test-credit-note", name)), "number": f"CN-{name}", "invoice": invoice_id(name)}
    return event(CreditNoteIssued, company, data | own | more, sequence=sequence)


def hire(name: str, *, company: str = "acme", **more: Any) -> Event:
    """Somebody with this name is hired."""
    data = published.sample("EmployeeHired.v1").data
    own = {"employee": str(derive("test-employee", name)), "reference": f"HIRE-{name[:20]}", "name": name}
    return event(EmployeeHired, company, data | own | more)


def text_of(pdf: bytes) -> str:
    """What a reader can copy from a PDF, page by page."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return "\n".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


def pages_of(pdf: bytes) -> int:
    """How many pages a PDF has."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return len(document)
    finally:
        document.close()
