"""The rules of a country for a stretch of time, as data: a typed file of figures, each with its source beside it.

A file has no expressions and nothing in it is run. A figure is `{ value = "0.09", source = "name" }`, and the name
stands in the file's own `[sources]`; a figure that nobody has found is `value = "required"`, and pay is refused until
it is given.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Literal, Protocol, TypeVar, cast

from services.payroll.domain.pay.months import Counting, Month
from services.payroll.domain.pay.refusing import PayRefused

Payer = Literal["employee", "employer"]
Method = Literal["annualised", "cumulative"]
MINOR = 100
MONTHS = 12
HARMLESS = "1"
"""Stands for a figure that is not given yet while it is asked which ones are."""
PAYMENTS_MAX = 24
"""Full salaries in a year."""


@dataclass(frozen=True, slots=True)
class Tier:
    """A rate for the part of a base up to a bound in minor units; None is without bound."""

    up_to: int | None
    rate: Fraction


@dataclass(frozen=True, slots=True)
class Contribution:
    """A share of gross pay that goes to an authority. What lies above the last tier's bound is free of it."""

    code: str
    payer: Payer
    authority: str
    reduces_tax: bool
    tiers: tuple[Tier, ...]


@dataclass(frozen=True, slots=True)
class FamilyCredit:
    """Off a year's tax by number of children, less `taper` of each unit of income above `from_income`."""

    by_children: tuple[int, ...]
    each_more: int
    from_income: int
    taper: Fraction
    step: int
    """Income above `from_income` counts in full steps of this; 0 when it counts evenly."""


@dataclass(frozen=True, slots=True)
class Tax:
    """A year's scale, and how a payment finds its part of it."""

    authority: str
    method: Method
    brackets: tuple[Tier, ...]
    family: FamilyCredit | None
    point: int | None
    """What one credit point takes off a year's tax."""


@dataclass(frozen=True, slots=True)
class ExtraSalary:
    """A part of a month's salary paid on top in one month."""

    code: str
    month: int
    fraction: Fraction


@dataclass(frozen=True, slots=True)
class Pack:
    """The rules of one country from a day to a day. `version` names them, `digest` is of the file itself."""

    country: str
    version: str
    digest: str
    currency: str
    since: date
    until: date
    counting: Counting
    payments: int
    """Full salaries in a year: what a payment is multiplied by to find a year's income."""
    contributions: tuple[Contribution, ...]
    tax: Tax
    extras: tuple[ExtraSalary, ...]
    extras_apart: bool
    """Whether a salary on top has ceilings of its own, or shares those of its month."""


class Rules(Protocol):
    """Rules that hold from a day to a day, read or not."""

    @property
    def version(self) -> str:
        """Names them."""
        ...

    @property
    def since(self) -> date:
        """Their first day."""
        ...

    @property
    def until(self) -> date:
        """Their last day."""
        ...


R = TypeVar("R", bound=Rules)


def in_force(rules: Iterable[R], month: Month) -> R | None:
    """Which of a country's rules hold for the whole of this month: of several those that began last."""
    holding = [each for each in rules if each.since <= month.first and month.last <= each.until]
    return max(holding, key=lambda each: (each.since, each.version), default=None)


def pack_for(packs: Sequence[Pack], country: str, month: Month) -> Pack:
    """The rules in force for the whole of this month. Raises PayRefused `tax-table-missing`."""
    found = in_force((pack for pack in packs if pack.country == country), month)
    if found is None:
        raise PayRefused("tax-table-missing", f"There are no rules of {country} for {month}.")
    return found


def read_pack(content: bytes, given: Mapping[str, str] | None = None) -> Pack:
    """The rules in a file; `given` has the figures that the file leaves to be given, by their place in it.

    The figures given are part of the digest: other figures are other rules. Raises PayRefused: `figure-required`,
    `figure-without-source`, `figure-impossible`, `tiers-out-of-order`.
    """
    raw = tomllib.loads(content.decode())
    reader = _Reader(frozenset(raw["sources"]), dict(given or {}))
    digest = hashlib.sha256(content + repr(sorted((given or {}).items())).encode()).hexdigest()
    return _pack(raw, reader, digest)


def left_open(content: bytes, given: Mapping[str, str] | None = None) -> frozenset[str]:
    """The places of a file where a figure must be given. Raises PayRefused when one of those given cannot be."""
    raw = tomllib.loads(content.decode())
    reader = _Reader(frozenset(raw["sources"]), dict(given or {}), asking=True)
    _pack(raw, reader, "")
    return frozenset(reader.left_open)


