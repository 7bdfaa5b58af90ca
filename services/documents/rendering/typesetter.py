"""Typst, set up so that the same facts give the same bytes on every machine.

Fonts are those built into the library, never the machine's; time comes from the facts; nothing is fetched. The result
is PDF/A-3b. What no font can show stands as an empty box, and the facts keep the text as it was.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

import orjson
import typst

from services.documents.rendering.papers import printed
from services.documents.rendering.printable import Facts
from services.documents.rendering.templates import FOLDER, Template

RENDERER = f"typst {version('typst')}"
STANDARD: Final = "a-3b"
BOX = "\u25a1"
WITHOUT_FONT = (
    range(0x3400, 0x4DC0), range(0x4E00, 0xA000), range(0xAC00, 0xD7A4),  # Chinese and Korean
    range(0x17000, 0x18E00), range(0x20000, 0x40000), range(0xF0000, 0x110000),  # Tangut, more Chinese, private use
)  # fmt: skip
"""What none of the library's own fonts has, by the thousand: looking at each takes a third of a millisecond."""
REMEMBERED_MAX = 100_000
"""Characters, alone and with marks, of which it is known whether a font shows them: some 10 MB."""
PROBE = '#set text(font: "Libertinus Serif")\n#"{}"'


class Typesetter:
    """Makes PDFs from facts. Holds fonts and parsed templates, so it is made once per process."""

    def __init__(self) -> None:
        self._fonts = typst.Fonts(include_system_fonts=False)
        self._compilers: dict[Path, typst.Compiler] = {}
        self._covered: dict[str, bool] = {}

    def render(self, template: Template, facts: Facts) -> bytes:
        """The PDF. Raises typst.TypstError, or KeyError and ValueError for facts that cannot be printed."""
        for cover in (str, self.cover):
            with suppress(typst.TypstError):
                return self._compile(template, facts, cover)
        return self._compile(template, facts, self.cover_bare)

    def cover(self, text: str) -> str:
        """The text with an empty box for what no font has: a character, or the marks that it cannot carry."""
        if text.isascii():
            return text
        return "".join(map(self._shown, clusters(text)))

    def cover_bare(self, text: str) -> str:
        """The same without any enclosing mark or variant, for marks that fail on what stands around them."""
        return self.cover("".join(character for character in text if not is_ornament(character)))

    def _shown(self, cluster: str) -> str:
        base = cluster[0]
        if any(ord(base) in script for script in WITHOUT_FONT):
            return BOX
        if self._is_covered(cluster):
            return cluster
        return base + BOX if len(cluster) > 1 and self._is_covered(base) else BOX

    def _compile(self, template: Template, facts: Facts, cover: Callable[[str], str]) -> bytes:
        source = self._source(template, facts, cover)
        issued = datetime.fromisoformat(facts["issued_on"]).replace(tzinfo=UTC)
        return self._pdf(template.file.parent, source, issued)

    def _source(self, template: Template, facts: Facts, cover: Callable[[str], str]) -> str:
        values = orjson.dumps(printed(template.document_class, facts, cover)).decode()
        return f'#import "/{template.file.name}": print\n#print(json(bytes("{quoted(values)}")))'

    def pictures(self, template: Template, facts: Facts, *, dots_per_inch: float) -> list[bytes]:
        """Each page as a PNG, for people who only want to see what a paper looks like."""
        compiler = typst.Compiler(root=template.file.parent, font_paths=self._fonts)
        source = self._source(template, facts, self.cover).encode()
        made = compiler.compile(source, format="png", ppi=dots_per_inch)
        return [made] if isinstance(made, bytes) else [page for page in made or () if page is not None]

    def _pdf(self, root: Path, source: str, at: datetime) -> bytes:
        """Facts come in the source, not as inputs of the system, so that what is parsed stays parsed between papers."""
        compiler = self._compilers.get(root)
        if compiler is None:
            compiler = self._compilers[root] = typst.Compiler(root=root, font_paths=self._fonts)
        content = compiler.compile(source.encode(), format="pdf", pdf_standards=STANDARD, pdf_tags=False, timestamp=at)
        assert isinstance(content, bytes)
        return content

    def _is_covered(self, cluster: str) -> bool:
        known = self._covered.get(cluster)
        if known is None:
            if len(self._covered) >= REMEMBERED_MAX:
                self._covered.clear()
            known = self._covered[cluster] = self._try(cluster)
        return known

    def set(self, source: str) -> bytes:
        """A PDF of a source that needs no template. Raises typst.TypstError."""
        return self._pdf(FOLDER, source, datetime(2000, 1, 1, tzinfo=UTC))

    def _try(self, cluster: str) -> bool:
        try:
            self.set(PROBE.format(quoted(cluster)))
        except typst.TypstError:
            return False
        return True


def clusters(text: str) -> list[str]:
    """Each character with the marks that follow it: a font shows them together or not at all."""
    found: list[str] = []
    for character in text:
        if found and unicodedata.category(character).startswith("M"):
            found[-1] += character
        else:
            found.append(character)
    return found


def is_ornament(character: str) -> bool:
    """Whether it only encloses what stands before it, or chooses a variant of it: Unicode's Me, and its selectors."""
    return unicodedata.category(character) == "Me" or "\ufe00" <= character <= "\ufe0f"


def quoted(text: str) -> str:
    """Text as it stands between the quotes of a Typst string, where only these two characters mean anything."""
    return text.replace("\\", "\\\\").replace('"', '\\"')
