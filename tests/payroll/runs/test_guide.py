"""The payroll officer's guide, sent as it is written."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.architecture.house import ROOT
from tests.payroll.office import hired, person
from tests.payroll.runs.bureau import APPROVER, Bureau, sent

REQUEST = re.compile(r"```\n(POST|GET) (\S+)\n(.*?)```", re.DOTALL)


async def test_the_officers_guide_does_what_it_says(bureau: Bureau) -> None:
    """P5: three people, a month, a mistake put right, and the answer to why a net pay is what it is."""
    told: dict[str, Any] = {}
    names: dict[str, Any] = {}
    for method, path, body in REQUEST.findall((ROOT / "docs" / "payroll.md").read_text()):
        if path == "/v1/employees":  # the gateway's door: payroll hears what it makes of that
            hire = json.loads(body)
            assert hire.pop("company") == "acme"
            await bureau.office.hear(hired(hire["name"], **hire))
            continue
        for name, value in (names | told).items():
            path, body = path.replace(f"{{{name}}}", str(value)), body.replace(f"{{{name}}}", str(value))
        approves = path.endswith(("/approval", "/confirmation"))
        more: dict[str, Any] = {"actor": APPROVER, "scopes": ("payroll:approve",)} if approves else {}
        async with bureau.client(**more) as client:
            answer = await client.get(path) if method == "GET" else await sent(client, path, **json.loads(body))
        assert answer.is_success, (path, answer.text)
        if path.endswith("/employees?on=2024-01-01"):
            names = {each["name"]: each["employee"] for each in answer.json()["employees"]}
            assert names == {name: str(person(name)) for name in ("Eleni", "David", "Maria")}
        if path.endswith("/pay-runs"):
            told["run"] = answer.json()["run"]
            told["digest"] = (await bureau.worked(told["run"]))["digest"]
        if path.endswith("/explanation"):
            told["explained"] = answer.json()["lines"]
    february = (await bureau.slips("Maria"))[-1]
    # 200.00 more for January: 16.00 of pension, 46.00 of tax (25 % of what is above 12,000 a year)
    assert [(each["month"], each["net"]) for each in february["corrections"]] == [("2024-01", "138.00")]
    assert any(line.startswith("all together") for line in told["explained"])
    assert len(await bureau.office.told("PayrollPosted")) == 1
    # And from April on the company pays from its new bank
    async with bureau.client() as client:
        payer = (await client.get("/v1/companies/acme/pay-groups/monthly/payer?on=2024-04-01")).json()
    assert (payer["iban_ends"], payer["confirmed"], payer["payment_text"]) == ("7890", True, "Salary")
