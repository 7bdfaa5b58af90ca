"""API keys: made, shown, rotated, taken away; and what a copy of the database is worth."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from chassis.ids import new_id
from contracts import published
from contracts.payroll import EmployeeLeft
from services.gateway.key_commands import Refusal, create, readmit, revoke, rotate, show
from services.gateway.keys import KeyRing, Peppers, api_key_matches, new_api_key, split_api_key
from tests.gateway.conftest import MakeGateway
from tests.gateway.front import FrontOffice, Gateway, NoonClock, cloud_event
from tests.support.department import Event, event
from tests.support.eventually import eventually


@asynccontextmanager
async def following(gateway: Gateway) -> AsyncIterator[None]:
    """The ring compares itself with the table, as in a running process."""
    task = asyncio.create_task(gateway.service.app.state.gateway.keys.follow())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def opens(office: FrontOffice) -> bool:
    return (await office.get("/v1/orders")).status_code == 200


async def test_a_revoked_key_opens_nothing_within_two_seconds(office: FrontOffice, gateway: Gateway) -> None:
    other = await gateway.make_key("other")
    async with following(gateway):
        assert await opens(office)
        await gateway.command(revoke, id=office.key.partition(".")[0])
        await eventually(lambda: opens(office), lambda good: not good, what="the revoked key is refused", within_s=2.0)
        assert await opens(FrontOffice(office.client, other["key"]))
    assert (await office.send(cloud_event())).status_code == 401
    assert await gateway.counts() == (0, 0, 0)


async def test_a_new_key_works_at_once(office: FrontOffice, gateway: Gateway) -> None:
    assert await opens(office)
    for number in range(3):
        made = await gateway.make_key(f"shop-{number}")
        assert await opens(FrontOffice(office.client, made["key"]))


async def test_a_rotated_key_is_the_same_client_and_both_work_for_a_while(
    office: FrontOffice, gateway: Gateway
) -> None:
    await office.post("/v1/orders", cloud_event()["data"], key="k")
    old = office.key.partition(".")[0]
    made = await gateway.command(rotate, id=old, overlap_s=10**9, expires_days=None)
    new = FrontOffice(office.client, made["key"])

    again = await new.post("/v1/orders", cloud_event()["data"], key="k")
    assert (again.status_code, again.headers["idempotency-replayed"]) == (202, "true")
    assert await opens(office)
    with pytest.raises(Refusal):
        await gateway.command(rotate, id="bb_nothing", overlap_s=0, expires_days=None)
    shown = {key["id"]: key for key in await gateway.command(show)}
    assert shown[made["id"]]["replaces"] == old
    assert shown[old]["live"]
    assert shown[old]["expires_at"] - made["old_key_good_until"] < timedelta(seconds=1)


async def test_the_keys_of_who_has_left_open_nothing_within_two_seconds(office: FrontOffice, gateway: Gateway) -> None:
    """X3: revoked by EmployeeLeft, the rotated one too; those of others, and of a namesake elsewhere, stay."""

    def left_at(time: str, sequence: int) -> Event:
        told = event(EmployeeLeft, "acme", sample)
        own = {"ce_time": time.encode(), "ce_sequence": b"%d" % sequence, "ce_id": str(new_id()).encode()}
        return replace(told, sequence=sequence, headers=tuple((n, own.get(n, v)) for n, v in told.headers))

    sample = published.sample("EmployeeLeft.v1").data
    employee = sample["employee"]
    own = await gateway.make_key("own", employee=employee)
    rotated = await gateway.command(rotate, id=own["id"], overlap_s=10**9, expires_days=None)
    elsewhere = await gateway.make_key("elsewhere", companies="umbrella", employee=employee)
    offices = [FrontOffice(office.client, made["key"]) for made in (own, rotated, elsewhere)]
    async with following(gateway):
        assert [await opens(one) for one in offices] == [True, True, True]
        await gateway.hear(left_at("2026-01-01T00:00:00.000000Z", 1))
        await gateway.hear(left_at("2099-01-01T00:00:00.000000Z", 2))
        for one in offices[:2]:
            await eventually(partial(opens, one), lambda good: not good, what="their key is refused", within_s=2.0)
        assert await opens(offices[2])
        assert await opens(office)


async def test_a_key_that_is_a_persons_account_opens_nothing_of_a_company_that_they_left(
    office: FrontOffice, gateway: Gateway
) -> None:
    """X3: by the link of account and person alone; elsewhere it goes on, and a token made for it ends too."""
    own = await gateway.make_key("noa", companies="acme")
    both = await gateway.make_key("noa", companies="acme,umbrella")
    everywhere = await gateway.make_key("noa", companies="*")
    one, two, three = (FrontOffice(office.client, made["key"]) for made in (own, both, everywhere))
    ring, now = gateway.service.app.state.gateway.keys, NoonClock(gateway.database).now()
    admitted = await ring.admit(two.key, now)
    assert [await opens(each) for each in (one, two, three)] == [True, True, True]
    await gateway.hear(event(EmployeeLeft, "acme", published.sample("EmployeeLeft.v1").data | {"accounts": ["noa"]}))
    await ring.look()
    assert [await opens(each) for each in (one, two, three)] == [False, True, False]
    assert (await two.get("/v1/orders", company="acme")).status_code == 404
    assert not ring.is_live(admitted, now), "what was open with more rights than there are now ends"
    await gateway.command(readmit, account="noa", company="acme")
    await ring.look()
    assert [await opens(each) for each in (one, two, three)] == [True, True, True]


async def test_a_sign_in_that_was_shut_can_be_opened_again(office: FrontOffice, gateway: Gateway) -> None:
    """X3: for who came back, or for another person who has the name now."""
    with pytest.raises(Refusal):
        await gateway.command(readmit, account="staff:maria", company="acme")
    await gateway.hear(event(EmployeeLeft, "acme", published.sample("EmployeeLeft.v1").data))
    ring = gateway.service.app.state.gateway.keys
    await ring.look()
    assert ring.left_by("staff:noa", None) == {"acme"}
    await gateway.command(readmit, account="staff:noa", company="acme")
    await ring.look()
    assert ring.left_by("staff:noa", None) == frozenset()


@pytest.mark.parametrize(("asked", "days"), [(None, 30), (7, 7)])
async def test_a_rotated_key_lives_as_long_as_the_old_one_was_made_for_unless_told(
    gateway: Gateway, asked: int | None, days: int
) -> None:
    old = await gateway.command(
        create, client="till", companies="acme", scopes="orders:read", source=None, expires_days=30
    )
    made = await gateway.command(rotate, id=old["id"], overlap_s=60, expires_days=asked)
    shown = {key["id"]: key for key in await gateway.command(show)}[made["id"]]
    assert shown["expires_at"] - shown["created_at"] == timedelta(days=days)


async def test_an_expired_key_is_refused_by_database_time(make_gateway: MakeGateway) -> None:
    gateway = make_gateway()
    key = await gateway.make_key()
    await gateway.rows("update api_key set expires_at = '2026-12-13T11:59:59Z' returning id")
    ring = KeyRing(gateway.database, Peppers(_secret(gateway)), 1.0)
    clock = NoonClock(gateway.database)
    with pytest.raises(Exception, match=r"expired|not valid"):
        await ring.admit(key["key"], clock.now())


async def test_the_table_holds_nothing_that_opens_a_door(gateway: Gateway) -> None:
    made = await gateway.make_key()
    secret = made["key"].partition(".")[2]
    ((row,),) = await gateway.rows("select to_jsonb(k)::text from api_key k")
    assert secret not in row
    other = _secret(gateway).with_name("other")
    other.write_text("y" * 40)
    ring = KeyRing(gateway.database, Peppers(other), 1.0)
    with pytest.raises(Exception, match="not valid"):
        await ring.admit(made["key"], NoonClock(gateway.database).now())


async def test_keys_hashed_under_an_older_pepper_stay_good_while_it_is_listed(gateway: Gateway) -> None:
    made = await gateway.make_key()
    rotated = _secret(gateway).with_name("rotated")
    rotated.write_text("z" * 40 + "\n" + _secret(gateway).read_text())
    key = await KeyRing(gateway.database, Peppers(rotated), 1.0).admit(made["key"], NoonClock(gateway.database).now())
    assert key.caller.client == "webshop"


@pytest.mark.parametrize(
    "asked",
    [
        {"client": "Web Shop"},
        {"client": ""},
        {"companies": ""},
        {"companies": "ACME"},
        {"companies": "acme'; --"},
        {"scopes": ""},
        {"scopes": "everything"},
        {"scopes": "orders:write,Orders:read"},
        {"source": "webshop"},
        {"source": "/a b"},
    ],
    ids=str,
)
async def test_a_key_that_makes_no_sense_is_not_made(gateway: Gateway, asked: dict[str, str]) -> None:
    with pytest.raises(Refusal):
        await gateway.make_key(**asked)
    assert await gateway.command(show) == []


async def test_guessing_keys_asks_the_database_little(office: FrontOffice, gateway: Gateway) -> None:
    ring = gateway.service.app.state.gateway.keys
    looks = 0
    take = gateway.service.database.take

    async def counted() -> Any:
        nonlocal looks
        looks += 1
        return await take()

    ring._database.take = counted
    guesses = [FrontOffice(office.client, f"bb_{n:012x}.{'x' * 43}") for n in range(200)]
    assert not any(await asyncio.gather(*(opens(guess) for guess in guesses)))
    assert looks <= 3


async def test_the_commands_are_run_by_an_operator_and_show_a_secret_once(make_gateway: MakeGateway) -> None:
    gateway = make_gateway()
    made = json.loads(await run(gateway, "create", "--client", "admin", "--companies", "*", "--scopes", "*", "--json"))
    assert made["key"].startswith(f"{made['id']}.")
    assert (made["companies"], made["scopes"], made["source"]) == (["*"], ["*"], "*")
    listed = await run(gateway, "list")
    assert made["id"] in listed
    assert made["key"].partition(".")[2] not in listed
    assert "there is no key bb_x" in await run(gateway, "revoke", "bb_x", ends_with=2)


async def run(gateway: Gateway, *arguments: str, ends_with: int = 0) -> str:
    """What `python -m services.gateway keys …` says, with nothing in its environment but what the stack gives."""
    environment: dict[str, Any] = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "GATEWAY_DATABASE_URL": gateway.urls.database_url,
        "GATEWAY_RELAY_URL": gateway.urls.relay_url,
        "BACKBONE_INTERNAL_SECRET_FILE": str(_secret(gateway)),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.gateway", "keys", *arguments,
        env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, complaint = await process.communicate()
    assert process.returncode == ends_with, complaint.decode()
    return (said or complaint).decode()


def _secret(gateway: Gateway) -> Path:
    file = gateway.settings.stack.backbone_internal_secret_file
    assert file is not None
    return file


def test_an_api_key_is_stored_so_that_the_store_opens_nothing() -> None:
    pepper, later = b"p" * 32, b"q" * 32
    key = new_api_key("bbk", pepper)
    key_id, secret = split_api_key(key.text) or ("", "")
    assert key_id == key.id
    assert key.id.startswith("bbk_")
    assert len(base64.urlsafe_b64decode(secret + "=")) == 32
    assert secret.encode() not in key.digest
    assert api_key_matches(secret, key.digest, [later, pepper])
    assert not api_key_matches(secret, key.digest, [later])
    assert not api_key_matches(secret[:-1] + "!", key.digest, [pepper])
    assert new_api_key("bbk", pepper).text != key.text


@pytest.mark.parametrize(
    "text", ["", "abc", "bbk_1.", ".secret", "bbk_1.short", f"bbk_1.{'x' * 129}", "bbk_1.\u03b1" * 20]
)
def test_what_cannot_be_an_api_key_is_not_looked_up(text: str) -> None:
    assert split_api_key(text) is None
