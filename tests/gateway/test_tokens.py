"""Systems with tokens of our own, and people with tokens of a provider that runs beside the tests."""

from __future__ import annotations

import asyncio
import base64
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import httpx
import orjson
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from chassis.errors import Problem
from contracts import published
from contracts.payroll import EmployeeLeft
from services.gateway import tokens
from services.gateway.key_commands import readmit
from tests.gateway.conftest import MakeGateway
from tests.gateway.front import ORDER, PAYMENT, FrontOffice, Gateway, NoonClock, cloud_event
from tests.gateway.serving import serving
from tests.gateway.test_keys import following
from tests.support.department import Event, event
from tests.support.eventually import eventually

NOW = int(datetime(2026, 12, 13, 12, tzinfo=UTC).timestamp())
"""When the gateway's clock of these tests stands still."""


async def token_for(office: FrontOffice, key: str, **form: str) -> httpx.Response:
    """Ask for an access token as a client library does."""
    named, _, secret = key.partition(".")
    asked = {"grant_type": "client_credentials", "client_id": named, "client_secret": secret} | form
    return await office.client.post("/oauth/token", data=asked)


async def test_a_client_gets_a_token_for_its_key_and_sends_with_it(gateway: Gateway, office: FrontOffice) -> None:
    """G12: OAuth2 client credentials; the token is the client's, short-lived, and names no secret."""
    told = (await token_for(office, office.key, scope="orders:write")).json()
    assert (told["token_type"], told["expires_in"], told["scope"]) == ("Bearer", 300, "orders:write")

    sender = FrontOffice(office.client, told["access_token"])

    assert (await sender.post("/v1/orders", ORDER)).status_code == 202
    assert (await sender.post("/v1/payments", PAYMENT)).status_code == 403, "it asked for orders alone"
    (placed,) = await gateway.told("OrderPlaced")
    assert placed.envelope.actor == "webshop"


