"""The house as the rules see it: every text file read once, every Python file parsed once, when a rule asks."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
UNREAD = {"__pycache__", "build", "dist"}
"""Folders of what is made, not written. Hidden ones (state, environments, caches) are left out too, except these:"""
HIDDEN_AND_OURS = {".ci", ".github"}
GITS_OWN = ".git"
"""In a linked work tree this is a file, which says where the repository lies."""


class Import(NamedTuple):
    """One name that a module is made to depend on."""

    line: int
    module: str


class Reference(NamedTuple):
    """A dotted name as it is used, with imported names written out: `dt.now` is `datetime.datetime.now`."""

    line: int
    name: str


@dataclass(frozen=True)
class Source:
    """One text file. `path` is relative to the root, with `/`."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """What Python reads in it; empty for what is not Python. Raises SyntaxError."""
        return ast.parse(self.text, self.path) if self.is_python else ast.Module([], [])

    @property
    def is_python(self) -> bool:
        """Whether the tree says something."""
        return self.path.endswith(".py")

    @property
    def package(self) -> str:
        """The dotted name of the folder."""
        return ".".join(self.path.split("/")[:-1])

    def within(self, *places: str) -> bool:
        """Whether this is one of these files, or lies in one of these folders (which end with `/`)."""
        return any(self.path == place or (place.endswith("/") and self.path.startswith(place)) for place in places)

    @property
    def room(self) -> str:
        """For a service's file: the room it lies in (`handlers` for `handlers.py` and for `handlers/x.py`)."""
        parts = self.path.split("/")
        return parts[2].removesuffix(".py") if parts[0] == "services" and len(parts) > 2 else ""

    @property
    def service(self) -> str:
        """The service that this file belongs to, or nothing."""
        parts = self.path.split("/")
        return parts[1] if parts[0] == "services" and len(parts) > 2 else ""

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node, wherever it stands."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """Everything imported, at the top or deep inside, by statement or by a literal name."""
        return tuple(self._imports())

    def _imports(self) -> Iterator[Import]:
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from (Import(node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = self._base(node)
                yield from (Import(node.lineno, f"{base}.{alias.name}") for alias in node.names)
            elif isinstance(node, ast.Call) and _last_name(node.func) in ("import_module", "__import__") and node.args:
                name = node.args[0]
                if isinstance(name, ast.Constant) and isinstance(name.value, str):
                    yield Import(node.lineno, name.value)

    def _base(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = self.package.split(".")
        here = package[: len(package) - node.level + 1]
        return ".".join([*here, node.module] if node.module else here)

    @cached_property
    def references(self) -> tuple[Reference, ...]:
        """Every dotted name that is used; a chain also gives its beginnings."""
        found = (Reference(n.lineno, self.named(n)) for n in self.nodes if isinstance(n, (ast.Attribute, ast.Name)))
        return tuple(reference for reference in found if reference.name)

    def named(self, node: ast.AST) -> str:
        """The dotted name of an expression, with imported names written out; empty where it has none."""
        if isinstance(node, ast.Name):
            return self._imported_names.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            base = self.named(node.value)
            return f"{base}.{node.attr}" if base else ""
        return ""

    @cached_property
    def _imported_names(self) -> Mapping[str, str]:
        names: dict[str, str] = {}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                names |= {alias.asname: alias.name for alias in node.names if alias.asname}
            elif isinstance(node, ast.ImportFrom):
                base = self._base(node)
                names |= {alias.asname or alias.name: f"{base}.{alias.name}" for alias in node.names}
        return names

    @cached_property
    def calls(self) -> tuple[ast.Call, ...]:
        """Every call."""
        return tuple(node for node in self.nodes if isinstance(node, ast.Call))

    @cached_property
    def docstrings(self) -> frozenset[int]:
        """The identities of the string nodes that only explain."""
        return frozenset(
            id(node.value)
            for parent in self.nodes
            if isinstance(parent, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
            for node in parent.body
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        )

    @cached_property
    def strings(self) -> tuple[tuple[int, str], ...]:
        """Every string that is used (parts of f-strings too), with its line; explanations left out."""
        return tuple(
            (node.lineno, node.value)
            for node in self.nodes
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in self.docstrings
        )


def _last_name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


class House:
    """A checkout, or a small house built by a test."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: tuple[Source, ...] = tuple(_read(root))

    @cached_property
    def python(self) -> tuple[Source, ...]:
        """All Python files."""
        return tuple(source for source in self.files if source.is_python)

    def within(self, *places: str) -> tuple[Source, ...]:
        """The Python files in these folders (which end with `/`), and these files."""
        return tuple(source for source in self.python if source.within(*places))

    @cached_property
    def services(self) -> tuple[str, ...]:
        """The services that have at least one file."""
        return tuple(sorted({source.service for source in self.files if source.service}))

    def in_rooms(self, *rooms: str) -> tuple[Source, ...]:
        """The files of these rooms, in all services."""
        return tuple(source for source in self.python if source.room in rooms)


def _read(root: Path) -> Iterator[Source]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(
            name for name in folders if name in HIDDEN_AND_OURS or not (name.startswith(".") or name in UNREAD)
        )
        for name in sorted(set(names) - {GITS_OWN}):
            file = Path(folder, name)
            try:
                text = file.read_text("utf-8")
            except (UnicodeDecodeError, FileNotFoundError):
                continue  # an image, a font; or a file that somebody removes just now
            if "\0" in text:
                continue
            path = file.relative_to(root).as_posix()
            yield Source(path, text)


@cache
def this_house() -> House:
    """This checkout, read once for all who ask."""
    return House(ROOT)
