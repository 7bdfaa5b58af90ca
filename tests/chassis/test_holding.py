"""What is held can be seen, edited, tried again and skipped by a person, in order and with an audit record."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from chassis.auth import Caller, InternalSecrets, TokenSigner
from chassis.service import Service
from chassis.settings import StackSettings
from tests.chassis.test_corridor import drain, held, outcomes
from tests.chassis.toy import Toy, order_id, record

KEY = order_id("a")


class Operator:
    """A person at the operators' door."""

    def __init__(self, client: httpx.AsyncClient, token: str) -> None:
        self.client = client
        self.token = token
        self._key = 0

    async def sees(self) -> list[dict[str, object]]:
        answer = await self.client.get("/v1/companies/acme/held", headers={"Authorization": f"Bearer {self.token}"})
        assert answer.status_code == 200, answer.text
        found: list[dict[str, object]] = answer.json()["held"]
        return found

    async def asks(self, path: str, body: object | None = None) -> httpx.Response:
        self._key += 1
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": f"k{self._key}"}
        return await self.client.post(f"/v1/companies/acme/{path}", headers=headers, json=body)


@pytest.fixture
async def signers() -> dict[str, Callable[[Caller], str]]:
    """Where the operator's fixture leaves the means to sign for others."""
    return {}


@pytest.fixture
async def sign(operator: Operator, signers: dict[str, Callable[[Caller], str]]) -> Callable[[Caller], str]:
    """Makes a token for any caller."""
    return signers["sign"]


@pytest.fixture
async def operator(toy: Toy, tmp_path: Path, signers: dict[str, Callable[[Caller], str]]) -> AsyncIterator[Operator]:
    secret = tmp_path / "internal"
    secret.write_text("x" * 64)
    secret.chmod(0o600)
    toy.settings = toy.settings.model_copy(update={"stack": StackSettings(backbone_internal_secret_file=secret)})
    service = Service(toy.settings)
    await service.app.state.doors.clock.fresh()
    signer = TokenSigner(InternalSecrets(secret), service.app.state.doors.clock.seconds)
    signers["sign"] = lambda caller: signer.sign(caller, toy.settings.service)
    caller = Caller("ops", "olga", None, frozenset({"*"}), frozenset({"operations:*"}))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(service.app), base_url="http://toy") as client:
        yield Operator(client, signer.sign(caller, toy.settings.service))
    await service.database.close()


async def test_an_edited_event_is_applied_and_what_waited_behind_it_follows(toy: Toy, operator: Operator) -> None:
    await toy.corridor.take([record(KEY, 1, 0, reference="poison"), record(KEY, 2, 1)])
    head, behind = await operator.sees()
    assert (head["reason"], behind["reason"]) == ("poison", "behind")
    answer = await operator.asks(f"held/{head['id']}/edit", {"data": {"order": KEY, "reference": "mended"}})
    assert answer.status_code == 200, answer.text
    assert await drain(toy) == 2
    assert await toy.noted(KEY) == [1, 2]
    actions = await toy.rows("select actor, action from audit order by id")
    assert ("olga", "held-event-edit") in actions


async def test_the_repeat_of_an_edited_event_is_a_duplicate_not_a_conflict(toy: Toy, operator: Operator) -> None:
    original = record(KEY, 1, 0, reference="poison")
    await toy.corridor.take([original])
    (head,) = await operator.sees()
    await operator.asks(f"held/{head['id']}/edit", {"data": {"order": KEY, "reference": "mended"}})
    await drain(toy)
    await toy.corridor.take([record(KEY, 1, 1, reference="poison")])
    assert await held(toy) == []
    assert await outcomes(toy) == {"applied": 1, "duplicate": 1}


async def test_skipping_the_head_lets_the_next_flow_and_is_counted(toy: Toy, operator: Operator) -> None:
    await toy.corridor.take([record(KEY, 1, 0, reference="poison"), record(KEY, 2, 1)])
    head, behind = await operator.sees()
    refused = await operator.asks(f"held/{behind['id']}/skip")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/not-the-head")
    assert (await operator.asks(f"held/{head['id']}/skip")).status_code == 200
    await drain(toy)
    assert await toy.noted(KEY) == [2]
    assert await outcomes(toy) == {"applied": 1, "skipped": 1}


async def test_poison_that_fails_again_waits_for_a_person_after_some_tries(toy: Toy, operator: Operator) -> None:
    await toy.corridor.take([record(KEY, 1, 0, reference="poison")])
    for _ in range(5):
        assert await drain(toy) == 0
        await toy.rows("update held set next_at = now() where next_at < 'infinity' returning 1")
    assert await toy.rows("select attempts, next_at = 'infinity' from held") == [(5, True)]
    (head,) = await operator.sees()
    await operator.asks(f"held/{head['id']}/retry")
    assert await toy.rows("select attempts from held") == [(0,)]


async def test_an_event_that_has_long_waited_for_its_company_has_all_its_tries_when_it_fails(toy: Toy) -> None:
    await toy.corridor.take([record(KEY, 1, 0, company="newco", reference="poison")])
    for _ in range(6):
        await drain(toy)
        await toy.rows("update held set next_at = now() returning 1")
    assert await toy.rows("select reason, attempts from held") == [("waiting", 6)]
    await toy.knows("newco")
    for attempt in range(1, 6):
        assert await drain(toy) == 0
        due = await toy.rows("select reason, attempts, next_at = 'infinity' from held")
        assert due == [("poison", attempt, attempt == 5)]
        await toy.rows("update held set next_at = now() returning 1")


