"""What a file is, from its bytes: its name and what its sender says must agree with them, or it is refused by name.

A file is looked at before anything else reads it. Nothing in it is executed, expanded or fetched.
"""

from __future__ import annotations

import re
import zipfile
from codecs import getincrementaldecoder
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import BinaryIO
from xml.parsers import expat

import orjson
import puremagic

HEAD_BYTES = 4_096
TAIL_BYTES = 2_048
PART_BYTES = 262_144
JSON_PARSED_BYTES_MAX = 8_388_608
"""Longer JSON is looked at by its ends: parsed it would take many times its size."""
ZIP_ENTRIES_MAX = 10_000

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BY_NAME: Mapping[str, str] = {
    ".pdf": "application/pdf", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".tif": "image/tiff",
    ".tiff": "image/tiff", ".txt": "text/plain", ".csv": "text/csv", ".xml": "application/xml",
    ".json": "application/json", ".eml": "message/rfc822", ".docx": WORD, ".xlsx": SHEET,
}  # fmt: skip
SAID_AS_WELL: Mapping[str, str] = {
    "text/xml": "application/xml", "image/jpg": "image/jpeg", "application/csv": "text/csv",
    "application/vnd.ms-excel": "text/csv",
}  # fmt: skip
"""What senders call the same types; browsers call CSV by the name of a program."""
NOTHING_SAID = ("", "application/octet-stream")
NOT_TEXT = re.compile(rb"\s*(?:%PDF-|<!doctype|<html|<script|<svg|<\?xml|\{\\rtf)", re.IGNORECASE)
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
HEADER = re.compile(rb"[A-Za-z][A-Za-z0-9-]*:[ \t]?")
MAIL_HEADERS = re.compile(rb"^(?:From|Received|Date|Message-ID):", re.IGNORECASE | re.MULTILINE)


class Lying(Exception):
    """A file that is not what it is said to be, or nothing that is taken in. `code` is stable."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def sniffed(file: BinaryIO, name: str, said: str | None = None) -> str:
    """The media type of a file. Raises Lying when name, word and bytes do not agree, or no such type is taken."""
    suffix = PurePath(name).suffix.lower()
    by_name = BY_NAME.get(suffix)
    if by_name is None:
        kinds = ", ".join(sorted(BY_NAME))
        raise Lying("file-type-not-allowed", f"Files are taken whose names end in {kinds}.")
    told = (said or "").partition(";")[0].strip().lower()
    told = SAID_AS_WELL.get(told, told) if told != by_name else told
    if told not in NOTHING_SAID and told != by_name:
        raise Lying("file-type-mismatch", f"The file is called {suffix} and said to be {told[:100]}.")
    if not CHECKS[by_name](file):
        raise Lying("file-type-mismatch", f"The file is called {suffix}, but its bytes {_looks(file)}.")
    return by_name


def _looks(file: BinaryIO) -> str:
    """What the bytes look like, in words."""
    try:
        return f"look like {puremagic.from_string(_head(file), mime=True) or 'nothing that is known'}"
    except (puremagic.PureError, ValueError):
        return "are not of that type"


def _head(file: BinaryIO, count: int = HEAD_BYTES) -> bytes:
    file.seek(0)
    return file.read(count)


def _tail(file: BinaryIO) -> bytes:
    size = file.seek(0, 2)
    file.seek(max(0, size - TAIL_BYTES))
    return file.read()


def _is_pdf(file: BinaryIO) -> bool:
    return _head(file).startswith((b"%PDF-1.", b"%PDF-2.")) and b"%%EOF" in _tail(file)


def _is_png(file: BinaryIO) -> bool:
    head = _head(file)
    return head.startswith(b"\x89PNG\r\n\x1a\n") and head[12:16] == b"IHDR" and b"IEND" in _tail(file)


def _is_jpeg(file: BinaryIO) -> bool:
    return _head(file).startswith(b"\xff\xd8\xff") and b"\xff\xd9" in _tail(file)


def _is_tiff(file: BinaryIO) -> bool:
    return _head(file).startswith((b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"))


def _is_text(file: BinaryIO) -> bool:
    """UTF-8 without control characters. Whatever begins like something that programs run is no plain text."""
    return NOT_TEXT.match(_head(file)) is None and _is_readable(file)


def _is_readable(file: BinaryIO) -> bool:
    decoder = getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        while part := file.read(PART_BYTES):
            if CONTROL.search(decoder.decode(part)):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _is_xml(file: BinaryIO) -> bool:
    """Well-formed, and without a DOCTYPE: entities are never declared, so none can grow or fetch anything."""
    if re.match(rb"\s*<!doctype\s+html|\s*<html", _head(file).lstrip(b"\xef\xbb\xbf"), re.IGNORECASE):
        return False

    def refuse(*_: object) -> None:
        raise expat.ExpatError("DOCTYPE")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    file.seek(0)
    try:
        parser.ParseFile(file)
    except (expat.ExpatError, LookupError, ValueError):
        return False
    return True


def _is_json(file: BinaryIO) -> bool:
    size = file.seek(0, 2)
    if size <= JSON_PARSED_BYTES_MAX:
        try:
            return isinstance(orjson.loads(_head(file, size)), dict | list)
        except orjson.JSONDecodeError:
            return False
    ends = _head(file).lstrip()[:1] + _tail(file).rstrip()[-1:]
    return ends in (b"{}", b"[]") and _is_readable(file)


def _is_mail(file: BinaryIO) -> bool:
    head = _head(file, 65_536)
    return HEADER.match(head) is not None and MAIL_HEADERS.search(head) is not None and b"\x00" not in head


def _is_office(part: str) -> Callable[[BinaryIO], bool]:
    """A package with this part in it and no program; nothing is unpacked."""

    def check(file: BinaryIO) -> bool:
        if not _head(file).startswith(b"PK\x03\x04"):
            return False
        try:
            with zipfile.ZipFile(file) as package:
                names = [entry.filename for entry in package.infolist()]
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError):
            return False
        runs = any(name.lower().endswith(("vbaproject.bin", ".exe", ".dll", ".js")) for name in names)
        return len(names) <= ZIP_ENTRIES_MAX and "[Content_Types].xml" in names and part in names and not runs

    return check


CHECKS: Mapping[str, Callable[[BinaryIO], bool]] = {
    "application/pdf": _is_pdf,
    "image/png": _is_png,
    "image/jpeg": _is_jpeg,
    "image/tiff": _is_tiff,
    "text/plain": _is_text,
    "text/csv": _is_text,
    "application/xml": _is_xml,
    "application/json": _is_json,
    "message/rfc822": _is_mail,
    WORD: _is_office("word/document.xml"),
    SHEET: _is_office("xl/workbook.xml"),
}
