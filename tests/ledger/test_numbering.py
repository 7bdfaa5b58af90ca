"""Document numbers have no gaps and are printed and read alike: pure decisions."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.domain.company import iban_adds_up
from services.ledger.domain.numbering import DocumentNumber, Series, hand_out, how_many, read_number


def test_numbers_are_handed_out_in_the_order_of_the_wishes_from_one_range_per_series() -> None:
    this_year, next_year = Series("acme", "INV", 2026), Series("acme", "INV", 2027)
    wanted = [this_year, next_year, this_year]

    numbers = list(hand_out(wanted, {this_year: 12, next_year: 1}))

    assert [number.printed for number in numbers] == ["INV-2026-000011", "INV-2027-000001", "INV-2026-000012"]


@given(
    st.lists(st.builds(Series, st.sampled_from("ab"), st.sampled_from(["INV", "CN"]), st.integers(2026, 2027))),
    st.integers(0, 50),
)
def test_a_range_is_used_up_without_gap_or_repeat(wanted: list[Series], before: int) -> None:
    last = {series: before + count for series, count in how_many(wanted).items()}

    numbers = list(hand_out(wanted, last))

    taken = Counter((series, number.serial) for series, number in zip(wanted, numbers, strict=True))
    expected = {(series, before + n) for series, count in how_many(wanted).items() for n in range(1, count + 1)}
    assert set(taken) == expected
    assert set(taken.values()) <= {1}


@given(st.integers(1900, 2199), st.integers(1, 10**12), st.sampled_from(["INV", "CN", "A-B/1"]))
def test_what_is_printed_can_be_read_back(year: int, serial: int, series: str) -> None:
    number = DocumentNumber(series, year, serial)

    assert read_number(number.printed) == number
    assert read_number(f" {number.printed.lower()} ") == number


@pytest.mark.parametrize(
    "text", ["", "INV", "INV-2026-42", "INV-2026-000000", "INV-2026-0000042", "2026-000042", "INV-26-000042", "X" * 99]
)
def test_what_no_document_of_ours_can_be_called_is_not_a_number(text: str) -> None:
    assert read_number(text) is None


@pytest.mark.parametrize(
    ("iban", "sound"),
    [
        ("GR1601101250000000012300695", True),
        ("GB82WEST12345698765432", True),
        ("DE89370400440532013000", True),
        ("GR1601101250000000012300696", False),
        ("GR6101101250000000012300695", False),
    ],
)
def test_the_check_digits_of_an_iban_must_fit(iban: str, sound: bool) -> None:
    assert iban_adds_up(iban) is sound
