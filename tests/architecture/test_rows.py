"""No row is claimed without its test: the tables in the READMEs are those that the tests make."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import rows

README = f"# A service\n\n{rows.BEGIN}\nold\n{rows.END}\n\nmore\n"
TESTS = '''
def test_debits_equal_credits() -> None:
    """L1: an entry balances,
    in every currency.

    More words."""

async def test_two_rows_at_once() -> None:
    """L10, L2: both."""

def test_nothing_in_particular() -> None:
    """Only words: L3."""
'''


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A house with one service, one test file and a stale table."""
    for folder in ("services/ledger", "services/payroll", "tests/ledger"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "services/ledger/README.md").write_text(README)
    (tmp_path / "services/payroll/README.md").write_text("# Another\n")
    (tmp_path / "tests/ledger/test_books.py").write_text(TESTS)
    return tmp_path


def test_the_table_of_every_service_is_up_to_date() -> None:
    assert [str(path) for path in rows.stale()] == [], "run `make rows`"


def test_a_stale_table_is_found_and_written_in_the_order_of_the_rows(house: Path) -> None:
    ((path, fresh),) = rows.stale(house).items()

    assert path == house / "services/ledger/README.md"
    assert fresh == README.replace(
        "old",
        "| Row | What is shown | Test |\n| --- | --- | --- |\n"
        "| L1 | an entry balances, in every currency | `tests/ledger/test_books.py::test_debits_equal_credits` |\n"
        "| L2 | both | `tests/ledger/test_books.py::test_two_rows_at_once` |\n"
        "| L10 | both | `tests/ledger/test_books.py::test_two_rows_at_once` |",
    )


def test_every_row_that_a_service_claims_has_a_test() -> None:
    assert rows.unheld() == []


def test_a_claimed_row_without_a_test_is_found(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "CLAIMED", {"ledger": "L1 L2 L3", "payroll": "G15"})

    assert rows.unheld(house) == [("ledger", "L3"), ("payroll", "G15")]

    (house / "tests/chassis").mkdir()
    (house / "tests/chassis/test_relay.py").write_text('def test_sent() -> None:\n    """G15: all of it."""\n')
    assert rows.unheld(house) == [("ledger", "L3")]


def test_a_service_without_markers_is_left_alone(house: Path) -> None:
    assert house / "services/payroll/README.md" not in rows.stale(house)


def test_a_marker_without_its_end_is_refused(house: Path) -> None:
    (house / "services/ledger/README.md").write_text(f"{rows.BEGIN}\n")

    with pytest.raises(ValueError, match="stands without"):
        rows.stale(house)
