"""Typst, set up so that the same facts give the same bytes on every machine.

Fonts are those built into the library, never the machine's; time comes from the facts; nothing is fetched. The result
is PDF/A-3b. What no font can show stands as an empty box, and the facts keep the text as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

import orjson
import typst

from services.documents.rendering.printable import Facts, printable
from services.documents.rendering.templates import FOLDER, Template

RENDERER = f"typst {version('typst')}"
STANDARD: Final = "a-3b"
BOX = "\u25a1"
PROBE = '#set text(font: "Libertinus Serif")\n#"{}"'


class Typesetter:
    """Makes PDFs from facts. Holds fonts and parsed templates, so it is made once per process."""

    def __init__(self) -> None:
        self._fonts = typst.Fonts(include_system_fonts=False)
        self._compilers: dict[Path, typst.Compiler] = {}
        self._covered: dict[str, bool] = {}

    def render(self, template: Template, facts: Facts) -> bytes:
        """The PDF. Raises typst.TypstError, or KeyError and ValueError for facts that cannot be printed."""
        try:
            return self._compile(template, facts, str)
        except typst.TypstError:
            return self._compile(template, facts, self.cover)

    def cover(self, text: str) -> str:
        """The text with an empty box for each character that no font has."""
        if text.isascii():
            return text
        return "".join(character if self._is_covered(character) else BOX for character in text)

    def _compile(self, template: Template, facts: Facts, cover: Callable[[str], str]) -> bytes:
        printed = orjson.dumps(printable(facts, cover)).decode()
        source = f'#import "/{template.file.name}": print\n#print(json(bytes("{quoted(printed)}")))'
        issued = datetime.fromisoformat(facts["issued_on"]).replace(tzinfo=UTC)
        return self._pdf(template.file.parent, source, issued)

    def _pdf(self, root: Path, source: str, at: datetime) -> bytes:
        """Facts come in the source, not as inputs of the system, so that what is parsed stays parsed between papers."""
        compiler = self._compilers.get(root)
        if compiler is None:
            compiler = self._compilers[root] = typst.Compiler(root=root, font_paths=self._fonts)
        content = compiler.compile(source.encode(), format="pdf", pdf_standards=STANDARD, pdf_tags=False, timestamp=at)
        assert isinstance(content, bytes)
        return content

    def _is_covered(self, character: str) -> bool:
        known = self._covered.get(character)
        if known is None:
            known = self._covered[character] = self._try(character)
        return known

    def _try(self, character: str) -> bool:
        try:
            self._pdf(FOLDER, PROBE.format(quoted(character)), datetime(2000, 1, 1, tzinfo=UTC))
        except typst.TypstError:
            return False
        return True


def quoted(text: str) -> str:
    """Text as it stands between the quotes of a Typst string, where only these two characters mean anything."""
    return text.replace("\\", "\\\\").replace('"', '\\"')
