"""The checker finds nothing in a month of pay that was killed eleven times, and in a spoilt one what was spoilt."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from tests.proof.checker.checking import check
from tests.proof.checker.planted_pay import PLANTED, secret
from tests.proof.checker.planting import Planted, Recorded

RECORDED = Path(__file__).parent / "recorded" / "good-pay-run.tar.xz"
OF_PAY = ("INV15", "INV16", "INV17", "INV27")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """Twelve people, one month; payroll was killed at eleven steps of it, two started it and two exported it."""
    folder = tmp_path_factory.mktemp("pay")
    with tarfile.open(RECORDED) as packed:
        packed.extractall(folder, filter="data")
    return Recorded.read(folder)


def test_a_month_with_eleven_kills_has_no_violation_and_each_invariant_of_pay_looked_at_something(
    recorded: Recorded, tmp_path: Path
) -> None:
    """P28: each person is in the run once and paid once, to the cent, whatever died meanwhile (INV15, 16, 17, 27)."""
    recorded.write(tmp_path)
    report = check(tmp_path)
    assert report.violations == ()
    assert (report.lost, report.doubled) == (0, 0)
    assert all(report.examined[invariant] for invariant in OF_PAY)


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.name)
def test_a_corruption_of_pay_is_found_by_the_invariant_that_it_breaks(
    planted: Planted, recorded: Recorded, tmp_path: Path
) -> None:
    run = recorded.copy()
    planted.spoil(run)
    run.write(tmp_path)
    report = check(tmp_path)
    assert planted.invariant in report.wrong, [violation.what for violation in report.violations]
    assert all(violation.witness for violation in report.violations if violation.invariant == planted.invariant)


def test_what_is_personal_is_found_in_a_log(recorded: Recorded, tmp_path: Path) -> None:
    """P27: the witness names the place and the person, and does not repeat the value (INV17)."""
    recorded.write(tmp_path)
    (tmp_path / "logs").mkdir()
    account = secret(recorded, "account")
    (tmp_path / "logs" / "payroll.log").write_text("x" * 100 + f' "detail": "{account}"')
    report = check(tmp_path)
    assert set(report.wrong) == {"INV17"}
    (violation,) = report.violations
    assert "logs/payroll.log" in str(violation.witness)
    assert account not in str(violation.witness)


def test_a_run_on_its_way_to_the_books_is_not_lost(recorded: Recorded, tmp_path: Path) -> None:
    run = recorded.copy()
    run.drop("EntryPosted", lambda data: data["journal"] == "payroll")
    run.write(tmp_path)
    assert not check(tmp_path, expect_quiet=False).wrong.get("INV15")


def test_every_invariant_of_pay_has_a_corruption() -> None:
    assert {planted.invariant for planted in PLANTED} == set(OF_PAY)
