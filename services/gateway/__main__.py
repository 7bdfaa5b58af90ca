"""`python -m services.gateway [serve | migrate | keys …]`."""

import sys

import chassis.starting  # noqa: F401  (first: it makes the start short)
from chassis.service import main
from services.gateway.key_commands import run
from services.gateway.main import build
from services.gateway.settings import GatewaySettings

if __name__ == "__main__":
    if sys.argv[1:2] == ["keys"]:
        run(sys.argv[2:])
    else:
        main("gateway", GatewaySettings, build)
