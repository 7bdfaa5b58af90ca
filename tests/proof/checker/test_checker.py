"""The checker finds nothing in good runs, and in spoilt ones what was spoilt, by the name of the invariant."""

from __future__ import annotations

import hashlib
import tarfile
from pathlib import Path

import pytest

from tests.proof.checker import (
    planted_business,
    planted_courses,
    planted_events,
    planted_eyes,
    planted_goods,
    planted_pay,
    planted_stock,
    planted_store,
)
from tests.proof.checker.books import Books
from tests.proof.checker.buckets import Buckets
from tests.proof.checker.checking import check
from tests.proof.checker.history import BrokenHistory, read_history
from tests.proof.checker.keeping import read_store
from tests.proof.checker.planting import Planted, Recorded
from tests.proof.checker.report import STATEMENTS, Findings
from tests.proof.checker.subjects import settle_subjects
from tests.proof.checker.surface import load_surface
from tests.proof.checker.synthetic import make_up

PLANTED = [*planted_business.PLANTED, *planted_events.PLANTED, *planted_goods.PLANTED, *planted_store.PLANTED]
RECORDED = Path(__file__).parent / "recorded" / "good-run.tar.xz"
"""Made anew by `python -m tests.proof.recording` with this file's name."""
ORDERS = 60


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    folder = tmp_path_factory.mktemp("made-up")
    make_up(folder, ORDERS)
    return Recorded.read(folder)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """A short run of the real system: refusals, repeats, cancellations, and a killed gateway and ledger."""
    folder = tmp_path_factory.mktemp("recorded")
    with tarfile.open(RECORDED) as packed:
        packed.extractall(folder, filter="data")
    return Recorded.read(folder)


def test_a_recorded_run_has_no_violation(recorded: Recorded, tmp_path: Path) -> None:
    recorded.write(tmp_path)
    report = check(tmp_path)
    assert report.violations == ()
    assert report.events > 500


def test_a_good_run_has_no_violation_and_every_invariant_looked_at_something(made_up: Recorded, tmp_path: Path) -> None:
    made_up.write(tmp_path)
    report = check(tmp_path)
    assert report.violations == ()
    assert (report.lost, report.doubled) == (0, 0)
    of_pay = {planted.invariant for planted in planted_pay.PLANTED} - {"INV27"}
    unseen = {name for name in STATEMENTS if not report.examined.get(name)}
    assert unseen == {"INV24", *of_pay}  # nothing is held in a good run; `test_pay.py` has one of pay


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.name)
def test_a_corruption_is_found_by_the_invariant_that_it_breaks(
    planted: Planted, recorded: Recorded, tmp_path: Path
) -> None:
    _is_found(planted, recorded.copy(), tmp_path)


@pytest.mark.parametrize(
    "planted",
    [*planted_courses.PLANTED, *planted_stock.PLANTED, *planted_eyes.PLANTED],
    ids=lambda planted: planted.name,
)
def test_a_wrong_step_of_an_order_or_of_goods_is_found_by_the_invariant_that_it_breaks(
    planted: Planted, made_up: Recorded, tmp_path: Path
) -> None:
    _is_found(planted, made_up.copy(), tmp_path)


def _is_found(planted: Planted, run: Recorded, folder: Path) -> None:
    planted.spoil(run)
    run.write(folder)
    report = check(folder)
    assert planted.invariant in report.wrong, [violation.what for violation in report.violations]
    assert all(violation.witness for violation in report.violations if violation.invariant == planted.invariant)


def test_every_invariant_has_a_corruption() -> None:
    assert {planted.invariant for planted in [*PLANTED, *planted_pay.PLANTED]} == set(STATEMENTS)
    assert len(PLANTED) >= 40


@pytest.mark.parametrize(
    ("facts", "lost"),
    [
        (("OrderPlaced", "StockReserved"), 1),
        (("OrderPlaced", "StockReserved", "OrderCancelled"), 2),
        (("OrderPlaced", "StockReserved", "OrderCancelled", "ReservationReleased"), 0),
    ],
    ids=["never billed", "cancelled and not given back", "given back before it was billed"],
)
def test_only_what_was_given_back_need_not_be_billed(facts: tuple[str, ...], lost: int, tmp_path: Path) -> None:
    # Given an order of which the ledger says nothing
    findings = Findings()
    with Buckets(tmp_path, "orders") as subjects:
        cause = {"StockReserved": "OrderPlaced", "ReservationReleased": "OrderCancelled"}
        for fact in facts:
            data = {"lines": [], "currency": "EUR", "reason": "order-cancelled"}
            topic = "inventory.reservations" if fact in cause else "sales.orders"
            sequence = 1 + sum(other in cause for other in facts[: facts.index(fact)])
            links = (fact, cause.get(fact, "a request"), "one", sequence)
            subjects.add(("one", f"{fact}.v1", "acme", f"{topic}/0@1", data, *links))
        # When all has come to rest
        settle_subjects(subjects, findings, Books(findings), quiet=True)
    # Then its decision is lost, unless what was reserved was given back before
    assert findings.lost == lost


