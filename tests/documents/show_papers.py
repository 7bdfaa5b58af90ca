"""A page of each paper as a picture, in each language: `make papers` writes docs/papers/ and docs/papers.md anew.

`made.json` beside the pictures says which template each was made with, and the hash of that template's version, words
and layout included: a test finds a paper without a picture, and a picture of a template that has changed since.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import orjson

from services.documents.domain.filing import TITLES
from services.documents.rendering.templates import CURRENT, Template, current
from services.documents.rendering.typesetter import Typesetter
from tests.documents.paper_samples import LANGUAGES, facts_of

DOCS = Path(__file__).parents[2] / "docs"
MADE = "made.json"
DOTS_PER_INCH = 72
FOLDER_BYTES_MAX = 1_500_000
NAMED = {"en": "English", "el": "Greek", "he": "Hebrew"}
TEXT = """# The papers, a page of each

What customers, carriers and employees are handed. The pictures are made by the templates themselves (`make papers`),
from invented facts; a test notices a paper without a picture, and a picture that is older than its template. In use
they are PDF/A-3b. How papers come about, are asked for, read and mailed stands in the
[README of documents](../services/documents/README.md).

Made by an event, at once: invoice and credit note; delivery note, packing list and labels of a shipment; the letter of
a dunning level; the statement of account that the ledger draws. Made when it is asked for by its facts
(`POST /documents/v1/companies/{company}/papers`): the purchase order, and each of the others. Payroll has payslips
filed when a run is approved, and the contract of each hire.

Barcodes on labels and packing lists are read back by a decoder in the tests: SSCC (GS1-128), Code 128, EAN-13, QR, Data
Matrix.
"""


def main(docs: Path) -> None:
    """Write the first page of each paper in each language, and the page that shows them."""
    folder = docs / "papers"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    typesetter = Typesetter()
    made: dict[str, Mapping[str, str]] = {}
    for document_class in CURRENT:
        template = template_of(document_class)
        for language in LANGUAGES:
            page, *_ = typesetter.pictures(template, facts_of(document_class, language), dots_per_inch=DOTS_PER_INCH)
            name = picture_of(document_class, language)
            (folder / name).write_bytes(page)
            made[name] = state_of(template) | {"sha256": sha256(page).hexdigest()}
    (folder / MADE).write_bytes(orjson.dumps(made, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    (docs / "papers.md").write_text(page_of())


def picture_of(document_class: str, language: str) -> str:
    """What its picture is called."""
    return f"{document_class}-{language}.png"


def state_of(template: Template) -> dict[str, str]:
    """What a picture of it was made with."""
    return {"template": template.name, "hash": template.hash.hex()}


def template_of(document_class: str) -> Template:
    """The template that new papers of a class get."""
    template = current(document_class)
    assert template is not None
    return template


def page_of() -> str:
    """The page that shows the pictures."""
    parts = [TEXT]
    for document_class in CURRENT:
        title, template = TITLES[document_class]["en"], template_of(document_class).name
        pictures = [f"![{title} in {NAMED[code]}](papers/{picture_of(document_class, code)})" for code in LANGUAGES]
        head = " | ".join(f"{NAMED[code]}: {TITLES[document_class][code]}" for code in LANGUAGES)  # type: ignore[index]
        parts.append(f"## {title} (`{template}`)\n\n| {head} |\n| --- | --- | --- |\n| {' | '.join(pictures)} |\n")
    return "\n".join(parts)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS)
