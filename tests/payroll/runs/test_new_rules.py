"""A new year's rules arrive with an upgrade while a group is paid: what they leave open holds up no month before."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest

from chassis.cause import Cause
from chassis.ids import UUID, new_id
from services.payroll.commands.pay import CalculateAgain
from services.payroll.pay_desk import PayDesk
from services.payroll.store import packs
from services.payroll.store.packs import FOLDER
from tests.payroll.office import person
from tests.payroll.runs.bureau import AT, IBAN, OFFICER, Bureau, no, said
from tests.payroll.runs.test_states import waiting
from tests.support.eventually import eventually
from tests.support.pinned_clock import BEGAN

OPEN = {"holidays.month": "7", "extras_apart": "1", "tax.family.step": "0"}
"""What the Greek rules of 2025 leave open; those of 2026 leave their third rate open, too."""
NEXT_YEAR = (
    ('version = "GR-2025.1"', 'version = "GR-2026.1"'),
    ("since = 2025-01-01", "since = 2026-01-01"),
    ("until = 2025-12-31", "until = 2026-12-31"),
    ('rate = { value = "0.28", source = "scale" }', 'rate = { value = "required", source = "unknown" }'),
)
OF_2026 = OPEN | {"tax.3.rate": "0.26"}
GROUP: dict[str, Any] = {
    "pay_group": "gr", "country": "GR", "currency": "EUR", "since": "2025-11", "debtor_name": "Acme",
    "debtor_iban": IBAN, "debtor_address": {"line1": "1 Port Road", "city": "Piraeus", "country": "GR"},
}  # fmt: skip
FIGURES = f"{AT}/pay-groups/gr/figures"


def rules_of_2026(folder: Path, monkeypatch: pytest.MonkeyPatch, *changes: tuple[str, str]) -> None:
    """An upgrade brings the rules of another year."""
    if not folder.exists():
        shutil.copytree(FOLDER, folder)
    text = (folder / "greece-2025.toml").read_text()
    for was, becomes in (*NEXT_YEAR, *changes):
        assert was in text
        text = text.replace(was, becomes)
    (folder / "greece-2026.toml").write_text(text)
    monkeypatch.setattr(packs, "FOLDER", folder)


async def upgraded(bureau: Bureau) -> None:
    """The department starts again."""
    assert bureau._service is not None
    await bureau._service.database.close()
    bureau._service = None
    bureau.desk = PayDesk(bureau.desk.vault)


async def greeks(bureau: Bureau) -> None:
    """Anna is paid by Greek rules since November 2025."""
    async with bureau.client() as client:
        await said(client, f"{AT}/pay-groups", **GROUP, figures=OPEN)
    await bureau.hire("Anna", on="2025-11-01")
    await bureau.agree("Anna", "1800.00", on="2025-11-01", pay_group="gr")


async def test_rules_of_a_new_year_hold_up_no_month_of_the_old_one(
    bureau: Bureau, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P7: what the rules of 2026 leave open is asked for in 2026, by the name of those rules; then it is given."""
    await greeks(bureau)
    await bureau.paid("2025-11", "gr")
    rules_of_2026(tmp_path / "packs", monkeypatch)
    await upgraded(bureau)
    await bureau.paid("2025-12", "gr")
    async with bureau.client() as client:
        started = {"pay_group": "gr", "period": "2026-01"}
        assert await no(client, f"{AT}/pay-runs", **started) == (422, "figure-required", "/period")
        # which ones are missing is seen before anything is refused
        asked = (await client.get(FIGURES, params={"month": "2026-01"})).json()
        assert (asked["rules"], asked["missing"]) == ("greece-2026", sorted(OF_2026))
        assert (await client.get(FIGURES, params={"month": "2025-12"})).json()["missing"] == []
        # What was given for 2025 is not taken for 2026 in silence
        given = {"since": "2026-01", "figures": {"tax.3.rate": "0.26"}}
        await said(client, FIGURES, **given)
        answer = await client.post(f"{AT}/pay-runs", json=started, headers={"Idempotency-Key": "again"})
        assert (answer.status_code, "greece-2026" in answer.json()["detail"]) == (422, True), answer.text
        asked = (await client.get(FIGURES, params={"month": "2026-01"})).json()
        assert asked["missing"] == sorted(OPEN)
        assert {"place": "tax.3.rate", "value": "0.26"} in asked["figures"]
        await said(client, FIGURES, since="2026-01", figures=OPEN | {"holidays.month": "8"})
        assert (await client.get(FIGURES, params={"month": "2026-01"})).json()["missing"] == []
        none = (await client.get(FIGURES, params={"month": "2031-01"})).json()
        assert (none["rules"], none["figures"]) == (None, [])
        assert (await client.get(f"{AT}/pay-groups/none/figures", params={"month": "2026-01"})).status_code == 404
    await bureau.paid("2026-01", "gr")
    slips = await bureau.slips("Anna")
    assert [slip["version"] for slip in slips] == ["GR-2025.1", "GR-2025.1", "GR-2026.1"]
    assert [slip["corrections"] for slip in slips] == [[], [], []]


