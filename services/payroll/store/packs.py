"""The packs of this installation: files of figures beside the rules, read once per process."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from pathlib import Path

from services.payroll.domain import pay
from services.payroll.domain.pay.refusing import PayRefused
from services.payroll.domain.pay.rules import Pack, read_pack

FOLDER = Path(pay.__file__).parent / "packs"


def fingerprints(folder: Path = FOLDER) -> dict[str, str]:
    """The hash of each pack's file. Those of released packs stand in `released.json`, and stay as they are."""
    return {file.stem: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.glob("*.toml"))}


class Packs:
    """Packs by country, with the figures that a pay group gives where a file leaves them open."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._files: dict[str, list[tuple[str, bytes]]] = {}
        for file in sorted(folder.glob("*.toml")):
            content = file.read_bytes()
            country = tomllib.loads(content.decode())["country"]
            self._files.setdefault(country, []).append((file.stem, content))
        self._read: dict[tuple[str, tuple[tuple[str, str], ...]], tuple[Pack, ...]] = {}

    def of(self, country: str, figures: Mapping[str, str]) -> tuple[Pack, ...]:
        """The country's packs; none for a country without. `figures` hold for all its years, or for one, written
        `greece-2025:holidays.month`. Raises PayRefused.
        """
        key = (country, tuple(sorted(figures.items())))
        if key not in self._read:
            self._read[key] = tuple(
                read_pack(content, _given(figures, name)) for name, content in self._files.get(country, ())
            )
        return self._read[key]

    def check(self, country: str, figures: Mapping[str, str]) -> None:
        """Raises PayRefused `figure-unknown` for a figure that no file of the country leaves open, and as `of`."""
        known: set[str] = set()
        for name, content in self._files.get(country, ()):
            left_open: set[str] = set()
            read_pack(content, _given(figures, name), left_open)
            known |= left_open | {f"{name}:{place}" for place in left_open}
        if self._files.get(country) and (unknown := sorted(set(figures) - known)):
            raise PayRefused("figure-unknown", f"No rules of {country} ask for {', '.join(unknown[:3])}.")


def _given(figures: Mapping[str, str], name: str) -> dict[str, str]:
    own = {place.partition(":")[2]: value for place, value in figures.items() if place.startswith(f"{name}:")}
    return {place: value for place, value in figures.items() if ":" not in place} | own
