"""`python -m services.gateway [serve | migrate | keys …] [--only api,consumers,relay,jobs]`."""

import sys
from collections.abc import Sequence

from chassis.starting import run, short_start


def _serve(parts: Sequence[str]) -> None:
    with short_start():
        from chassis.service import serve
        from services.gateway.main import build
        from services.gateway.settings import GatewaySettings
    serve(GatewaySettings, build, parts)


def _keys(arguments: Sequence[str]) -> None:
    with short_start():
        from services.gateway import key_commands
    key_commands.run(arguments)


if __name__ == "__main__":
    if sys.argv[1:2] == ["keys"]:
        _keys(sys.argv[2:])
    else:
        run("gateway", _serve)
