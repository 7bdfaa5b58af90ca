"""Why an amount is what it is, in lines that a payroll officer can follow with a pocket calculator."""

from __future__ import annotations

from collections.abc import Iterator

from services.payroll.domain.pay.calculating import Payslip
from services.payroll.domain.pay.correcting import Difference
from services.payroll.domain.pay.paying import PersonPay


def explain(slip: Payslip, code: str | None = None) -> list[str]:
    """The rules' version, then each line with the values on the way to it; of one code, or of the whole payslip.

    Amounts are minor units. Whoever shows this shows pay: it is for the person and the payroll office alone.
    """
    told = [f"{slip.month} by the rules {slip.version} ({slip.digest[:12]})"]
    for of in dict.fromkeys(line.code for line in slip.lines):
        if code in (None, of):
            told.append(f"{of}: {sum(line.amount for line in slip.lines if line.code == of)}")
            told += [f"  {step.what} = {step.value}" for step in slip.steps if step.of == of]
    if code is None:
        told.append(f"net: {slip.gross} earned - {slip.gross - slip.net} withheld = {slip.net}")
    return told


def explain_pay(pay: PersonPay, code: str | None = None) -> list[str]:
    """A payslip with what it corrects: of each line that differs what was paid, what should have been, and why."""
    told = [] if pay.slip is None else explain(pay.slip, code)
    for each in pay.differences:
        told += _difference(each, code)
    if code is None:
        told.append(f"all together: {pay.net}; carried from before: {pay.carried}; to pay: {pay.payable}")
    return told


def _difference(difference: Difference, code: str | None) -> Iterator[str]:
    yield f"difference for {difference.month}, by the rules {difference.version}; only what differs is paid:"
    was = dict(zip(difference.lines, difference.was, strict=False))
    for of in dict.fromkeys(line.code for line in difference.lines if code in (None, line.code)):
        for line in difference.lines:
            if line.code == of:
                borne = f", borne by {line.cost_centre}" if line.cost_centre else ""
                before = was[line].amount if line in was else None
                paid = "" if before is None else f"was paid {before}, should be {before + line.amount}, "
                yield f"  {of}{borne}: {paid}difference {line.amount}"
        yield from (f"    now {step.what} = {step.value}" for step in difference.steps if step.of == of)
    yield f"  net difference for {difference.month}: {difference.net}"
