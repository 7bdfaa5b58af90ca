"""`python -m services.gateway [serve | migrate | keys …]`."""

import sys

from chassis.starting import short_start

with short_start():
    from chassis.service import main
    from services.gateway.key_commands import run
    from services.gateway.main import build
    from services.gateway.settings import GatewaySettings

if __name__ == "__main__":
    if sys.argv[1:2] == ["keys"]:
        run(sys.argv[2:])
    else:
        main("gateway", GatewaySettings, build)
