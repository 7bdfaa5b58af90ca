"""The templates: a folder per version below `templates/`, kept for ever, so that a paper can be made again as it was.

A document is registered with the name of its template (`invoice@1`) and the hash of that version's folder. A change is
a new folder; `templates/released.json` holds the hashes of those that may not change any more, and a test compares.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "templates"
CURRENT: Mapping[str, int] = {
    "invoice": 1,
    "credit_note": 1,
    "statement": 2,
    "dunning_letter": 2,
    "delivery_note": 2,
    "packing_list": 2,
    "label": 2,
    "purchase_order": 2,
    "payslip": 2,
    "employment_contract": 2,
}
"""Classes that are rendered, with the version that new documents get."""


@dataclass(frozen=True, slots=True)
class Template:
    """One template in one version."""

    name: str
    """`invoice@1`"""
    document_class: str
    file: Path
    hash: bytes
    """SHA-256 over all files of its version: the layout and the words are part of it."""


@lru_cache
def current(document_class: str) -> Template | None:
    """The template that a new document of this class gets; None for a class that is not rendered."""
    version = CURRENT.get(document_class)
    return None if version is None else named(f"{document_class}@{version}")


@lru_cache
def named(name: str) -> Template:
    """A template by its name. Raises LookupError when there is none in this code."""
    document_class, _, version = name.partition("@")
    file = FOLDER / version / f"{document_class}.typ"
    if document_class not in CURRENT or not version.isdecimal() or not file.is_file():
        raise LookupError(f"there is no template {name}")
    return Template(name, document_class, file, folder_hash(file.parent))


@lru_cache
def folder_hash(folder: Path) -> bytes:
    """SHA-256 over the names and bytes of a version's files."""
    digest = sha256()
    for file in sorted(folder.iterdir()):
        content = file.read_bytes()
        digest.update(f"{file.name}\0{len(content)}\0".encode() + content)
    return digest.digest()
