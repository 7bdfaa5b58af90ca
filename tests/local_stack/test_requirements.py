"""What is installed is pinned by hash, and no file says from where."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deploy.local.paths import CHECKOUT
from deploy.local.services import discover_services

LISTS = sorted((CHECKOUT / "requirements").glob("*.txt"))
REQUIREMENT = re.compile(r"^[a-z0-9._-]+(\[[a-z0-9,._-]+\])?==\S+( ; .+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def complaints(text: str) -> list[str]:
    """Every line that is neither a pinned requirement nor a hash, and every requirement without a hash."""
    lines = text.splitlines()
    wrong = [line for line in lines if not (REQUIREMENT.match(line) or HASH.match(line))]
    bare = [
        line
        for line, following in zip(lines, [*lines[1:], ""], strict=True)
        if REQUIREMENT.match(line) and not HASH.match(following)
    ]
    return wrong + bare


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.name)
def test_every_requirement_is_pinned_by_hash_and_nothing_names_an_address(path: Path) -> None:
    assert complaints(path.read_text()) == []


@pytest.mark.parametrize(
    "planted",
    [
        "--index-url https://packages.example/simple",
        "thing @ https://packages.example/thing.whl",
        "thing==1.0",
        "thing>=1.0 \\\n    --hash=sha256:" + "0" * 64,
        "-e .",
    ],
)
def test_a_planted_address_or_missing_hash_is_found(planted: str) -> None:
    assert complaints(f"{planted}\n")


def test_every_service_has_its_own_list_and_the_whole_house_agrees_on_versions() -> None:
    def versions(name: str) -> set[str]:
        text = (CHECKOUT / "requirements" / f"{name}.txt").read_text()
        return {line.split()[0] for line in text.splitlines() if REQUIREMENT.match(line)}

    house = versions("dev")
    for service in [*discover_services(), "stack"]:
        assert versions(service) <= house, f"{service} is pinned to versions that the tests never saw"


def test_sources_of_requirements_name_packages_only() -> None:
    for path in (CHECKOUT / "requirements").glob("*.in"):
        assert "://" not in path.read_text(), path.name
