"""The models and the published files accept and refuse the same; both hold the bounds."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from contracts import published
from contracts.base import EventData, EventView, MoneyView, Part, PartView, Quantity, Uuid
from contracts.gateway import Customer, OrderPlaced, PaymentReceived
from contracts.registry import EVENTS, key_of
from tests.contracts.files import validator

EVERY_EVENT = pytest.mark.parametrize("event_type", EVENTS)

# What people, programs and attackers send. Each goes into every field of every sample.
ODD_VALUES: tuple[Any, ...] = (
    None, True, 0, 1, -1, 501, 10**19, 1.5, [], {}, [{}], ["x"], {"amount": "1.00", "currency": "EUR"}, {"amount": 1.0},
    "", " ", "x", "X" * 65, "X" * 201, "X" * 2001, "\u0000", "a\u0000b", "a\nb", "Ωραία", "שלום",
    "0", "-0", "00", "1", "+1", "1.", ".5", "1e5", "NaN", "Infinity", "-1", "-1.50", "1.50", "0.000001", "0.0000001",
    "1000000000", "1000000000.000001", "999999999999999.9999", "1000000000000000", "١٢",
    "2026-11-22", "2026-02-30", "2026-13-01", "1800-01-01", "1700006400", "2026-11-22T08:30:00Z",
    "2026-11-22T24:00:00Z", "2026-11-22T08:30:00+02:00", "2026-11-22 08:30:00Z", "2026-11-22T08:30:00.123456Z",
    "2026-11-22T08:30:00.1234567Z", "1f5ecac4-88cd-5cac-8061-0543924c9820", "1F5ECAC4-88CD-5CAC-8061-0543924C9820",
    "1f5ecac488cd5cac80610543924c9820", "insufficient-stock", "en", "fr", "EUR", "eur", "GR",
)  # fmt: skip
NUMBERS = {
    "quantity", "unit_price", "amount", "net", "tax", "total", "base", "rate", "tax_rate", "debit", "credit",
    "on_hand", "requested", "available", "unapplied",
}  # fmt: skip


def _places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything inside a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        yield (*at, name)
        yield from _places(item, (*at, name))


def _with(data: Any, place: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(data)
    inner = changed
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    return changed


def _at(data: Any, place: tuple[Any, ...]) -> Any:
    for step in place:
        data = data[step]
    return data


def _without(data: Any, place: tuple[Any, ...]) -> Any:
    changed = copy.deepcopy(data)
    inner = changed
    for step in place[:-1]:
        inner = inner[step]
    del inner[place[-1]]
    return changed


def _accepts(model: type[BaseModel], data: Any) -> bool:
    try:
        model.model_validate_json(json.dumps(data))
    except ValidationError:
        return False
    return True


@EVERY_EVENT
def test_model_and_file_agree_about_every_odd_value_in_every_field(event_type: str) -> None:
    data, model, published_file = published.sample(event_type).data, EVENTS[event_type], validator(event_type)
    tried = [_with(data, place, value) for place in _places(data) for value in ODD_VALUES]
    tried += [_without(data, place) for place in _places(data)]

    disagreed = [each for each in tried if _accepts(model, each) != published_file.is_valid(each)]

    assert disagreed == []


@EVERY_EVENT
def test_no_field_accepts_a_float_a_bool_or_a_control_character(event_type: str) -> None:
    data, model = published.sample(event_type).data, EVENTS[event_type]

    for value in (1.5, True, float("nan"), float("inf"), "a\u0000b"):
        accepted = [place for place in _places(data) if _accepts(model, _with(data, place, value))]
        assert [place for place in accepted if not isinstance(_at(data, place), bool)] == [], "but where one is meant"


@EVERY_EVENT
def test_no_number_accepts_what_only_some_readers_call_a_number(event_type: str) -> None:
    data, model = published.sample(event_type).data, EVENTS[event_type]
    numbers = [place for place in _places(data) if place[-1] in NUMBERS]

    for value in ("NaN", "Infinity", "1e3", "+1", "1,5", " 1", "01", "0x1", "١", "", 1, -1):
        assert [place for place in numbers if _accepts(model, _with(data, place, value))] == []


@pytest.mark.parametrize(
    ("quantity", "good"),
    [
        ("1", True), ("0.000001", True), ("0.5", True), ("2.500", True), ("1000000000", True),
        ("1000000000.000000", True), ("0", False), ("0.0", False), ("0.000000", False), ("0.0000001", False),
        ("-1", False), ("01", False), ("1000000000.000001", False), ("1000000001", False), ("1e3", False), ("", False),
    ],
)  # fmt: skip
def test_a_quantity_is_above_zero_and_up_to_a_thousand_million_with_six_decimals(quantity: str, good: bool) -> None:
    order = published.sample("OrderPlaced.v1").data

    assert _accepts(OrderPlaced, _with(order, ("lines", 0, "quantity"), quantity)) is good


def test_an_order_has_from_one_to_five_hundred_lines() -> None:
    order = published.sample("OrderPlaced.v1").data
    line = order["lines"][0]

    def with_lines(count: int) -> dict[str, Any]:
        return {**order, "lines": [{**line, "line": number + 1} for number in range(count)]}

    assert [_accepts(OrderPlaced, with_lines(count)) for count in (0, 1, 500, 501)] == [False, True, True, False]


def test_an_event_cannot_be_changed() -> None:
    event = PaymentReceived.model_validate_json(published.sample("PaymentReceived.v1").body)

    with pytest.raises(ValidationError):
        event.reference = "another"  # type: ignore[misc]


def test_an_optional_field_may_be_absent_or_null() -> None:
    order = published.sample("OrderPlaced.v1").data

    assert _accepts(OrderPlaced, _without(order, ("customer", "vat_number")))
    assert _accepts(OrderPlaced, _with(order, ("customer", "vat_number"), None))


def test_the_key_is_the_named_field_or_the_company() -> None:
    assert key_of("OrderPlaced.v1", "aegean", {"order": "an id"}) == "an id"
    assert key_of("AccountOpened.v1", "aegean", {"account": "1100"}) == "aegean"


def test_a_class_of_a_later_version_keeps_the_name_of_its_event() -> None:
    class OrderPlacedV2(EventData, topic="sales.orders", key="order", version=2):
        order: Uuid

    assert OrderPlacedV2.event_type == "OrderPlaced.v2"
    assert OrderPlacedV2.dataschema == "urn:backbone:schema:OrderPlaced.v2"


def test_an_event_whose_key_is_none_of_its_fields_cannot_be_declared() -> None:
    with pytest.raises(TypeError, match="no field 'parcel'"):

        class ParcelLost(EventData, topic="inventory.parcels", key="parcel"):
            order: Uuid


def test_a_view_of_a_field_that_the_event_does_not_carry_cannot_be_declared() -> None:
    with pytest.raises(TypeError, match="discount"):

        class Discounts(EventView, of=OrderPlaced):
            discount: Quantity


def test_a_view_cannot_be_built_of_parts_that_forbid_unknown_fields() -> None:
    with pytest.raises(TypeError, match="Customer"):

        class Buyers(EventView, of=OrderPlaced):
            customer: Customer | None


def test_a_view_passes_over_new_fields_of_its_parts_too() -> None:
    class Amounts(EventView, of=PaymentReceived):
        amount: MoneyView

    data = _with(published.sample("PaymentReceived.v1").data, ("amount", "rounded"), "no")

    assert Amounts.model_validate_json(json.dumps(data)).amount == MoneyView(amount="320.00", currency="EUR")


def test_views_that_share_a_base_and_nested_views_are_fine() -> None:
    class LineView(PartView):
        quantity: Quantity

    class Lines(EventView):
        lines: list[LineView]

    class OrderedLines(Lines, of=OrderPlaced):
        order: Uuid

    view = OrderedLines.model_validate_json(published.sample("OrderPlaced.v1").body)

    assert [line.quantity for line in view.lines] == ["12", "2.5"]
    assert not issubclass(LineView, Part)
