"""The packs of this installation: files of figures beside the rules, read once per process."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from services.payroll.domain import pay
from services.payroll.domain.pay.months import Month
from services.payroll.domain.pay.refusing import PayRefused
from services.payroll.domain.pay.rules import Pack, in_force, left_open, read_pack

FOLDER = Path(pay.__file__).parent / "packs"


def fingerprints(folder: Path = FOLDER) -> dict[str, str]:
    """The hash of each pack's file. Those of released packs stand in `released.json`, and stay as they are."""
    return {file.stem: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.glob("*.toml"))}


@dataclass(frozen=True, slots=True)
class _File:
    """A pack that is not read yet: what it leaves open is nobody's business before its time."""

    name: str
    content: bytes
    country: str
    version: str
    currency: str
    since: date
    until: date


class Packs:
    """Packs by country, with the figures that a pay group gives where a file leaves them open.

    A figure is named by its place, or by pack and place (`greece-2025:holidays.month`). Without a pack it is meant for
    the rules of the month with which it was given: what held in one year is not taken for the next in silence.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._files: dict[str, list[_File]] = {}
        for path in sorted((folder or FOLDER).glob("*.toml")):
            content = path.read_bytes()
            raw = tomllib.loads(content.decode())
            head = (raw[each] for each in ("country", "version", "currency", "since", "until"))
            file = _File(path.stem, content, *head)
            self._files.setdefault(file.country, []).append(file)
        self._read: dict[tuple[str, tuple[tuple[str, str], ...]], Pack] = {}

    def of(self, country: str, figures: Mapping[str, str], since: Month, until: Month) -> tuple[Pack, ...]:
        """The packs that these months need, the oldest first; `since` is the group's first month. Raises PayRefused,
        also for a figure that one of them lacks, and for none that a later one lacks.
        """
        needed = dict.fromkeys(self._in_force(country, month) for month in _months(since, until))
        placed = self._by_pack(country, figures, since)
        return tuple(self._pack(file, placed.get(file.name, {})) for file in needed if file is not None)

    def placed(self, country: str, figures: Mapping[str, str], month: Month) -> dict[str, str]:
        """These figures, given with a month, each by pack and place; checked for their meaning by `check`."""
        by_pack = self._by_pack(country, figures, month)
        return {f"{name}:{place}": value for name, of in by_pack.items() for place, value in of.items()}

    def check(self, country: str, figures: Mapping[str, str], month: Month) -> None:
        """Raises PayRefused `figure-unknown` for a figure that no file of the country leaves open, and as `of` for one
        that cannot be; that one is lacking is no matter here.
        """
        files = {file.name: file for file in self._files.get(country, ())}
        for name, given in self._by_pack(country, figures, month).items():
            known = left_open(files[name].content) if name in files else frozenset()
            if unknown := sorted(set(given) - known):
                raise PayRefused("figure-unknown", f"No rules of {country} ask for {', '.join(unknown[:3])}.")
            left_open(files[name].content, given)

    def asked(self, country: str, placed: Mapping[str, str], month: Month) -> dict[str, str | None]:
        """Each place that the rules of a month leave open, with what is given for it by pack and place, if it is."""
        file = self._in_force(country, month)
        if file is None:
            return {}
        return {place: placed.get(f"{file.name}:{place}") for place in left_open(file.content)}

    def currencies(self, country: str) -> set[str]:
        """Of which currencies the rules of a country are; none for a country without rules."""
        return {file.currency for file in self._files.get(country, ())}

    def name(self, country: str, month: Month) -> str | None:
        """The pack that is in force in a month."""
        file = self._in_force(country, month)
        return None if file is None else file.name

    def _in_force(self, country: str, month: Month) -> _File | None:
        return in_force(self._files.get(country, ()), month)

    def _by_pack(self, country: str, figures: Mapping[str, str], month: Month) -> dict[str, dict[str, str]]:
        own = self.name(country, month) or ""
        found: dict[str, dict[str, str]] = {}
        for figure, value in sorted(figures.items(), key=lambda each: ":" in each[0]):  # what names its pack wins
            name, place = figure.split(":", 1) if ":" in figure else (own, figure)
            found.setdefault(name, {})[place] = value
        return found

    def _pack(self, file: _File, given: Mapping[str, str]) -> Pack:
        key = (file.name, tuple(sorted(given.items())))
        if key not in self._read:
            try:
                self._read[key] = read_pack(file.content, given)
            except PayRefused as refused:
                raise PayRefused(refused.code, f"{file.name}: {refused.sentence}") from None
        return self._read[key]


def _months(first: Month, last: Month) -> Iterator[Month]:
    while first <= last:
        yield first
        first = first.next()