async def test_a_record_kept_raw_is_repaired_and_takes_its_turn(toy: Toy, operator: Operator) -> None:
    good = record(KEY, 1, 0)
    headers = {name: value.decode() for name, value in good.headers if value}
    await toy.corridor.take([record(KEY, 1, 0, headers=[("ce_id", b"?")]), record(KEY, 2, 1)])
    assert await held(toy) == [("gap", 2)]
    body = {"consumer": "toy", "headers": headers, "data": orjson.loads(good.value or b"{}")}
    answer = await operator.asks("unreadable/sales.orders/0/0/repair", body)
    assert answer.status_code == 200, answer.text
    await drain(toy)
    assert await toy.noted(KEY) == [1, 2]
    assert await toy.rows("select settled_by from inbox_unreadable") == [("olga",)]


async def test_a_caller_without_the_scope_sees_nothing(toy: Toy, operator: Operator) -> None:
    answer = await operator.client.get("/v1/companies/acme/held")
    assert answer.status_code == 401


async def test_who_sees_one_company_alone_cannot_settle_a_record_that_may_be_anothers(
    toy: Toy, operator: Operator, sign: Callable[[Caller], str]
) -> None:
    good = record(KEY, 1, 0)
    await toy.corridor.take([record(KEY, 1, 0, headers=[("ce_id", b"?")])])
    headers = {name: value.decode() for name, value in good.headers if value}
    body = {"consumer": "toy", "headers": headers, "data": orjson.loads(good.value or b"{}")}
    eve = Operator(operator.client, sign(Caller("eve", "eve", None, frozenset({"acme"}), frozenset({"operations:*"}))))
    answer = await eve.asks("unreadable/sales.orders/0/0/repair", body)
    assert answer.status_code == 403
    assert await toy.rows("select settled_by from inbox_unreadable") == [(None,)]


async def test_a_gap_that_will_never_be_filled_can_be_closed_by_a_person(toy: Toy, operator: Operator) -> None:
    await toy.corridor.take([record(KEY, 1, 0), record(KEY, 4, 1)])
    place = {"consumer": "toy", "topic": "sales.orders", "key": KEY}
    beyond = await operator.asks("gaps", place | {"up_to": 4})
    assert (beyond.status_code, beyond.json()["type"]) == (409, "/problems/not-in-the-gap")
    assert (await operator.asks("gaps", place | {"up_to": 3})).status_code == 200
    await drain(toy)
    assert await toy.noted(KEY) == [1, 4]
    assert ("olga", "gap-closed") in await toy.rows("select actor, action from audit")


async def unreadable(operator: Operator, after: str | None = None, *, settled: bool = False) -> dict[str, Any]:
    answer = await operator.client.get(
        "/v1/companies/acme/unreadable", params={"settled": settled} | ({} if after is None else {"after": after}),
        headers={"Authorization": f"Bearer {operator.token}"},
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_records_that_were_never_events_are_paged_and_settled_with_who_and_why(
    toy: Toy, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.operating_records.PAGE", 2)
    await toy.corridor.take([record(KEY, 1, offset, headers=[("ce_id", b"?")]) for offset in range(5)])
    answer = await operator.asks("unreadable/sales.orders/0/1/dismiss", {"consumer": "toy", "reason": "a load test"})
    assert answer.status_code == 200, answer.text

    offsets, page = [], await unreadable(operator)
    while True:
        offsets += [row["offset"] for row in page["unreadable"]]
        if page["next"] is None:
            break
        page = await unreadable(operator, page["next"])
    assert offsets == [0, 2, 3, 4], "the settled one needs nobody any more"
    assert await toy.rows('select "offset", settled_by from inbox_unreadable where settled_at is not null') == [
        (1, "olga")
    ]
    ((detail,),) = await toy.rows("select detail from audit where action = 'record-dismissed' and actor = 'olga'")
    assert orjson.loads(detail) == {"consumer": "toy", "reason": "a load test"}
    again = await operator.asks("unreadable/sales.orders/0/1/dismiss", {"consumer": "toy", "reason": "a load test"})
    assert again.status_code == 404
    first = (await unreadable(operator, settled=True))["unreadable"]
    assert [(row["offset"], row["settled_by"]) for row in first] == [(0, None), (1, "olga")]


@pytest.mark.parametrize("after", ["?", "bm90IGpzb24", "WzEsMl0", "WyJhIiwtMSwwLCJiIiwiIl0"])
async def test_a_place_that_no_page_gave_is_refused(operator: Operator, after: str) -> None:
    answer = await operator.client.get(
        "/v1/companies/acme/unreadable", params={"after": after}, headers={"Authorization": f"Bearer {operator.token}"}
    )
    assert answer.status_code == 422, answer.text


async def test_work_that_was_given_up_is_seen_and_tried_again_by_a_person(toy: Toy, operator: Operator) -> None:
    async with toy.database.unit(["acme"]) as unit:
        unit.enqueue("render", "acme", {"secret": "x"}, key="a")
        unit.enqueue("render", "acme", {}, key="fine")
    await toy.rows("update job set run_at = 'infinity', attempts = 10, error = 'no font' where key = 'a' returning 1")

    headers = {"Authorization": f"Bearer {operator.token}"}
    (job,) = (await operator.client.get("/v1/companies/acme/jobs", headers=headers)).json()["jobs"]
    assert (job["queue"], job["key"], job["attempts"], job["error"]) == ("render", "a", 10, "no font")
    assert "x" not in job.values(), "what it works on is nobody's business here"
    assert (await operator.asks(f"jobs/{job['id']}/revive")).status_code == 200
    assert await toy.rows("select attempts, run_at <= now() from job where key = 'a'") == [(0, True)]
    assert ("olga", "job-revived", "render/a") in await toy.rows("select actor, action, subject from audit")
    assert (await operator.asks(f"jobs/{job['id']}/revive")).status_code == 404
