"""What a released pack says is what months were paid by: it does not change any more, another year is another file."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from services.payroll.store.packs import FOLDER, fingerprints


def changed(folder: Path) -> list[str]:
    """The released packs that are not as they were released, or are gone."""
    found, released = fingerprints(folder), json.loads((folder / "released.json").read_text())
    return sorted(name for name, was in released.items() if found.get(name) != was)


def test_a_released_pack_does_not_change() -> None:
    """P6: every pack is released, each with the hash of its file."""
    assert changed(FOLDER) == [], "a change of rules is another pack with another version"
    assert set(json.loads((FOLDER / "released.json").read_text())) == set(fingerprints(FOLDER))


def test_a_figure_that_is_changed_in_a_released_pack_is_noticed(tmp_path: Path) -> None:
    """P6: one planted digit, and one pack that is gone."""
    folder = tmp_path / "packs"
    shutil.copytree(FOLDER, folder)
    pack = folder / "neutral-2024.toml"
    content = pack.read_text()
    pack.write_text(content.replace('"0.08"', '"0.09"', 1))
    assert pack.read_text() != content
    (folder / "israel-2024.toml").unlink()
    assert changed(folder) == ["israel-2024", "neutral-2024"]
