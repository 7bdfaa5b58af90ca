"""What runs before a change lands: lint, types, then every test, by one command."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.architecture.house import ROOT


def faults(pyproject: str, makefile: str, ci: str) -> list[str]:
    """What would let a change land unchecked."""
    mypy = tomllib.loads(pyproject)["tool"]["mypy"]
    recipes = {name: (needs, recipe) for name, needs, recipe in RECIPE.findall(makefile)}
    checks = {
        "mypy is not strict": mypy.get("strict") is True,
        "mypy does not know pydantic's models": "pydantic.mypy" in mypy.get("plugins", []),
        "mypy does not read everything": mypy.get("files") == ["."],
        "mypy passes over errors": not ({"ignore_errors", "disable_error_code"} & mypy.keys())
        and not any(each.get("ignore_errors") for each in mypy.get("overrides", [])),
        "make lint runs no mypy": "mypy" in recipes["lint"][1],
        "make lint runs no ruff": "ruff check" in recipes["lint"][1],
        "make test does not lint first": "lint" in recipes["test"][0].split(),
        "make test leaves tests out": _runs_everything(recipes["test"][1]),
        "the check of a change does not call make test": "make test" in ci,
    }
    return [fault for fault, kept in checks.items() if not kept]


def _runs_everything(recipe: str) -> bool:
    """What the first run passes over is what the second one runs, and neither picks among tests."""
    apart = r"\$\(PYTEST\) [^\n]*\$\(addprefix --ignore=,\$\(HOUSES\)\)\n\t@\$\(PYTEST\) \$\(HOUSES\)\n"
    picks = r"\s-[km]\s|--deselect|--ignore(?!=,\$\(HOUSES\)\))"
    return re.search(apart, recipe) is not None and re.search(picks, recipe) is None


RECIPE = re.compile(r"^([\w-]+):([^\n#]*)(?:##[^\n]*)?\n((?:\t[^\n]*\n)+)", re.MULTILINE)
FILES = ("pyproject.toml", "Makefile", ".ci/run")


def read() -> list[str]:
    """The three files that decide what is checked."""
    return [(ROOT / name).read_text() for name in FILES]


def test_the_strict_type_checker_sees_everything_before_any_test_runs() -> None:
    assert faults(*read()) == []


@pytest.mark.parametrize(
    ("file", "before", "after", "fault"),
    [
        (0, "strict = true", "strict = false", "mypy is not strict"),
        (0, 'files = ["."]', 'files = ["chassis"]', "mypy does not read everything"),
        (0, 'plugins = ["pydantic.mypy"]', "", "mypy does not know pydantic's models"),
        (0, "ignore_missing_imports = true", "ignore_errors = true", "mypy passes over errors"),
        (1, "test: lint kafka ##", "test: setup ##", "make test does not lint first"),
        (1, "$(BIN)/mypy", "true", "make lint runs no mypy"),
        (1, "$(PYTEST) $(HOUSES)", "true", "make test leaves tests out"),
        (1, "--dist loadfile", "--ignore=tests/chassis", "make test leaves tests out"),
        (1, "--dist loadfile", "-k quick", "make test leaves tests out"),
        (2, "make test", "make lint", "the check of a change does not call make test"),
    ],
)
def test_a_planted_gap_in_the_front_door_is_found(file: int, before: str, after: str, fault: str) -> None:
    files = read()
    assert before in files[file]
    files[file] = files[file].replace(before, after)

    assert faults(*files) == [fault]
