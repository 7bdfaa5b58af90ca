"""INV17: what was entered about people's pay, accounts and taxes stands in no topic and in nothing that was logged.

The canaries are what the history says was entered (`secret` in the body of an `enter`), and every net pay that a
payslip shows. They are looked for in the files of the topics, and in `logs/`: what the processes wrote, their metrics
and traces, as far as the harness put them there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.proof.checker.history import read_history
from tests.proof.checker.pay import OF_PAY
from tests.proof.checker.pay_surface import load_pay
from tests.proof.checker.report import Findings
from tests.support.canaries import Canaries

LONG_ENOUGH = 8
"""Shorter values are met by chance."""
PIECE_BYTES = 8 * 1024 * 1024
OVERLAP_BYTES = 512
"""More than any form of a canary."""


def settle_private(folder: Path, findings: Findings) -> None:
    """Look through everything that left payroll."""
    secrets = _secrets(folder)
    if not secrets:
        return
    looking = Canaries(secrets)
    for file in sorted([*(folder / "topics").glob("*.jsonl"), *(folder / "logs").glob("*")]):
        findings.look("INV17")
        for piece in _pieces(file):
            looking.search(f"{file.parent.name}/{file.name}", piece)
    for found in dict.fromkeys(looking.found):
        findings.say("INV17", "what is personal has left payroll", found=found)


def _secrets(folder: Path) -> Mapping[str, str]:
    """By a name that does not tell the value."""
    found: dict[str, str] = {}
    for operation in read_history(folder, OF_PAY):
        for name, value in operation.body.get("secret", {}).items():
            found[f"{name} of {operation.reference}"] = value
    for company, pay in load_pay(folder).items():
        for employee, slips in pay["payslips"].items():
            for slip in slips:
                found[f"net pay of {employee} for {slip['period']} at {company}"] = slip["net"]
    return {name: value for name, value in found.items() if len(value) >= LONG_ENOUGH}


def _pieces(file: Path) -> Iterator[bytes]:
    """A file in pieces that overlap, so that memory stays flat and nothing hides at a border."""
    with file.open("rb") as content:
        tail = b""
        while piece := content.read(PIECE_BYTES):
            yield tail + piece
            tail = piece[-OVERLAP_BYTES:]