def _pack(raw: Mapping[str, Any], reader: _Reader, digest: str) -> Pack:
    return Pack(
        country=raw["country"],
        version=raw["version"],
        digest=digest,
        currency=raw["currency"],
        since=raw["since"],
        until=raw["until"],
        counting=cast(Counting, _one_of(raw["counting"], ("calendar", "working"))),
        payments=reader.whole("payments", raw["payments"], 1, PAYMENTS_MAX),
        contributions=tuple(reader.contribution(each) for each in raw["contribution"]),
        tax=reader.tax(raw["tax"]),
        extras=tuple(reader.extra_salary(each) for each in raw.get("extra", ())),
        extras_apart="extras_apart" in raw and reader.whole("extras_apart", raw["extras_apart"], 0, 1) == 1,
    )


def _one_of(value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise PayRefused("rule-unknown", f"{value} is none of {', '.join(allowed)}.")
    return value


class _Reader:
    """Reads figures; knows the sources that the file names, and what is given from outside."""

    def __init__(self, sources: frozenset[str], given: Mapping[str, str], *, asking: bool = False) -> None:
        self._sources = sources
        self._given = given
        self._asking = asking
        self.left_open: set[str] = set()

    def share(self, place: str, figure: Mapping[str, str]) -> Fraction:
        """A figure between nothing and all."""
        found = self.fraction(place, figure)
        if found > 1:
            raise PayRefused("figure-impossible", f"{place} is more than the whole: write 9 % as 0.09.")
        return found

    def whole(self, place: str, figure: Mapping[str, str], least: int, most: int) -> int:
        """A whole number between two."""
        found = self.fraction(place, figure)
        if found.denominator != 1 or not least <= found <= most:
            raise PayRefused("figure-impossible", f"{place} is a whole number from {least} to {most}.")
        return found.numerator

    def fraction(self, place: str, figure: Mapping[str, str]) -> Fraction:
        """The exact figure at a place of the file; none is below zero."""
        if figure.get("source") not in self._sources:
            raise PayRefused("figure-without-source", f"{place} names no source of this pack.")
        value = figure["value"]
        if value == "required":
            self.left_open.add(place)
            value = self._given.get(place, HARMLESS if self._asking else "required")
        if value == "required":
            raise PayRefused("figure-required", f"{place} must be given: no source had it.")
        found = Fraction(value)
        if found < 0:
            raise PayRefused("figure-impossible", f"{place} is below zero.")
        return found

    def amount(self, place: str, figure: Mapping[str, str]) -> int:
        """An amount in minor units; a part of one is not rounded away in silence."""
        exact = self.fraction(place, figure) * MINOR
        if exact.denominator != 1:
            raise PayRefused("figure-too-fine", f"{place} is finer than a minor unit.")
        return exact.numerator

    def tiers(self, place: str, rows: Sequence[Mapping[str, Any]]) -> tuple[Tier, ...]:
        """Tiers from the lowest bound to the highest, or to none."""
        found = tuple(
            Tier(
                self.amount(f"{place}.{at}.up_to", row["up_to"]) if "up_to" in row else None,
                self.share(f"{place}.{at}.rate", row["rate"]),
            )
            for at, row in enumerate(rows, 1)
        )
        bounds = [tier.up_to for tier in found]
        closed = [bound for bound in bounds if bound is not None]
        complete = not self._asking or self.left_open <= self._given.keys()
        if complete and (None in bounds[:-1] or closed != sorted(set(closed)) or not found):
            raise PayRefused("tiers-out-of-order", f"The tiers of {place} do not rise.")
        return found

    def contribution(self, raw: Mapping[str, Any]) -> Contribution:
        """A contribution with its tiers."""
        payer = cast(Payer, _one_of(raw["payer"], ("employee", "employer")))
        return Contribution(
            raw["code"], payer, raw["authority"], raw["reduces_tax"], self.tiers(raw["code"], raw["tier"])
        )

    def tax(self, raw: Mapping[str, Any]) -> Tax:
        """The scale with its credits."""
        method = cast(Method, _one_of(raw["method"], ("annualised", "cumulative")))
        point = self.amount("tax.point", raw["point"]) if "point" in raw else None
        family = self.family(raw["family"]) if "family" in raw else None
        return Tax(raw["authority"], method, self.tiers("tax", raw["bracket"]), family, point)

    def family(self, raw: Mapping[str, Any]) -> FamilyCredit:
        """The credit by number of children."""
        return FamilyCredit(
            tuple(self.amount(f"tax.family.{at}", figure) for at, figure in enumerate(raw["by_children"])),
            self.amount("tax.family.each_more", raw["each_more"]),
            self.amount("tax.family.from_income", raw["from_income"]),
            self.share("tax.family.taper", raw["taper"]),
            self.amount("tax.family.step", raw["step"]),
        )

    def extra_salary(self, raw: Mapping[str, Any]) -> ExtraSalary:
        """A salary on top, and its month."""
        code = raw["code"]
        return ExtraSalary(
            code,
            self.whole(f"{code}.month", raw["month"], 1, MONTHS),
            self.share(f"{code}.fraction", raw["fraction"]),
        )
