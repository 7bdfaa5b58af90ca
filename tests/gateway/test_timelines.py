"""The timelines: sets of facts, so that who comes first never matters."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from contracts import published
from contracts.documents import DocumentRegistered, DocumentStored
from contracts.gateway import OrderCancelled, OrderPlaced, PaymentReceived
from contracts.inventory import (
    ReservationRefused,
    ReservationReleased,
    ShipmentDispatched,
    StockReserved,
)
from contracts.ledger import CreditNoteIssued, InvoiceIssued, InvoicePaid, PaymentAllocated
from contracts.registry import EVENTS
from contracts.topics import TOPICS
from services.gateway.consumers import consumers
from services.gateway.domain import timeline as bits
from services.gateway.domain.timeline import STATES, state_of
from tests.gateway.conftest import MakeGateway
from tests.gateway.front import Gateway
from tests.gateway.telling import ORDERS, about, of, on_its_own_key
from tests.support.department import Event, event, sample_event

SUMMARY = "select order_id, facts, state, reference, customer_id, invoice_number, total, placed_at from order_summary"
FACTS = "select subject, event_id, type, sequence, at, summary from timeline_fact"


NOT_READ = {
    "inventory.stock", "inventory.valuations", "ledger.customers", "ledger.dimensions", "ledger.dunning",
    "ledger.entries", "ledger.periods", "ledger.prices", "ledger.statements", "ledger.stock", "payroll.runs",
    "payroll.sessions", "payroll.training",
}  # fmt: skip
"""Topics that say nothing of an order, a payment or a hire that no other topic says (decision 0022). A new topic is
read, or stands here."""


def test_every_type_is_folded_or_ignored_for_a_reason_or_stands_on_a_topic_that_is_not_read() -> None:
    assert consumers.unlisted() == {}
    listed = {*consumers.handled, *consumers.ignored}
    assert (
        {event.topic for name, event in EVENTS.items() if name not in listed}
        == NOT_READ
        == TOPICS.keys() - {*consumers.topics}
    )


async def test_the_golden_samples_are_folded(make_gateway: MakeGateway) -> None:
    gateway = make_gateway()
    await gateway.hear(sample_event("CompanyRegistered.v1"))
    for number, kind in enumerate(sorted(set(consumers.handled) - {"CompanyRegistered.v1"})):
        await gateway.hear(first_of_its_key(kind, number))
    assert await gateway.held() == []
    folded = {kind for (kind,) in await gateway.rows("select distinct type from timeline_fact")}
    assert folded == set(consumers.handled) - {"CompanyRegistered.v1"}
    assert await gateway.rows("select company from company_directory") == [("aegean",)]


def first_of_its_key(kind: str, number: int = 0) -> Event:
    """A sample as the first event of a key of its own, whatever number it has."""
    sample = sample_event(kind)
    return on_its_own_key(number, sample) if sample.sequence > 1 else sample


async def test_the_database_reads_the_same_state_from_the_facts_as_the_domain(gateway: Gateway) -> None:
    every = 1 << 15
    async with gateway.database.unit(["acme"]) as unit:
        await unit.raw.execute(
            "insert into order_summary (company, order_id, facts)"
            " select 'acme', gen_random_uuid(), n from generate_series(0, $1::int) n",
            every - 1,
        )
    rows = await gateway.rows("select facts, state from order_summary")
    assert len(rows) == every
    assert [(facts, state) for facts, state in rows if state != state_of(facts)] == []
    assert {state for _, state in rows} == set(STATES) - {"back_ordered", "shipped"}
    waits, served, reduced = bits.BACK_ORDERED, bits.SERVED, bits.REDUCED
    waiting = [waits, waits | served, waits | reduced, waits | served | reduced, reduced, bits.SHIPPED, 0]
    await gateway.rows("update order_summary set facts = facts | ($1::bigint[])[1 + facts % 7] returning 1", waiting)
    rows = await gateway.rows("select facts, state from order_summary")
    assert [(facts, state) for facts, state in rows if state != state_of(facts)] == []
    assert {state for _, state in rows} == set(STATES)
    taken = [0, bits.PAID, bits.ALLOCATED, bits.PAID | bits.ALLOCATED, bits.CREDITED, bits.CREDITED | bits.PAID]
    await gateway.rows(
        "update order_summary set facts = facts | $1::bigint, taken_back = ($2::bigint[])[1 + facts % 6] returning 1",
        bits.CANCEL_REFUSED | bits.BOUNCED,
        taken,
    )
    rows = await gateway.rows("select facts, taken_back, state from order_summary")
    assert [row for row in rows if row[2] != state_of(*row[:2])] == []


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        (0, "announced"),
        (bits.PLACED, "accepted"),
        (bits.PLACED | bits.RESERVED, "reserved"),
        (bits.PLACED | bits.RESERVED | bits.SHIPPED, "shipped"),
        (bits.PLACED | bits.RESERVED | bits.SHIPPED | bits.INVOICED, "invoiced"),
        (bits.PLACED | bits.REFUSED, "refused"),
        (bits.PLACED | bits.RESERVED | bits.INVOICE_REFUSED | bits.RELEASED, "refused"),
        (bits.PLACED | bits.INVOICED | bits.DOCUMENTED | bits.STORED, "documented"),
        (bits.PLACED | bits.INVOICED | bits.ALLOCATED, "partly_paid"),
        (bits.PLACED | bits.BACK_ORDERED, "back_ordered"),
        (bits.PLACED | bits.RESERVED | bits.INVOICED | bits.PAID | bits.BACK_ORDERED, "back_ordered"),
        (bits.PLACED | bits.RESERVED | bits.INVOICED | bits.BACK_ORDERED | bits.SERVED, "invoiced"),
        (bits.PLACED | bits.RESERVED | bits.INVOICED | bits.CANCELLED | bits.REDUCED, "invoiced"),
        (bits.PLACED | bits.INVOICED | bits.ALLOCATED | bits.PAID, "paid"),
        (bits.PLACED | bits.CANCELLED, "cancelling"),
        (bits.PLACED | bits.CANCELLED | bits.REFUSED, "cancelled"),
        (bits.PLACED | bits.RESERVED | bits.CANCELLED | bits.RELEASED, "cancelled"),
        (bits.PLACED | bits.RESERVED | bits.INVOICED | bits.CANCELLED | bits.RELEASED, "cancelling"),
        (bits.PLACED | bits.INVOICED | bits.PAID | bits.CANCELLED | bits.RELEASED | bits.CREDITED, "credited"),
        (bits.PLACED | bits.RESERVED | bits.INVOICED | bits.CANCELLED | bits.CANCEL_REFUSED, "invoiced"),
    ],
)
def test_the_state_of_an_order_is_the_highest_that_its_facts_support(facts: int, state: str) -> None:
    assert state_of(facts) == state


async def test_what_has_left_is_shipped_until_it_is_invoiced(gateway: Gateway) -> None:
    """X1: an order that is invoiced on dispatch; of one in parts the last part counts."""
    order, other = ORDERS[0], ORDERS[1]
    told = [
        about(OrderPlaced, order, reference="W-1"),
        about(StockReserved, order),
        about(ShipmentDispatched, order, complete=True),
        about(OrderPlaced, other, reference="W-2"),
        about(StockReserved, other),
        about(ShipmentDispatched, other, complete=False),
    ]
    await gateway.hear(*(on_its_own_key(number, one) for number, one in enumerate(told)))
    states = "select state from order_summary order by reference"
    assert await gateway.rows(states) == [("shipped",), ("reserved",)]

    await gateway.hear(on_its_own_key(20, about(InvoiceIssued, order)))

    assert await gateway.rows(states) == [("invoiced",), ("reserved",)]


# -- any order of arrival ----------------------------------------------------------------------------------------------


def story(order: str) -> list[Event]:
    """Everything that may be said of one order, each on a key of its own."""
    invoice = about(InvoiceIssued, order)
    payment = f"{order[:-2]}{order[-1]}a"
    part = published.sample("PaymentAllocated.v1").data["allocations"][0] | {"order": order}
    return [
        about(OrderPlaced, order, reference=f"W-{order[-1]}"),
        about(StockReserved, order),
        invoice,
        about(DocumentRegistered, order),
        about(PaymentReceived, order, payment=payment),
        event(
            PaymentAllocated,
            "acme",
            published.sample("PaymentAllocated.v1").data | {"payment": payment, "allocations": [part, part]},
        ),
    ]


EVERYTHING = [
    on_its_own_key(n, told)
    for n, told in enumerate(
        [
            *story(ORDERS[0]),
            *story(ORDERS[1]),
            about(OrderCancelled, ORDERS[1]),
            about(ReservationReleased, ORDERS[1]),
            about(CreditNoteIssued, ORDERS[1]),
            about(InvoicePaid, ORDERS[0]),
            about(DocumentStored, ORDERS[0]),
            about(ReservationRefused, "398461bd-e9a0-5c26-95b7-3b3c426bded9"),
        ]
    )
]


async def known(gateway: Gateway, company: str) -> tuple[Any, Any]:
    """What the timelines hold of a company."""
    summaries = await gateway.rows(f"{SUMMARY} where company = $1 order by order_id", company)
    return summaries, await gateway.rows(f"{FACTS} where company = $1 order by subject, event_id", company)


_companies = itertools.count()
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""No shrinking: a case is a seed, and each try costs a database some work."""