async def test_figures_are_added_and_never_changed_under_a_month_that_was_paid(
    bureau: Bureau, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P6: each is known by place and rules, checked for its meaning, and stays once a run was approved by it."""
    rules_of_2026(tmp_path / "packs", monkeypatch)
    await upgraded(bureau)
    await greeks(bureau)
    async with bureau.client() as client:
        for since, figures, code in (
            ("2026-01", {"holidays.month": "13"}, "figure-impossible"),
            ("2026-01", {"tax.4.rate": "0.1"}, "figure-unknown"),
            ("2025-11", {"tax.3.rate": "0.1"}, "figure-unknown"),
            ("2031-01", {"holidays.month": "7"}, "figure-unknown"),
        ):
            assert await no(client, FIGURES, since=since, figures=figures) == (422, code, "/figures"), figures
        unknown = await no(client, f"{AT}/pay-groups/none/figures", since="2026-01", figures=OF_2026)
        assert unknown == (404, "pay-group-not-found", None)
        # A wrong one is put right as long as nothing was paid by it
        await said(client, FIGURES, since="2025-11", figures={"tax.family.step": "1000.00"})
        run = await bureau.paid("2025-11", "gr")
        assert await no(client, FIGURES, since="2025-11", figures=OPEN) == (409, "figure-in-use", "/figures")
        await said(client, FIGURES, since="2026-01", figures=OF_2026)
    kept = await bureau.office.rows("select place, revision, value, recorded_by from pay_group_figure order by place")
    assert kept[0] == ("greece-2025:tax.family.step", 1, "1000.00", "user:olga")
    assert [row[0] for row in kept[1:]] == sorted(f"greece-2026:{place}" for place in OF_2026)
    assert run["unpaid"] == []


async def test_rules_that_went_missing_under_a_run_are_a_problem_of_it_and_no_job_fails(
    bureau: Bureau, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P5: the officer sees why nobody can be paid; the run is calculated again when it is put right."""
    await greeks(bureau)
    run = await bureau.start("2025-11", "gr")
    rules_of_2026(tmp_path / "packs", monkeypatch, ('version = "GR-2026.1"', 'version = "GR-2025.2"'),
                  ("since = 2026-01-01", "since = 2025-10-01"))  # fmt: skip
    await upgraded(bureau)
    seen = await bureau.worked(run)
    assert [(each["employee"], each["code"]) for each in seen["unpaid"]] == [(person("Anna"), "figure-required")]
    async with bureau.client() as client:
        await said(client, FIGURES, since="2025-11", figures=OF_2026)
        await said(client, f"{AT}/pay-runs/{run}/calculation")
    assert (await bureau.worked(run))["unpaid"] == []
    # and of two that hold for a month, those that began later are its rules
    assert (await bureau.slip("Anna", "2025-11"))["version"] == "GR-2025.2"


async def test_a_figure_that_is_given_after_the_calculation_is_not_passed_over_by_the_approval(bureau: Bureau) -> None:
    """P5, P12: the month is calculated again by it, so that no month after pays a difference that nobody caused."""
    await greeks(bureau)
    run = (await bureau.calculated("2025-11", "gr"))["run"]
    async with bureau.client() as client:
        await said(client, FIGURES, since="2025-11", figures={"tax.family.step": "1000.00"})
    told = (await bureau.approve(run)).json()
    assert (told.get("status"), told.get("type")) == (409, "/problems/figures-changed"), told
    assert await bureau.state(run) == "calculated"
    async with bureau.client() as client:
        await said(client, f"{AT}/pay-runs/{run}/calculation")
    await bureau.worked(run)
    assert (await bureau.approve(run)).status_code == 200
    await bureau.paid("2025-12", "gr")
    assert [slip["corrections"] for slip in await bureau.slips("Anna")] == [[], []]


async def test_a_figure_for_the_rules_of_another_year_holds_up_no_approval(
    bureau: Bureau, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P5, P7: what the rules of 2026 leave open is given while December waits for its approval."""
    rules_of_2026(tmp_path / "packs", monkeypatch)
    await upgraded(bureau)
    await greeks(bureau)
    await bureau.paid("2025-11", "gr")
    run = (await bureau.calculated("2025-12", "gr"))["run"]
    async with bureau.client() as client:
        await said(client, FIGURES, since="2026-01", figures=OF_2026)
    assert (await bureau.approve(run)).status_code == 200


async def test_a_figure_and_a_calculation_at_the_same_moment_come_one_after_the_other(bureau: Bureau) -> None:
    """P5: either the calculation goes by the figure, or the figure is refused while it lasts."""
    await greeks(bureau)
    run = (await bureau.calculated("2025-11", "gr"))["run"]
    cause = Cause(UUID(str(new_id())), "acme", "first", OFFICER, None, None, BEGAN)

    async def given() -> tuple[int, str, str | None]:
        async with bureau.client() as client:
            return await no(client, FIGURES, since="2025-11", figures={"tax.family.step": "1000.00"})

    async with bureau.office.database.unit(["acme"]) as unit:
        unit.now = await unit.raw.fetchval("select now()")
        await bureau.desk.running.repeat([CalculateAgain(cause, UUID(run))], unit)
        task = asyncio.create_task(given())
        await eventually(lambda: waiting(bureau), lambda found: found == [(1,)], what="the figure waits for the run")
    assert await task == (409, "figure-in-use", "/figures")
