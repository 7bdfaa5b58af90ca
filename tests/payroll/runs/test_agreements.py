"""What is agreed with people comes to paper by itself: payroll and documents on databases of their own."""

from __future__ import annotations

from chassis.ids import derive
from contracts import published
from services.payroll.domain.filing import agreement_number
from tests.payroll.office import company, hired, person
from tests.payroll.runs.bureau import AT, no, said
from tests.payroll.runs.filed import Filed
from tests.support.eventually import eventually

JOBS = "select key, error from job where queue = 'file-agreements'"
FILED = """
select number, about_kind, about_id::text, employee_id::text, sealed from document
where class = 'employment_contract' order by number
"""
TERMS = {"kind": "permanent", "job_title": "Clerk", "weekly_hours": "37.50"}


async def on_file(filed: Filed) -> list[tuple[object, ...]]:
    """The papers of agreements, when all that was agreed is on file."""
    async with filed.bureau.working():
        await eventually(lambda: filed.bureau.office.rows(JOBS), lambda left: not left, what="agreements are filed")
    return [tuple(row) for row in await filed.archive.rows(FILED)]


async def paper_of(filed: Filed, number: str) -> str:
    """What the paper with this number says."""
    ((document,),) = await filed.archive.rows("select document::text from document where number = $1", number)
    return await filed.text(str(document))


async def test_a_hire_has_its_contract_paper_without_anybodys_doing(filed: Filed) -> None:
    """X3, D14: sealed, in the person's language, under the company's own name and address; and once."""
    await filed.archive.hear(company())
    hire = hired("Anna", starts_on="2024-02-01", department="Sales", job_title="Αποθηκάριος", language="el")
    await filed.bureau.office.hear(hire)
    await filed.bureau.office.hear(hire)
    about = str(derive("hire", "acme", person("Anna")))
    assert await on_file(filed) == [("E-000001", "hire", about, person("Anna"), True)]
    text = await paper_of(filed, "E-000001")
    for said_there in ("Σύμβαση εργασίας", "Anna", "Αποθηκάριος", "Sales", "E-000001"):
        assert said_there in text, text
    assert str(published.sample("CompanyRegistered.v1").data["name"]) in text


async def test_a_contract_and_each_amendment_of_it_have_a_paper_and_what_is_taken_back_has_none(filed: Filed) -> None:
    """X3, P4: numbered by the contract's reference; an amendment says from when its terms apply."""
    await filed.archive.hear(company())
    await filed.bureau.hire("Boris")
    async with filed.bureau.client() as client:
        contract = await said(
            client, f"{AT}/employees/{person('Boris')}/contracts", reference="C-17", starts_on="2024-01-01", **TERMS
        )
        amendments = f"{AT}/contracts/{contract['contract']}/amendments"
        made = await said(client, amendments, effective_on="2024-03-01", weekly_hours="20.00")
        await said(client, amendments, replaces=made["revision"], withdraw=True)
        overlapping = f"{AT}/employees/{person('Boris')}/contracts"
        refused = await no(client, overlapping, reference="C-18", starts_on="2024-02-01", **TERMS)
    assert refused == (409, "contract-overlaps", "/starts_on")
    papers = await on_file(filed)
    assert [(number, kind) for number, kind, *_ in papers] == [
        ("C-17", "contract"), ("C-17/2", "contract"), ("E-000001", "hire"),
    ]  # fmt: skip
    assert "37.5" in await paper_of(filed, "C-17")
    assert "These terms apply from 01.03.2024 on." in await paper_of(filed, "C-17/2")


async def test_papers_wait_until_documents_knows_the_company(filed: Filed) -> None:
    """What only has to wait uses up no attempt and is there in the end."""
    await filed.bureau.hire("Clio")
    async with filed.bureau.working():
        await eventually(
            lambda: filed.bureau.office.rows(JOBS),
            lambda rows: len(rows) == 1 and rows[0][1] is not None,
            what="the paper waits",
        )
    await filed.archive.hear(company())
    assert [number for number, *_ in await on_file(filed)] == ["E-000001"]


def test_the_number_of_an_amendment_fits_a_document_whatever_the_reference() -> None:
    assert agreement_number("x" * 64, 1) == "x" * 64
    assert len(agreement_number("x" * 64, 1_234_567)) == 64
