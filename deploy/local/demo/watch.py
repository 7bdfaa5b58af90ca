"""`python -m deploy.local.demo.watch TOPIC`: an event stream of the running demo, as a program reads it."""

from __future__ import annotations

import json
import sys

import httpx

from deploy.local.paths import STATE


def main() -> None:
    """Print the stream's lines until Ctrl-C."""
    about = json.loads((STATE / "stack.json").read_text())
    topic = sys.argv[1] if len(sys.argv) > 1 else "ledger.invoices"
    url = f"{about['gateway']}/v1/streams/{topic}"
    headers = {"Authorization": f"Bearer {about['keys']['admin']}"}
    with httpx.stream("GET", url, params={"from": "beginning"}, headers=headers, timeout=None) as answer:  # noqa: S113
        for line in answer.iter_lines():
            print(line, flush=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(0)
