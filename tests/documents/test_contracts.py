"""Documents speaks and understands the published language as the committed files have it."""

from __future__ import annotations

from typing import Any

from contracts import published
from contracts.gateway import EmployeeHired
from services.documents.consumers import consumers
from tests.documents.archive import Archive
from tests.documents.conftest import MakeArchive
from tests.support.department import Event, Told, sample_event


def test_every_type_on_a_subscribed_topic_is_handled_or_ignored_for_a_reason() -> None:
    assert consumers.unlisted() == {}
    assert consumers.topics == (
        "inventory.shipments",
        "ledger.companies",
        "ledger.dunning",
        "ledger.invoices",
        "ledger.statements",
        "payroll.employees",
        "sales.hires",
    )


async def test_the_golden_samples_are_understood_and_make_golden_samples(make_archive: MakeArchive) -> None:
    archive = make_archive()
    await archive.hear(sample_event("CompanyRegistered.v1"))

    await archive.hear(sample_event("InvoiceIssued.v1"), _first(sample_event("CreditNoteIssued.v1")))
    await archive.hear(sample_event(EmployeeHired.event_type))
    await archive.work()

    assert await archive.held() == []
    told = await archive.told()
    assert [t.type for t in told] == ["DocumentRegistered"] * 3 + ["DocumentStored"] * 2
    _assert_like_the_sample("DocumentRegistered", told[0])
    _assert_like_the_sample("DocumentStored", _stored_with(told, told[0]))


async def test_what_was_stored_follows_from_what_was_registered(archive: Archive) -> None:
    await archive.knows("aegean")
    await archive.hear(sample_event("InvoiceIssued.v1"))
    await archive.work()

    registered, stored = await archive.told()
    assert (registered.sequence, stored.sequence) == (1, 2)
    assert stored.envelope.causationid == registered.envelope.causationid
    assert stored.envelope.correlationid == registered.envelope.correlationid
    assert stored.envelope.actor == registered.envelope.actor


def _assert_like_the_sample(kind: str, told: Told) -> None:
    """It says what the sample says, but for its own id and what follows from the bytes."""
    sample = published.sample(f"{kind}.v1").data
    own = {"document", "sha256", "size"}
    assert told.data.keys() == sample.keys()
    assert _without(told.data, own) == _without(sample, own)


def _without(data: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name not in names}


def _stored_with(told: list[Told], registered: Told) -> Told:
    return next(t for t in told if t.type == "DocumentStored" and t.key == registered.key)


def _first(sample: Event) -> Event:
    """A sample that stands second on its key, as the first."""
    headers = tuple((name, b"1" if name == "ce_sequence" else value) for name, value in sample.headers)
    return Event(sample.company, sample.topic, sample.key, 1, headers, sample.body)
