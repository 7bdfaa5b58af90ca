"""What an order is invoiced for: pure decisions."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Refused
from chassis.ids import derive
from contracts.money import MICRO, divide_half_up, to_micro
from services.ledger.domain.books import Books, TaxRule
from services.ledger.domain.customers import DEFAULT_TERMS
from services.ledger.domain.invoicing import Draft, OrderLine, Reserved, Terms, draft_invoice

ORDER = derive("order")
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
RULES = {code: TaxRule(code, rate, "2200") for code, rate in (("VAT24", "0.24"), ("VAT13", "0.13"), ("VAT0", "0"))}


def books(time_zone: str = "Europe/Athens", **accounts: str) -> Books:
    return Books(
        "acme", ZoneInfo(time_zone), {"name": "Acme"}, accounts or {"receivable": "1", "sales": "4"}, RULES, "EUR"
    )


def draft(
    *lines: tuple[str, str, str], currency: str = "EUR", at: datetime = NOON, time_zone: str = "Europe/Athens"
) -> Draft | Refused:
    """The draft for lines of quantity, unit price and tax code, all of them reserved."""
    ordered = [OrderLine(n, f"S{n}", f"Item {n}", q, p, code) for n, (q, p, code) in enumerate(lines, 1)]
    reserved = {line.line: Reserved(line.item, line.quantity) for line in ordered}
    return draft_invoice(
        Terms(ORDER, "R-1", currency, {"id": "C"}, ordered), reserved, at, DEFAULT_TERMS, books(time_zone)
    )


def drafted(*lines: tuple[str, str, str], currency: str = "EUR") -> Draft:
    decision = draft(*lines, currency=currency)
    assert isinstance(decision, Draft), decision
    return decision


def refused(decision: Draft | Refused) -> Refused:
    assert isinstance(decision, Refused), decision
    return decision


@pytest.mark.parametrize(
    ("currency", "lines", "nets", "tax"),
    [
        ("EUR", [("3", "10.00", "VAT24")], [3000], 720),
        ("EUR", [("1", "0.005", "VAT24")], [1], 0),  # half a cent is a cent; its tax of 0.24 cents is none
        ("EUR", [("1", "0.004999", "VAT24")], [0], 0),
        ("EUR", [("2.5", "7.125", "VAT24")], [1781], 427),  # 17.8125; 4.2744
        ("EUR", [("1", "0.02", "VAT24")] * 3, [2, 2, 2], 1),  # once on the sum of 6: 1.44; line by line it were 0
        ("EUR", [("1", "1.00", "VAT24"), ("1", "1.00", "VAT13")], [100, 100], 37),
        ("EUR", [("1", "99.99", "VAT0")], [9999], 0),
        ("EUR", [("4", "0", "VAT24")], [0], 0),
        ("JPY", [("3", "33.5", "VAT24")], [101], 24),  # 100.5 yen is 101
        ("KWD", [("1", "1.2345", "VAT24")], [1235], 296),  # three decimals: 1.2345 is 1.235; 0.2964
        ("EUR", [("0.000001", "500000", "VAT24")], [50], 12),
    ],
)
def test_lines_are_rounded_half_up_once_and_tax_once_per_code(
    currency: str, lines: list[tuple[str, str, str]], nets: list[int], tax: int
) -> None:
    decision = drafted(*lines, currency=currency)

    assert [line.net for line in decision.lines] == nets
    assert decision.net == sum(nets)
    assert decision.tax == tax


def test_the_invoice_is_dated_on_the_companys_own_calendar() -> None:
    late = datetime(2026, 12, 31, 22, 30, tzinfo=UTC)

    in_athens, in_london = draft(("1", "1", "VAT0"), at=late), draft(("1", "1", "VAT0"), at=late, time_zone="UTC")

    assert isinstance(in_athens, Draft)
    assert isinstance(in_london, Draft)
    assert (in_athens.issued_on, in_athens.due_on) == (date(2027, 1, 1), date(2027, 1, 31))
    assert in_london.issued_on == date(2026, 12, 31)


def test_only_what_was_reserved_is_invoiced() -> None:
    lines = [OrderLine(1, "A", "A", "5", "2.00", "VAT0"), OrderLine(2, "B", "B", "1", "9.00", "VAT0")]
    terms = Terms(ORDER, "R-1", "EUR", {}, lines)

    decision = draft_invoice(terms, {1: Reserved("A", "3")}, NOON, DEFAULT_TERMS, books())

    assert isinstance(decision, Draft)
    assert [(line.line, line.quantity, line.net) for line in decision.lines] == [(1, "3", 600)]


def test_an_order_that_breaks_a_rule_is_refused_naming_rule_and_field() -> None:
    unknown = refused(draft(("1", "1", "VAT24"), ("1", "1", "VAT25")))
    assert (unknown.code, unknown.pointer) == ("tax-code-unknown", "/lines/1/tax_code")
    assert refused(draft(("1", "1", "VAT0"), currency="XXX")).pointer == "/currency"
    huge = refused(draft(("1000000000", "999999999999", "VAT0")))
    assert (huge.code, huge.pointer) == ("amount-too-large", "/lines/0")
    together = refused(draft(*[("1000", "999999999999", "VAT24")] * 2))
    assert (together.code, together.pointer) == ("amount-too-large", None)


def test_an_order_without_the_accounts_it_needs_is_refused_naming_the_role() -> None:
    terms = Terms(ORDER, "R-1", "EUR", {}, [OrderLine(1, "A", "A", "1", "1", "VAT0")])

    decision = refused(draft_invoice(terms, {1: Reserved("A", "1")}, NOON, DEFAULT_TERMS, books(receivable="1")))

    assert decision.code == "account-missing"
    assert "sales" in decision.detail


def test_a_reservation_of_something_else_is_not_invoiced() -> None:
    terms = Terms(ORDER, "R-1", "EUR", {}, [OrderLine(1, "A", "A", "1", "1", "VAT0")])

    assert (
        refused(draft_invoice(terms, {1: Reserved("B", "1")}, NOON, DEFAULT_TERMS, books())).code
        == "reservation-mismatch"
    )
    assert refused(draft_invoice(terms, {}, NOON, DEFAULT_TERMS, books())).code == "nothing-to-invoice"


@pytest.mark.parametrize("known", [{}, {1: Reserved("A", "1")}], ids=["alone", "beside one that it has"])
def test_a_reserved_line_that_the_order_does_not_have_is_not_passed_over(known: dict[int, Reserved]) -> None:
    terms = Terms(ORDER, "R-1", "EUR", {}, [OrderLine(1, "A", "A", "1", "1", "VAT0")])

    decision = refused(draft_invoice(terms, {**known, 7: Reserved("A", "1")}, NOON, DEFAULT_TERMS, books()))

    assert decision.code == "reservation-mismatch"
    assert "7" in decision.detail


def test_more_tax_codes_than_an_invoice_can_print_are_refused() -> None:
    rules = {f"T{n}": TaxRule(f"T{n}", "0.1", "2200") for n in range(101)}
    many = Books("acme", ZoneInfo("UTC"), {}, {"receivable": "1", "sales": "4"}, rules, "EUR")
    lines = [OrderLine(n, "A", "A", "1", "1", f"T{n}") for n in range(101)]
    reserved = {n: Reserved("A", "1") for n in range(101)}

    decision = refused(draft_invoice(Terms(ORDER, "R", "EUR", {}, lines), reserved, NOON, DEFAULT_TERMS, many))

    assert decision.code == "too-many-tax-codes"


micro = st.integers(1, 10**9).map(lambda n: f"{n // MICRO}.{n % MICRO:06d}")
any_lines = st.lists(st.tuples(micro, micro, st.sampled_from(sorted(RULES))), min_size=1, max_size=12)


@given(any_lines)
def test_an_invoice_always_adds_up_from_its_lines(lines: list[tuple[str, str, str]]) -> None:
    decision = drafted(*lines)

    assert decision.net == sum(line.net for line in decision.lines) == sum(tax.base for tax in decision.taxes)
    assert decision.tax == sum(tax.tax for tax in decision.taxes)
    assert decision.total == decision.net + decision.tax
    assert len({tax.rule.code for tax in decision.taxes}) == len(decision.taxes)
    for line, (quantity, price, _) in zip(decision.lines, lines, strict=True):
        exact = to_micro(quantity) * to_micro(price) * 100  # cents in units of 10^-12
        assert abs(line.net * MICRO**2 - exact) * 2 <= MICRO**2
    for tax in decision.taxes:
        assert tax.tax == divide_half_up(tax.base * to_micro(tax.rule.rate), MICRO)


@given(any_lines)
def test_the_order_of_lines_does_not_change_what_is_owed(lines: list[tuple[str, str, str]]) -> None:
    there, back = drafted(*lines), drafted(*reversed(lines))

    assert (there.net, there.tax) == (back.net, back.tax)
