"""Goods leave with a delivery note, a packing list and labels, and who owes gets letters: made by events alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest

from chassis.ids import derive
from contracts import published
from contracts.inventory import ShipmentDispatched
from contracts.ledger import CompanyRegistered
from contracts.ledger_dues import DunningLevelReached
from services.documents.keeping.files import Files
from services.documents.rendering.templates import current
from services.documents.rendering.typesetter import Typesetter
from services.documents.translate import customer_id
from services.ledger.domain import customers
from tests.chassis.statements import counting_statements
from tests.documents.archive import Archive, pages_of, text_of
from tests.documents.conftest import MakeArchive
from tests.documents.paper_samples import ADDRESSES, LANGUAGES, NAMES, PIECES, facts_of
from tests.documents.scanning import scanned
from tests.documents.test_papers import left_edge, plain
from tests.support.department import Event, event
from tests.support.revisions import done_again

CLASSES = ["delivery_note", "packing_list", "label"]
COUNTS = "select (select count(*) from document), (select count(*) from outbox), (select count(*) from job)"


def founded(company: str = "acme") -> Event:
    """The company is registered, with its name and address."""
    data = published.sample("CompanyRegistered.v1").data | {"company": company}
    return event(CompanyRegistered, company, data)


def shipment(name: str, *, company: str = "acme", language: str = "en", **more: Any) -> Event:
    """A shipment numbered by its name; everything else as in the golden sample."""
    data = published.sample("ShipmentDispatched.v1").data
    own = {"shipment": shipment_id(name), "number": f"DN-{name}"}
    ship_to = data["ship_to"] | {"name": NAMES[language], "language": language, "address": ADDRESSES[language]}
    return event(ShipmentDispatched, company, data | own | {"ship_to": ship_to} | more)


def shipment_id(name: str) -> str:
    """The id of the shipment with this name."""
    return str(derive("test-shipment", name))


def letter(*, language: str = "en", level: int = 1, company: str = "acme", **more: Any) -> Event:
    """A letter to a customer who reads this language."""
    data = published.sample("DunningLevelReached.v1").data
    customer = data["customer"] | {"name": NAMES[language], "language": language}
    return event(DunningLevelReached, company, data | {"customer": customer, "level": level} | more)


def two_overdue() -> list[dict[str, Any]]:
    """Two invoices of 22.94; the second is disputed."""
    item = published.sample("DunningLevelReached.v1").data["items"][0]
    other = {"invoice": str(derive("other")), "number": "INV-2026-000099", "disputed": True, "interest": "0.00"}
    return [item, item | other]


async def papers(archive: Archive) -> dict[str, bytes]:
    """The PDF of every paper, by its number and class."""
    rows = await archive.rows(
        "select d.number, d.class, c.sha256 from document d join document_content c using (document)"
    )
    return {f"{number} {code}": Files(archive.store).fetch(digest.hex()) for number, code, digest in rows}


@pytest.fixture
async def house(make_archive: MakeArchive) -> Archive:
    """An archive that knows `acme` as its event tells it."""
    made = make_archive()
    await made.hear(founded())
    return made


async def test_a_shipment_puts_its_three_papers_on_file_in_one_commit(house: Archive) -> None:
    """D13, D14: told at once, linked to shipment, order and customer, with the version of their templates."""
    left = shipment("7", language="el")
    order = orjson.loads(left.body)["order"]

    await house.hear(left)

    told = await house.told("DocumentRegistered")
    assert [t.data["class"] for t in told] == CLASSES
    assert {t.envelope.type for t in told} == {"DocumentRegistered.v2"}
    assert {t.envelope.causationid for t in told} == {dict(left.headers)["ce_id"].decode()}
    for t in told:
        assert t.data["about"] == {"kind": "shipment", "id": shipment_id("7")}
        assert (t.data["order"], t.data["number"], t.data["language"]) == (order, "DN-7", "el")
        assert t.data["template"] == f"{t.data['class']}@2"
    assert {key for key, _, _ in await house.jobs()} == {t.key for t in told}
    customer = customers.customer_id("acme", "C-1042")
    links = await house.rows("select kind, object_id, made_by from document_link")
    assert links == [("customer", UUID(str(customer)), "event")] * 3
    async with house.reader() as client:
        for thing in (shipment_id("7"), order, customer):
            found = (await client.get(f"/v1/companies/acme/documents?link={thing}")).json()
            assert {d["class"] for d in found["documents"]} == set(CLASSES), thing


def test_a_customer_has_the_id_that_the_ledger_tells() -> None:
    assert customer_id("acme", "C-1042") == customers.customer_id("acme", "C-1042")


async def test_a_shipment_that_is_told_again_has_its_papers_once(house: Archive) -> None:
    left = [shipment(str(n)) for n in range(3)]
    await house.hear(*left)
    await house.hear(*left, *left)
    await house.rows("delete from inbox")
    await house.rows("delete from inbox_offset")
    house._offsets.clear()

    await house.hear(*left)

    assert await house.rows(COUNTS) == [(9, 9, 9)]


@pytest.mark.parametrize("document_class", [*CLASSES, "dunning_letter"])
async def test_nobody_takes_the_place_of_a_paper_that_its_event_makes(house: Archive, document_class: str) -> None:
    """D13: asked for by hand before the event comes, it is refused by name; the event's is the one on file."""
    by_event, number, made = shipment("7"), "DN-7", CLASSES
    kind, thing = "shipment", shipment_id("7")
    if document_class == "dunning_letter":
        by_event, made = letter(), ["dunning_letter"]
        kind, thing = "letter", orjson.loads(by_event.body)["letter"]
        number = f"DUN-2027-01-05-{thing[:8].upper()}"
    facts = facts_of(document_class, "en") | {"number": number}

    async def ask(about: str, key: str) -> httpx.Response:
        paper = {"class": document_class, "about": {"kind": about, "id": thing}, "facts": facts}
        path, headers = "/v1/companies/acme/papers", {"idempotency-key": key}
        async with house.reader() as client:
            return await client.post(path, json={"papers": [paper]}, headers=headers)

    refused = await ask(kind, "by-hand")
    await house.hear(by_event)

    assert refused.status_code == 422
    fault = refused.json()["errors"][0]
    assert (fault["pointer"], fault["code"]) == ("/papers/0/about/kind", "made-by-event")
    on_file = await house.rows("select class, actor from document order by position")
    assert [code for code, _ in on_file] == made
    assert (await ask("reprint", "of-ones-own")).json()["papers"][0]["registered"] is True


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_papers_of_a_shipment_say_what_left_in_the_language_of_who_gets_it(
    house: Archive, language: str
) -> None:
    """D14: delivery note, packing list and labels in English, Greek and Hebrew; every barcode scans back."""
    await house.hear(shipment("2026-000007", language=language, complete=False))

    await house.work()

    made = await papers(house)
    note, packed, labels = (made[f"DN-2026-000007 {code}"] for code in CLASSES)
    words = {"en": "Delivery note", "el": "Δελτίο αποστολής", "he": "תעודת משלוח"}
    follows = {"en": "follows in another delivery", "el": "ακολουθούν με άλλη αποστολή", "he": "תישלח במשלוח נפרד"}
    for printed in (words[language], "Εμπορική", "000117", "FILTER", "123456789", follows[language]):
        assert printed in plain(text_of(note)), printed
    if language != "he":  # where figures stand in a line from the right, copying turns them around
        assert "1–2" in plain(text_of(packed))
    else:
        assert left_edge(note, "FILTER") > 595 / 2, "the first column stands at the right"
    assert scanned(labels) == [[("Code128", "DN-2026-000007/1")], [("Code128", "DN-2026-000007/2")]]
    assert len(await house.told("DocumentStored")) == 3


