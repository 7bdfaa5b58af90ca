"""The command line of a service, and what makes its start short: each command loads what it needs and no more."""

import argparse
import gc
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

PARTS = ("api", "consumers", "relay", "jobs")
"""What a service's process does; a replica may do some of it."""


def run(service: str, serve: Callable[[Sequence[str]], None]) -> None:
    """`python -m services.<name> [serve | migrate] [--only api,consumers,relay,jobs]`.

    serve: loads the service and runs these parts of it; called for that command alone. Ends the process with 2 when
    the command line or the environment cannot be understood.
    """
    parser = argparse.ArgumentParser(prog=f"python -m services.{service}")
    parser.add_argument("command", nargs="?", choices=("serve", "migrate"), default="serve")
    parser.add_argument("--only", default=",".join(PARTS), help="parts to run, comma-separated: " + ", ".join(PARTS))
    arguments = parser.parse_args()
    parts = [part for part in arguments.only.split(",") if part]
    unknown = sorted(set(parts) - set(PARTS))
    if unknown:
        parser.error(f"--only knows {', '.join(PARTS)}, not {', '.join(unknown)}")
    if arguments.command == "serve":
        serve(parts)
        return
    with short_start():
        from chassis.migrating import migrate_from_environment
    if not migrate_from_environment(service):
        parser.exit(2, f"{service.upper()}_MIGRATION_URL is not set: migrating needs the owner role.\n")


@contextmanager
def short_start() -> Iterator[None]:
    """Around the imports of a service, which are most of the processor time of its start.

    The objects of a thousand modules come, none of which is ever garbage: the collector would walk through them again
    and again (a sixth of the time of a start), and once more at the end. And pydantic would write a validator for each
    of some three hundred models, those of FastAPI's OpenAPI document among them, most of which this process never
    needs: each is written when it first checks something (`defer_build`, a fifth of the time).
    """
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # to look for them reads every package's metadata
    gc.disable()
    from pydantic import BaseModel
    from pydantic.warnings import UnsupportedFieldAttributeWarning

    # FastAPI quiets this around its own building of models, which now happens later: the log is for other things
    warnings.filterwarnings("ignore", category=UnsupportedFieldAttributeWarning)
    BaseModel.model_config["defer_build"] = True  # what every model inherits unless it says otherwise
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
