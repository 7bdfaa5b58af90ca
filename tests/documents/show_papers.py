"""A page of each paper as a picture: `make papers` writes them into docs/papers/.

Seven languages' worth of pictures would be heavy, so each paper is shown once, in one of the three languages.
"""

from __future__ import annotations

import sys
from pathlib import Path

from services.documents.rendering.templates import current
from services.documents.rendering.typesetter import Typesetter
from tests.documents.paper_samples import CLASSES, LANGUAGES, facts_of

FOLDER = Path(__file__).parents[2] / "docs" / "papers"
DOTS_PER_INCH = 60


def main(folder: Path) -> None:
    """Write the first page of each paper."""
    folder.mkdir(parents=True, exist_ok=True)
    typesetter = Typesetter()
    for n, document_class in enumerate(CLASSES):
        template = current(document_class)
        assert template is not None
        language = LANGUAGES[n % len(LANGUAGES)]
        page, *_ = typesetter.pictures(template, facts_of(document_class, language), dots_per_inch=DOTS_PER_INCH)
        (folder / f"{document_class}-{language}.png").write_bytes(page)
        print(f"{document_class}-{language}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
