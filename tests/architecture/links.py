"""Links of Markdown pages that lead inside the house: what they point at is there, file and heading."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.architecture.house import House, Source
from tests.architecture.rule import Violation

CODE = re.compile(r"^(?P<fence>```+|~~~+).*?^(?P=fence)[`~]*$|(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)", re.S | re.M)
INLINE = re.compile(r"\]\(\s*(?:<([^>\n]*)>|([^)\s]*))(?:\s+(?:\"[^\"]*\"|'[^']*'))?\s*\)")
DEFINED = re.compile(r"^ {0,3}\[[^\]\n]+\]:[ \t]*\n?[ \t]*(?:<([^>\n]*)>|(\S+))", re.M)
ATTRIBUTE = re.compile(r"<(?:a|img)\b[^>]*?\s(?:href|src)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.I)
ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.M)


class Link(NamedTuple):
    """Where a link stands and what it says."""

    line: int
    target: str


def links(page: Source) -> Iterator[Link]:
    """All links of a page that name no other site: in text, defined apart, in HTML; wrapped ones too, code left out."""
    text = CODE.sub(_blank, page.text)
    for form in (INLINE, DEFINED, ATTRIBUTE):
        for found in form.finditer(text):
            target = next((part for part in found.groups() if part is not None), "")
            if not ELSEWHERE.match(target):
                yield Link(text.count("\n", 0, found.start()) + 1, target)


def links_that_lead_nowhere(house: House) -> Iterator[Violation]:
    """Relative links to a file, folder or heading that is not there, or that lies outside the house."""
    pages = {source.path: source for source in house.files if source.path.endswith(".md")}
    for page in pages.values():
        for line, target in links(page):
            wrong = _fault(house.root, page, target, pages)
            if wrong:
                yield Violation(page.path, line, f"links to {target}, {wrong}")


def _fault(root: Path, page: Source, target: str, pages: dict[str, Source]) -> str:
    file, _, heading = target.partition("#")
    place = (root / page.path).parent.joinpath(file.partition("?")[0]).resolve() if file else root / page.path
    if not place.is_relative_to(root.resolve()):
        return "which lies outside"
    if not place.exists():
        return "which does not exist"
    path = place.relative_to(root.resolve()).as_posix()
    if heading and path in pages and heading not in _anchors(pages[path]):
        return "which has no such heading"
    return ""


def _anchors(page: Source) -> set[str]:
    """The names of a page's headings, as the usual sites make them; a second one of the same name gets a number."""
    anchors: set[str] = set()
    for title in HEADING.findall(_without_fences(page.text)):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower()
        name = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        number = 1
        unique = name
        while unique in anchors:
            unique, number = f"{name}-{number}", number + 1
        anchors.add(unique)
    return anchors


def _without_fences(text: str) -> str:
    return CODE.sub(lambda found: found.group() if found["ticks"] else _blank(found), text)


def _blank(found: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", found.group())
