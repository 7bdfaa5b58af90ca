"""What a scanner reads off a page: barcodes found in the picture of a rendered PDF, by a decoder of its own."""

from __future__ import annotations

import pypdfium2
import zxingcpp

DOTS_PER_INCH = 200
"""Of a plain office printer or a phone's picture; label printers have as many."""


def scanned(pdf: bytes) -> list[list[tuple[str, str]]]:
    """Per page the barcodes on it, from top to bottom: in which form, and what they say."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        pictures = [page.render(scale=DOTS_PER_INCH / 72, grayscale=True).to_numpy() for page in document]
        return [[(code.format.name, code.text) for code in _read(picture)] for picture in pictures]
    finally:
        document.close()


def _read(picture: object) -> list[zxingcpp.Barcode]:
    found = zxingcpp.read_barcodes(picture)
    return sorted(found, key=lambda code: code.position.top_left.y)
