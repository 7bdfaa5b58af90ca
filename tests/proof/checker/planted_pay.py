"""Corruptions of a recorded month of pay, each with the invariant that must name it."""

from __future__ import annotations

import base64
import copy
from decimal import Decimal
from typing import Any

from tests.proof.checker.planted_business import cent_more
from tests.proof.checker.planting import Line, Planted, Recorded, table

PLANTED: list[Planted] = []
planted = table(PLANTED)


def pay(run: Recorded) -> Any:
    """What payroll shows of the company whose people were paid."""
    return next(iter(run.surface["_pay"].values()))


def the_run(run: Recorded) -> Any:
    """Its pay run."""
    return pay(run)["runs"][0]


def a_slip(run: Recorded) -> Any:
    """Somebody's payslip."""
    return next(slips[0] for slips in pay(run)["payslips"].values() if slips)


def the_file(run: Recorded) -> Any:
    """Its pay file."""
    return next(iter(pay(run)["files"].values()))


def the_entry(run: Recorded) -> Line:
    """What the books have of it."""
    return run.data("EntryPosted", lambda data: data["journal"] == "payroll")


def secret(run: Recorded, name: str) -> str:
    """What was entered about somebody."""
    lines = (line for lines in run.history.values() for line in lines)
    return str(next(line["body"]["secret"][name] for line in lines if name in line.get("body", {}).get("secret", {})))


# -- to the cent -------------------------------------------------------------------------------------------------------


@planted("INV15")
def a_net_pay_is_out_by_a_cent(run: Recorded) -> None:
    cent_more(a_slip(run), "net")


@planted("INV15")
def a_tax_line_is_out_by_a_cent(run: Recorded) -> None:
    cent_more(next(line for line in a_slip(run)["lines"] if line["kind"] == "tax"), "amount")


@planted("INV15")
def a_gross_pay_is_not_what_was_earned(run: Recorded) -> None:
    cent_more(a_slip(run), "gross")


@planted("INV15")
def more_is_paid_than_is_net(run: Recorded) -> None:
    cent_more(a_slip(run), "to_pay")


@planted("INV15")
def the_total_of_a_run_is_out_by_a_cent(run: Recorded) -> None:
    cent_more(the_run(run)["totals"], "gross")


@planted("INV15")
def the_journal_of_a_run_is_out_by_a_cent(run: Recorded) -> None:
    for line in the_run(run)["totals"]["journal"][:1]:
        cent_more(line, "amount")


@planted("INV15")
def the_event_to_the_books_has_another_sum(run: Recorded) -> None:
    cent_more(run.data("PayrollPosted")["lines"][0], "amount")


@planted("INV15")
def the_books_have_a_cent_more(run: Recorded) -> None:
    lines = the_entry(run)["lines"]
    cent_more(next(line for line in lines if Decimal(line["debit"])), "debit")
    cent_more(next(line for line in lines if Decimal(line["credit"])), "credit")


@planted("INV15")
def a_run_is_told_to_the_books_twice(run: Recorded) -> None:
    run.again("PayrollPosted")


@planted("INV15")
def a_run_never_reaches_the_books(run: Recorded) -> None:
    run.drop("EntryPosted", lambda data: data["journal"] == "payroll")


@planted("INV15")
def a_run_is_in_the_books_that_payroll_does_not_know(run: Recorded) -> None:
    run.data("PayrollPosted")["run"] = "00000000-0000-4000-8000-0000000000cc"


# -- once --------------------------------------------------------------------------------------------------------------


@planted("INV16")
def somebody_is_paid_twice(run: Recorded) -> None:
    the_file(run)["payments"].append(copy.deepcopy(the_file(run)["payments"][0]))


@planted("INV16")
def somebody_is_not_in_the_run(run: Recorded) -> None:
    next(slips for slips in pay(run)["payslips"].values() if slips).clear()


@planted("INV16")
def somebody_has_two_payslips_of_a_month(run: Recorded) -> None:
    slips = next(slips for slips in pay(run)["payslips"].values() if slips)
    slips.append(copy.deepcopy(slips[0]))


@planted("INV16")
def somebody_is_paid_whose_pay_was_never_agreed(run: Recorded) -> None:
    for lines in run.history.values():
        for agreed in [line for line in lines if "/pay-terms" in line.get("path", "")][:1]:
            lines[:] = [line for line in lines if line["op"] != agreed["op"]]


@planted("INV16")
def the_bank_pays_a_cent_more(run: Recorded) -> None:
    cent_more(the_file(run)["payments"][0], "amount")


@planted("INV16")
def the_control_sum_is_another(run: Recorded) -> None:
    cent_more(the_file(run), "sum")


@planted("INV16")
def a_month_is_run_twice(run: Recorded) -> None:
    twin = copy.deepcopy(the_run(run)) | {"run": "00000000-0000-4000-8000-0000000000dd", "state": "calculating"}
    pay(run)["runs"].append(twin)


@planted("INV16")
def two_starts_of_one_month_are_accepted(run: Recorded) -> None:
    refused(run, "start_run")["is"] = "ok"


@planted("INV16")
def two_pay_files_of_one_run_are_accepted(run: Recorded) -> None:
    refused(run, "export_run")["is"] = "ok"


def refused(run: Recorded, f: str) -> Line:
    """The end of an operation that was refused."""
    return run.operation(f, "fail")[2]


# -- personal data -----------------------------------------------------------------------------------------------------


@planted("INV17")
def a_salary_stands_in_an_event(run: Recorded) -> None:
    run.data("EmployeeRegistered")["job_title"] = f"paid {secret(run, 'salary')}"


@planted("INV17")
def an_account_stands_in_a_header_in_base64(run: Recorded) -> None:
    _, line = run.one("EmployeeRegistered")
    line["h"]["ce_note"] = base64.b64encode(f"to {secret(run, 'account')}.".encode()).decode()


@planted("INV17")
def a_tax_id_stands_in_a_journal(run: Recorded) -> None:
    run.data("PayrollPosted")["pay_group"] = secret(run, "tax id").lower()


@planted("INV17")
def a_net_pay_stands_in_an_entry(run: Recorded) -> None:
    the_entry(run)["text"] = a_slip(run)["net"]


# -- four eyes ---------------------------------------------------------------------------------------------------------


@planted("INV27")
def who_calculated_a_run_has_approved_it(run: Recorded) -> None:
    steps = the_run(run)["steps"]
    maker = next(step["actor"] for step in steps if step["action"] == "started")
    next(step for step in steps if step["action"] == "approved")["actor"] = maker


@planted("INV27")
def a_run_is_paid_that_nobody_approved(run: Recorded) -> None:
    the_run(run)["steps"] = [step for step in the_run(run)["steps"] if step["action"] != "approved"]


@planted("INV27")
def an_approval_by_who_started_is_accepted(run: Recorded) -> None:
    refused(run, "approve_run")["is"] = "ok"


@planted("INV27")
def who_entered_an_account_has_confirmed_it(run: Recorded) -> None:
    account = next(accounts[0] for accounts in pay(run)["accounts"].values() if accounts)
    account["confirmed_by"] = account["recorded_by"]


@planted("INV27")
def pay_goes_to_an_account_that_nobody_confirmed(run: Recorded) -> None:
    the_file(run)["payments"][0]["iban"] = "GR0000000000000000000000000"