def test_a_store_is_good_that_has_what_was_told_and_strays_that_are_young(recorded: Recorded, tmp_path: Path) -> None:
    run = recorded.copy()
    files = planted_store.store_of(run)
    told = len(files)
    files += [planted_store.file_of("5" * 64), planted_store.file_of("6" * 64, part="aside")]
    run.write(tmp_path)
    report = check(tmp_path)
    assert report.violations == ()
    run.surface.pop("_store")
    run.write(tmp_path / "unread")
    assert report.examined["INV18"] == check(tmp_path / "unread").examined["INV18"] + 2 * told + 2


def test_a_store_is_read_as_it_lies_on_the_disk(recorded: Recorded, tmp_path: Path) -> None:
    # Given a folder with a file as it should be, one with other bytes, one set aside, and one that is not of the store
    names = {part: hashlib.sha256(part.encode()).hexdigest() for part in ("sha256", "aside")}
    for part, name in names.items():
        (tmp_path / part / name[:2]).mkdir(parents=True)
        (tmp_path / part / name[:2] / name).write_bytes(part.encode())
    (tmp_path / "sha256" / "ff").mkdir()
    (tmp_path / "sha256" / "ff" / ("f" * 64)).write_bytes(b"other bytes")
    (tmp_path / "sha256" / "ff" / "notes.txt").write_bytes(b"not of the store")
    recorded.write(tmp_path / "run")

    read_store(tmp_path, tmp_path / "run")
    store = load_surface(tmp_path / "run").store

    assert store is not None
    found = {(file["part"], file["name"]): file["sha256"] == file["name"] for file in store["files"]}
    assert found == {("sha256", names["sha256"]): True, ("aside", names["aside"]): True, ("sha256", "f" * 64): False}
    assert all(0 <= file["age_s"] < 60 for file in store["files"])


def test_repeats_of_events_are_no_violation(made_up: Recorded, tmp_path: Path) -> None:
    run = made_up.copy()
    for lines in run.topics.values():
        lines += lines[: len(lines) // 2]
    run.write(tmp_path)
    assert check(tmp_path).violations == ()


def test_what_is_missing_while_work_is_on_the_way_is_not_lost(made_up: Recorded, tmp_path: Path) -> None:
    run = made_up.copy()
    run.drop("DocumentStored")
    run.write(tmp_path)
    report = check(tmp_path, expect_quiet=False)
    assert (report.lost, report.violations) == (0, ())


def test_an_unknown_operation_may_have_happened_or_not(made_up: Recorded, tmp_path: Path) -> None:
    run = made_up.copy()
    lines, asked, told = run.operation("order")
    told["is"] = "unknown"
    lines.append({**asked, "op": 10**6, "reference": "never-heard-of"})
    run.write(tmp_path)
    assert check(tmp_path).violations == ()


def test_there_may_be_less_than_nothing_where_the_company_allows_it_and_nowhere_else(
    made_up: Recorded, tmp_path: Path
) -> None:
    # Given a shelf of which two more have left than were there
    run = made_up.copy()
    told = run.company("stock")
    lines, asked, end = run.operation("receive")
    row = {"sku": "THIN", "warehouse": "MAIN", "on_hand": "-2", "reserved": "0", "available": "-2", "in_bins": "0"}
    told["stock"].append(row)
    shipment = run.one("ShipmentDispatched", lambda data: data["shipment"])[1]
    company = next(name for name, one in run.surface.items() if one is told)
    # and a shipment that took them
    gone = {"line": 1, "item": "THIN", "quantity": "2"}
    move = {"move": 10**6, "warehouse": "MAIN", "sku": "THIN", "quantity": "-2", "kind": "issue", "effective_on": "x"}
    told["moves"].append(move | {"document": shipment["v"]["shipment"]})
    assert shipment["h"]["ce_company"] == company
    shipment["v"]["lines"].append(gone)
    # When nobody has allowed that, and when somebody has
    found = []
    for allowed in (False, True):
        body = {"item": "THIN", "warehouse": "MAIN", "allowed": allowed}
        lines += [{**asked, "op": 10**6 + allowed, "f": "set_up", "body": body}, {**end, "op": 10**6 + allowed}]
        run.write(tmp_path / str(allowed))
        report = check(tmp_path / str(allowed))
        found.append([one.what for one in report.violations if one.invariant == "INV11"])
    # Then it is wrong, and is not
    assert len(found[0]) == 3
    assert found[1] == []


def test_lost_and_doubled_are_counted(made_up: Recorded, tmp_path: Path) -> None:
    run = made_up.copy()
    run.drop("EmployeeRegistered")
    run.again("OrderPlaced")
    run.write(tmp_path)
    report = check(tmp_path)
    assert report.lost == 1
    assert report.doubled >= 1


def test_a_topic_that_was_not_read_is_no_success(made_up: Recorded, tmp_path: Path) -> None:
    run = made_up.copy()
    run.topics.clear()
    run.write(tmp_path)
    report = check(tmp_path)
    assert {"INV1", "INV12", "INV20"} <= set(report.wrong)


def test_a_line_that_a_kill_cut_off_is_passed_over_and_any_other_is_an_error(made_up: Recorded, tmp_path: Path) -> None:
    made_up.write(tmp_path)
    file = next((tmp_path / "history").iterdir())
    good = file.read_bytes()
    file.write_bytes(good + b'{"op": 1, "cli')
    assert list(read_history(tmp_path))
    file.write_bytes(b'{"op": 1, "cli\n' + good)
    with pytest.raises(BrokenHistory):
        list(read_history(tmp_path))
