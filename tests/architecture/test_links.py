"""Whoever follows a link in a README or a document arrives."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.house import House, this_house
from tests.architecture.links import links, links_that_lead_nowhere


def build(root: Path, page: str) -> House:
    """A house with a page in `docs/` that says this, and another one to link to."""
    (root / "docs").mkdir()
    (root / "docs/page.md").write_text(page)
    (root / "docs/walk.md").write_text("# The walk\n\n```\n# no heading\n```\n\n## What `it` says, twice\n")
    (root / "README.md").write_text("# Home\n")
    return House(root)


def test_every_link_of_a_page_leads_somewhere() -> None:
    house = this_house()
    found = {page.path: list(links(page)) for page in house.files if page.path.endswith(".md")}

    assert len(found["README.md"]) >= 9
    assert sum(map(len, found.values())) >= 50
    assert [str(each) for each in links_that_lead_nowhere(house)] == []


@pytest.mark.parametrize(
    "page",
    [
        "[walk](walk.md), [home](../README.md), [folder](../docs/) and [here](page.md)",
        '[titled](walk.md "The walk"), [pointed](<walk.md>), ![image](walk.md)',
        "[a text that is\nwrapped](walk.md) and [a target\n](\n  walk.md\n)",
        "[apart][w]\n\n[w]: walk.md\n[x]: <../README.md> 'Home'",
        '<a href="walk.md">walk</a> <img alt="" src=\'walk.md\'>',
        "[heading](walk.md#what-it-says-twice), [own](#page)\n\n# Page",
        "[another site](https://example.com/gone.md), [mail](mailto:a@example.com), [their host](//example.com/x)",
        "`[code](gone.md)`, ``[with ` in it](gone.md)``\n\n```\n[fenced](gone.md)\n```\n\n~~~ text\n[x]: gone.md\n~~~",
    ],
)
def test_a_link_that_arrives_is_left_alone(page: str, tmp_path: Path) -> None:
    assert [str(each) for each in links_that_lead_nowhere(build(tmp_path, page))] == []


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ("text\n\n[a](gone.md)", "docs/page.md:3: links to gone.md, which does not exist"),
        ('[a](gone.md "a title")', "docs/page.md:1: links to gone.md, which does not exist"),
        ("[a](<gone.md>)", "docs/page.md:1: links to gone.md, which does not exist"),
        ("[a\nb](gone.md)", "docs/page.md:2: links to gone.md, which does not exist"),
        ("![a](gone.png)", "docs/page.md:1: links to gone.png, which does not exist"),
        ("[a][b]\n\n[b]: gone.md", "docs/page.md:3: links to gone.md, which does not exist"),
        ('<img src="gone.png">', "docs/page.md:1: links to gone.png, which does not exist"),
        ("[a](walk.md#gone)", "docs/page.md:1: links to walk.md#gone, which has no such heading"),
        ("[a](walk.md#no-heading)", "docs/page.md:1: links to walk.md#no-heading, which has no such heading"),
        ("[a](#gone)", "docs/page.md:1: links to #gone, which has no such heading"),
        ("[a](../../elsewhere.md)", "docs/page.md:1: links to ../../elsewhere.md, which lies outside"),
        ("[a](/docs/walk.md)", "docs/page.md:1: links to /docs/walk.md, which lies outside"),
        ("`code` [a](gone.md) `code`", "docs/page.md:1: links to gone.md, which does not exist"),
    ],
)
def test_a_planted_link_that_leads_nowhere_is_found(page: str, told: str, tmp_path: Path) -> None:
    assert [str(each) for each in links_that_lead_nowhere(build(tmp_path, page))] == [told]
