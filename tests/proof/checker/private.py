"""INV17: what was entered about people's pay, accounts and taxes stands in no topic and in nothing that was logged.

The canaries are what the history says was entered (`secret` in the body of an `enter`), and every net pay that a
payslip shows. They are looked for as they were written, without their points and blanks, in hexadecimal, in base64
wherever it begins and percent-encoded, in the files of the topics, and in `logs/`: what the processes wrote and their
metrics, as far as the harness put them there.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

from tests.proof.checker.history import read_history
from tests.proof.checker.pay import OF_PAY
from tests.proof.checker.pay_surface import load_pay
from tests.proof.checker.report import Findings

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
    wanted = {name: _forms(value) for name, value in secrets.items()}
    found: dict[str, None] = {}
    for file in sorted([*(folder / "topics").glob("*.jsonl"), *(folder / "logs").glob("*")]):
        findings.look("INV17")
        for piece in _pieces(file):
            lowered = piece.lower()
            found |= {
                f"{name} in {file.parent.name}/{file.name}": None
                for name, forms in wanted.items()
                if any(form in lowered and _alone(form, lowered) for form in forms)
            }
    for each in found:
        findings.say("INV17", "what is personal has left payroll", found=each)


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


def _forms(value: str) -> tuple[bytes, ...]:
    """Every form in which a value may stand in bytes, in small letters."""
    forms: set[bytes] = set()
    for text in {value, re.sub(r"[\s.,-]", "", value)}:
        raw = text.encode()
        forms |= {raw, raw.hex().encode(), quote(text).encode(), *(_in_base64(raw, shift) for shift in range(3))}
    return tuple(sorted(form.lower() for form in forms))


def _in_base64(raw: bytes, shift: int) -> bytes:
    """What base64 has for certain of something that so many other bytes come before."""
    encoded = base64.b64encode(bytes(shift) + raw)
    return encoded[(0, 2, 3)[shift] : (shift + len(raw)) // 3 * 4]


def _alone(form: bytes, lowered: bytes) -> bool:
    """Digits are met by chance in the midst of ids and hashes."""
    alone = rb"(?<![0-9a-f])" + form + rb"(?![0-9a-f])"
    return not form.isdigit() or re.search(alone, lowered) is not None
