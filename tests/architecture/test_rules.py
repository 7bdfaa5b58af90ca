"""Every rule is kept by the house, is shown to bite, passes over what is innocent, and has no idle exceptions."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture import rules
from tests.architecture.house import House, this_house
from tests.architecture.planted import INNOCENT, PLANTED, Case
from tests.architecture.rule import RULES, Rule

assert rules.__all__, "importing the rules fills RULES"


@pytest.fixture(scope="module")
def house() -> House:
    """This checkout, read once."""
    return this_house()


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_the_house_keeps_the_rule(rule: Rule, house: House) -> None:
    violations = rule.broken_in(house)

    assert not violations, f"{rule.name} ({rule.check.__doc__}):\n" + "\n".join(map(str, violations))


@pytest.mark.parametrize("case", PLANTED, ids=str)
def test_a_planted_violation_is_found(case: Case, tmp_path: Path) -> None:
    found = case.rule.broken_in(case.build(tmp_path))

    assert [str(violation) for violation in found if violation.sentence == case.says] == [f"{case.found}: {case.says}"]


@pytest.mark.parametrize("case", INNOCENT, ids=str)
def test_what_only_looks_like_a_violation_is_passed_over(case: Case, tmp_path: Path) -> None:
    assert case.rule.broken_in(case.build(tmp_path)) == []


def test_every_rule_is_shown_to_bite() -> None:
    assert {str(rule) for rule in RULES} - {str(case.rule) for case in PLANTED} == set()


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_an_exception_has_a_reason_and_is_still_needed(rule: Rule, house: House) -> None:
    assert rule.out_of_date_in(house) == []
    assert all(len(reason.split()) > 3 for reason in rule.allowed.values())


def test_an_exception_that_nothing_needs_any_more_is_found(tmp_path: Path) -> None:
    rule = Rule(RULES[0].check, {"services/ledger/store.py": "it once had to look there"})
    (tmp_path / "services" / "ledger").mkdir(parents=True)
    (tmp_path / "services" / "ledger" / "store.py").write_text("from services.ledger import tables\n")

    assert rule.out_of_date_in(House(tmp_path)) == ["services/ledger/store.py"]


def test_the_rules_read_the_whole_house(house: House) -> None:
    tops = {source.path.split("/")[0] for source in house.python}

    assert {"contracts", "chassis", "services", "deploy", "tests"} <= tops
    assert {"gateway", "inventory", "ledger", "documents", "payroll"} <= set(house.services)
    assert {source.path for source in house.files} >= {"Makefile", "pyproject.toml", ".ci/run"}
