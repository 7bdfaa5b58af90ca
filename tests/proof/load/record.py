"""The history of intents: per client a file of JSON lines, each line flushed before the next step is taken.

An operation has an `invoke` line, then `ok`, `fail` (it certainly had no effect) or `unknown`; an unknown that is
repeated with its key gets a later line of the same operation, and the last definite line counts.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TextIO

Kind = Literal[
    "order", "cancel", "pay", "hire", "receive", "pick", "pack", "dispatch", "set_up", "read", "inject", "enter",
    "start_run", "approve_run", "export_run", "change", "count", "decide", "transfer", "arrive", "close", "agree",
    "carry", "post", "judge",
]  # fmt: skip
Outcome = Literal["ok", "fail", "unknown"]


class History:
    """The history of one house: `folder/history/<client>.jsonl`. Operations are numbered through all clients."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "history"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.operations = 0
        self._numbers = itertools.count(1)
        self._files: dict[str, TextIO] = {}

    def invoke(
        self, client: str, f: Kind, *, company: str, key: str, reference: str, body: Mapping[str, Any], path: str,
        source: str | None = None,
    ) -> int:  # fmt: skip
        """Note what is about to be asked, before it is; returns the operation's number."""
        op = next(self._numbers)
        self.operations += 1
        text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        line = {
            "op": op, "client": client, "is": "invoke", "f": f, "company": company, "key": key, "reference": reference,
            "hash": hashlib.sha256(text.encode()).hexdigest(), "body": body, "path": path, "source": source,
        }  # fmt: skip
        self._write(client, line)
        return op

    def complete(
        self, client: str, op: int, outcome: Outcome, *, status: int | None, code: str | None = None,
        request_id: str | None = None, subject: str | None = None,
    ) -> None:  # fmt: skip
        """Note what came of it."""
        line = {"op": op, "client": client, "is": outcome, "status": status, "code": code, "request_id": request_id}
        self._write(client, line | {"subject": subject})

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            file.close()
        self._files.clear()

    def _write(self, client: str, line: Mapping[str, Any]) -> None:
        file = self._files.get(client)
        if file is None:
            file = self._files[client] = (self.folder / f"{client}.jsonl").open("a", encoding="utf-8")
        file.write(json.dumps({**line, "t": time.time_ns()}, ensure_ascii=False) + "\n")
        file.flush()
