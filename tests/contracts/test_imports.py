"""The language stands alone: it imports pydantic, the standard library and itself."""

import ast
import sys
from pathlib import Path

from contracts.generate import HERE

ALLOWED = {"contracts", "pydantic"} | set(sys.stdlib_module_names)


def foreign_imports(source: str) -> list[str]:
    """The top-level packages that a module may not import."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            found.add("." if node.level else (node.module or "").partition(".")[0])
    return sorted(found - ALLOWED)


def _sources(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def test_no_module_of_the_language_imports_anything_else() -> None:
    assert len(_sources(HERE)) > 10
    assert {
        path.name: foreign_imports(path.read_text()) for path in _sources(HERE) if foreign_imports(path.read_text())
    } == {}


def test_a_planted_import_is_found() -> None:
    planted = "import json\nimport orjson\nfrom chassis.ids import derive\ndef f() -> None:\n    from . import money\n"

    assert foreign_imports(planted) == [".", "chassis", "orjson"]
