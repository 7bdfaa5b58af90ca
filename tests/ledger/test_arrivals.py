"""Whatever order events come in, the books end up the same."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ledger.desk import Desk, Order
from tests.support.department import Event

Books = tuple[dict[tuple[str, str], int], dict[str, int], dict[str, int]]
"""Balances by account, what is open by order, how many documents of each series."""

companies = (f"c{number}" for number in itertools.count())


@dataclass(frozen=True)
class Story:
    """What happens to one order: its events by key, each key's in their order."""

    lines: tuple[tuple[str, str, str], ...]
    reserved: bool
    released: bool
    payments: tuple[tuple[str, str], ...]
    """Amount and currency."""

    def keys(self, company: str, name: str) -> list[list[Event]]:
        """The events of each key, for one company."""
        order = Order(name, self.lines, company=company)
        stock = [order.reserved()] if self.reserved else [order.not_reserved()]
        if self.reserved and self.released:
            stock.append(order.released())
        money = [
            [order.payment(f"{name}-P{n}", amount, currency=currency)]
            for n, (amount, currency) in enumerate(self.payments)
        ]
        return [[order.placed()], stock, *money]


async def books_of(desk: Desk, company: str) -> Books:
    """The end of a story, without what names the order in which it was told."""
    open_items = await desk.rows(
        "select order_reference, open from open_item o join invoice i on i.company = o.company and i.id = o.invoice "
        "where o.company = $1",
        company,
    )
    documents = await desk.rows("select series, last from number_counter where company = $1 order by series", company)
    return await desk.balances(company), dict(open_items), dict(documents)


async def told(desk: Desk, stories: Sequence[Story], turns: Sequence[int], cuts: frozenset[int]) -> Books:
    """Tell the stories to a company of their own: `turns` says which key comes next, `cuts` where batches end."""
    company = next(companies)
    await desk.set_up(company)
    keys = [iter(key) for n, story in enumerate(stories) for key in story.keys(company, f"O{n}")]
    batch: list[Event] = []
    for place, turn in enumerate(turns):
        batch.append(next(keys[turn]))
        if place in cuts:
            await desk.hear(*batch)
            batch = []
    if batch:
        await desk.hear(*batch)
    assert await desk.held() == []
    return await books_of(desk, company)


def in_order(stories: Sequence[Story]) -> list[int]:
    """The turns of a telling that goes key by key."""
    lengths = [len(key) for n, story in enumerate(stories) for key in story.keys("x", f"O{n}")]
    return [key for key, length in enumerate(lengths) for _ in range(length)]


async def test_all_arrivals_of_one_order_with_payment_and_cancellation_end_alike(desk: Desk) -> None:
    story = Story((("3", "10.00", "VAT24"),), reserved=True, released=True, payments=(("40.00", "EUR"),))
    ends: list[Any] = []
    for turns in sorted(set(itertools.permutations(in_order([story])))):
        ends.append(await told(desk, [story], turns, frozenset(range(len(turns)))))

    assert len(ends) == 12
    billed_and_credited = {"CN": 1, "INV": 1}
    for balances, open_items, documents in ends:
        assert balances == {("1000", "EUR"): 4000, ("2100", "EUR"): -4000}
        assert documents in (billed_and_credited, {})  # released before its terms: never billed
        assert sum(open_items.values()) == 0
    assert await desk.faults() == []


async def test_money_that_names_one_invoice_by_number_and_another_order_ends_alike_in_all_arrivals(desk: Desk) -> None:
    """The number was given before anybody could name it; everything else may come in any order."""
    ends: list[Any] = []
    for turns in itertools.permutations(range(4)):
        company = next(companies)
        await desk.set_up(company)
        first, second = Order("A", company=company), Order("B", company=company)
        await desk.bill(first)
        by_both = second.payment("P-1", "40.00", invoice_number="INV-2026-000001")
        events = [second.placed(), second.reserved(), by_both, first.payment("P-2", "10.00")]
        await desk.hear(*[events[turn] for turn in turns[:2]])
        await desk.hear(*[events[turn] for turn in turns[2:]])
        ends.append(await books_of(desk, company))

    balances, open_items, documents = ends[0]
    assert open_items == {"A": 0, "B": 3720}
    assert balances["2100", "EUR"] == -1280  # what is more than the named invoice has open waits for a person
    assert documents == {"INV": 2}
    assert [end for end in ends if end != ends[0]] == []
    assert await desk.faults() == []


amounts = st.sampled_from(["1.00", "12.40", "24.80", "500.00"])
stories = st.builds(
    Story,
    st.lists(st.sampled_from([("1", "10.00", "VAT24"), ("2", "0.005", "VAT13"), ("1", "0", "VAT0")]), min_size=1)
    .map(lambda lines: tuple(lines[:3])),
    st.booleans(),
    st.booleans(),
    st.lists(st.tuples(amounts, st.sampled_from(["EUR", "EUR", "USD"])), max_size=2).map(tuple),
)  # fmt: skip


@given(st.lists(stories, min_size=1, max_size=3), st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_arrival_of_any_orders_ends_in_the_same_books(
    desk: Desk, chapters: list[Story], data: st.DataObject
) -> None:
    plain = in_order(chapters)
    turns = data.draw(st.permutations(plain))
    cuts = data.draw(st.frozensets(st.integers(0, len(plain) - 1)))

    balances, open_items, _ = await told(desk, chapters, plain, frozenset(range(len(plain))))
    other_balances, other_items, _ = await told(desk, chapters, turns, cuts)

    assert other_balances == balances
    assert {n: v for n, v in other_items.items() if v} == {n: v for n, v in open_items.items() if v}
    assert await desk.faults() == []
