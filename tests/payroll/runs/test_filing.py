"""Payslips on their way to documents: both departments in one process, on databases of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from chassis.ids import derive
from chassis.migrating import migrate
from chassis.service import PARTS
from deploy.local.postgres import DatabaseUrls
from services.documents.main import build
from services.documents.settings import DocumentsSettings
from services.payroll.domain.filing import ToFile
from services.payroll.domain.pay.calculating import Line, YearToDate
from services.payroll.domain.pay.correcting import Difference
from services.payroll.domain.pay.months import Month
from services.payroll.domain.pay.paying import Facts, PersonPay
from services.payroll.domain.pay.people import Person, Term
from services.payroll.filing import FilingCabinet
from services.payroll.translate.papers import LINES_MAX, paper
from tests.documents.archive import Archive, text_of
from tests.payroll.office import person
from tests.payroll.runs.bureau import AT, Bureau, said
from tests.support.department import SECRET
from tests.support.eventually import eventually
from tests.support.stack import TestPostgres

JOBS = "select key, attempts, error from job where queue = 'file-payslips'"


@dataclass
class Filed:
    """Payroll, documents, and the cabinet between them."""

    bureau: Bureau
    archive: Archive
    cabinet: FilingCabinet

    async def month(self, period: str) -> str:
        """A month is calculated and approved, and every payslip of it is on file."""
        run = str((await self.bureau.paid(period))["run"])
        async with self.bureau.working():
            await eventually(lambda: self.bureau.office.rows(JOBS), lambda left: not left, what="the papers are filed")
        return run

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


@pytest.fixture(scope="module")
def documents_urls(postgres_server: TestPostgres) -> DatabaseUrls:
    """A migrated database of documents to copy."""
    urls = postgres_server.create_database("documents")
    migrate("documents", urls.migration_url)
    return urls


@pytest_asyncio.fixture
async def filed(
    bureau: Bureau, postgres_server: TestPostgres, documents_urls: DatabaseUrls, tmp_path: Path
) -> AsyncIterator[Filed]:
    """The payroll office of `acme` with documents next door."""
    seal_key = tmp_path / "seal-key"
    seal_key.write_text(SECRET[::-1])
    urls, secret = postgres_server.clone(documents_urls), tmp_path / "secret"
    archive = Archive.on(urls, postgres_server, secret, tmp_path / "store", seal_key_file=seal_key)
    await archive.knows("acme")
    assert isinstance(archive.settings, DocumentsSettings)
    service = build(archive.settings, PARTS)
    await service.app.state.doors.clock.fresh()
    door = httpx.ASGITransport(service.app, raise_app_exceptions=False)
    cabinet = FilingCabinet("http://documents", secret, bureau.office.database, door)
    bureau.cabinet = lambda _: cabinet
    yield Filed(bureau, archive, cabinet)
    await service.app.state.desk.close()
    await service.database.close()
    await archive.close()


async def test_every_payslip_of_a_run_is_put_on_file_in_its_persons_language(filed: Filed) -> None:
    """D14: payslips are filed with documents by one call; P16: who is only owed or owes something has a paper too."""
    bureau = filed.bureau
    await bureau.hire("Anna", language="el")
    await bureau.hire("Boris")
    for name in ("Anna", "Boris"):
        await bureau.agree(name, "2300.00")
    for period in ("2024-01", "2024-02"):
        await filed.month(period)
    await bureau.leave("Anna", date(2024, 1, 31))
    for period in ("2024-03", "2024-04"):
        await filed.month(period)
        assert set(await filed.papers(period)) == {person("Anna"), person("Boris")}, period
    own = await bureau.slip("Anna", "2024-04")
    assert (own["lines"], own["corrections"], own["to_pay"]) == ([], [], "0.00")
    papers = await filed.papers("2024-04")
    assert "2300" in (await filed.text(papers[person("Boris")])).replace(",", "").replace(".", "")
    assert "Υπερβάλλουσα" in await filed.text(papers[person("Anna")])
    assert await bureau.office.rows("select count(*) from payslip_paper") == [(8,)]


async def test_a_paper_bears_the_name_and_language_of_the_periods_last_day(filed: Filed) -> None:
    """P1: not those of the hire, and not those of a day after the month."""
    bureau = filed.bureau
    await bureau.hire("Anna")
    await bureau.agree("Anna", "2300.00")
    changes = f"{AT}/employees/{person('Anna')}/changes"
    async with bureau.client() as client:
        await said(client, changes, effective_on="2024-01-31", name="Anna Married", language="el")
        await said(client, changes, effective_on="2024-02-01", name="Anna Later")
    await filed.month("2024-01")
    text = await filed.text((await filed.papers("2024-01"))[person("Anna")])
    assert "Anna Married" in text
    assert "Μισθός" in text


def slip(name: str, *, lines: int = 1, number: str = "E-000001") -> ToFile:
    """A payslip with so many months of differences."""
    facts = Facts(Person(date(2020, 1, 1), (Term(date(2020, 1, 1), 100_00, "sales"),)))
    months = [Month(2020 + n // 12, n % 12 + 1) for n in range(lines)]
    different = tuple(
        Difference(month, "XX-1", (Line("earning", "salary", 101, "sales", ""),), "digest", ()) for month in months
    )
    pay = PersonPay(facts, None, Month(2030, 1), different, YearToDate(), 0)
    employee = derive("test-filed", name)
    address = {"line1": "1 Port Road", "city": "Piraeus", "country": "GR"}
    day = date(2030, 1, 1)
    return ToFile(employee, day, "regular", number, name, "en", "EUR", day, "XX-1", "Acme", address, pay)


async def test_a_payslip_that_documents_refuses_does_not_keep_the_others_back(filed: Filed) -> None:
    """One of three has a number that documents does not take: two are filed, one is named."""
    slips = [slip("Anna"), slip("Boris", number="x" * 80), slip("Clio")]
    first, second, third = await filed.cabinet.file("acme", slips)
    assert (first is None, second is None, third is None) == (False, True, False)
    again = await filed.cabinet.file("acme", [replace_name(one) for one in slips])
    assert again == [first, None, third], "what is on file stays as it was, whatever is told later"
    assert await filed.archive.rows("select count(*) from document") == [(2,)]


def replace_name(one: ToFile) -> ToFile:
    return one._replace(name=f"{one.name} again")


async def test_the_job_of_a_run_goes_on_past_a_refused_payslip_and_stays_to_be_seen(filed: Filed) -> None:
    """The run's other papers are there; the job fails by the person's number alone, and is tried again."""
    bureau = filed.bureau
    await bureau.hire("Anna", "Boris")
    for name in ("Anna", "Boris"):
        await bureau.agree(name, "2300.00")
    run = (await bureau.paid("2024-01"))["run"]
    await bureau.superuser("update employee set number = repeat('x', 80) where employee = $1", person("Anna"))
    async with bureau.working():
        (failed,) = await eventually(
            lambda: bureau.office.rows(JOBS),
            lambda rows: len(rows) == 1 and rows[0][2] is not None,
            what="the job has failed",
        )
    assert failed[0] == run
    assert "1 payslips" in failed[2]
    assert set(await filed.papers("2024-01")) == {person("Boris")}


@pytest.mark.parametrize("months", [1, LINES_MAX, LINES_MAX + 1, 100])
def test_a_paper_with_many_lines_adds_up_and_drops_none(months: int) -> None:
    """What does not fit line by line is told in sums."""
    told = paper("acme", slip("Anna", lines=months))["facts"]
    assert len(told["earnings"]) == (months if months <= LINES_MAX else 1)
    assert sum(round(float(line["amount"]) * 100) for line in told["earnings"]) == 101 * months
    assert told["gross"] == told["net"] == f"{101 * months / 100:.2f}"
    if months > LINES_MAX:
        assert "2020-01" in told["earnings"][0]["description"]
