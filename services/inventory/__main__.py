"""`python -m services.inventory [serve | migrate] [--only api,consumers,relay,jobs]`."""

from collections.abc import Sequence

from chassis.starting import run, short_start


def _serve(parts: Sequence[str]) -> None:
    with short_start():
        from chassis.service import serve
        from services.inventory.main import build
        from services.inventory.settings import InventorySettings
    serve(InventorySettings, build, parts)


if __name__ == "__main__":
    run("inventory", _serve)
