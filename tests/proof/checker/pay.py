"""Pay: each payslip and each run to the cent, everybody paid once, nobody approves their own. INV15, INV16, INV27.

What was entered and asked for stands in the history (`pay*.jsonl`), what became of it in `surface/_pay.json`, what
was told to the books in the topics.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.proof.checker.books import Books
from tests.proof.checker.history import Operation, read_history
from tests.proof.checker.intents import number
from tests.proof.checker.pay_surface import load_pay
from tests.proof.checker.report import Findings
from tests.proof.checker.topics import read_topic

RELEASED = frozenset({"approved", "paid", "posted"})
MAKING = frozenset({"started", "recalculated"})
ROLES = ("salaries", "employer_contributions", "tax_payable", "contributions_payable", "wages_payable")
FEW = 3
"""The journal of a run tells no sum of fewer people."""
OF_PAY = "pay*.jsonl"
"""The history of what payroll was asked."""
TRAINING = frozenset({"training", "training_payable"})
Sums = dict[str, int]


@dataclass(slots=True)
class Told:
    """What the topics say of runs, by company and run; repeats of an event count once."""

    journals: defaultdict[tuple[str, str], list[Sums]] = field(default_factory=lambda: defaultdict(list))
    entries: defaultdict[tuple[str, str], list[Sums]] = field(default_factory=lambda: defaultdict(list))


def settle_pay(folder: Path, books: Books, findings: Findings, *, quiet: bool) -> None:
    """Company by company, run by run."""
    shown, asked = load_pay(folder), list(read_history(folder, OF_PAY))
    told = _told(folder, books) if shown or asked else Told()
    for company, pay in shown.items():
        slips = _by_run(pay["payslips"])
        for run in pay["runs"]:
            if run["state"] == "calculating":
                continue
            _slips_add_up(company, run, slips[run["run"]], findings)
            _run_adds_up(company, run, slips[run["run"]], findings)
            _books_agree(company, run, told, findings, quiet=quiet)
            _is_complete(company, run, slips[run["run"]], asked, findings)
            _file_pays(company, run, pay, slips[run["run"]], findings)
            _four_eyes(company, run, findings)
        _paid_once(company, pay, findings)
        _approvals(company, asked, findings)
        _confirmed(company, pay, findings)
        runs = {run["run"] for run in pay["runs"]}
        for of, run in {*told.journals, *told.entries}:
            if of == company and run not in runs:
                findings.say("INV15", "a run is in the books that payroll does not show", company=company, run=run)
    _asked_once(asked, findings)


# -- INV15 -------------------------------------------------------------------------------------------------------------


def _slips_add_up(company: str, run: Mapping[str, Any], slips: Sequence[Mapping[str, Any]], findings: Findings) -> None:
    for slip in slips:
        findings.look("INV15")
        own, differences = _sums(slip["lines"]), [_sums(each["lines"]) for each in slip["corrections"]]
        witness = {"company": company, "run": run["run"], "employee": slip["employee"], "period": slip["period"]}
        if number(slip["gross"]) != own["salaries"]:
            findings.say("INV15", "gross is not what was earned", **witness)
        for each, sums in zip(slip["corrections"], differences, strict=True):
            if number(each["net"]) != sums["wages_payable"]:
                findings.say("INV15", f"the correction of {each['month']} does not add up", **witness)
        net = own["wages_payable"] + sum(sums["wages_payable"] for sums in differences)
        if number(slip["net"]) != net:
            findings.say("INV15", "gross is not net, tax and contributions", **witness)
        if number(slip["to_pay"]) != max(0, number(slip["net"]) + number(slip["carried"])):
            findings.say("INV15", "what is paid is not net with what was carried", **witness)


def _run_adds_up(company: str, run: Mapping[str, Any], slips: Sequence[Mapping[str, Any]], findings: Findings) -> None:
    totals, summed = run["totals"], _of_slips(slips)
    paid = sum(number(slip["to_pay"]) for slip in slips)
    witness = {"company": company, "run": run["run"]}
    due = {
        "gross": summed["salaries"], "employer_contributions": summed["employer_contributions"],
        "net": summed["wages_payable"], "to_pay": paid,
    }  # fmt: skip
    for name, sum_of_slips in due.items():
        findings.look("INV15")
        if number(totals[name]) != sum_of_slips:
            findings.say("INV15", f"{name} of the run is not the sum of its payslips", **witness)
    if _journal(totals["journal"]) != (_signed(summed) if _crowd(slips) else _cost_alone(summed)):
        findings.say("INV15", "the journal of the run is not the sum of its payslips", **witness)


def _books_agree(company: str, run: Mapping[str, Any], told: Told, findings: Findings, *, quiet: bool) -> None:
    """The journal leaves once when the run is posted, and is one entry in the books."""
    key, due = (company, run["run"]), int(run["state"] == "posted")
    wanted = _journal(run["totals"]["journal"])
    for what, found in (("PayrollPosted", told.journals[key]), ("entries", told.entries[key])):
        findings.look("INV15")
        if len(found) > due:
            findings.say("INV15", f"{len(found)} {what} of a run instead of {due}", company=company, run=run["run"])
            findings.count(doubled=len(found) - due)
        elif len(found) < due and quiet:
            findings.say("INV15", f"no {what} of a run that is posted", company=company, run=run["run"])
            findings.count(lost=1)
        if any(sums != wanted for sums in found):
            findings.say("INV15", f"{what} are not the journal of the run", company=company, run=run["run"])


# -- INV16 -------------------------------------------------------------------------------------------------------------


def _is_complete(
    company: str, run: Mapping[str, Any], slips: Sequence[Mapping[str, Any]], asked: Iterable[Operation],
    findings: Findings,
) -> None:  # fmt: skip
    """Everybody whose pay was agreed is in the run once, and nobody else."""
    agreed = {
        operation.reference
        for operation in asked
        if (operation.company, operation.f, operation.outcome) == (company, "enter", "ok")
        and operation.body.get("pay_group") == run["pay_group"]
        and operation.body["effective_on"][:7] <= run["period"]
    }
    people = Counter(slip["employee"] for slip in slips)
    findings.look("INV16", len(people))
    witness = {"company": company, "run": run["run"]}
    if len(people) != run["people"]:
        findings.say("INV16", f"{len(people)} people have a payslip of a run of {run['people']}", **witness)
    if missing := agreed - people.keys():
        findings.say("INV16", f"{len(missing)} people are not in the run", people=sorted(missing)[:5], **witness)
        findings.count(lost=len(missing))
    if strange := people.keys() - agreed:
        findings.say(
            "INV16", f"{len(strange)} people are in a run without terms", people=sorted(strange)[:5], **witness
        )


def _paid_once(company: str, pay: Mapping[str, Any], findings: Findings) -> None:
    """One payslip of a person for a period, one payment, one run of a group for a month."""
    for employee, slips in pay["payslips"].items():
        for period, count in Counter(slip["period"] for slip in slips).items():
            if count > 1:
                findings.say("INV16", f"{count} payslips of {period}", company=company, employee=employee)
                findings.count(doubled=count - 1)
    references = Counter(paid["reference"] for file in pay["files"].values() for paid in file["payments"])
    for reference, count in references.items():
        findings.look("INV16")
        if count > 1:
            findings.say("INV16", f"paid {count} times", company=company, reference=reference)
            findings.count(doubled=count - 1)
    for (group, period), count in Counter((run["pay_group"], run["period"]) for run in pay["runs"]).items():
        if count > 1:
            findings.say("INV16", f"{count} runs of {group} for {period}", company=company)
            findings.count(doubled=count - 1)


def _file_pays(
    company: str, run: Mapping[str, Any], pay: Mapping[str, Any], slips: Sequence[Mapping[str, Any]], findings: Findings
) -> None:
    """The pay file of a run pays what its payslips say, to nobody else, and its control totals are true."""
    file = pay["files"].get(run["run"])
    witness = {"company": company, "run": run["run"]}
    if file is None:
        if run["state"] in {"paid", "posted"}:
            findings.say("INV16", "a run is paid without a pay file", **witness)
        return
    compact = run["period"].replace("-", "")
    due = {
        f"{pay['numbers'][slip['employee']]}-{compact}": number(slip["to_pay"])
        for slip in slips
        if number(slip["to_pay"])
    }
    paid = {each["reference"]: number(each["amount"]) for each in file["payments"]}
    findings.look("INV16", len(paid))
    if paid != due:
        wrong = sorted({*paid.items()} ^ {*due.items()})[:5]
        findings.say("INV16", "the pay file does not pay what the payslips say", differ=wrong, **witness)
    if (int(file["count"]), number(file["sum"])) != (len(file["payments"]), sum(paid.values())):
        findings.say("INV16", "the control totals of the pay file are not those of its payments", **witness)


def _asked_once(asked: Iterable[Operation], findings: Findings) -> None:
    """However many start a month or make a file at once: one is told that it did."""
    for f, what in (("start_run", "starts of one month"), ("export_run", "pay files of one run")):
        accepted = Counter((one.company, one.reference) for one in asked if (one.f, one.outcome) == (f, "ok"))
        for (company, reference), count in accepted.items():
            findings.look("INV16")
            if count > 1:
                findings.say("INV16", f"{count} {what} were accepted", company=company, of=reference)
                findings.count(doubled=count - 1)


# -- INV27 -------------------------------------------------------------------------------------------------------------


def _four_eyes(company: str, run: Mapping[str, Any], findings: Findings) -> None:
    """Who calculated a run has not approved it."""
    findings.look("INV27")
    makers = {step["actor"] for step in run["steps"] if step["action"] in MAKING}
    checkers = {step["actor"] for step in run["steps"] if step["action"] == "approved"}
    witness = {"company": company, "run": run["run"]}
    if (run["state"] in RELEASED) != bool(checkers) or bool(checkers) != bool(run["approved_by"]):
        findings.say("INV27", "a run is released without an approval", **witness)
    if both := makers & {*checkers, run["approved_by"]}:
        findings.say("INV27", "who calculated a run has approved it", who=sorted(both), **witness)


def _approvals(company: str, asked: Iterable[Operation], findings: Findings) -> None:
    """Who asked for a run is another client than the one whose approval was accepted."""
    makers: defaultdict[str, set[str]] = defaultdict(set)
    for one in asked:
        if (one.company, one.outcome) == (company, "ok") and one.f in {"start_run", "approve_run"}:
            findings.look("INV27")
            if one.f == "start_run":
                makers[one.reference].add(one.client)
            elif one.client in makers[one.reference]:
                findings.say("INV27", "one client started and approved a run", company=company, run=one.reference)


def _confirmed(company: str, pay: Mapping[str, Any], findings: Findings) -> None:
    """A bank account that was paid to was confirmed by somebody who had not entered it."""
    paid_to = {
        (each["reference"].rpartition("-")[0], each["iban"][-4:])
        for file in pay["files"].values()
        for each in file["payments"]
    }
    known: set[tuple[str, str]] = set()
    for employee, accounts in pay["accounts"].items():
        for account in accounts:
            findings.look("INV27")
            if account["confirmed_by"] == account["recorded_by"]:
                findings.say("INV27", "who entered an account has confirmed it", company=company, employee=employee)
            if account["confirmed_by"] is not None:
                known.add((pay["numbers"][employee], account["iban_ends"]))
    if strange := paid_to - known:
        findings.say("INV27", "pay went to accounts that nobody confirmed", company=company, to=sorted(strange)[:5])


# -- parts -------------------------------------------------------------------------------------------------------------


def _told(folder: Path, books: Books) -> Told:
    told = Told()
    seen: set[str] = set()
    for topic, kind in (("payroll.runs", "PayrollPosted.v1"), ("ledger.entries", "EntryPosted.v1")):
        for record in read_topic(folder, topic):
            headers = record.headers
            if headers is None or headers.get("ce_type") != kind or headers["ce_id"] in seen:
                continue
            seen.add(headers["ce_id"])
            company = headers["ce_company"]
            if kind == "PayrollPosted.v1":
                told.journals[company, record.data["run"]].append(_journal(record.data["lines"]))
            elif record.data["journal"] == "payroll" and not _is_training(company, record.data, books):
                sums = dict.fromkeys(ROLES, 0)
                for line in record.data["lines"]:
                    role = str(books.roles.get((company, line["account"])))
                    sums[role] = sums.get(role, 0) + number(line["debit"]) - number(line["credit"])
                told.entries[company, str(record.data["document"])].append(sums)
    return told


def _is_training(company: str, entry: Mapping[str, Any], books: Books) -> bool:
    """What a training session cost stands in the same journal, and is of no run."""
    return all(books.roles.get((company, line["account"])) in TRAINING for line in entry["lines"])


def _by_run(payslips: Mapping[str, Sequence[Mapping[str, Any]]]) -> defaultdict[str, list[dict[str, Any]]]:
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for employee, slips in payslips.items():
        for slip in slips:
            found[slip["run"]].append({**slip, "employee": employee})
    return found


def _of_slips(slips: Iterable[Mapping[str, Any]]) -> Sums:
    """All lines of all payslips, with what they correct."""
    sums = dict.fromkeys(ROLES, 0)
    for slip in slips:
        for lines in (slip["lines"], *(each["lines"] for each in slip["corrections"])):
            for role, amount in _sums(lines).items():
                sums[role] += amount
    return sums


def _sums(lines: Iterable[Mapping[str, Any]]) -> Sums:
    """What lines come to by the accounts that they end on; net is what is left of what was earned."""
    sums = dict.fromkeys(ROLES, 0)
    for line in lines:
        amount, kind = number(line["amount"]), line["kind"]
        if kind == "earning":
            sums["salaries"] += amount
            sums["wages_payable"] += amount
            continue
        sums["tax_payable" if kind == "tax" else "contributions_payable"] += amount
        if kind == "employer":
            sums["employer_contributions"] += amount
        else:
            sums["wages_payable"] -= amount
    return sums


def _crowd(slips: Iterable[Mapping[str, Any]]) -> bool:
    """Whether three different people at least earn something in some cost centre."""
    earning: set[str] = set()
    for slip in slips:
        by_centre: defaultdict[str, int] = defaultdict(int)
        for lines in (slip["lines"], *(each["lines"] for each in slip["corrections"])):
            for line in lines:
                if line["kind"] == "earning":
                    by_centre[line["cost_centre"]] += number(line["amount"])
        if any(by_centre.values()):
            earning.add(slip["employee"])
    return len(earning) >= FEW


def _cost_alone(sums: Sums) -> Sums:
    """Of a run of fewer people only its cost is told, and that much is owed."""
    cost = sums["salaries"] + sums["employer_contributions"]
    return dict.fromkeys(ROLES, 0) | {"salaries": cost, "wages_payable": -cost}


def _signed(sums: Sums) -> Sums:
    """As they stand in the books: a debit above zero, a credit below."""
    return {
        role: amount if role in {"salaries", "employer_contributions"} else -amount for role, amount in sums.items()
    }


def _journal(lines: Iterable[Mapping[str, Any]]) -> Sums:
    sums = dict.fromkeys(ROLES, 0)
    for line in lines:
        sums[line["role"]] += number(line["amount"]) * (1 if line["side"] == "debit" else -1)
    return sums
