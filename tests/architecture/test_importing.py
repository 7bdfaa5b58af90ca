"""Importing is watched from outside: a process without any setting imports everything, and nothing must happen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.house import ROOT

TOPS = ("contracts", "chassis", "services", "deploy")


def imported(root: Path, *folders: str) -> list[str]:
    """What happened while everything in these folders was imported."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.architecture.imported", *folders],
        cwd=root,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return done.stdout.splitlines()


@pytest.mark.timeout(400)
def test_everything_can_be_imported_with_nothing_set_and_nothing_happens() -> None:
    assert imported(ROOT, *TOPS) == []


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("open('left.txt', 'w').close()", "house.bad: open left.txt"),
        ("import socket; socket.socket().connect_ex(('127.0.0.1', 9))", "house.bad: socket.connect <socket"),
        ("import threading; threading.Thread(name='poller').start()", "house.bad: thread poller"),
        (
            "import os; os.environ['HOUSE_PORT']",
            "house.bad: cannot be imported with nothing set: KeyError: 'HOUSE_PORT'",
        ),
    ],
)
def test_a_planted_effect_of_importing_is_seen(code: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "house").mkdir()
    (tmp_path / "house" / "__init__.py").write_text("")
    (tmp_path / "house" / "bad.py").write_text(code)

    seen = imported(tmp_path, "house")

    assert [line for line in seen if line.startswith(told)], seen
