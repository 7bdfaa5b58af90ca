"""Payslips on their way to documents: both departments in one process, on databases of their own."""

from __future__ import annotations

from datetime import date

import pytest

from chassis.ids import derive
from services.payroll.domain.filing import ToFile
from services.payroll.domain.pay.calculating import Line, YearToDate
from services.payroll.domain.pay.correcting import Difference
from services.payroll.domain.pay.months import Month
from services.payroll.domain.pay.paying import Facts, PersonPay
from services.payroll.domain.pay.people import Person, Term
from services.payroll.translate.papers import LINES_MAX, paper
from tests.documents.archive import text_of
from tests.payroll.office import person
from tests.payroll.runs.bureau import AT, no, said
from tests.payroll.runs.filed import ERASURES, JOBS, Filed
from tests.support.eventually import eventually


async def test_every_payslip_of_a_run_is_put_on_file_in_its_persons_language(filed: Filed) -> None:
    """D14, P16: by one call; who is only owed or owes something has a paper too."""
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


async def test_a_paper_bears_the_companys_name_of_the_periods_last_day_as_it_was_known_at_the_approval(
    filed: Filed,
) -> None:
    """P16: who was approved under a name is not filed under another because somebody enters one meanwhile."""
    bureau = filed.bureau
    await bureau.hire("Anna")
    await bureau.agree("Anna", "2300.00")
    moved = {"debtor_address": {"line1": "7 New Square", "city": "Athens", "country": "GR"}}
    payer = f"{AT}/pay-groups/staff/payer"
    async with bureau.client() as client:
        await said(client, payer, effective_on="2024-01-31", debtor_name="Acme Moved", **moved)
        await said(client, payer, effective_on="2024-02-01", debtor_name="Acme Later", **moved)
    run = (await bureau.calculated("2024-01"))["run"]
    assert (await bureau.approve(run)).status_code == 200
    async with bureau.client() as client:
        await said(client, payer, effective_on="2024-01-31", debtor_name="Acme After", **moved)
    await filed.everything()
    text = await filed.text((await filed.papers("2024-01"))[person("Anna")])
    assert "Acme Moved" in text
    assert "7 New Square" in text


async def test_people_read_their_own_paper_by_their_account_and_both_houses_write_it_down(filed: Filed) -> None:
    """P16, D19: one identification, payroll's link of account and person; documents knows for whom it was read."""
    bureau = filed.bureau
    await bureau.hire("Anna", "Boris")
    for name in ("Anna", "Boris"):
        await bureau.agree(name, "2300.00")
    async with bureau.client() as client:
        await said(client, f"{AT}/employees/{person('Anna')}/accounts", actor="user:anna")
    own = f"{AT}/me/payslips/2024-01/paper"
    async with bureau.client(actor="user:anna", scopes=("payroll:self",)) as anna:
        assert (await anna.get(own)).json()["type"] == "/problems/paper-not-filed"
        await filed.month("2024-01")
        answer = await anna.get(own)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
        assert "Anna" in text_of(answer.content)
    async with bureau.client(actor="user:nobody", scopes=("payroll:self",)) as nobody:
        assert (await nobody.get(own)).status_code == 404
    papers = await filed.papers("2024-01")
    log = "select document::text, what, client, actor, on_behalf_of from read_log"
    assert await filed.archive.rows(log) == [
        (papers[person("Anna")], "content", "payroll", "service:payroll", "user:anna")
    ]
    readings = "select what, employee::text from pay_reading where actor = 'user:anna'"
    assert await bureau.office.rows(readings) == [("own paper", person("Anna"))]


async def test_erasing_somebody_ends_what_both_houses_know_and_leaves_the_sums(filed: Filed) -> None:
    """P27, X10: asked for by the officer, of who has left and is owed nothing; told as erased afterwards, never as an
    error, and documents erases what it sealed too.
    """
    bureau = filed.bureau
    await bureau.hire("Anna", "Boris")
    for name in ("Anna", "Boris"):
        await bureau.agree(name, "2300.00")
        await bureau.bank(name)
    run = await filed.month("2024-01")
    papers, before = await filed.papers("2024-01"), (await bureau.run(run))["totals"]
    erasure, at = f"{AT}/employees/{person('Anna')}/erasure", f"{AT}/pay-runs/{run}"
    async with bureau.client() as client:
        assert await no(client, erasure) == (409, "still-employed", None)
        await bureau.leave("Anna", date(2024, 1, 31))
        assert await no(client, erasure) == (409, "pay-outstanding", None)
        await said(client, f"{at}/pay-file", execution_on="2024-01-31")
        await said(client, f"{at}/payment", paid_on="2024-01-31")
        for _ in range(2):
            assert (await said(client, erasure))["erased"] is True
        for path in ("pay", "payslips"):
            answer = await client.get(f"{AT}/employees/{person('Anna')}/{path}")
            assert (answer.status_code, answer.json()["type"]) == (410, "/problems/person-erased"), path
        answer = await client.get(f"{at}/pay-file")
        assert (answer.status_code, answer.json()["type"]) == (410, "/problems/person-erased")
    async with bureau.working():
        await eventually(lambda: bureau.office.rows(ERASURES), lambda left: not left, what="documents has heard of it")
    async with filed.archive.reader(scopes=("documents:confidential",), name="personnel") as reader:
        gone, stays = [await reader.get(f"{AT}/documents/{papers[person(n)]}/content") for n in ("Anna", "Boris")]
    assert (gone.status_code, stays.status_code) == (410, 200)
    assert (await bureau.run(run))["totals"] == before
    async with bureau.client(scopes=("payroll:write", "payroll:read")) as clerk:
        assert (await no(clerk, erasure))[0] == 403


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
    first, second, third = await filed.cabinet.file("acme", [paper("acme", slip) for slip in slips])
    assert (first is None, second is None, third is None) == (False, True, False)
    again = await filed.cabinet.file("acme", [paper("acme", replace_name(one)) for one in slips])
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