@pytest.mark.parametrize("language", ["en", "el"])
@pytest.mark.parametrize("document_class", ["delivery_note", "packing_list", "purchase_order"])
def test_a_figure_stands_apart_from_the_text_beside_it(
    typesetter: Typesetter, document_class: str, language: str
) -> None:
    """What a reader copies from the page has both: figures end where the next column begins."""
    template = current(document_class)
    assert template is not None
    text = plain(text_of(typesetter.render(template, facts_of(document_class, language))))

    quantity = "400" if document_class == "purchase_order" else "12"
    numbered = () if document_class == "packing_list" else ("1 FILTER-250", "2 BEANS-1")
    for printed in (*numbered, f"{quantity} {PIECES[language]}"):
        assert printed in text, printed


async def test_the_papers_of_parcels_say_what_lies_in_which_and_their_numbers_scan_back(house: Archive) -> None:
    """D14: contents of each parcel on the packing list; its SSCC there and on its label, as a scanner reads it."""
    parcels = [
        {"parcel": 1, "sscc": "340123450000000017", "weight": "4.1 kg", "lines": [{"line": 1, "quantity": "12"}]},
        {"parcel": 2, "lines": [{"line": 2, "quantity": "2.5"}]},
    ]
    await house.hear(shipment("7", packages=2, parcels=parcels))

    await house.work()

    made = await papers(house)
    assert scanned(made["DN-7 packing_list"]) == [[("Code128", "(00)340123450000000017")]]
    assert scanned(made["DN-7 label"]) == [[("Code128", "(00)340123450000000017")], [("Code128", "DN-7/2")]]
    packed = plain(text_of(made["DN-7 packing_list"]))
    first, second = packed.index("1/2"), packed.index("2/2")
    assert first < packed.index("FILTER-250") < second < packed.index("BEANS-KG")
    assert "4.1 kg" in packed
    assert "1/2 · 4.1 kg" in plain(text_of(made["DN-7 label"]))


