"""Why an amount is what it is, in lines that a payroll officer can follow with a pocket calculator."""

from __future__ import annotations

from services.payroll.domain.pay.calculating import Payslip


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
