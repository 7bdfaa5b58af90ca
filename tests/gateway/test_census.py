"""The operators' census at the gateway: who may ask, and what is said of departments that are down."""

from __future__ import annotations

import asyncpg

from chassis.auditing import Audits
from chassis.census import Counting
from services.gateway.consumers import consumers
from tests.gateway.conftest import MakeGateway
from tests.gateway.front import NOWHERE, FrontOffice


async def test_a_department_that_is_down_is_named_and_the_rest_is_told(make_gateway: MakeGateway) -> None:
    gateway = make_gateway(ledger_address="http://127.0.0.1:1")
    made = await gateway.make_key(client="operator", companies="*", scopes="operations:read")
    url = gateway.settings.relay_url.get_secret_value()
    async with asyncpg.create_pool(url, min_size=0, max_size=2) as pool, gateway.open() as client:
        gateway.service.census = Counting(pool, "gateway", consumers)
        gateway.service.audits = Audits(pool, NOWHERE, "gateway", consumers)
        office = FrontOffice(client, made["key"])
        answer = await client.get("/v1/census", headers=office.headers)
        audits = await client.get("/v1/census/audits", headers=office.headers)
    told = answer.json()
    assert answer.status_code == 200
    assert [row["name"] for row in told["departments"]] == ["gateway", "ledger", "inventory", "payroll", "documents"]
    assert [row["name"] for row in told["departments"] if row["answers"]] == ["gateway"]
    assert (told["adds_up"], told["quiet"], told["findings"]) == (None, False, [])
    assert audits.json()["audits"]["ledger"]["state"] == "unavailable"
    assert audits.json()["audits"]["gateway"] == {"service": "gateway", "state": "none"}


async def test_the_census_is_for_operators_and_for_companies_that_they_see(make_gateway: MakeGateway) -> None:
    gateway = make_gateway()
    shop = await gateway.make_key(client="shop", companies="acme", scopes="orders:read")
    operator = await gateway.make_key(client="operator", companies="acme", scopes="operations:read")
    async with gateway.open() as client:
        refused = await client.get("/v1/census", headers=FrontOffice(client, shop["key"]).headers)
        headers = FrontOffice(client, operator["key"]).headers
        own = await client.get("/v1/census?company=acme", headers=headers)
        others = await client.get("/v1/census?company=other", headers=headers)
        audit = await client.post("/v1/census/audits", headers=headers)
    assert (refused.status_code, own.status_code, others.status_code, audit.status_code) == (403, 200, 404, 403)
    assert own.json()["company"] == "acme"