@settings(max_examples=40, deadline=None, phases=PHASES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), cuts=st.lists(st.integers(0, len(EVERYTHING)), max_size=6), again=st.integers(0, 5))
async def test_the_fold_is_the_same_in_any_order_of_arrival_with_any_repeats(
    gateway: Gateway, seed: int, cuts: list[int], again: int
) -> None:
    """G16: repeats and reordering change nothing in the timelines."""
    straight, mixed = (f"c{next(_companies)}" for _ in range(2))
    await gateway.opens_for(straight, mixed)
    chance = random.Random(seed)
    shuffled = chance.sample(EVERYTHING, len(EVERYTHING)) + chance.sample(EVERYTHING, again)
    edges = [0, *sorted(cuts), len(shuffled)]

    await gateway.hear(*(of(straight, told) for told in EVERYTHING))
    for start, end in (pair for pair in itertools.pairwise(edges) if pair[0] < pair[1]):
        await gateway.hear(*(of(mixed, told) for told in shuffled[start:end]))

    expected = await known(gateway, straight)
    assert await known(gateway, mixed) == expected
    states = {str(row[0]): row[2] for row in expected[0]}
    assert states == {ORDERS[0]: "paid", ORDERS[1]: "credited", f"{ORDERS[0][:-1]}9": "refused"}
    assert len(expected[1]) == 22


async def test_a_batch_costs_the_timelines_two_statements(gateway: Gateway) -> None:
    queries: list[str] = []
    async with gateway.database.unit(["acme"]) as unit:
        unit.raw.add_query_logger(lambda query: queries.append(query.query))
    await gateway.hear(*EVERYTHING)
    said = [words[2] for query in queries if len(words := query.split()) > 2]
    assert [table for table in said if table in ("timeline_fact", "order_summary")] == [
        "timeline_fact",
        "order_summary",
    ]
    assert sum("f.type = any($3" in query for query in queries) == 1, "one look for money that came back"
