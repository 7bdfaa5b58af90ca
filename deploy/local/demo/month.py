"""Months of pay for two dozen people in two countries: hired, calculated, approved by another, paid, booked.

In Greece somebody joins, somebody leaves, somebody is away without pay, and a raise is entered a month too late. What
the books must say is the sum of the runs' journals, which the ledger knows from an event without anybody's name.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from deploy.local.demo.day import Say, accepted, company_body, until, until_known
from deploy.local.demo.findings import Findings
from deploy.local.demo.front_office import FrontOffice, stable_key
from deploy.local.demo.plan import House
from deploy.local.paths import STATE

ACCOUNTS = (
    ("6000", "Salaries", "expense", "salaries"),
    ("6100", "Employer's contributions", "expense", "employer_contributions"),
    ("2500", "Wages to pay", "liability", "wages_payable"), ("2510", "Tax withheld", "liability", "tax_payable"),
    ("2520", "Contributions to pay", "liability", "contributions_payable"),
)  # fmt: skip
CONTROL_SUM = re.compile(r"<CtrlSum>([0-9.]+)</CtrlSum>")


class Office(NamedTuple):
    """A company's payroll: by which country's rules, since when, and which months are run."""

    house: House
    figures: Mapping[str, str]
    """What the country's rules leave to be given."""
    months: tuple[str, ...]
    names: tuple[str, ...]
    monthly: int
    """The first one's salary; each of the others has 50 more."""


ISLANDS = House(
    "kyklades", "Κυκλάδες Ναυτιλιακή Α.Ε.", "EUR", "GR", "Europe/Athens", "Ερμούπολη", "EL094259216",
    "GR1601101250000000012300695", {}, (),
)  # fmt: skip
CARMEL = House(
    "carmel", "כרמל הנדסה בע״מ", "ILS", "IL", "Asia/Jerusalem", "חיפה", "IL514321987", "IL620108000000099999999", {}, ()
)
GREECE = Office(
    ISLANDS, {"extras_apart": "1", "holidays.month": "7", "tax.family.step": "1000.00"}, ("2025-10", "2025-11"),
    (
        "Άννα", "Βασίλης", "Γεωργία", "Δημήτρης", "Ελένη", "Ζωή", "Ηλίας", "Θεοδώρα", "Ιωάννης", "Κατερίνα", "Λουκάς",
        "Μαρία", "Νίκος", "Ξένια", "Ορέστης", "Πηνελόπη",
    ), 1_400,
)  # fmt: skip
ISRAEL = Office(CARMEL, {}, ("2024-11",), ("אורה", "בועז", "גליה", "דוד", "הדס", "זאב", "חנה", "טל"), 9_000)
JOINER, LEAVER, RAISED, AWAY = "Πηνελόπη", "Ορέστης", "Μαρία", "Νίκος"
JOINS, LEAVES = "2025-11-10", "2025-11-20"
UNPAID = ("2025-11-03", "2025-11-07")
RAISE = 200
COURSE, EXPIRES_IN = "first-aid", 25
REMINDED_WITHIN_S = 60.0
TO_LOOK_AT = (
    ("joined in the month", "joined", JOINER), ("left in the month", "left", LEAVER),
    ("a raise that was entered a month late", "raise", RAISED), ("away without pay for a week", "unpaid-leave", AWAY),
)  # fmt: skip
"""Whose payslips of the last month a reader wants to see: why, as a file's name says it, and who."""
LANGUAGES = {"GR": "el", "IL": "he"}


@dataclass(slots=True)
class Person:
    """Somebody who is paid."""

    name: str
    starts_on: str
    monthly: int
    employee: str = ""


