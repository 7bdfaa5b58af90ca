"""The pictures of papers in docs/papers: one of each kind in each language, made with the templates as they are."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import orjson
import pytest

from services.documents.domain.filing import TITLES
from services.documents.rendering.templates import CURRENT, Template
from tests.documents import show_papers
from tests.documents.paper_samples import CLASSES, LANGUAGES
from tests.documents.show_papers import DOCS, FOLDER_BYTES_MAX, MADE, page_of, picture_of, state_of, template_of

PNG = b"\x89PNG\r\n\x1a\n"


def faults(docs: Path) -> list[str]:
    """What is missing, too old or not what was made; empty when all is as the templates are."""
    folder = docs / "papers"
    made = orjson.loads((folder / MADE).read_bytes())
    wanted = {picture_of(of, language): template_of(of) for of in CURRENT for language in LANGUAGES}
    found = [f"{name} has no paper" for name in sorted({p.name for p in folder.glob("*.png")} - wanted.keys())]
    for name, template in wanted.items():
        picture = folder / name
        if not picture.is_file() or name not in made:
            found.append(f"{name} is missing")
        elif made[name] != state_of(template) | {"sha256": sha256(picture.read_bytes()).hexdigest()}:
            found.append(f"{name} was not made with {template.name} as it is")
    return found


def test_every_paper_has_its_picture_in_every_language_made_with_the_template_as_it_is() -> None:
    """D14: a page of each paper to look at; a template that changes makes its pictures old."""
    assert faults(DOCS) == [], "make papers"
    assert set(CURRENT) == set(CLASSES) == set(TITLES) - {"employee_file"}
    assert (DOCS / "papers.md").read_text() == page_of(), "make papers"


def test_the_pictures_are_pictures_and_weigh_little() -> None:
    pictures = list((DOCS / "papers").glob("*.png"))

    assert all(picture.read_bytes().startswith(PNG) for picture in pictures)
    assert sum(picture.stat().st_size for picture in pictures) < FOLDER_BYTES_MAX


def test_what_is_missing_old_or_too_much_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    show_papers.main(tmp_path)
    assert faults(tmp_path) == []

    (tmp_path / "papers" / "label-he.png").unlink()
    (tmp_path / "papers" / "invoice-en.png").write_bytes(PNG)
    (tmp_path / "papers" / "poem-en.png").write_bytes(PNG)
    monkeypatch.setattr(f"{__name__}.template_of", _changed)

    found = faults(tmp_path)
    assert "poem-en.png has no paper" in found
    assert "label-he.png is missing" in found
    assert "invoice-en.png was not made with invoice@1 as it is" in found
    assert "statement-el.png was not made with statement@3 as it is" in found
    assert len(found) == 6


def _changed(document_class: str) -> Template:
    """The templates as they would be after a change of statements."""
    template = show_papers.template_of(document_class)
    if document_class != "statement":
        return template
    return Template("statement@3", document_class, template.file, bytes(32))