async def test_a_shipment_of_uncounted_packages_has_one_label_and_says_no_count(house: Archive) -> None:
    told = orjson.loads(shipment("7").body)
    for name in ("packages", "carrier", "tracking"):
        del told[name]
    await house.hear(event(ShipmentDispatched, "acme", told))

    await house.work()

    made = await papers(house)
    assert scanned(made["DN-7 label"]) == [[("Code128", "DN-7")]]
    assert "1/1" not in plain(text_of(made["DN-7 label"]))


async def test_a_number_that_bars_cannot_say_stands_in_a_square(house: Archive) -> None:
    await house.hear(shipment("Αθήνα-7", packages=1))
    await house.work()

    assert scanned((await papers(house))["DN-Αθήνα-7 label"]) == [[("QRCode", "DN-Αθήνα-7/1")]]


async def test_a_shipment_of_many_packages_has_its_labels_on_several_papers(house: Archive) -> None:
    await house.hear(shipment("7", packages=1_001))

    numbers = await house.rows("select number from document where class = 'label' order by position")

    assert numbers == [("DN-7",), ("DN-7/501",), ("DN-7/1001",)]
    await house.work()
    made = await papers(house)
    assert [pages_of(made[f"{number} label"]) for (number,) in numbers] == [500, 500, 1]
    assert scanned(made["DN-7/1001 label"]) == [[("Code128", "DN-7/1001")]]


async def test_papers_of_goods_wait_for_the_name_and_address_of_their_seller(archive: Archive) -> None:
    await archive.hear(shipment("7"))
    assert await archive.held() == [("waiting", "the address of company acme is not known here")]
    assert await archive.rows(COUNTS) == [(0, 0, 0)]

    await archive.hear(founded())
    await archive.try_held()

    assert await archive.rows(COUNTS) == [(3, 3, 3)]


async def test_an_archive_of_before_learns_the_addresses_of_its_companies_when_it_is_migrated(house: Archive) -> None:
    undone = "alter table letterhead_change drop constraint letterhead_change_company_fkey; drop table letterhead"
    url = house.urls.migration_url
    await done_again("documents", url, "documents_0006", undone_by=undone, before="documents_0005")

    assert await house.rows("select count(*) from inbox where topic = 'ledger.companies'") == [(0,)]
    house._offsets.clear()
    await house.hear(founded(), shipment("7"))

    assert await house.rows(COUNTS) == [(3, 3, 3)]
    assert await house.rows("select sum(events)::int from inbox_count where topic = 'ledger.companies'") == [(1,)]


async def test_a_batch_of_shipments_costs_the_same_number_of_statements_whether_it_has_10_or_300(
    make_archive: MakeArchive,
) -> None:
    counts = {}
    for size in (10, 300):
        archive = make_archive()
        await archive.hear(founded())
        await archive.hear(shipment("first"))
        async with counting_statements(archive.database) as counted:
            await archive.hear(*[shipment(str(n)) for n in range(size)])
        counts[size] = counted.statements
        assert await archive.rows(COUNTS) == [(3 * size + 3,) * 3]

    assert counts[10] == counts[300]


# -- letters -----------------------------------------------------------------------------------------------------------


async def test_a_letter_is_on_file_when_a_level_is_reached_and_linked_to_what_it_is_about(archive: Archive) -> None:
    """D13, D14: registered at once, linked to the customer and to every invoice on it."""
    reached = letter()
    data = orjson.loads(reached.body)

    await archive.hear(reached)
    await archive.hear(reached)

    (told,) = await archive.told("DocumentRegistered")
    assert (told.data["class"], told.data["about"]) == ("dunning_letter", {"kind": "letter", "id": data["letter"]})
    assert (told.data["template"], told.data["language"]) == ("dunning_letter@2", "en")
    links = {(kind, str(thing)) for kind, thing in await archive.rows("select kind, object_id from document_link")}
    invoice = data["items"][0]["invoice"]
    assert links == {("invoice", invoice), ("customer", str(customers.customer_id("acme", "C-1042")))}
    async with archive.reader() as client:
        found = (await client.get(f"/v1/companies/acme/documents?link={invoice}")).json()["documents"]
    assert [d["number"] for d in found] == [f"DUN-2027-01-05-{data['letter'][:8].upper()}"]


