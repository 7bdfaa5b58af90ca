"""What is written about the house is true: named tests and files exist, and each decision has its guard."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture import records
from tests.architecture.house import House, this_house

RECORD = "docs/decisions/0001-one-place-commits.md"
INDEX = "[0001](0001-one-place-commits.md)\n"
GOOD = """# 0001 One place commits

**Context.** Crashes.

**Decision.** Commit once.

**Consequences.** One place.

**Alternatives.** Many.

**Guards.** `tests/chassis/test_commit.py::test_only_one_place_commits`
"""


@pytest.fixture(scope="module")
def house() -> House:
    """This checkout, read once."""
    return this_house()


def build(root: Path, record: str = GOOD, index: str = INDEX, **more: str) -> House:
    """A house with one decision and its guard."""
    files = {
        RECORD: record,
        "docs/decisions/README.md": index,
        "tests/chassis/test_commit.py": "def test_only_one_place_commits() -> None: ...\n",
    }
    for path, text in (files | more).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return House(root)


def test_every_test_that_is_named_exists(house: House) -> None:
    assert [str(each) for each in records.tests_that_do_not_exist(house)] == []


def test_every_file_that_is_named_exists(house: House) -> None:
    assert [str(each) for each in records.files_that_do_not_exist(house)] == []


def test_every_decision_has_its_parts_and_a_guard(house: House) -> None:
    assert len(records.records(house)) >= 12
    assert [str(each) for each in records.records_without_a_part(house)] == []


def test_the_chassis_readme_names_a_test_for_every_promise(house: House) -> None:
    (readme,) = (source for source in house.files if source.path == "chassis/README.md")
    promises = records.promises(readme)

    assert len(promises) >= 20
    assert [promise for promise in promises if not records.NAMED_TEST.search(promise)] == []
    assert records.rooms_without_a_line(readme, house) == []


def test_a_planted_promise_without_proof_and_a_planted_room_without_a_line_are_found(tmp_path: Path) -> None:
    text = (
        "# Chassis\n\n## Promises\n\n- Kept.\n  `tests/x.py::test_a`\n- Hoped\n  for.\n\n## Rooms\n\n| `inbox.py` |\n"
    )
    house = build(tmp_path, **{"chassis/README.md": text, "chassis/inbox.py": "", "chassis/drawer.py": ""})
    (readme,) = (source for source in house.files if source.path == "chassis/README.md")

    assert [p for p in records.promises(readme) if not records.NAMED_TEST.search(p)] == ["Hoped for."]
    assert records.rooms_without_a_line(readme, house) == ["drawer.py"]


def test_a_complete_record_passes(tmp_path: Path) -> None:
    house = build(tmp_path)

    assert list(records.tests_that_do_not_exist(house)) == []
    assert list(records.files_that_do_not_exist(house)) == []
    assert list(records.records_without_a_part(house)) == []


def test_a_planted_name_of_a_test_that_does_not_exist_is_found(tmp_path: Path) -> None:
    house = build(tmp_path, GOOD.replace("test_only", "test_at_most"))

    assert [str(each) for each in records.tests_that_do_not_exist(house)] == [
        f"{RECORD}:11: tests/chassis/test_commit.py::test_at_most_one_place_commits does not exist"
    ]


def test_a_planted_path_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    house = build(tmp_path, **{"README.md": "See `chassis/inbox.py`.\n"})

    assert [each.sentence for each in records.files_that_do_not_exist(house)] == [
        "names chassis/inbox.py, which does not exist"
    ]


@pytest.mark.parametrize(
    ("record", "index", "sentence"),
    [
        (GOOD.replace("**Alternatives.** Many.", ""), INDEX, "does not have Context, Decision"),
        (GOOD.partition("`tests")[0], INDEX, "no test guards it"),
        (GOOD + "more\n" * 60, INDEX, "71 lines; a record is one screen of 60"),
        (GOOD.replace("# 0001", "# 0002"), INDEX, "is not record 0001"),
        (GOOD, "", "is not in the list of decisions"),
    ],
)
def test_a_planted_record_that_lacks_something_is_found(record: str, index: str, sentence: str, tmp_path: Path) -> None:
    found = records.records_without_a_part(build(tmp_path, record, index))

    assert [each.sentence[: len(sentence)] for each in found] == [sentence]
