"""A company is renamed or moves: its papers have the head of their day, and papers on file stay as they are."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from contracts import published
from contracts.ledger import CompanyChanged
from tests.chassis.statements import counting_statements
from tests.documents.archive import Archive, text_of
from tests.documents.conftest import MakeArchive
from tests.documents.test_asking_for_papers import AT, asked, key
from tests.documents.test_goods_leaving import founded, papers, shipment
from tests.documents.test_papers import plain
from tests.support.department import Event, event
from tests.support.revisions import done_again

REGISTERED = "Πειραιάς"
SELLERS = (
    "select number, facts from document where class in ('delivery_note', 'packing_list', 'label') order by position"
)
HEADS = "select count(*) from letterhead_change"


def moved(day: str, city: str, sequence: int, *, company: str = "acme", **more: Any) -> Event:
    """The company has its seat in this city from this day on."""
    data = published.sample("CompanyChanged.v1").data
    own = {"company": company, "valid_from": day, "address": data["address"] | {"city": city}}
    return event(CompanyChanged, company, data | own | more, sequence=sequence)


def left(name: str, day: str, **more: Any) -> Event:
    """Goods that left the house on this day."""
    return shipment(name, dispatched_on=day, **more)


async def cities(archive: Archive) -> dict[str, set[str]]:
    """Where the sender of each shipment's papers has its seat, by the number of the shipment."""
    found: dict[str, set[str]] = {}
    for number, facts in await archive.rows(SELLERS):
        found.setdefault(number, set()).add(orjson.loads(facts)["seller"]["address"]["city"])
    return found


@pytest.fixture
async def house(make_archive: MakeArchive) -> Archive:
    """An archive that knows two companies as their events tell them."""
    made = make_archive()
    await made.hear(founded(), founded("other"))
    return made


async def test_papers_of_goods_have_the_head_of_the_day_on_which_they_left(house: Archive) -> None:
    """D14: told ahead, for days in any order; all three papers say the same, and another company has its own head."""
    await house.hear(moved("2027-07-01", "Thessaloniki", 2), moved("2027-09-01", "Volos", 3))

    days = {"1": "2027-06-30", "2": "2027-07-01", "3": "2027-08-31", "4": "2027-09-01"}
    await house.hear(*[left(n, day) for n, day in days.items()], left("5", "2027-09-01", company="other"))

    assert await cities(house) == {
        "DN-1": {REGISTERED}, "DN-2": {"Thessaloniki"}, "DN-3": {"Thessaloniki"}, "DN-4": {"Volos"},
        "DN-5": {REGISTERED},
    }  # fmt: skip


async def test_the_head_that_was_told_is_what_the_page_shows(house: Archive) -> None:
    """D14: all of it is the new one, name and numbers too; what the company has no longer is not printed."""
    told = published.sample("CompanyChanged.v1").data
    without = {name: value for name, value in told.items() if name != "vat_number"}
    own = {"company": "acme", "valid_from": "2026-11-01", "name": "Aegean Trading S.A."}
    await house.hear(event(CompanyChanged, "acme", without | own, sequence=2))

    await house.hear(shipment("7"))
    await house.work()

    note = plain(text_of((await papers(house))["DN-7 delivery_note"]))
    assert "Aegean Trading S.A." in note
    assert str(told["address"]["city"]) in note
    assert str(told["vat_number"]) not in note


async def test_a_change_that_is_told_late_leaves_papers_on_file_as_they_are(house: Archive) -> None:
    """Also when the shipment is told again; one that is told after the change has the new head."""
    sent = left("1", "2026-11-22")
    await house.hear(sent)
    before = await house.rows(SELLERS)

    await house.hear(moved("2026-11-20", "Volos", 2))
    await house.rows("delete from inbox where topic = 'inventory.shipments'")
    await house.hear(sent)
    assert await house.rows(SELLERS) == before

    await house.hear(left("2", "2026-11-22"))
    assert await cities(house) == {"DN-1": {REGISTERED}, "DN-2": {"Volos"}}


