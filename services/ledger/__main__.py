"""`python -m services.ledger`: run the ledger, or bring its database to the newest schema."""

import chassis.starting  # noqa: F401  (first: it makes the start short)
from chassis.service import main
from services.ledger.main import build
from services.ledger.settings import LedgerSettings

main("ledger", LedgerSettings, build)