async def test_a_token_ends_with_its_key_and_with_its_time(gateway: Gateway, office: FrontOffice) -> None:
    """G12: revoking the key takes its tokens back at once; a token of yesterday opens nothing."""
    key = await gateway.make_key("till")
    told = (await token_for(office, key["key"])).json()
    sender = FrontOffice(office.client, told["access_token"])
    assert (await sender.post("/v1/orders", ORDER)).status_code == 202

    ring = office.client._transport.app.state.gateway  # type: ignore[attr-defined]
    late = ring.tokens.own.issue(
        ring.keys.live(key["id"], NoonClock.now(ring.clock)), ["*"], datetime(2026, 12, 12, tzinfo=UTC)
    )
    assert (await FrontOffice(office.client, late).get("/v1/orders")).status_code == 401
    await gateway.rows("update api_key set revoked_at = now() where id = $1", key["id"])
    await gateway.rows("update api_key_version set version = version + 1")
    await ring.keys.look()

    assert (await sender.post("/v1/orders", ORDER | {"reference": "WEB-2"})).status_code == 401


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"client_secret": "wrong-but-long-enough-to-be-one"}, 401, "invalid_client"),
        ({"client_id": "bb_000000000000"}, 401, "invalid_client"),
        ({"scope": "orders:write ledger:admin"}, 400, "invalid_scope"),
    ],
)
async def test_a_token_is_refused_in_the_words_of_the_standard(
    gateway: Gateway, office: FrontOffice, form: dict[str, str], status: int, error: str
) -> None:
    key = await gateway.make_key("till", scopes="orders:write")
    answer = await token_for(office, key["key"], **form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.headers["cache-control"] == "no-store"


async def test_basic_authentication_is_understood_too(office: FrontOffice) -> None:
    pair = base64.b64encode(office.key.replace(".", ":", 1).encode()).decode()
    answer = await office.client.post(
        "/oauth/token", data={"grant_type": "client_credentials"}, headers={"authorization": f"Basic {pair}"}
    )
    assert answer.status_code == 200, answer.text


async def test_a_right_may_be_for_one_company_alone(gateway: Gateway, office: FrontOffice) -> None:
    """G12: a right per event type and company: orders for both, payments for umbrella alone; denied by default."""
    key = await gateway.make_key("till", "acme,umbrella", "orders:write,payments:write@umbrella,orders:read@acme")
    till = FrontOffice(office.client, key["key"])

    async def sent(path: str, body: dict[str, Any], company: str) -> int:
        return (await till.post(path, body | {"company": company})).status_code

    assert [await sent("/v1/orders", ORDER, company) for company in ("acme", "umbrella")] == [202, 202]
    assert [await sent("/v1/payments", PAYMENT, company) for company in ("acme", "umbrella")] == [403, 202]
    assert (await till.post("/v1/employees", {"company": "acme"})).status_code == 403
    assert (await till.get("/v1/orders", company="umbrella")).status_code == 403
    assert (await till.get("/v1/orders", company="acme")).status_code == 200


# -- people -----------------------------------------------------------------------------------------------------------


class Idp:
    """An OpenID provider: its discovery document, its keys, and tokens signed with them."""

    def __init__(self) -> None:
        self.keys: list[Any] = [RSAKey.generate_key(2048, {"kid": "one"})]
        self.issuer = ""
        self.asked = 0

    def app(self) -> Starlette:
        return Starlette(
            routes=[Route("/.well-known/openid-configuration", self.discovery), Route("/keys", self.published)]
        )

    async def discovery(self, _request: Request) -> JSONResponse:
        self.asked += 1
        return JSONResponse({"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys"})

    async def published(self, _request: Request) -> JSONResponse:
        return JSONResponse({"keys": [key.as_dict(private=False) for key in self.keys]})

    def token(self, key: Any = None, alg: str = "RS256", **claims: Any) -> str:
        """A token for an accountant of acme; a claim given as None is left out."""
        key = key or self.keys[-1]
        told = {
            "iss": self.issuer, "aud": "backbone", "sub": "maria", "groups": ["accounting"], "iat": NOW,
            "exp": NOW + 600
        } | claims  # fmt: skip
        header = {"alg": alg} | ({"kid": key.kid} if key.kid else {})
        return jwt.encode(header, {k: v for k, v in told.items() if v is not None}, key, algorithms=[alg])


GRANTS = [
    {"claim": "groups", "value": "accounting", "companies": ["acme"], "scopes": ["orders:read", "orders:write"]},
    {"claim": "groups", "value": "cashiers", "companies": ["umbrella"], "scopes": ["payments:write"]},
]


@asynccontextmanager
async def people(make_gateway: MakeGateway) -> AsyncIterator[tuple[Gateway, Idp, httpx.AsyncClient]]:
    idp = Idp()
    async with serving(idp.app()) as address:
        idp.issuer = address
        provider = tokens.Provider.model_validate(
            {"name": "staff", "issuer": address, "audience": "backbone", "grants": GRANTS}
        )
        gateway = make_gateway(oidc_providers=[provider])
        await gateway.opens_for("acme", "umbrella")
        async with gateway.open() as client:
            yield gateway, idp, client


async def test_a_person_enters_with_a_token_of_a_trusted_provider(make_gateway: MakeGateway) -> None:
    """G12: OIDC by discovery address; claims become companies and rights; what is done carries who did it, for whom."""
    async with people(make_gateway) as (gateway, idp, client):
        maria = FrontOffice(client, idp.token())
        agent = FrontOffice(client, idp.token(act={"sub": "assistant"}))

        assert (await maria.post("/v1/orders", ORDER | {"company": "acme"})).status_code == 202
        assert (await agent.post("/v1/orders", ORDER | {"reference": "WEB-2"})).status_code == 202
        assert (await maria.post("/v1/orders", ORDER | {"company": "umbrella"})).status_code == 403
        assert (await maria.post("/v1/payments", PAYMENT)).status_code == 403

        told = [(one.envelope.actor, one.envelope.onbehalfof) for one in await gateway.told("OrderPlaced")]
        assert told == [("staff:maria", None), ("staff:assistant", "staff:maria")]
        assert idp.asked == 1, "keys are kept"


async def test_for_whom_a_token_was_made_is_not_for_its_bearer_to_say(make_gateway: MakeGateway) -> None:
    """G12: a person that a provider vouches for is nobody else because an event says so."""
    async with people(make_gateway) as (gateway, idp, client):
        for number, shown in enumerate((idp.token(act={"sub": "assistant"}), idp.token())):
            sender = FrontOffice(client, shown)
            said = {"source": f"/front-office/staff:{'maria' if number else 'assistant'}", "company": "acme"}
            ours = cloud_event(ORDER | {"reference": f"W-{number}"}, onbehalfof="staff:maria", **said)
            others = cloud_event(ORDER | {"reference": f"X-{number}"}, onbehalfof="staff:boss", **said)

            answer = await sender.send(others)
            assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/onbehalfof")
            assert (await sender.send(ours)).status_code == 202

        told = [(one.envelope.actor, one.envelope.onbehalfof) for one in await gateway.told("OrderPlaced")]
        assert told == [("staff:assistant", "staff:maria"), ("staff:maria", None)]


def gone(sequence: int, **changes: Any) -> Event:
    """Maria has left acme, as payroll tells it."""
    data = published.sample("EmployeeLeft.v1").data | {"accounts": ["staff:maria"]} | changes
    return event(EmployeeLeft, changes.pop("company", "acme"), data, sequence=sequence)


async def test_the_tokens_of_who_has_left_open_nothing_within_two_seconds(make_gateway: MakeGateway) -> None:
    """X3, G12: also those that their provider goes on making; of another company, where they still work, they do."""
    async with people(make_gateway) as (gateway, idp, client):
        maria, both = FrontOffice(client, idp.token()), idp.token(groups=["accounting", "cashiers"])
        agent, other = (
            FrontOffice(client, idp.token(act={"sub": "assistant"})),
            FrontOffice(client, idp.token(sub="eva")),
        )
        here = FrontOffice(client, both)
        assert [(await one.get("/v1/orders")).status_code for one in (maria, agent, other)] == [200, 200, 200]
        async with following(gateway):
            await gateway.hear(gone(1))
            await eventually(
                lambda: maria.get("/v1/orders"), lambda answer: answer.status_code == 401, what="she is refused",
                within_s=2.0,
            )  # fmt: skip
        assert (await agent.get("/v1/orders")).status_code == 401, "nor by who acts for her"
        assert (await FrontOffice(client, idp.token()).get("/v1/orders")).status_code == 401, "nor with a new token"
        assert (await other.get("/v1/orders")).status_code == 200
        # At umbrella she works on, with the rights of umbrella alone
        assert (await here.post("/v1/payments", PAYMENT | {"company": "umbrella"})).status_code == 202
        assert (await here.post("/v1/orders", ORDER | {"company": "acme"})).status_code == 403
        assert (await here.get("/v1/orders", company="acme")).status_code == 403


async def test_rights_over_all_companies_end_with_the_first_that_is_left(make_gateway: MakeGateway) -> None:
    """X3: a token that opens everything would open what was left too; a replay of the past takes nothing again."""
    async with people(make_gateway) as (gateway, idp, _):
        ring = gateway.service.app.state.gateway
        provider = ring.tokens._signers[idp.issuer].provider
        everywhere = tokens.Grant(claim="groups", value="group", companies=["*"], scopes=["*"])
        provider.grants.append(everywhere)
        shown = idp.token(groups=["group"])
        key = await ring.tokens.admit(shown, NoonClock.now(ring.clock))
        assert ring.keys.is_live(key, NoonClock.now(ring.clock))
        await gateway.hear(gone(1))
        await ring.keys.look()
        assert not ring.keys.is_live(key, NoonClock.now(ring.clock)), "what is open ends too"
        with pytest.raises(Problem):
            await ring.tokens.admit(shown, NoonClock.now(ring.clock))
        await gateway.command(readmit, account="staff:maria", company="acme")
        await gateway.hear(gone(2))  # the same departure, told once more
        await ring.keys.look()
        assert (await ring.tokens.admit(shown, NoonClock.now(ring.clock))).person == "staff:maria"


async def test_two_grants_never_add_up_to_more_than_both_say(make_gateway: MakeGateway) -> None:
    async with people(make_gateway) as (_, idp, client):
        both = FrontOffice(client, idp.token(groups=["accounting", "cashiers"]))

        statuses = [
            (await both.post(path, body | {"company": company})).status_code
            for path, body in (("/v1/orders", ORDER), ("/v1/payments", PAYMENT))
            for company in ("acme", "umbrella")
        ]

        assert statuses == [202, 403, 403, 202]


async def test_rotated_keys_are_found_and_old_ones_end(
    make_gateway: MakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G12: a token signed with a key that was published a moment ago is believed; one with a withdrawn key is not."""
    monkeypatch.setattr(tokens, "REFETCH_S", 0.0)
    async with people(make_gateway) as (_, idp, client):
        before = idp.token()
        assert (await FrontOffice(client, before).get("/v1/orders")).status_code == 200
        idp.keys = [ECKey.generate_key("P-256", {"kid": "two"})]

        after = idp.token(alg="ES256")

        assert (await FrontOffice(client, after).get("/v1/orders")).status_code == 200
        assert (await FrontOffice(client, before).get("/v1/orders")).status_code == 401


def unsigned(told: dict[str, Any]) -> str:
    """A part of a token that nobody signed."""
    return base64.urlsafe_b64encode(orjson.dumps(told)).decode().rstrip("=")


def forged(secret: bytes, issuer: str) -> str:
    """A token that would be believed by who lets the token choose how its key is used."""
    told = {"iss": issuer, "aud": "backbone", "sub": "maria", "groups": ["accounting"], "exp": NOW + 600}
    signed = f"{unsigned({'alg': 'HS256', 'kid': 'one'})}.{unsigned(told)}"
    mac = hmac.new(secret, signed.encode(), sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


async def test_what_is_not_exactly_right_is_not_believed(make_gateway: MakeGateway) -> None:
    """G12: signature, algorithm, issuer, audience, time and rights are each looked at; one wrong is enough."""
    async with people(make_gateway) as (gateway, idp, client):
        public = idp.keys[0].as_pem(private=False)
        stranger = RSAKey.generate_key(2048, {"kid": "one"})
        none = ".".join([*map(unsigned, ({"alg": "none"}, {"iss": idp.issuer, "sub": "maria", "aud": "backbone"})), ""])
        wrong = {
            "another's key under the same name": idp.token(stranger),
            "its public key taken for a shared secret": forged(public, idp.issuer),
            "no signature": none,
            "for others": idp.token(aud="another"),
            "by others": idp.token(iss="https://login.example"),
            "expired": idp.token(exp=NOW - 60),
            "not yet": idp.token(nbf=NOW + 600),
            "for ever": idp.token(exp=None),
            "for a year": idp.token(exp=NOW + 365 * 86_400),
            "for a year, and nobody says since when": idp.token(exp=NOW + 365 * 86_400, iat=None),
            "for a year, since a word": idp.token(exp=NOW + 365 * 86_400, iat="today"),
            "beyond all time": idp.token(exp=10**400, iat=None),
            "beyond the calendar": idp.token(exp=10**15, iat=10**15 - 60),
            "not a number": idp.token(exp=float("nan")),
            "nobody": idp.token(sub=None),
            "cut": idp.token()[:-4],
        }
        statuses = {
            name: (await FrontOffice(client, token).post("/v1/orders", ORDER)).status_code
            for name, token in wrong.items()
        }
        assert set(statuses.values()) == {401}, statuses
        nothing = await FrontOffice(client, idp.token(groups=["visitors"])).post("/v1/orders", ORDER)
        assert (nothing.status_code, nothing.json()["type"]) == (403, "/problems/no-rights")
        assert (await gateway.counts())[2] == 0


async def test_a_provider_that_is_away_is_503_and_systems_go_on(make_gateway: MakeGateway) -> None:
    provider = tokens.Provider.model_validate(
        {"name": "staff", "issuer": "http://127.0.0.1:9", "audience": "backbone", "grants": GRANTS}
    )
    gateway = make_gateway(oidc_providers=[provider])
    await gateway.opens_for("acme")
    key = await gateway.make_key()
    idp = Idp()
    idp.issuer = provider.issuer
    async with gateway.open() as client:
        answers = await asyncio.gather(*(FrontOffice(client, idp.token()).get("/v1/orders") for _ in range(5)))
        assert {answer.status_code for answer in answers} == {503}
        assert (await FrontOffice(client, key["key"]).post("/v1/orders", ORDER)).status_code == 202
