"""`python -m services.payroll [migrate] [--only api,consumers,relay,jobs]`."""

import chassis.starting  # noqa: F401  (first: it makes the start short)
from chassis.service import main
from services.payroll.main import build
from services.payroll.settings import PayrollSettings

if __name__ == "__main__":
    main("payroll", PayrollSettings, build)
