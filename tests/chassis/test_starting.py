"""The command line of a service: each command loads what it needs, and a mistake is told before anything is loaded."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from deploy.local.paths import CHECKOUT
from deploy.local.services import discover_services

LOOK = """
import runpy, sys
module, *sys.argv[1:] = sys.argv[1:]
try:
    runpy.run_module(module, run_name="__main__", alter_sys=True)
finally:
    print(*sorted(sys.modules))
"""


def called(service: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A service's command in a process of its own, with nothing set; its output ends with the modules it loaded."""
    bare = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    command = [sys.executable, "-c", LOOK, f"services.{service}", *arguments]
    return subprocess.run(command, cwd=CHECKOUT, env=bare, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("service", discover_services())
def test_a_migration_loads_no_service_and_says_what_it_lacks(service: str) -> None:
    # When a migration is asked for with nothing set
    done = called(service, "migrate")
    # Then it says what is missing, and nothing of the service that it would migrate was loaded
    assert done.returncode == 2
    assert f"{service.upper()}_MIGRATION_URL is not set" in done.stderr
    assert {"fastapi", f"services.{service}.main"}.isdisjoint(done.stdout.split())


def test_an_unknown_part_or_command_is_named_before_anything_is_loaded() -> None:
    for arguments, said in (
        (("--only", "api,cooking"), "--only knows api, consumers, relay, jobs, not cooking"),
        (("cook",), "invalid choice: 'cook'"),
    ):
        done = called("ledger", *arguments)

        assert done.returncode == 2
        assert said in done.stderr
        assert "pydantic" not in done.stdout.split()
