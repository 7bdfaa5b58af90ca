"""`python -m services.ledger [serve | migrate] [--only api,consumers,relay,jobs]`."""

from collections.abc import Sequence

from chassis.starting import run, short_start


def _serve(parts: Sequence[str]) -> None:
    with short_start():
        from chassis.service import serve
        from services.ledger.main import build
        from services.ledger.settings import LedgerSettings
    serve(LedgerSettings, build, parts)


if __name__ == "__main__":
    run("ledger", _serve)