@pytest.mark.parametrize(
    ("language", "level", "title", "said"),
    [
        ("en", 1, "Payment reminder", "You may have overlooked"), ("en", 2, "Second reminder", "without delay"),
        ("en", 7, "Final demand", "handed over"), ("el", 1, "Υπενθύμιση πληρωμής", "Ίσως σας διέφυγαν"),
        ("el", 3, "Τελική όχληση", "χωρίς καθυστέρηση"), ("he", 2, "תזכורת שנייה", "ללא דיחוי"),
    ],
)  # fmt: skip
async def test_a_letter_speaks_the_customers_language_in_the_tone_of_its_level(
    archive: Archive, language: str, level: int, title: str, said: str
) -> None:
    await archive.hear(letter(language=language, level=level))
    await archive.work()

    ((_, pdf),) = (await papers(archive)).items()
    text = plain(text_of(pdf))
    for printed in (
        title,
        said.replace("handed over", "hand the matter over"),
        "22.94" if language != "el" else "22,94",
    ):
        assert printed in text, printed
    assert "named below" not in text, "no day is named"
    if language == "he":
        assert left_edge(pdf, "לכבוד") > 595 / 2


async def test_a_letter_asks_for_nothing_that_is_disputed_and_says_what_the_charges_are_owed_by(
    archive: Archive,
) -> None:
    await archive.hear(letter(items=two_overdue(), overdue="45.88", interest="0.00", total="50.88"))
    await archive.work()

    ((_, pdf),) = (await papers(archive)).items()
    text = plain(text_of(pdf))
    assert "In dispute or promised, not asked for here: INV-2026-000099." in text
    assert text.count("INV-2026-000099") == 1, "it is no line of what is to be paid"
    assert "owed by debit note LPC-2027-000001" in text
    assert "Overdue 22.94 EUR" in text
    assert "Fee 5.00 EUR" in text
    assert "Total to pay 27.94 EUR" in text
    assert "Interest" not in text, "nothing is said of what is nothing"


async def test_a_fee_that_is_only_announced_is_named_and_not_asked_for(archive: Archive) -> None:
    told = orjson.loads(letter(language="el").body)
    del told["charge"], told["charge_number"]
    await archive.hear(event(DunningLevelReached, "acme", told))
    await archive.work()

    ((_, pdf),) = (await papers(archive)).items()
    text = plain(text_of(pdf))
    assert "Πληρωτέο ποσό 22,94 EUR" in text
    assert "δεν ζητούνται εδώ: έξοδα 5,00 EUR, τόκοι 0,07 EUR." in text
    assert "28,01" not in text


async def test_no_letter_is_written_where_nothing_is_to_be_paid_and_one_over_charges_alone_can_be_read(
    archive: Archive,
) -> None:
    _, disputed = two_overdue()
    told = orjson.loads(letter(items=[disputed], total="27.94", interest="0.00").body)
    without = {name: value for name, value in told.items() if not name.startswith("charge")}

    await archive.hear(event(DunningLevelReached, "acme", without | {"letter": str(derive("asks-nothing"))}))
    assert await archive.rows("select count(*) from document") == [(0,)]

    await archive.hear(event(DunningLevelReached, "acme", told))
    await archive.work()
    ((_, pdf),) = (await papers(archive)).items()
    assert "Total to pay 5.00 EUR" in plain(text_of(pdf))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_barcode_on_a_paper_scans_back(typesetter: Typesetter, language: str) -> None:
    """D14: SSCC, EAN-13, QR, Data Matrix and Code 128 are read from the page as a scanner sees it."""
    label, packing_list = current("label"), current("packing_list")
    assert label is not None
    assert packing_list is not None

    assert scanned(typesetter.render(label, facts_of("label", language))) == [
        [("Code128", "(00)352012345000000014")],
        [("EAN13", "5201234567894")],
        [("QRCode", "LOC:A-03-12")],
        [("DataMatrix", "FILTER-250/7")],
        [("Code128", "FILTER-250")],
    ]
    assert scanned(typesetter.render(packing_list, facts_of("packing_list", language))) == [
        [("Code128", "(00)352012345000000014")]
    ]
