"""A stand-in for a service: the same command line and environment, no business.

python -m tests.local_stack.dummy_service NAME [migrate | environment | keys create | --only PARTS]
"""

from __future__ import annotations

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Answers(BaseHTTPRequestHandler):
    """Ready at once, or never."""

    def do_GET(self) -> None:
        self.send_response(503 if os.environ.get("DUMMY_IS_NEVER_READY") else 200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *_: object) -> None:
        """Keep the log empty."""


def main(name: str, *arguments: str) -> None:
    prefix = name.upper()
    if arguments == ("migrate",):
        print(f"migrated by {os.environ[f'{prefix}_MIGRATION_URL'].split(':')[1]}")
    elif arguments == ("environment",):
        print(json.dumps(dict(os.environ)))
    elif arguments[:2] == ("keys", "create"):
        print(json.dumps({"key": f"made by process {os.getpid()}"}))
    elif "DUMMY_FAILS_WITH" in os.environ:
        sys.exit(os.environ["DUMMY_FAILS_WITH"])
    else:
        address = (os.environ[f"{prefix}_HTTP_HOST"], int(os.environ[f"{prefix}_HTTP_PORT"]))
        ThreadingHTTPServer(address, Answers).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
