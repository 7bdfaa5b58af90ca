"""The services as processes: which there are, how they are called, what they find in their environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from deploy.local.paths import CHECKOUT
from deploy.local.ports import HOST
from deploy.local.postgres import DatabaseUrls

Program = Callable[[str], Sequence[str]]
"""From a service's name to the command that runs it; further arguments are appended."""

URL_ENDINGS = ("_DATABASE_URL", "_RELAY_URL", "_MIGRATION_URL")
GATEWAY, PAYROLL = "gateway", "payroll"


def discover_services(checkout: Path = CHECKOUT) -> list[str]:
    """Every folder below `services/` that can be run, in alphabetical order."""
    return sorted(entry.parent.name for entry in (checkout / "services").glob("*/__main__.py"))


def service_program(service: str) -> Sequence[str]:
    """How a service is called."""
    return [sys.executable, "-m", f"services.{service}"]


def process_name(service: str, only: str | None, replica: int) -> str:
    """`ledger`, `ledger-relay`, `ledger-1`, `ledger-relay-1`."""
    return "-".join([service, *([only.replace(",", "+")] if only else []), *([str(replica)] if replica else [])])


def runtime_environment(
    service: str,
    urls: DatabaseUrls,
    shared: Mapping[str, str],
    *,
    port: int,
    replica: int = 0,
    addresses: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """What a running service sees: its own database as runtime and relay role, never the owner's connection string.

    The gateway also gets each department's address (`GATEWAY_LEDGER_URL`, …); payroll, which tells documents what
    stands in no event, gets that one's.
    """
    prefix = service.upper()
    own = urls.environment(service)
    del own[f"{prefix}_MIGRATION_URL"]
    departments = {}
    if service == GATEWAY:
        departments = {f"GATEWAY_{name.upper()}_URL": address for name, address in (addresses or {}).items()}
    elif service == PAYROLL and "documents" in (addresses or {}):
        departments = {"PAYROLL_DOCUMENTS_URL": (addresses or {})["documents"]}
    return (
        _inherited()
        | dict(shared)
        | own
        | departments
        | {f"{prefix}_HTTP_HOST": HOST, f"{prefix}_HTTP_PORT": str(port), f"{prefix}_REPLICA": str(replica)}
    )


def migration_environment(service: str, urls: DatabaseUrls, shared: Mapping[str, str]) -> dict[str, str]:
    """What a migration sees: the owner's connection string and no other."""
    return _inherited() | dict(shared) | {f"{service.upper()}_MIGRATION_URL": urls.migration_url}


def _inherited() -> dict[str, str]:
    """Our own environment without any service's connection strings: a department knows only its own database."""
    kept = {name: value for name, value in os.environ.items() if not name.endswith(URL_ENDINGS)}
    return kept | {"PYTHONUNBUFFERED": "1"}
