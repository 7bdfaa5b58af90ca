"""Small files of every type that is taken in, made here, and some that lie."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

WORD = ".docx"
SHEET = ".xlsx"


def pdf(words: str = "hello") -> bytes:
    """A PDF, as far as anybody looks who does not print it."""
    return f"%PDF-1.7\n1 0 obj\n<< /Title ({words}) >>\nendobj\nstartxref\n0\n%%EOF\n".encode()


def png() -> bytes:
    """A picture of one grey dot."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0\x7f")) + chunk(b"IEND", b"")


def office(part: str, *more: str) -> bytes:
    """A package with this part."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as package:
        for name in ("[Content_Types].xml", part, *more):
            package.writestr(name, "<x/>")
    return made.getvalue()


FILES: dict[str, bytes] = {
    "letter.pdf": pdf(),
    "scan.PNG": png(),
    "photo.jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(20) + b"\xff\xd9",
    "fax.tif": b"II*\x00\x08\x00\x00\x00",
    "note.txt": "Καλημέρα, שלום\n".encode(),
    "list.csv": b"a;b\n1;2\n",
    "order.xml": b'<?xml version="1.0"?><order><line/></order>',
    "order.json": b'{"order": 1}',
    "mail.eml": b"From: a@example.com\r\nDate: Sat, 28 Nov 2026 12:00:00 +0000\r\n\r\nHello\r\n",
    "contract.docx": office("word/document.xml"),
    "prices.xlsx": office("xl/workbook.xml"),
}
LIES: dict[str, bytes] = {
    "a program.pdf": b"MZ\x90\x00" + bytes(200),
    "a picture.pdf": png(),
    "half a letter.pdf": pdf()[:30],
    "a letter.png": pdf(),
    "a page.txt": b"<!DOCTYPE html><script>alert(1)</script>",
    "a drawing.csv": b"<svg onload='alert(1)'/>",
    "bytes.txt": b"abc\x00def",
    "latin.txt": "Größe".encode("latin-1"),
    "entities.xml": b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>',
    "torn.xml": b"<order><line></order>",
    "words.json": b"hello",
    "macros.docx": office("word/document.xml", "word/vbaProject.bin"),
    "sheet.docx": office("xl/workbook.xml"),
    "torn.xlsx": office("xl/workbook.xml")[:40],
    "words.eml": b"hello there",
}
