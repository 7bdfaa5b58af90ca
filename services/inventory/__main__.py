"""`python -m services.inventory [migrate] [--only api,consumers,relay,jobs]`."""

from chassis.starting import short_start

with short_start():
    from chassis.service import main
    from services.inventory.main import build
    from services.inventory.settings import InventorySettings

if __name__ == "__main__":
    main("inventory", InventorySettings, build)
