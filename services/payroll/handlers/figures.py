"""Figures that a country's rules leave open are given for a pay group: one after the other, and never changed under
months that were paid by them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import orjson

from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.requests import Answer, Result
from services.payroll.commands.pay import GiveFigures
from services.payroll.domain.pay.months import Month
from services.payroll.domain.pay.refusing import PayRefused
from services.payroll.domain.running import FIGURE_IN_USE, RELEASED
from services.payroll.store import pay_groups as store
from services.payroll.store import pay_runs, people
from services.payroll.store.packs import Packs


class Figures:
    """One per process; it holds the rules."""

    def __init__(self, packs: Packs) -> None:
        self._packs = packs

    async def give(self, commands: Sequence[GiveFigures], unit: UnitOfWork) -> Sequence[Result]:
        """For the rules of a month, as long as nothing was paid by another figure in its place. What was calculated by
        another one is approved when it has been calculated again.
        """
        await people.lock_counters(unit.raw, set(unit.companies))
        named = {(c.cause.company, c.pay_group) for c in commands}
        groups = await pay_runs.groups(unit.raw, named)
        runs = await pay_runs.lock_runs_of_groups(unit.raw, named)
        rows: list[store.FigureRow] = []
        results: list[Result] = []
        for command in commands:
            key = (command.cause.company, command.pay_group)
            placed = self._placed(command, groups.get(key), runs.get(key, {}), unit.now)
            if isinstance(placed, Refused):
                results.append(placed)
                continue
            rows += [store.FigureRow(*key, place, value, command.cause.person) for place, value in placed.items()]
            unit.audit(command.cause, "figures-given", command.pay_group, {"places": sorted(placed)})
            results.append(Answer(201, {"pay_group": command.pay_group, "figures": sorted(placed)}))
        if rows:
            await store.add_figures(unit.raw, rows, unit.now)
        return results

    def _placed(
        self, command: GiveFigures, group: Any, runs: Mapping[date, Any], now: datetime
    ) -> dict[str, str] | Refused:
        if group is None:
            return Refused("pay-group-not-found", "There is no such pay group.", status=404)
        country, month = group["country"], _month(command.since)
        placed = self._packs.placed(country, command.figures, month)
        names = {place.partition(":")[0] for place in placed}
        used = {
            self._packs.name(country, _month(period))
            for period, run in runs.items()
            if run["state"] in RELEASED or run["state"] == "calculating" or run["started_at"] >= now
        }
        try:
            known = self._packs.placed(country, orjson.loads(group["figures"]), _month(group["since"]))
            self._packs.check(country, known | orjson.loads(group["given"] or "{}") | placed, month)
        except PayRefused as refused:
            return Refused(refused.code, refused.sentence, "/figures")
        return FIGURE_IN_USE if names & used else placed


def _month(day: date) -> Month:
    return Month(day.year, day.month)
