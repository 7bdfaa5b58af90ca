"""The command line of a service: each command loads what it needs, and a mistake is told before anything is loaded."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from chassis.service import DOORS
from deploy.local.paths import CHECKOUT
from deploy.local.services import discover_services

LOOK = """
import runpy, sys
arguments, services = sys.argv[1].split("|"), sys.argv[2:]
for service in services:
    sys.argv[1:] = arguments
    try:
        runpy.run_module(f"services.{service}", run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        print(service, ended.code)
print(*sorted(sys.modules))
"""

TOO_EARLY = """
import importlib, sys
from chassis.starting import short_start
with short_start():
    for service in sys.argv[1:]:
        importlib.import_module(f"services.{service}.main")
from chassis.http import StrictRoute
from contracts.registry import EVENTS
apis = [importlib.import_module(f"services.{service}.api") for service in sys.argv[1:]]
routes = [route for api in apis for router in getattr(api, "ROUTERS", ()) for route in router.routes]
print(len(routes) > 100, len(EVENTS) > 40)
print(*(route.path for route in routes if not isinstance(route, StrictRoute) or "dependant" in vars(route)))
print(*(name for name, event in EVENTS.items() if event.__pydantic_complete__))
print(*(name for name in ("opentelemetry.sdk", "sqlalchemy", "alembic") if name in sys.modules))
"""


def called(arguments: Sequence[str], *services: str) -> tuple[list[str], set[str], str]:
    """A command of some services, one after the other in one process with nothing set.

    Each with its exit code, the modules that were loaded in the end, and what was said.
    """
    bare = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    command = [sys.executable, "-c", LOOK, "|".join(arguments), *services]
    done = subprocess.run(command, cwd=CHECKOUT, env=bare, capture_output=True, text=True, timeout=60, check=True)
    *codes, modules = done.stdout.splitlines()
    return codes, set(modules.split()), done.stderr


def test_a_migration_loads_no_service_and_says_what_it_lacks() -> None:
    services = discover_services()
    # When migrations are asked for with nothing set
    codes, modules, said = called(["migrate"], *services)
    # Then each says what is missing, and nothing of the services that they would migrate was loaded
    assert codes == [f"{service} 2" for service in services]
    assert all(f"{service.upper()}_MIGRATION_URL is not set" in said for service in services)
    assert {"fastapi", *(f"services.{service}.main" for service in services)}.isdisjoint(modules)


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (["--only", "api,cooking"], "--only knows api, consumers, relay, jobs, not cooking"),
        (["cook"], "invalid choice: 'cook'"),
    ],
)
def test_what_nobody_knows_is_named_before_anything_is_loaded(arguments: list[str], answer: str) -> None:
    codes, modules, said = called(arguments, "ledger")

    assert codes == ["ledger 2"]
    assert answer in said
    assert "pydantic" not in modules


def test_what_a_service_may_never_need_is_not_made_when_it_starts() -> None:
    command = [sys.executable, "-c", TOO_EARLY, *discover_services()]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=True)

    looked, routes, validators, modules = done.stdout.splitlines()
    assert looked == "True True", "there are routes and events to look at"
    assert (routes, validators, modules) == ("", "", "")


@pytest.mark.parametrize("service", [name for name in discover_services() if name != "gateway"])
def test_no_door_of_a_department_hides_another_nor_one_that_all_have(service: str) -> None:
    """The first one that fits is taken: the gateway asks every department at the addresses that all have."""
    own = importlib.import_module(f"services.{service}.api").ROUTERS
    routes: list[Any] = [route for router in (*own, *DOORS) for route in router.routes]
    addresses = [(method, re.sub(r"\{[^}]+\}", "{}", route.path)) for route in routes for method in route.methods]

    assert len(addresses) > 20
    assert [address for address, times in Counter(addresses).items() if times > 1] == []
