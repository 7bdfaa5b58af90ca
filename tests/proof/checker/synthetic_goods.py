"""The rarer courses of a made-up order: it waits for goods or credit, is changed, or is given up too late.

Each comes once in forty orders.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tests.proof.checker.papers import GOES_WITH_GOODS

if TYPE_CHECKING:
    from tests.proof.checker.synthetic import MadeUp

EVERY = 40


def rare_course(made: MadeUp, count: int) -> bool:
    """Let this order take a course of its own, if it is one that does."""
    course = COURSES.get(count % EVERY)
    if course is None:
        return False
    course(made, count)
    return True


def goods_leave(
    made: MadeUp, count: int, order: str, lines: list[dict[str, Any]], parts: tuple[str, ...], due: int = 2,
    **told_too: Any,
) -> list[tuple[str, str]]:  # fmt: skip
    """Goods leave in so many shipments; the one that makes it `due` is the last. Of each the request and the event."""
    left: list[tuple[str, str]] = []
    company, item, gone = made.company(count), lines[0]["item"], 0
    for at, quantity in enumerate(parts):
        gone += int(quantity)
        shipment = made.id_of("shipment", count, at)
        chain = made.ask("dispatch", company, "", {"shipments": [{"shipment": shipment}]}, None)
        made.numbers[company, "DN"] += 1
        number = f"DN-2026-{made.numbers[company, 'DN']:06}"
        line = {"line": 1, "item": item, "quantity": quantity}
        told = {"shipment": shipment, "number": number, "order": order, "lines": [line]}
        more = {"warehouse": "MAIN", "complete": gone == due, **told_too}
        dispatched = made.send("ShipmentDispatched.v1", company, shipment, chain, chain, told | more)
        left.append((chain, dispatched))
        for of in GOES_WITH_GOODS:
            made.filed(company, of, shipment, order, chain, dispatched, number)
        made.stock[company].move(item, -int(quantity), "issue", shipment)
        made.stock[company].reserved[item] -= int(quantity)
        if made.is_valued(item):
            told["lines"], told["cost"] = [line | {"cost": f"{quantity}.00"}], f"{quantity}.00"
            issued = made.send("StockIssued.v1", company, shipment, chain, chain, told)
            made.stock_entry(company, shipment, order, chain, issued, -int(quantity))
    return left


def _reserve(
    made: MadeUp, count: int, order: str, chain: str, cause: str, lines: list[dict[str, Any]], **more: Any
) -> str:
    company = made.company(count)
    made.stock[company].reserved[lines[0]["item"]] += int(lines[0]["quantity"])
    told = {"order": order, "reservation": order, "lines": made.goods(lines), **more}
    return made.send("StockReserved.v1", company, order, chain, cause, told)


def _of(lines: list[dict[str, Any]], quantity: str) -> list[dict[str, Any]]:
    return [{**lines[0], "quantity": quantity}]


def waits_for_goods(made: MadeUp, count: int) -> None:
    """One of two is there; the other comes with a receipt. Each is invoiced."""
    order, chain, placed, lines = made.placed(count)
    company, one = made.company(count), _of(lines, "1")
    reserved = _reserve(made, count, order, chain, placed, one, complete=False)
    waits = {"order": order, "reservation": order, "lines": made.goods(one)}
    made.send("OrderBackOrdered.v1", company, order, chain, placed, waits)
    made.owed(company, made.invoiced(count, order, chain, reserved, one)["total"])
    receipt, item = made.receive(company, lines[0]["item"], count)
    made.stock[company].reserved[item] += 1
    late = {**waits, "lines": [{**made.goods(one)[0], "before": "1"}], "part": 2, "complete": True}
    came = made.send("BackOrderReserved.v1", company, order, receipt, receipt, late)
    made.owed(company, made.invoiced(count, order, receipt, came, one, "second")["total"])
    goods_leave(made, count, order, lines, ("2",))
    made.seen(count, order, "documented")


def is_changed(made: MadeUp, count: int) -> None:
    """Three instead of two: what was reserved and invoiced is taken back first."""
    order, chain, placed, lines = made.placed(count)
    company, three = made.company(count), _of(lines, "3")
    reserved = _reserve(made, count, order, chain, placed, lines)
    invoice = made.invoiced(count, order, chain, reserved, lines)
    again = made.ask("change", company, f"o{count}", {"lines": three}, order)
    told = {"order": order, "reference": f"o{count}", "revision": 2, "lines": three}
    changed = made.send("OrderChanged.v1", company, order, again, again, told)
    back = {"order": order, "lines": made.goods(lines), "reason": "order-cancelled", "replaced_by": 2}
    released = made.send("ReservationReleased.v1", company, order, again, changed, back)
    made.stock[company].reserved[lines[0]["item"]] -= 2
    made.credited(count, order, again, released, lines, invoice)
    reserved = _reserve(made, count, order, again, changed, three, revision=2)
    second = made.invoiced(count, order, again, reserved, three, "second", revision=2)
    made.owed(company, second["total"])
    goods_leave(made, count, order, lines, ("1", "2"), due=3, revision=2)
    made.seen(count, order, "documented")


def is_changed_before_the_ledger_hears(made: MadeUp, count: int) -> None:
    """The ledger hears of the release before it hears of the order: it bills what stands, upon the change."""
    order, chain, placed, lines = made.placed(count)
    company, three = made.company(count), _of(lines, "3")
    _reserve(made, count, order, chain, placed, lines)
    again = made.ask("change", company, f"o{count}", {"lines": three}, order)
    told = {"order": order, "reference": f"o{count}", "revision": 2, "lines": three}
    changed = made.send("OrderChanged.v1", company, order, again, again, told)
    back = {"order": order, "lines": made.goods(lines), "reason": "order-cancelled", "replaced_by": 2}
    made.send("ReservationReleased.v1", company, order, again, changed, back)
    made.stock[company].reserved[lines[0]["item"]] -= 2
    _reserve(made, count, order, again, changed, three, revision=2)
    made.owed(company, made.invoiced(count, order, again, changed, three, revision=2)["total"])
    goods_leave(made, count, order, lines, ("3",), due=3, revision=2)
    made.seen(count, order, "documented")


def waits_for_credit(made: MadeUp, count: int) -> None:
    """Held, until a person lets it pass."""
    order, chain, placed, lines = made.placed(count)
    company = made.company(count)
    made.send("CreditHeld.v1", company, order, chain, placed, {"order": order})
    asked = made.ask("set_up", company, f"credit-{count}", {}, None)
    approved = made.send("CreditApproved.v1", company, order, asked, asked, {"order": order})
    reserved = _reserve(made, count, order, asked, approved, lines)
    made.owed(company, made.invoiced(count, order, asked, reserved, lines)["total"])
    made.seen(count, order, "documented")


def is_given_up_after_a_part(made: MadeUp, count: int) -> None:
    """One of two has left, the other is let go and credited."""
    order, chain, placed, lines = made.placed(count)
    company, one = made.company(count), _of(lines, "1")
    reserved = _reserve(made, count, order, chain, placed, lines)
    invoice = made.invoiced(count, order, chain, reserved, lines)
    goods_leave(made, count, order, lines, ("1",))
    ending, cancelled = _cancel(made, count, order)
    told = {"order": order, "lines": made.goods(one), "waiting": [], "reason": "order-cancelled", "over": True}
    reduced = made.send("ReservationReduced.v1", company, order, ending, cancelled, told)
    made.stock[company].reserved[lines[0]["item"]] -= 1
    made.owed(company, made.credited(count, order, ending, reduced, one, invoice, partial=True)["total"])
    made.seen(count, order, "documented")


def is_given_up_too_late(made: MadeUp, count: int) -> None:
    """All of it has left."""
    order, chain, placed, lines = made.placed(count)
    reserved = _reserve(made, count, order, chain, placed, lines)
    made.owed(made.company(count), made.invoiced(count, order, chain, reserved, lines)["total"])
    goods_leave(made, count, order, lines, ("2",))
    ending, cancelled = _cancel(made, count, order)
    late = {"order": order, "code": "already-shipped", "stage": "shipped"}
    made.send("CancellationRefused.v1", made.company(count), order, ending, cancelled, late)
    made.seen(count, order, "documented")


def is_invoiced_when_it_leaves(made: MadeUp, count: int) -> None:
    """One of two has left and is invoiced; the other is let go, and nobody owes anything for it."""
    order, chain, placed, lines = made.placed(count, invoice_on="dispatch")
    company, one = made.company(count), _of(lines, "1")
    _reserve(made, count, order, chain, placed, lines)
    (asked, left), *_ = goods_leave(made, count, order, lines, ("1",))
    made.owed(company, made.invoiced(count, order, asked, left, one)["total"])
    ending, cancelled = _cancel(made, count, order)
    told = {"order": order, "lines": made.goods(one), "waiting": [], "reason": "order-cancelled", "over": True}
    made.send("ReservationReduced.v1", company, order, ending, cancelled, told)
    made.stock[company].reserved[lines[0]["item"]] -= 1
    made.seen(count, order, "documented")


def leaves_in_two_parts_with_an_invoice_each(made: MadeUp, count: int) -> None:
    """Nothing is invoiced before it leaves; the first part is paid."""
    order, chain, placed, lines = made.placed(count, invoice_on="dispatch")
    _reserve(made, count, order, chain, placed, lines)
    first, second = (
        made.invoiced(count, order, asked, left, _of(lines, "1"), f"invoice {place}")
        for place, (asked, left) in enumerate(goods_leave(made, count, order, lines, ("1", "1")))
    )
    made.paid(count, order, first)
    made.owed(made.company(count), second["total"])
    made.seen(count, order, "partly_paid")


def waits_to_leave(made: MadeUp, count: int) -> None:
    """It is reserved, and that is all: nothing is invoiced."""
    order, chain, placed, lines = made.placed(count, invoice_on="dispatch")
    _reserve(made, count, order, chain, placed, lines)
    made.seen(count, order, "reserved")


def _cancel(made: MadeUp, count: int, order: str) -> tuple[str, str]:
    chain = made.ask("cancel", made.company(count), f"o{count}", {"reason": "too late"}, order)
    told = {"order": order, "reference": f"o{count}", "reason": "too late"}
    return chain, made.send("OrderCancelled.v1", made.company(count), order, chain, chain, told)


def takes_what_there_is(made: MadeUp, count: int) -> None:
    """One of two is there; the other is never served."""
    order, chain, placed, lines = made.placed(count, if_short="partial")
    one = _of(lines, "1")
    reserved = _reserve(made, count, order, chain, placed, one, dropped=made.goods(one))
    made.owed(made.company(count), made.invoiced(count, order, chain, reserved, one)["total"])
    made.seen(count, order, "documented")


def runs_out(made: MadeUp, count: int) -> None:
    """Nobody picked it in time: it is free again, and its invoice is taken back."""
    order, chain, placed, lines = made.placed(count, reserve_until="2026-11-20T09:31:00.000Z")
    reserved = _reserve(made, count, order, chain, placed, lines)
    invoice = made.invoiced(count, order, chain, reserved, lines)
    company, clock = made.company(count), made.id_of("clock", count)
    told = {"order": order, "lines": made.goods(lines), "waiting": [], "reason": "expired", "over": True}
    reduced = made.send("ReservationReduced.v1", company, order, clock, clock, told)
    made.stock[company].reserved[lines[0]["item"]] -= 2
    made.credited(count, order, clock, reduced, lines, invoice)
    made.seen(count, order, "credited")


COURSES: Mapping[int, Callable[[MadeUp, int], None]] = {
    5: waits_for_goods,
    15: is_changed,
    30: is_changed_before_the_ledger_hears,
    25: waits_for_credit,
    35: is_given_up_after_a_part,
    14: is_given_up_too_late,
    6: is_invoiced_when_it_leaves,
    18: leaves_in_two_parts_with_an_invoice_each,
    22: waits_to_leave,
    26: takes_what_there_is,
    34: runs_out,
}
"""By the rest of the order's number."""
