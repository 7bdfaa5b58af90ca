"""The history of intents: what the load generator wrote down before and after each thing that it asked for.

One file of JSON lines per client, `<folder>/history/<client>.jsonl`; every line is flushed before the next step.

Before asking::

    {"op": 17, "client": "c3", "is": "invoke", "f": "order|cancel|pay|hire|receive|…", "company": "…",
     "key": "<idempotency key or event id>", "reference": "…", "hash": "<sha256 of the body>", "body": {…},
     "source": "/sales/…" or null, "t": <wall ns>}

After it, once or several times::

    {"op": 17, "client": "c3", "is": "ok|fail|unknown", "status": 202, "code": "<problem code>" or null,
     "request_id": "…", "subject": "<id of the order, payment, employee>", "answer": "<sha256 of status and body>",
     "t": <wall ns>}

* `unknown` is silence or a 5xx: it may or may not have happened. `fail` is a refusal: it certainly did not happen.
  Repeated with its key, an unknown gets a later line of the same `op`; the last definite line counts.
* A repeat on purpose (the same key and body, or the same key and another body) is an operation of its own.
* `f` is also "set_up", "enter" (about a person's pay: `reference` is the employee, `secret` in the body what nobody
  else may learn), "start_run", "export_run", "approve_run" (`reference` is group/month), "read" and "inject".
* `f` "read" notes a GET of a request's status: `reference` is the request id, `status` the answer's.
* `f` "inject" notes a record that the harness itself put on a topic past every producer (poison): `reference` is its
  key, `key` its event id. Such keys and chains are left out of what only real producers can be held to.
* `subject`, `source` and `answer` may be absent: what they would show is then not examined.
* A last line that was cut off by a kill of the generator is passed over; any other broken line is an error.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DEFINITE = ("ok", "fail")


class BrokenHistory(Exception):
    """The history itself cannot be read; nothing can be said of what it was about."""


@dataclass(slots=True)
class Operation:
    """One thing that somebody asked for. `outcome` is "unknown" until a definite line is read."""

    op: int
    f: str
    company: str
    key: str
    reference: str
    hash: str
    body: Mapping[str, Any]
    source: str | None
    client: str = ""
    outcome: str = "unknown"
    status: int | None = None
    code: str | None = None
    request_id: str | None = None
    subject: str | None = None
    answers: list[tuple[int | None, str | None, str | None]] = field(default_factory=list)
    """Of every `ok` line: status, request id, hash of the answer."""

    def witness(self) -> dict[str, object]:
        """What names the operation to a reader."""
        return {"op": self.op, "f": self.f, "company": self.company, "reference": self.reference, "is": self.outcome}


def read_history(folder: Path, files: str = "*.jsonl") -> Iterator[Operation]:
    """All operations, client by client. Raises BrokenHistory."""
    for file in sorted((folder / "history").glob(files)):
        operations: dict[int, Operation] = {}
        for line in _lines(file):
            if line["is"] == "invoke":
                operations[line["op"]] = _invoked(line)
            elif (operation := operations.get(line["op"])) is None:
                raise BrokenHistory(f"{file.name}: operation {line['op']} has an end and no beginning")
            else:
                _complete(operation, line)
        yield from operations.values()


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    texts = file.read_bytes().split(b"\n")
    for number, text in enumerate(texts, 1):
        if not text:
            continue
        try:
            yield json.loads(text)
        except ValueError as broken:
            if number == len(texts):
                return
            raise BrokenHistory(f"{file.name}, line {number}: {broken}") from broken


def _invoked(line: Mapping[str, Any]) -> Operation:
    return Operation(
        line["op"], line["f"], line["company"], line["key"], line["reference"], line["hash"], line["body"],
        line.get("source"), line.get("client", ""),
    )  # fmt: skip


def _complete(operation: Operation, line: Mapping[str, Any]) -> None:
    if line["is"] not in DEFINITE:
        return
    operation.outcome, operation.status, operation.code = line["is"], line["status"], line.get("code")
    operation.request_id = line.get("request_id")
    operation.subject = line.get("subject")
    if line["is"] == "ok":
        operation.answers.append((line["status"], line.get("request_id"), line.get("answer")))
