"""Money: exact to the last minor unit, refused where it does not fit."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.money import (
    MINOR_UNITS,
    AmountError,
    UnknownCurrency,
    check_amount_scale,
    divide_half_up,
    from_micro,
    from_minor,
    line_total_minor,
    minor_units,
    tax_minor,
    to_micro,
    to_minor,
)

currencies = st.sampled_from(sorted(MINOR_UNITS))


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("12.50", "EUR", 1250), ("12.5", "EUR", 1250), ("12", "EUR", 1200), ("-0.01", "EUR", -1), ("0", "EUR", 0),
        ("-0.00", "EUR", 0), ("1500", "JPY", 1500), ("1.234", "KWD", 1234), ("-1.2", "KWD", -1200), ("0.07", "ILS", 7),
        ("999999999999999.99", "EUR", 99999999999999999), ("999999999999999.999", "KWD", 999999999999999999),
    ],
)  # fmt: skip
def test_an_amount_becomes_whole_minor_units(amount: str, currency: str, minor: int) -> None:
    assert to_minor(amount, currency) == minor
    check_amount_scale(amount, currency)


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("12.505", "EUR"), ("12.500", "EUR"), ("1.5", "JPY"), ("1.0", "JPY"), ("1.2345", "KWD"),
        ("1000000000000000", "EUR"), ("", "EUR"), ("-", "EUR"), (".5", "EUR"), ("1.", "EUR"), ("1.-5", "EUR"),
        ("1e3", "EUR"), ("NaN", "EUR"), ("Infinity", "EUR"), ("1,50", "EUR"), (" 1", "EUR"), ("--1", "EUR"),
        ("+1", "EUR"), ("1_000", "EUR"), ("١٢", "EUR"), ("1.²", "EUR"), ("0x10", "EUR"),
    ],
)  # fmt: skip
def test_an_amount_that_does_not_fit_is_refused(amount: str, currency: str) -> None:
    with pytest.raises(AmountError):
        to_minor(amount, currency)


@pytest.mark.parametrize(("amount", "currency"), [("12.505", "EUR"), ("1.0", "JPY"), ("1.2345", "KWD")])
def test_the_check_of_the_scale_says_what_the_currency_has(amount: str, currency: str) -> None:
    with pytest.raises(AmountError, match=f"{currency} has {MINOR_UNITS[currency]}"):
        check_amount_scale(amount, currency)


@pytest.mark.parametrize("currency", ["XXX", "XTS", "eur", "EURO", "", "XAU", "HRK", "CLF"])
def test_what_is_no_currency_in_use_is_refused(currency: str) -> None:
    for ask in (minor_units, lambda code: check_amount_scale("1", code), lambda code: from_minor(1, code)):
        with pytest.raises(UnknownCurrency):
            ask(currency)


@pytest.mark.parametrize(
    ("currency", "decimals"),
    [("EUR", 2), ("ILS", 2), ("USD", 2), ("GBP", 2), ("JPY", 0), ("KRW", 0), ("ISK", 0), ("KWD", 3), ("TND", 3)],
)
def test_currencies_have_the_decimals_of_iso_4217(currency: str, decimals: int) -> None:
    assert minor_units(currency) == decimals


@given(currencies, st.integers(-(10**15) + 1, 10**15 - 1))
def test_minor_units_come_back_from_their_amount(currency: str, minor: int) -> None:
    amount = from_minor(minor, currency)

    assert to_minor(amount, currency) == minor
    assert len(amount.partition(".")[2]) == MINOR_UNITS[currency]
    assert Decimal(amount).scaleb(MINOR_UNITS[currency]) == minor


def test_an_amount_that_cannot_travel_is_not_written() -> None:
    assert from_minor(10**17 - 1, "EUR") == "999999999999999.99"
    for minor in (10**17, -(10**17)):
        with pytest.raises(AmountError):
            from_minor(minor, "EUR")


@given(st.integers(-(10**20), 10**20))
def test_millionths_come_back_from_their_number(micro: int) -> None:
    number = from_micro(micro)

    assert to_micro(number) == micro
    assert Decimal(number) == Decimal(micro) / 1_000_000
    assert not ("." in number and number.endswith("0"))


def test_a_number_finer_than_a_millionth_is_refused() -> None:
    with pytest.raises(AmountError, match="7 decimals"):
        to_micro("0.0000001")


@pytest.mark.parametrize(
    ("quantity", "price", "currency", "minor"),
    [
        ("12", "18.50", "EUR", 22200),
        ("2.5", "7.125", "EUR", 1781),  # 17.8125
        ("1", "0.005", "EUR", 1),  # half: up
        ("1", "0.004999", "EUR", 0),
        ("3", "0.335", "EUR", 101),  # 1.005
        ("0.000001", "0.000001", "EUR", 0),
        ("1", "0.5", "JPY", 1),
        ("3", "0.0005", "KWD", 2),  # 0.0015
        ("1000000000", "999999", "EUR", 99999900000000000),
        ("1", "0", "EUR", 0),
    ],
)
def test_a_line_is_rounded_half_up_once(quantity: str, price: str, currency: str, minor: int) -> None:
    assert line_total_minor(quantity, price, currency) == minor


def test_a_line_too_large_for_an_amount_is_refused() -> None:
    with pytest.raises(AmountError, match="too large"):
        line_total_minor("1000000000", "1000000", "EUR")


@given(
    st.decimals(0, 10**6, places=6, allow_nan=False),
    st.decimals(0, 10**6, places=6, allow_nan=False),
    currencies,
)
def test_a_line_total_is_what_exact_decimals_give(quantity: Decimal, price: Decimal, currency: str) -> None:
    step = Decimal(1).scaleb(-MINOR_UNITS[currency])
    expected = (quantity * price).quantize(step, ROUND_HALF_UP)

    total = line_total_minor(f"{quantity:f}", f"{price:f}", currency)

    assert Decimal(total).scaleb(-MINOR_UNITS[currency]) == expected


@pytest.mark.parametrize(
    ("base", "rate", "tax"),
    [(23981, "0.24", 5755), (1850, "0.24", 444), (100, "0.18", 18), (5, "0.1", 1), (4, "0.1", 0), (100, "0", 0)],
)
def test_tax_is_rounded_half_up(base: int, rate: str, tax: int) -> None:
    assert tax_minor(base, rate) == tax


@given(st.integers(-(10**24), 10**24), st.integers(1, 10**15))
def test_division_rounds_halves_away_from_zero(numerator: int, denominator: int) -> None:
    quotient = divide_half_up(numerator, denominator)

    assert abs(numerator - quotient * denominator) * 2 <= denominator
    assert quotient == -divide_half_up(-numerator, denominator)
    if abs(numerator) * 2 % denominator == 0 and abs(numerator) % denominator != 0:
        assert abs(quotient) * denominator > abs(numerator)
