"""An office that comes over from an earlier system: its four files, and how they are sent."""

from __future__ import annotations

from datetime import date
from typing import Any

import httpx

from chassis.ids import new_id
from services.ledger.commands import NewAccount

ACME = "/v1/companies/acme"
BEGIN = date(2026, 11, 1)
OPENING = NewAccount("3900", "Opening balances", "equity", "opening_balance", "")
CHART = """code;name;kind;role
3000;Capital;equity;
3900;Opening balances;equity;opening_balance
4800;Late payment;income;dunning_income
6000;Rent;expense;
"""
CUSTOMERS = """customer,name,language,line1,postcode,city,country,vat_number,net_days,credit_currency,credit_limit
C-1,Cafe Acropolis,el,Adrianou 24,10556,Athens,GR,EL094259216,30,EUR,5000.00
C-2,Rainbow Ltd,en,1 High St,,London,GB,,14,,
"""
BALANCES = """account,debit,credit
1000,500.00,
3000,,1634.00
"""
ITEMS = """kind,number,customer,issued_on,due_on,currency,total,open,dunning_level,dunned_on
invoice,RE-4711,C-1,2026-08-20,2026-09-19,EUR,1240.00,1000.00,1,2026-10-01
invoice,re-4712,C-1,2026-10-20,2026-11-19,EUR,200.00,200.00,,
credit-note,GS-17,C-2,2026-09-01,,EUR,66.00,66.00,,
"""


async def send(client: httpx.AsyncClient, table: str, text: str, key: str = "", **asked: str) -> httpx.Response:
    headers = {"content-type": "text/csv", "idempotency-key": key or str(new_id())}
    return await client.post(f"{ACME}/imports/{table}", content=text.encode(), headers=headers, params=asked)


async def take_over(client: httpx.AsyncClient, text: str = ITEMS, key: str = "", **asked: str) -> httpx.Response:
    return await send(client, "open-items", text, key, **{"taken_over_on": BEGIN.isoformat(), **asked})


async def come_over(client: httpx.AsyncClient) -> None:
    """All four files."""
    answers = [
        await send(client, "accounts", CHART),
        await send(client, "customers", CUSTOMERS),
        await send(client, "balances", BALANCES, reference="OLD", posted_on=BEGIN.isoformat()),
        await take_over(client),
    ]
    assert [answer.status_code for answer in answers] == [201] * 4, [answer.text for answer in answers]


async def get(client: httpx.AsyncClient, path: str, **asked: Any) -> Any:
    answer = await client.get(f"{ACME}{path}", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def post(client: httpx.AsyncClient, path: str, body: object) -> httpx.Response:
    return await client.post(f"{ACME}{path}", json=body, headers={"idempotency-key": str(new_id())})


async def invoice_of(client: httpx.AsyncClient, number: str) -> Any:
    (found,) = (await get(client, "/invoices", number=number))["invoices"]
    return found


def wrong(answer: httpx.Response) -> list[tuple[int, str | None, str]]:
    assert answer.json()["type"] == "/problems/rows-refused", answer.text
    return [(one["row"], one["column"], one["code"]) for one in answer.json()["refused"]]
