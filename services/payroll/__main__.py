"""`python -m services.payroll [migrate] [--only api,consumers,relay,jobs]`."""

from chassis.starting import short_start

with short_start():
    from chassis.service import main
    from services.payroll.main import build
    from services.payroll.settings import PayrollSettings

if __name__ == "__main__":
    main("payroll", PayrollSettings, build)
