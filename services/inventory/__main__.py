"""`python -m services.inventory [migrate] [--only api,consumers,relay,jobs]`."""

import chassis.starting  # noqa: F401  (first: it makes the start short)
from chassis.service import main
from services.inventory.main import build
from services.inventory.settings import InventorySettings

if __name__ == "__main__":
    main("inventory", InventorySettings, build)
