"""Golden samples: one real-looking event of each type, accepted by the files and the models, adding up."""

import json

import pytest

from contracts import published
from contracts.base import EventView, Uuid
from contracts.envelope import from_headers
from contracts.gateway import OrderPlaced
from contracts.money import line_total_minor, tax_minor, to_minor
from contracts.registry import EVENTS, owner_of
from tests.contracts.outbox_rows import assert_row_matches_contract

EVERY_EVENT = pytest.mark.parametrize("event_type", EVENTS)


@EVERY_EVENT
def test_a_sample_is_what_the_committed_files_say(event_type: str) -> None:
    sample = published.sample(event_type)

    envelope = assert_row_matches_contract(sample.topic, sample.key, sample.headers, sample.body)

    assert envelope.type == event_type


@EVERY_EVENT
def test_a_sample_is_accepted_by_its_model_and_comes_back_the_same(event_type: str) -> None:
    sample = published.sample(event_type)

    event = EVENTS[event_type].model_validate_json(sample.body)

    again = json.loads(event.model_dump_json(by_alias=True, exclude_unset=True))
    assert again == sample.data


@EVERY_EVENT
def test_the_model_refuses_a_field_that_is_not_published_and_a_view_passes_over_it(event_type: str) -> None:
    sample = published.sample(event_type)
    model = EVENTS[event_type]
    body = json.dumps({**sample.data, "surprise": 1})

    class Nothing(EventView, of=model):
        pass

    with pytest.raises(ValueError, match="surprise"):
        model.model_validate_json(body)
    Nothing.model_validate_json(body)


def test_a_view_reads_what_it_names_from_a_larger_event() -> None:
    class OrderId(EventView, of=OrderPlaced):
        order: Uuid

    sample = published.sample("OrderPlaced.v1")

    assert OrderId.model_validate_json(sample.body).order == sample.key


def test_samples_show_greek_and_hebrew_names() -> None:
    text = "".join(published.sample(event_type).body.decode() for event_type in EVENTS)

    assert any("Α" <= letter <= "ω" for letter in text)
    assert any("א" <= letter <= "ת" for letter in text)


@EVERY_EVENT
def test_only_the_owner_or_a_front_office_is_the_source(event_type: str) -> None:
    envelope = from_headers(published.sample(event_type).headers)

    if owner_of(event_type) == "gateway":
        assert envelope.source.startswith("/sales/")
        assert envelope.clientid
    else:
        assert envelope.source == f"/{owner_of(event_type)}"


@pytest.mark.parametrize("event_type", ["InvoiceIssued.v1", "CreditNoteIssued.v1"])
def test_a_printed_document_adds_up(event_type: str) -> None:
    data = published.sample(event_type).data
    currency = data["currency"]

    for line in data["lines"]:
        assert to_minor(line["net"], currency) == line_total_minor(line["quantity"], line["unit_price"], currency)
    for tax in data["taxes"]:
        of_code = [to_minor(line["net"], currency) for line in data["lines"] if line["tax_code"] == tax["tax_code"]]
        assert to_minor(tax["base"], currency) == sum(of_code)
        assert to_minor(tax["tax"], currency) == tax_minor(sum(of_code), tax["rate"])
    net, tax_total, total = (to_minor(data[name], currency) for name in ("net", "tax", "total"))
    assert net == sum(to_minor(line["net"], currency) for line in data["lines"])
    assert net + tax_total == total


def test_the_entry_balances() -> None:
    lines = published.sample("EntryPosted.v1").data["lines"]

    assert sum(to_minor(line["debit"], "EUR") - to_minor(line["credit"], "EUR") for line in lines) == 0
