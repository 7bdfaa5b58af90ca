"""Picked goods are put into parcels, each with its number and what lies in it where that is said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.ids import UUID
from chassis.requests import Answer, Result
from services.inventory.commands import Pack, PackShipments, SetParcelPrefix
from services.inventory.domain.parcels import Parcel, check_parcels, sscc_of
from services.inventory.domain.shipping import Portion
from services.inventory.handlers.shipping import open_shipments, why_not
from services.inventory.store import parcels
from services.inventory.store import shipping as store
from services.inventory.store.shipping import ShipmentKey
from services.inventory.translate import parcels as words
from services.inventory.translate import shipping as translate


async def set_parcel_prefixes(commands: Sequence[SetParcelPrefix], unit: UnitOfWork) -> Sequence[Result]:
    """Number parcels under this prefix from now on; under one that was used before, from where it ended."""
    await parcels.choose_prefix(unit.raw, {command.cause.company: command.prefix for command in commands})
    for command in commands:
        unit.audit(command.cause, "parcel-prefix-set", command.cause.company, {"prefix": command.prefix})
    return [Answer(200, {"prefix": command.prefix}) for command in commands]


async def pack_shipments(commands: Sequence[PackShipments], unit: UnitOfWork) -> Sequence[Result]:
    """Put picked goods into parcels. A request is taken as a whole or not at all."""
    shipments, _ = await open_shipments(((c.cause.company, p.shipment) for c in commands for p in c.packs), unit)
    table = await _Table.open(commands, unit)
    results: list[Result] = []
    rows: list[tuple[str, UUID, int | None]] = []
    for command in commands:
        company, seen = command.cause.company, set[UUID]()
        wrong = [
            why_not((company, p.shipment), f"/packs/{n}/shipment", seen, shipments, "picked")
            or table.why_not(company, p, f"/packs/{n}")
            for n, p in enumerate(command.packs)
        ]
        refused = next((one for one in wrong if one is not None), None) or _repeated(command)
        refused = refused or table.cannot_number(command)
        if refused is not None:
            results.append(refused)
            continue
        bodies: list[dict[str, object]] = []
        for pack in command.packs:
            key, packages = (company, pack.shipment), len(pack.parcels) or pack.packages
            rows.append((*key, packages))
            shipments[key] = shipments[key]._replace(state="packed", packages=packages)
            unit.audit(command.cause, "shipment-packed", str(pack.shipment))
            body: dict[str, object] = {"shipment": str(pack.shipment), "state": "packed", "packages": packages}
            bodies.append(body | words.parcels_body(table.close(company, pack)))
        results.append(Answer(200, {"shipments": bodies}))
    if rows:
        await store.pack(unit.raw, rows, unit.now)
        await table.write()
    return results


def _repeated(command: PackShipments) -> Refused | None:
    """A number that stands on parcels of two shipments of a request."""
    seen: set[str] = set()
    for n, pack in enumerate(command.packs):
        for at, parcel in enumerate(pack.parcels):
            if parcel.sscc is not None and parcel.sscc in seen:
                return words.sscc_taken(parcel.sscc, f"/packs/{n}/parcels/{at}/sscc")
            seen |= set() if parcel.sscc is None else {parcel.sscc}
    return None


class _Table:
    """What lies on the packing table: portions, and numbers for parcels. Nothing is read where nobody says contents."""

    def __init__(
        self,
        unit: UnitOfWork,
        portions: Mapping[ShipmentKey, Sequence[Portion]],
        taken: set[tuple[str, str]],
        series: Mapping[str, tuple[str, int]],
    ) -> None:
        self._unit = unit
        self._portions = portions
        self._taken = taken
        self._series = dict(series)
        """By company: prefix, and the next number."""
        self._packed: dict[ShipmentKey, list[Parcel]] = {}

    @classmethod
    async def open(cls, commands: Sequence[PackShipments], unit: UnitOfWork) -> _Table:
        """What these packs need; numbers are taken for all of them, and go back with the transaction."""
        boxed = [(c.cause.company, pack) for c in commands for pack in c.packs if pack.parcels]
        if not boxed:
            return cls(unit, {}, set(), {})
        portions = await store.read_portions(unit.raw, {(company, pack.shipment) for company, pack in boxed})
        named = {(company, p.sscc) for company, pack in boxed for p in pack.parcels if p.sscc is not None}
        taken = await parcels.taken_numbers(unit.raw, named) if named else set()
        wanted = Counter(company for company, pack in boxed for parcel in pack.parcels if parcel.sscc is None)
        last = await parcels.take_numbers(unit.raw, wanted) if wanted else {}
        series = {company: (prefix, of - wanted[company] + 1) for company, (prefix, of) in last.items()}
        return cls(unit, portions, taken, series)

    def why_not(self, company: str, pack: Pack, at: str) -> Refused | None:
        """Why these parcels cannot be, if so."""
        if not pack.parcels:
            return None
        wrong = check_parcels(self._portions[company, pack.shipment], pack.parcels)
        if wrong is not None:
            return translate.refusal_of_pick(wrong, at, status=422)
        for n, parcel in enumerate(pack.parcels):
            if parcel.sscc is not None and (company, parcel.sscc) in self._taken:
                return words.sscc_taken(parcel.sscc, f"{at}/parcels/{n}/sscc")
        return None

    def cannot_number(self, command: PackShipments) -> Refused | None:
        """Whether the house has no number left under its prefix."""
        company = command.cause.company
        wanted = [
            f"/packs/{n}/parcels/{at}"
            for n, pack in enumerate(command.packs)
            for at, parcel in enumerate(pack.parcels)
            if parcel.sscc is None
        ]
        if not wanted or company not in self._series:
            return None
        prefix, following = self._series[company]
        without = (at for n, at in enumerate(wanted) if sscc_of(prefix, following + n) is None)
        first = next(without, None)
        return None if first is None else words.sscc_exhausted(prefix, first)

    def close(self, company: str, pack: Pack) -> Sequence[Parcel]:
        """The parcels of a shipment, each with its number where the house gives any."""
        closed = [parcel._replace(sscc=parcel.sscc or self._number(company)) for parcel in pack.parcels]
        if closed:
            self._packed[company, pack.shipment] = closed
            self._taken |= {(company, parcel.sscc) for parcel in closed if parcel.sscc is not None}
        return closed

    def _number(self, company: str) -> str | None:
        if company not in self._series:
            return None
        prefix, following = self._series[company]
        self._series[company] = (prefix, following + 1)
        return sscc_of(prefix, following)

    async def write(self) -> None:
        """Write each table once."""
        if self._packed:
            await parcels.add_parcels(self._unit.raw, self._packed)
