"""`python -m services.ledger`: run the ledger, or bring its database to the newest schema."""

from chassis.starting import short_start

with short_start():
    from chassis.service import main
    from services.ledger.main import build
    from services.ledger.settings import LedgerSettings

main("ledger", LedgerSettings, build)
