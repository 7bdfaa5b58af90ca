"""A run's workers are killed in the middle: each person is in the run once, and it comes to what it would have."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from typing import Any

import pytest

from services.payroll.store import pay_runs
from tests.payroll.runs.bureau import AT, Bureau, said
from tests.support.eventually import eventually

KILLS = int(os.environ.get("KILLS", "2"))
POINTS = ("job.done:kill@3", "job.taken:kill@1", "job.done:kill@1")
"""Two parts are calculated at a time: when a third is done, one of the first two has been committed."""


async def brought_to_its_end(bureau: Bureau, run: str) -> dict[str, Any]:
    """The run, calculated. A part whose worker died in every attempt waits for an operator, who lets it begin again."""

    async def state() -> str:
        for job in (await operator.get(f"{AT}/jobs")).json()["jobs"]:
            await said(operator, f"{AT}/jobs/{job['id']}/revive")
        return await bureau.state(run)

    async with bureau.working(), bureau.client(scopes=("operations:read", "operations:write")) as operator:
        await eventually(state, lambda s: s != "calculating", what="it is calculated", every_s=0.2, within_s=60)
    return await bureau.run(run)


@pytest.mark.timeout(600)
async def test_a_run_survives_kill_9_at_any_point_and_pays_everybody_once(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P28, P5: resumable without a double, with the digest of an undisturbed run (`make bench-payroll`: seconds)."""
    monkeypatch.setattr(pay_runs, "PART_PEOPLE", 1)
    names = [f"P{n}" for n in range(2 * KILLS + 2)]
    await bureau.hire(*names)
    for name in names:
        await bureau.agree(name, "3000.00")
    run = await bureau.start("2024-01")
    for kill in range(KILLS):
        urls = bureau.office.urls
        asked = {"faults": POINTS[kill % len(POINTS)], "database_url": urls.database_url, "relay_url": urls.relay_url}
        asked["key"] = str(bureau.office.settings.vault_key_file)  # type: ignore[attr-defined]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.payroll.runs.worker_process", json.dumps(asked)
        )
        assert await process.wait() == -signal.SIGKILL
        await bureau.office.rows("update job set leased_until = now() - interval '1 s' where leased_until is not null")
    ((done, parts),) = await bureau.office.rows("select count(done_at), count(*) from pay_run_part")
    assert 0 < done < parts == len(names)
    view = await brought_to_its_end(bureau, run)
    assert (view["people"], view["problems"], view["parts_done"]) == (len(names), 0, parts)
    assert await bureau.office.rows("select count(*), count(distinct employee) from payslip") == [(len(names),) * 2]
    async with bureau.client() as client:
        await said(client, f"{AT}/pay-runs/{run}/calculation")
    assert (await bureau.worked(run))["digest"] == view["digest"]
