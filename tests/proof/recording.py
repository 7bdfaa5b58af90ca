"""`python -m tests.proof.recording FILE.tar.xz`: record a short good run, for the checker's own tests.

Orders, payments, cancellations, hires and goods as ever, and besides: orders that are refused by the inventory and by
the ledger, repeats with the same key, one key for two contents, and answers that a kill of the gateway cut off;
the ledger and a database server are killed too.
"""

from __future__ import annotations

import asyncio
import copy
import random
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.proof.checker import check, dump_topics, read_surface
from tests.proof.checker.keeping import read_store
from tests.proof.house import House
from tests.proof.load.intents import Intent, Mix, Wishes
from tests.proof.load.sending import JSON, Load
from tests.proof.run import Houses, Run

ORDERS = 90
PER_S = 25.0
STILL_S = 25.0
"""Short: a spoilt system is not waited for as a slow one is."""
SEED = 7
MIX = Mix(pay=0.3, cancel=0.1, hire=0.08, receive=0.08, ship=0.3, rare=0.25, change=0.1, store=0.25, post=0.2)


async def record(folder: Path) -> Path:
    """Make the run; returns the folder that holds it. Raises RuntimeError when the checker finds it wrong."""
    houses = Houses(folder, print)
    try:
        async with Run(folder, "short", SEED, random.Random(SEED), print, houses).house() as house:
            load = Load(house, PER_S, seed=SEED, mix=MIX)
            sending = asyncio.create_task(load.send(ORDERS))
            await asyncio.sleep(1.0)
            for victim in ("gateway", "ledger", "postgres-inventory"):
                await house.stack.kill(victim)
                await house.stack.restart(victim)
            await sending
            await _rarities(house)
            await house.rest(STILL_S)
            house.history.close()
            await dump_topics(house.stack.kafka_bootstrap, house.folder)
            await read_surface(house.gateway, await house.auditor(), house.folder)
            await asyncio.to_thread(read_store, house.store, house.folder)
            return house.folder
    finally:
        await houses.close()


async def _rarities(house: House) -> None:
    """What a load does not send: orders that cannot be, and keys that are used again."""
    load = Load(house, PER_S, seed=SEED)
    wishes = Wishes("rare", house.companies, len(house.offices), random.Random(SEED))
    for change in ({"quantity": "99999999"}, {"tax_code": "NONE"}, {"item": "UNHEARD-OF"}):
        intent = wishes.order()
        await _send(load, _with(intent, change))
    intent = wishes.order()
    for sent in (intent, intent, _with(intent, {"quantity": "7"})):  # the second is answered, the third refused
        await _send(load, sent)
    await load.finish()


async def _send(load: Load, intent: Intent) -> None:
    headers = JSON | {"Idempotency-Key": intent.key}
    await load._until_answered([intent], intent.path, intent.body, headers, 0.0)


def _with(intent: Intent, change: Mapping[str, str]) -> Intent:
    body: dict[str, Any] = copy.deepcopy(dict(intent.body))
    body["lines"][0] |= change
    return replace(intent, body=body)


def main() -> int:
    """Returns the exit code; a run that the checker does not find good is not kept."""
    with tempfile.TemporaryDirectory() as place:
        folder = asyncio.run(record(Path(place)))
        report = check(folder)
        print("\n".join(report.table()))
        if report.violations:
            return 1
        with tarfile.open(sys.argv[1], "w:xz") as packed:
            for name in ("history", "topics", "surface"):
                packed.add(folder / name, name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