class Payroll:
    """The payroll office of one company: one officer, and another person who approves."""

    def __init__(self, office: Office, admin: FrontOffice, decider: FrontOffice, say: Say, findings: Findings) -> None:
        self.office = office
        self.admin = admin
        self.decider = decider
        self.say = say
        self.findings = findings
        self.runs: list[dict[str, Any]] = []
        self.people = {
            name: Person(name, JOINS if name == JOINER else "2024-01-01", office.monthly + 50 * place)
            for place, name in enumerate(office.names)
        }

    async def pay(self) -> None:
        """The whole story. Raises DayFailed."""
        await self._found()
        await self._hire()
        await self._agree()
        for place, month in enumerate(self.office.months):
            if place:
                await self._changes()
            await self._run(month)
        await self._look()

    # -- what happens --------------------------------------------------------------------------------------------------

    async def _found(self) -> None:
        house = self.office.house
        await self._post("/ledger/v1/companies", company_body(house), "company")
        accounts = [{"code": c, "name": n, "kind": k, "role": r} for c, n, k, r in ACCOUNTS]
        await self._post(f"/ledger/v1/companies/{house.code}/accounts/batch", {"accounts": accounts}, "accounts")
        await until_known(self.admin, self._payroll("employees"))
        await until_known(self.admin, f"/v1/orders?company={house.code}")
        centre = {"dimension": "cost_centre", "code": "CC-1", "name": "All"}
        await self._post(f"/ledger/v1/companies/{house.code}/dimensions", {"values": [centre]}, "cost-centre")
        await until(
            lambda: self.admin.get(self._payroll("cost-centres")), lambda told: bool(told["cost_centres"]),
            f"payroll knows the cost centre of {house.code}'s books",
        )  # fmt: skip
        address = {"line1": "1 Port Road", "city": house.city, "country": house.country}
        group = {
            "pay_group": "monthly", "country": house.country, "currency": house.currency,
            "since": self.office.months[0], "figures": self.office.figures, "debtor_name": house.name,
            "debtor_iban": house.iban, "debtor_address": address,
        }  # fmt: skip
        await self._post(self._payroll("pay-groups"), group, "group")

    async def _hire(self) -> None:
        """By the front office's door, as the personnel system would."""
        for serial, (name, person) in enumerate(self.people.items(), 1):
            hire = {
                "company": self.office.house.code, "reference": f"hire-{serial}", "name": name, "job_title": "Clerk",
                "department": "Office", "starts_on": person.starts_on, "language": LANGUAGES[self.office.house.country],
            }  # fmt: skip
            await self._post("/v1/employees", hire, f"hire-{name}")

        async def registered() -> dict[str, str]:
            rows = await self.admin.pages(self._payroll("employees"), "employees", "after", limit=200)
            return {row["name"]: row["employee"] for row in rows}

        found = await until(registered, lambda names: names.keys() >= self.people.keys(), "all are on the register")
        for name, person in self.people.items():
            person.employee = found[name]

    async def _agree(self) -> None:
        """Pay, account and tax profile of each."""
        house = self.office.house
        for serial, (name, person) in enumerate(self.people.items(), 1):
            at = self._payroll(f"employees/{person.employee}")
            await self._terms(person, person.starts_on, person.monthly, f"terms-{name}")
            account = {"effective_on": person.starts_on, "iban": iban(house.country, serial), "holder": name}
            entered = await self._post(f"{at}/bank-accounts", account, f"account-{name}")
            again = {of: account[of] for of in ("effective_on", "iban")} | {"revision": entered["revision"]}
            confirming = self.decider.post(f"{at}/bank-accounts/confirmation", again, key=self._key("account", name))
            await accepted(confirming)
            profile = {
                "effective_on": person.starts_on, "country": house.country, "tax_id": tax_id(house.country, serial),
                "children": serial % 3, "credit_points": "2.25",
            }  # fmt: skip
            await self._post(f"{at}/tax-profiles", profile, f"profile-{name}")

    async def _terms(self, person: Person, on: str, monthly: int, key: str) -> None:
        money = {"amount": f"{monthly}.00", "currency": self.office.house.currency}
        body = {"pay_group": "monthly", "effective_on": on, "monthly": money, "cost_centre": "CC-1"}
        await self._post(self._payroll(f"employees/{person.employee}/pay-terms"), body, key)

    async def _changes(self) -> None:
        """Between the two months: a forgotten raise, an unpaid leave, a leaver, a certificate that runs out soon."""
        raised, away, leaver = (self.people[name] for name in (RAISED, AWAY, LEAVER))
        await self._terms(raised, f"{self.office.months[0]}-01", raised.monthly + RAISE, "raise")
        leave = {"leave_type": "unpaid", "name": "Unpaid leave", "paid": False, "limited": False}
        await self._post(self._payroll("leave/types"), leave, "leave-type")
        first, last = UNPAID
        wish = {"leave_type": "unpaid", "first": first, "last": last}
        asked = await self._post(self._payroll(f"employees/{away.employee}/leave/requests"), wish, "leave")
        decision = self._payroll(f"leave/requests/{asked['request']}/decision")
        await accepted(self.decider.post(decision, {"decision": "approved"}, key=self._key("leave-decision")))
        gone = {"left_on": LEAVES, "reason": "resignation"}
        await self._post(self._payroll(f"employees/{leaver.employee}/leaving"), gone, "leaving")
        await self._post(self._payroll("training/courses"), {"course": COURSE, "name": "First aid"}, "course")
        until_day = (datetime.now(UTC).date() + timedelta(days=EXPIRES_IN)).isoformat()
        paper = {"course": COURSE, "issued_on": "2024-01-15", "valid_until": until_day}
        await self._post(self._payroll(f"employees/{raised.employee}/certificates"), paper, "certificate")
        self.say(f"{self.office.house.code}: a raise two months back, an unpaid leave, one joined, one left")

    async def _run(self, month: str) -> None:
        """Calculated by one, approved by another, paid by file, booked."""
        started = await self._post(self._payroll("pay-runs"), {"pay_group": "monthly", "period": month}, f"run-{month}")
        at = self._payroll(f"pay-runs/{started['run']}")
        run = await until(lambda: self.admin.get(at), lambda it: it["state"] == "calculated", f"{month} is calculated")
        for problem in run["unpaid"]:
            self.findings.wrong.append(f"{self.office.house.code} {month}: {problem['number']}: {problem['code']}")
        refused = await self.admin.post(f"{at}/approval", {"digest": run["digest"]}, key=self._key("own", month))
        self.findings.must(f"{month}: approving one's own run is refused", refused.status_code // 100, 4)
        await accepted(self.decider.post(f"{at}/approval", {"digest": run["digest"]}, key=self._key("approve", month)))
        last = _last_day(month)
        await self._post(f"{at}/pay-file", {"execution_on": last}, f"file-{month}")
        file = await self.admin.send("GET", f"{at}/pay-file")
        control = CONTROL_SUM.search(file.text)
        must_be = Decimal(run["totals"]["to_pay"])
        self.findings.must(f"{month}: the pay file's sum", control and Decimal(control.group(1)), must_be)
        await self._post(f"{at}/payment", {"paid_on": last}, f"paid-{month}")
        await self._post(f"{at}/posting", {}, f"post-{month}")
        self.runs.append(run)
        self.say(f"{self.office.house.code}: {month} of {run['people']} people calculated, approved, paid and posted")

    # -- whether it adds up --------------------------------------------------------------------------------------------

    async def _look(self) -> None:
        code = self.office.house.code
        journals: defaultdict[str, Decimal] = defaultdict(Decimal)
        for run in self.runs:
            for line in run["totals"]["journal"]:
                journals[line["role"]] += Decimal(line["amount"]) * (1 if line["side"] == "debit" else -1)
        account_of = {role: account for account, _, _, role in ACCOUNTS}
        wanted = {account_of[role]: amount for role, amount in journals.items() if amount}
        await until(self._balances, lambda balances: balances == wanted, f"the books of {code} agree with its runs")
        slips = await self._filed("payslip", sum(run["people"] for run in self.runs))
        await self._filed("employment_contract", len(self.people))
        rows: list[tuple[object, ...]] = [
            (
                run["period"], run["people"], run["totals"]["gross"], run["totals"]["employer_contributions"],
                run["totals"]["net"], run["totals"]["to_pay"],
            )
            for run in self.runs
        ]  # fmt: skip
        names = ("month", "people", "gross", "employer pays", "net", "paid out")
        self.findings.tables.append(
            (f"Pay at {code} ({self.office.house.currency}), {slips} payslips filed", names, rows)
        )
        await self._papers_to_look_at()
        if len(self.runs) > 1:
            await self._raise_was_paid()
            await self._certificate_was_told_of()

    async def _raise_was_paid(self) -> None:
        """The difference about the month before stands in the last one's payslip; the old payslip is as it was."""
        at = self._payroll(f"employees/{self.people[RAISED].employee}/payslips")
        slips = (await self.admin.get(at))["payslips"]
        months = [each["month"] for slip in slips for each in slip["corrections"]]
        self.findings.must("months that the raise corrects", months, [self.office.months[0]])

    async def _certificate_was_told_of(self) -> None:
        """Whoever listens hears that a certificate runs out, at once and not after midnight."""
        told = await self.admin.first_event(
            "payroll.training", REMINDED_WITHIN_S, company=self.office.house.code, type="CertificateExpiring.v1"
        )
        data = told["data"]
        wanted = (self.people[RAISED].employee, COURSE, 30)
        self.findings.must("the reminder of a certificate", (data["employee"], data["course"], data["days"]), wanted)
        self.say(
            f"{self.office.house.code}: {RAISED}'s certificate runs out on {data['valid_until']}; who listens knows"
        )

    async def _balances(self) -> dict[str, Decimal]:
        trial = await self.admin.get(f"/ledger/v1/companies/{self.office.house.code}/trial-balance")
        return {row["account"]: Decimal(row["balance"]) for row in trial["accounts"] if Decimal(row["balance"])}

    async def _papers(self, document_class: str, **which: str) -> list[dict[str, Any]]:
        at = f"/documents/v1/companies/{self.office.house.code}/documents"
        wanted: dict[str, str | int] = {"class": document_class, "limit": 200, **which}
        return await self.decider.pages(at, "documents", "after", **wanted)

    async def _filed(self, document_class: str, wanted: int) -> int:
        """Papers come by background work: wait until all are on file."""
        what = f"{wanted} papers of {document_class} are filed at {self.office.house.code}"
        return len(await until(lambda: self._papers(document_class), lambda filed: len(filed) == wanted, what))

    async def _papers_to_look_at(self) -> None:
        """The payslips that tell something, or somebody's where nothing happened; and a contract."""
        code, month = self.office.house.code, self.office.months[-1]
        ordinary = ("an ordinary month", "ordinary", self.office.names[0])
        wanted = [one for one in TO_LOOK_AT if one[2] in self.people] or [ordinary]
        rows: list[tuple[object, ...]] = []
        for why, short, name in wanted:
            of = await self._papers("payslip", employee=self.people[name].employee)
            own = [paper for paper in of if paper["number"].startswith(month)]
            self.findings.must(f"{code}: payslips of {month}, {why}", len(own), 1)
            rows += [(f"{name}: {why}", paper["title"], await self._kept(paper, f"payslip-{short}")) for paper in own]
        why, _, name = wanted[0]
        (contract,) = await self._papers("employment_contract", employee=self.people[name].employee)
        rows.append((f"{name}: {why}", contract["title"], await self._kept(contract, "employment_contract")))
        self.findings.tables.append((f"Papers of {code} to look at, {month}", ("whose", "paper", "file"), rows))

    async def _kept(self, paper: Mapping[str, Any], name: str) -> object:
        """A paper as a file; where it is."""
        code = self.office.house.code
        answer = await self.decider.send("GET", f"/documents/v1/companies/{code}/documents/{paper['document']}/content")
        self.findings.must(f"{paper['title']} is", answer.headers.get("content-type"), "application/pdf")
        file = STATE / "papers" / f"{code}-{name}.pdf"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(answer.content)
        return file.relative_to(STATE.parent)

    # -- parts ---------------------------------------------------------------------------------------------------------

    async def _post(self, path: str, body: object, name: str) -> Any:
        return await accepted(self.admin.post(path, body, key=self._key(name)))

    def _key(self, *parts: object) -> str:
        return stable_key(self.office.house.code, *parts)

    def _payroll(self, path: str) -> str:
        return f"/payroll/v1/companies/{self.office.house.code}/{path}"


def _last_day(month: str) -> str:
    year, number = (int(part) for part in month.split("-"))
    return (date(year + number // 12, number % 12 + 1, 1) - timedelta(days=1)).isoformat()


# -- numbers whose check digits are right ------------------------------------------------------------------------------


def iban(country: str, serial: int) -> str:
    """A made-up account: GR has 23 digits after its check digits, IL 19. ISO 13616: the number modulo 97 is 1."""
    digits = f"{serial:0{23 if country == 'GR' else 19}d}"
    moved = int("".join(str(int(letter, 36)) for letter in f"{digits}{country}00"))
    return f"{country}{98 - moved % 97:02d}{digits}"


def tax_id(country: str, serial: int) -> str:
    """A made-up tax number with its country's check digit."""
    first = f"{10_000_000 + serial:08d}"
    if country == "GR":  # weights 256, 128 … 2, modulo 11, modulo 10
        return f"{first}{sum(int(d) << (8 - place) for place, d in enumerate(first)) % 11 % 10}"
    return f"{first}{-sum(_luhn(first)) % 10}"


def _luhn(first: str) -> Iterator[int]:
    for place, digit in enumerate(first):
        doubled = int(digit) * (1 + place % 2)
        yield doubled - 9 * (doubled > 9)
