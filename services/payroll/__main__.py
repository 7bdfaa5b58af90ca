"""`python -m services.payroll [serve | migrate] [--only api,consumers,relay,jobs]`."""

from collections.abc import Sequence

from chassis.starting import run, short_start


def _serve(parts: Sequence[str]) -> None:
    with short_start():
        from chassis.service import serve
        from services.payroll.main import build
        from services.payroll.settings import PayrollSettings
    serve(PayrollSettings, build, parts)


if __name__ == "__main__":
    run("payroll", _serve)
