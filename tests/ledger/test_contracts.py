"""The ledger accepts every golden sample that it listens to, and tells what the golden samples say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson
import pytest

from contracts import published
from contracts.envelope import Envelope
from contracts.gateway import OrderPlaced
from services.ledger import handlers
from services.ledger.commands import (
    DefineTaxCodes,
    NewAccount,
    NewTaxCode,
    OpenAccounts,
    PostalAddress,
    RegisterCompany,
)
from services.ledger.consumers import consumers
from services.ledger.domain.books import KIND_OF_ROLE
from tests.ledger.desk import BANK, SALES, UNAPPLIED, Desk, cause
from tests.support.department import Event, Told, event, sample_event

OTHER_ROLES = KIND_OF_ROLE.keys() - {"receivable", "bank", "sales", "unapplied_cash"}
OWN_IDS = ("invoice", "credit_note", "entry", "document", "payment")
"""Fields whose values the ledger derives in its own way."""
ABOUT_AN_ORDER = ("OrderChanged.v1", "BackOrderReserved.v1", "ReservationReduced.v1", "ShipmentDispatched.v1")
"""Events that wait until their order is here."""


def sample(event: str) -> dict[str, Any]:
    """The data of a golden sample."""
    data: dict[str, Any] = orjson.loads(published.sample(f"{event}.v1").body)
    return data


def without_ids(data: Mapping[str, Any]) -> dict[str, Any]:
    """Data with the ledger's own ids left out, at every depth."""

    def cut(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: cut(item) for name, item in value.items() if name not in OWN_IDS}
        return [cut(item) for item in value] if isinstance(value, list) else value

    kept: dict[str, Any] = cut(data)
    return kept


def first_of_its_key(event: Event) -> Event:
    """The event as if nothing had come before it: what stood before the samples is not sampled."""
    headers = tuple((name, b"1" if name == "ce_sequence" else value) for name, value in event.headers)
    return replace(event, sequence=1, headers=headers)


async def set_up(desk: Desk) -> None:
    """The company, accounts and taxes of the samples."""
    company, account, tax = sample("CompanyRegistered"), sample("AccountOpened"), sample("TaxCodeDefined")
    code = company["company"]
    address = PostalAddress(**{"line2": None, **company["address"]})
    particulars = {**company, "address": address, "cause": cause(code)}
    await desk.do(handlers.register_companies, RegisterCompany(**particulars))
    chart = [
        NewAccount(account["account"], account["name"], account["kind"], account["role"], ""),
        NewAccount(tax["account"], "VAT", "liability", None, ""),
        *(BANK, SALES, UNAPPLIED),
        *(NewAccount(f"7{n:02}", role, KIND_OF_ROLE[role], role, "") for n, role in enumerate(sorted(OTHER_ROLES))),
    ]
    await desk.do(handlers.open_accounts, OpenAccounts(code, chart, cause(code)))
    tax_code = NewTaxCode(tax["code"], tax["name"], tax["rate"], tax["account"], "")
    await desk.do(handlers.define_tax_codes, DefineTaxCodes(code, [tax_code], cause(code)))


async def tell_the_story(desk: Desk) -> dict[str, Told]:
    """Everything up to the payment, with numbers that go on where the samples do; the last event of each type."""
    await set_up(desk)
    async with desk.database.unit(["aegean"]) as unit:
        await unit.raw.execute("insert into number_counter values ('aegean', 'INV', 2026, 41)")
    for name in ("OrderPlaced", "StockReserved", "PaymentReceived"):
        await desk.hear(sample_event(f"{name}.v1"))
    return {told.type: told for told in await desk.told()}


@pytest.mark.parametrize("event_type", sorted(consumers.handled))
async def test_the_golden_sample_is_accepted(blank: Desk, event_type: str) -> None:
    await set_up(blank)

    one = sample_event(event_type)
    if event_type in ABOUT_AN_ORDER:  # nothing is changed, or served late, that was not placed
        placed = sample("OrderPlaced") | {"order": sample(event_type.partition(".")[0])["order"]}
        await blank.hear(event(OrderPlaced, one.company, placed))
        await blank.hear(one if event_type == "OrderChanged.v1" else first_of_its_key(one))
    else:
        await blank.hear(first_of_its_key(one))

    assert await blank.held() == []
    assert await blank.faults() == []


@pytest.mark.parametrize("name", ["CompanyRegistered", "TaxCodeDefined"])
async def test_set_up_is_told_as_the_golden_sample_says(blank: Desk, name: str) -> None:
    await set_up(blank)

    (told,) = await blank.told(name)
    assert told.data == sample(name)


async def test_an_account_is_told_as_the_golden_sample_says(blank: Desk) -> None:
    await set_up(blank)

    assert sample("AccountOpened") in [told.data for told in await blank.told("AccountOpened")]


@pytest.mark.parametrize("name", ["InvoiceIssued", "InvoicePaid", "PaymentAllocated"])
async def test_an_order_is_told_as_the_golden_sample_says(blank: Desk, name: str) -> None:
    told = (await tell_the_story(blank))[name]

    assert without_ids(told.data) == without_ids(sample(name))
    assert set(told.data) == set(sample(name))


async def test_the_sale_is_posted_as_the_golden_sample_says(blank: Desk) -> None:
    await tell_the_story(blank)

    first = (await blank.told("EntryPosted"))[0]
    assert without_ids(first.data) == without_ids(sample("EntryPosted"))


async def test_a_credit_note_has_the_form_of_the_golden_sample(blank: Desk) -> None:
    await tell_the_story(blank)
    released = sample_event("ReservationReleased.v1")
    order = sample("OrderPlaced")["order"]
    headers = tuple((name, order.encode() if name == "ce_subject" else value) for name, value in released.headers)
    body = orjson.dumps(orjson.loads(released.body) | {"order": order})
    await blank.hear(replace(released, key=order, headers=headers, body=body))

    (told,) = await blank.told("CreditNoteIssued")
    assert set(told.data) == set(sample("CreditNoteIssued"))


async def test_a_refusal_has_the_form_of_the_golden_sample(blank: Desk) -> None:
    await set_up(blank)
    order = sample_event("OrderPlaced.v1")
    await blank.hear(replace(order, body=order.body.replace(b'"VAT24"', b'"VAT25"')))
    await blank.hear(sample_event("StockReserved.v1"))

    (told,) = await blank.told("InvoiceRefused")
    expected = sample("InvoiceRefused")
    assert {name: told.data[name] for name in ("code", "detail", "pointer")} == {
        name: expected[name] for name in ("code", "detail", "pointer")
    }


async def test_what_the_ledger_tells_is_traced_to_its_cause(blank: Desk) -> None:
    told = (await tell_the_story(blank))["InvoiceIssued"]
    reserved = dict(sample_event("StockReserved.v1").headers)

    envelope: Envelope = told.envelope
    assert envelope.causationid.encode() == reserved["ce_id"]
    assert envelope.correlationid.encode() == reserved["ce_correlationid"]
    assert envelope.actor.encode() == reserved["ce_actor"]
    assert envelope.source == "/ledger"


def test_every_type_on_a_subscribed_topic_is_handled_or_ignored_for_a_reason() -> None:
    assert consumers.unlisted() == {}
    assert all(len(reason.split()) > 5 for reason in consumers.ignored.values())
