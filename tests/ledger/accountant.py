"""Accountants at the ledger's door: each is a person of a name, and says in a few words what they want."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx

from chassis.auth import Caller, InternalSecrets, TokenSigner
from chassis.starting import PARTS
from services.ledger.commands import NewAccount
from services.ledger.main import build
from services.ledger.settings import LedgerSettings
from tests.ledger.desk import Desk

ACME = "/v1/companies/acme"
RENT = NewAccount("6000", "Rent", "expense", None, "")
SCOPES = ("ledger:read", "ledger:write", "ledger:admin", "ledger:approve", "ledger:prices")
_keys = (f"accountant-{n}" for n in count())


@dataclass(frozen=True, slots=True)
class Accountant:
    """A person with a client of the ledger's HTTP app."""

    http: httpx.AsyncClient

    async def post(self, path: str, body: object, *, key: str | None = None, **query: Any) -> httpx.Response:
        """Ask for a change at the books of `acme`."""
        headers = {"idempotency-key": key or next(_keys)}
        return await self.http.post(f"{ACME}{path}", json=body, headers=headers, params=query)

    async def done(self, path: str, body: object, status: int = 201, **query: Any) -> Any:
        """The same, which must be accepted with this status."""
        answer = await self.post(path, body, **query)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def get(self, path: str, **query: Any) -> Any:
        """Ask a question that has an answer."""
        answer = await self.http.get(f"{ACME}{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def balance(self, account: str, **query: Any) -> str:
        """The balance of an account in euros in the trial balance; 0 where it is not in it."""
        accounts = (await self.get("/trial-balance", **query))["accounts"]
        return next((str(a["balance"]) for a in accounts if (a["account"], a["currency"]) == (account, "EUR")), "0.00")


def faults(answer: httpx.Response) -> list[tuple[str, str]]:
    """Pointers and rules of a problem."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return [(error["pointer"], error["code"]) for error in answer.json().get("errors", [])]


def lines(*sides: tuple[str, str], currency: str = "EUR", **more: Any) -> list[dict[str, Any]]:
    """Lines of an entry: an account, and an amount that is a debit, or with a minus a credit."""
    return [
        {"account": account, "currency": currency, "credit" if amount[0] == "-" else "debit": amount.lstrip("-")} | more
        for account, amount in sides
    ]


def entry(day: str = "2026-11-10", amount: str = "100.00", **change: Any) -> dict[str, Any]:
    """The rent, paid from the bank."""
    return {"posted_on": day, "text": "Rent", "lines": lines(("6000", amount), ("1000", f"-{amount}"))} | change


@asynccontextmanager
async def at_the_door(desk: Desk, *names: str) -> AsyncIterator[list[Accountant]]:
    """These people at one running app."""
    secret = desk.settings.stack.backbone_internal_secret_file
    assert secret is not None
    assert isinstance(desk.settings, LedgerSettings)
    service = build(desk.settings, PARTS)
    clock = service.app.state.doors.clock
    await clock.fresh()
    signer = TokenSigner(InternalSecrets(secret), clock.seconds)
    people = []
    for name in names:
        caller = Caller(name, name, None, frozenset({"acme"}), frozenset(SCOPES))
        headers = {"authorization": f"Bearer {signer.sign(caller, 'ledger')}"}
        transport = httpx.ASGITransport(service.app, raise_app_exceptions=False)
        people.append(Accountant(httpx.AsyncClient(transport=transport, base_url="http://ledger", headers=headers)))
    try:
        yield people
    finally:
        for person in people:
            await person.http.aclose()
        await service.database.close()
