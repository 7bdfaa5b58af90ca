"""Payroll with documents next door, each on a database of its own, both in one process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.payroll.filing import FilingCabinet
from tests.documents.archive import Archive, text_of
from tests.payroll.runs.bureau import AT, Bureau
from tests.support.eventually import eventually

JOBS = "select key, attempts, error from job where queue = 'file-payslips'"

ERASURES = "select key, error from job where queue = 'erase-papers'"


@dataclass
class Filed:
    """Payroll, documents, and the cabinet between them."""

    bureau: Bureau
    archive: Archive
    cabinet: FilingCabinet

    async def month(self, period: str) -> str:
        """A month is calculated and approved, and every payslip of it is on file."""
        run = str((await self.bureau.paid(period))["run"])
        await self.everything()
        return run

    async def everything(self) -> None:
        """Every payslip that was approved is on file."""
        async with self.bureau.working():
            await eventually(lambda: self.bureau.office.rows(JOBS), lambda left: not left, what="the papers are filed")

    async def papers(self, period: str) -> dict[str, str]:
        """The document of each person's payslip of a month."""
        query = "select employee, document from payslip_paper where period = $1"
        rows = await self.bureau.office.rows(query, date.fromisoformat(f"{period}-01"))
        return {str(employee): str(document) for employee, document in rows}

    async def text(self, document: str) -> str:
        """What a paper says, as the personnel office reads it in documents."""
        scopes = ("documents:confidential",)
        async with self.archive.reader(scopes=scopes, name="personnel") as reader:
            answer = await reader.get(f"{AT}/documents/{document}/content")
        assert answer.status_code == 200, answer.text
        return text_of(answer.content)