@pytest.mark.parametrize(
    "order", [(0, 1, 2), (2, 1, 0), (1, 0, 2, 1, 0)], ids=["in order", "turned around", "repeated"]
)
async def test_of_two_words_for_one_day_the_later_counts_and_a_later_day_before_an_earlier(
    house: Archive, order: tuple[int, ...]
) -> None:
    """However they come, and when all is read once more from the start."""
    words = [moved("2027-07-01", "Volos", 2), moved("2027-07-01", "Patras", 3), moved("2027-06-01", "Chania", 4)]
    for n in order:
        await house.hear(words[n])
    await house.try_held()
    assert await house.held() == []
    await house.hear(left("1", "2027-06-30"), left("2", "2027-07-02"))

    await house.rows("delete from inbox where topic = 'ledger.companies'")
    await house.hear(founded(), *words)
    await house.hear(left("3", "2027-06-30"), left("4", "2027-07-02"))

    assert await cities(house) == {"DN-1": {"Chania"}, "DN-2": {"Patras"}, "DN-3": {"Chania"}, "DN-4": {"Patras"}}
    assert await house.rows(HEADS) == [(3,)]


async def test_a_change_that_comes_before_its_company_waits_for_it(make_archive: MakeArchive) -> None:
    archive = make_archive()
    await archive.hear(moved("2026-11-01", "Volos", 2))
    assert len(await archive.held()) == 1
    assert await archive.rows(HEADS) == [(0,)]

    await archive.hear(founded())
    for _ in range(2):  # the company first, then what waits until it is known
        await archive.try_held()

    assert await archive.held() == []
    assert await archive.rows(HEADS) == [(1,)]
    await archive.hear(shipment("7"))
    assert await cities(archive) == {"DN-7": {"Volos"}}


async def test_a_change_of_a_company_whose_first_head_is_not_known_waits(archive: Archive) -> None:
    """There is no day before the change then on which its papers could be printed."""
    await archive.hear(moved("2026-11-01", "Volos", 1))

    assert await archive.held() == [("waiting", "the address of company acme is not known here")]
    assert await archive.rows(HEADS) == [(0,)]


async def test_a_paper_that_is_asked_for_without_a_seller_has_the_head_of_its_day_of_issue(house: Archive) -> None:
    """Two of one call may have two heads; asked for again under another head, the one on file stays."""
    await house.hear(moved("2027-07-01", "Volos", 2))
    wanted = []
    for about, day in (("1", "2027-06-30"), ("2", "2027-07-01")):
        paper = asked("label", about=about)
        paper["facts"] |= {"issued_on": day}
        del paper["facts"]["seller"]
        wanted.append(paper)

    async with house.reader() as client:
        first, again = key(), key()
        made = await client.post(f"{AT}/papers", json={"papers": wanted}, headers=first)
        assert made.status_code == 201, made.text
        await house.hear(moved("2027-06-01", "Patras", 3))
        repeated = await client.post(f"{AT}/papers", json={"papers": wanted}, headers=first)
        anew = await client.post(f"{AT}/papers", json={"papers": wanted}, headers=again)

    assert repeated.text == made.text
    assert [paper["registered"] for paper in anew.json()["papers"]] == [False, False]
    facts = [orjson.loads(facts)["seller"]["address"]["city"] for _, facts in await house.rows(SELLERS)]
    assert facts == [REGISTERED, "Volos"]


async def test_an_archive_of_before_keeps_its_heads_when_it_is_migrated(house: Archive) -> None:
    await house.hear(left("1", "2027-07-01"))
    url = house.urls.migration_url
    await done_again(
        "documents", url, "documents_0012", undone_by="drop table letterhead_change", before="documents_0011"
    )

    await house.hear(left("2", "2027-07-01"))
    await house.hear(moved("2027-07-01", "Volos", 2))
    await house.hear(left("3", "2027-07-01"))

    assert await cities(house) == {"DN-1": {REGISTERED}, "DN-2": {REGISTERED}, "DN-3": {"Volos"}}


async def test_changes_and_shipments_of_any_number_cost_the_same_statements(make_archive: MakeArchive) -> None:
    """Also where each shipment has a day and a head of its own."""
    counts = {}
    for size in (10, 80):
        archive = make_archive()
        names = [f"c{n}" for n in range(size)]
        await archive.hear(*[founded(name) for name in names], founded())
        await archive.hear(moved("2027-07-01", "Volos", 2), shipment("first"))
        async with counting_statements(archive.database) as counted:
            changes = [moved(f"2027-07-{n % 28 + 1:02}", f"City {n}", 2, company=name) for n, name in enumerate(names)]
            await archive.hear(*changes)
            sent = [left(str(n), f"2027-07-{n % 28 + 1:02}", company=name) for n, name in enumerate(names)]
            await archive.hear(*sent)
        counts[size] = counted.statements
        assert {*(await cities(archive)).pop("DN-7" if size > 7 else "DN-0")} == {"City 7"}

    assert counts[10] == counts[80]
