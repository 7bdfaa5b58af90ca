"""A payroll worker of its own process, which a test kills: `python -m tests.payroll.runs.worker_process JSON`."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import asyncpg

from chassis import faults
from chassis.database import Database
from chassis.jobs import JobWorkers
from chassis.settings import StackSettings
from chassis.telemetry import Metrics
from services.payroll.handlers.days import DAILY
from services.payroll.jobs import jobs_of
from services.payroll.pay_desk import PayDesk
from services.payroll.settings import PayrollSettings
from services.payroll.store.vault import Vault


async def work(asked: dict[str, str]) -> None:
    """Until somebody ends it."""
    settings = PayrollSettings(
        database_url=asked["database_url"],
        relay_url=asked["relay_url"],
        stack=StackSettings(kafka_bootstrap_servers="127.0.0.1:1"),
    )
    pool = await asyncpg.create_pool(asked["relay_url"], min_size=0, max_size=4)
    desk = PayDesk(Vault.from_file(Path(asked["key"])))
    jobs = jobs_of(desk)
    del jobs.queues[DAILY]  # the failpoints count jobs, and only those of the run are meant
    await JobWorkers(jobs, Database(settings), pool, Metrics("payroll")).run()


if __name__ == "__main__":
    told = json.loads(sys.argv[1])
    faults.arm(told["faults"])
    asyncio.run(work(told))
