"""Entries that people make: balanced or not at all, never changed, taken back by their mirror, agreed by two."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from chassis.cause import Cause
from chassis.ids import UUID, new_id
from services.ledger import handlers
from services.ledger.commands import (
    ChangePolicy,
    DecideEntry,
    DecideRefund,
    OpenAccounts,
    PostEntry,
    RequestRefund,
)
from services.ledger.domain.manual import WantedEntry, WantedLine
from services.ledger.domain.policy import PolicyChange
from tests.ledger.accountant import RENT, Accountant, at_the_door, entry, faults, lines
from tests.ledger.desk import TODAY, Desk, Order, cause, payment, payment_id

TABLES = ("journal_entry", "journal_line", "account_day", "outbox", "request", "audit", "entry_proposal")


@pytest_asyncio.fixture
async def people(desk: Desk) -> AsyncIterator[list[Accountant]]:
    """Anna and Ben, who keep the books of `acme`."""
    await desk.do(handlers.open_accounts, OpenAccounts("acme", [RENT], cause()))
    async with at_the_door(desk, "anna", "ben") as both:
        yield both


@pytest_asyncio.fixture
async def anna(people: list[Accountant]) -> Accountant:
    """Anna."""
    return people[0]


async def counts(desk: Desk) -> dict[str, int]:
    return {table: (await desk.rows(f"select count(*) from {table}"))[0][0] for table in TABLES}


async def test_an_entry_is_posted_told_and_stands_in_the_balances(desk: Desk, anna: Accountant) -> None:
    posted = await anna.done("/entries", entry())

    shown = await anna.get(f"/entries/{posted['entry']}")
    (told,) = await desk.told("EntryPosted")
    assert posted["state"] == "posted"
    assert (shown["journal"], shown["text"], shown["actor"], shown["subledger"]) == ("general", "Rent", "anna", "gl")
    assert (told.data["text"], told.data["journal"], len(told.data["lines"])) == ("Rent", "general", 2)
    assert (await anna.balance("6000"), await anna.balance("1000")) == ("100.00", "-100.00")
    assert [r["action"] for r in (await anna.get("/history", subject=posted["entry"]))["records"]] == ["entry.posted"]
    assert await desk.faults() == []


@pytest.mark.parametrize(
    ("wrong", "differences"),
    [
        (lines(("6000", "100.00"), ("1000", "-99.99")), {"EUR": "0.01"}),
        (lines(("6000", "100.00"), ("1000", "50.00")), {"EUR": "150.00"}),
        (
            [*lines(("6000", "5"), currency="USD", base="4.00"), *lines(("1000", "-5.00"))],
            {"USD": "5.00", "EUR": "-5.00"},
        ),
    ],
    ids=["a cent", "one side twice", "two currencies"],
)
async def test_an_unbalanced_entry_is_refused_naming_the_difference_and_nothing_is_written(
    desk: Desk, anna: Accountant, wrong: list[dict[str, Any]], differences: dict[str, str]
) -> None:
    """L1: an unbalanced entry is answered with 422 and the difference of each currency; nothing is written."""
    before = await counts(desk)

    answer = await anna.post("/entries", entry(lines=wrong))

    assert (answer.status_code, faults(answer)) == (422, [("/lines", "entry-unbalanced")])
    assert answer.json()["differences"] == differences
    assert await counts(desk) == before


async def test_an_entry_may_have_lines_in_another_currency_with_their_worth(desk: Desk, anna: Accountant) -> None:
    """L1, X8: it balances in each currency and in the company's own."""
    dollars = lines(("1000", "50.00"), ("6000", "-50.00"), currency="USD", base="46.00")

    await anna.done("/entries", entry(lines=dollars))
    missing = await anna.post("/entries", entry(lines=lines(("1000", "5"), ("6000", "-5"), currency="USD")))
    apart = [*dollars[:1], dollars[1] | {"base": "45.00"}]
    unequal = await anna.post("/entries", entry(lines=apart))

    assert faults(missing) == [("/lines/0/base", "base-required")]
    assert (faults(unequal), unequal.json()["differences"]) == ([("/lines", "entry-unbalanced")], {"EUR": "1.00"})
    assert await desk.faults() == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"lines": lines(("9999", "1"), ("1000", "-1"))}, ("/lines/0/account", "account-unknown")),
        ({"lines": lines(("6000", "1"), ("1100", "-1"))}, ("/lines/1/account", "control-account")),
        ({"lines": lines(("6000", "1"), ("1000", "-1"), currency="XXX")}, ("/lines/0/currency", "currency-unknown")),
        ({"lines": lines(("6000", "1.005"), ("1000", "-1.005"))}, ("/lines/0", "amount-invalid")),
        ({"lines": lines(("6000", "0"), ("1000", "-0"))}, ("/lines/0", "line-has-one-side")),
        ({"lines": lines(("6000", "1"), ("1000", "-1"), department="D")}, ("/lines/0/department", "dimension-unknown")),
        (
            {"lines": lines(("6000", "1"), ("1000", "-1"), allocation="R")},
            ("/lines/0/allocation", "allocation-rule-unknown"),
        ),
        ({"lines": lines(("6000", "1"))}, ("/lines", "too-few")),
        ({"posted_on": "2026-02-30"}, ("/posted_on", "not-valid")),
        ({"text": ""}, ("/text", "pattern")),
    ],
)
async def test_an_entry_that_breaks_a_rule_is_refused_naming_the_field(
    desk: Desk, anna: Accountant, change: dict[str, Any], fault: tuple[str, str]
) -> None:
    answer = await anna.post("/entries", entry(**change))

    assert (answer.status_code, faults(answer)) == (422, [fault])
    assert await desk.rows("select 1 from journal_entry") == []


async def test_a_control_account_takes_a_manual_line_only_from_who_says_so(desk: Desk, anna: Accountant) -> None:
    onto = entry(lines=lines(("1100", "1"), ("1000", "-1")))

    await anna.done("/entries", onto | {"onto_control_accounts": True})

    assert await desk.faults() != []  # and the reconciliation shows what it did


async def test_a_posted_entry_is_taken_back_once_by_its_mirror_linked_both_ways(desk: Desk, anna: Accountant) -> None:
    """L2: correction is a reversal linked both ways, dated on its own day."""
    posted = (await anna.done("/entries", entry()))["entry"]
    wish = {"posted_on": "2026-11-20", "text": "Paid twice"}

    answers = await asyncio.gather(*(anna.post(f"/entries/{posted}/reversal", wish) for _ in range(10)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
    mirror = next(answer.json()["entry"] for answer in answers if answer.status_code == 201)
    original, taken_back = await anna.get(f"/entries/{posted}"), await anna.get(f"/entries/{mirror}")
    assert (original["reversed_by"], taken_back["reverses"]) == (mirror, posted)
    assert (await anna.balance("6000"), await anna.balance("6000", as_of="2026-11-19")) == ("0.00", "100.00")
    early = await anna.post(f"/entries/{mirror}/reversal", wish | {"posted_on": "2026-11-01"})
    assert faults(early) == [("/posted_on", "reversal-before-entry")]
    assert await desk.faults() == []


async def test_an_entry_of_a_document_is_not_taken_back_by_hand(desk: Desk, anna: Accountant) -> None:
    await desk.bill(Order("A-1"))
    ((sale,),) = await desk.rows("select id from journal_entry")

    answer = await anna.post(f"/entries/{sale}/reversal", {"posted_on": "2026-11-23", "text": "No"})
    unknown = "/entries/00000000-0000-4000-8000-000000000009/reversal"
    nobody = await anna.post(unknown, {"posted_on": "2026-11-23", "text": "No"})

    assert (answer.status_code, answer.json()["title"]) == (409, "Entry of a document")
    assert nobody.status_code == 404


@pytest.mark.parametrize("statement", ["update journal_entry set narration = 'x'", "delete from journal_line"])
async def test_the_database_lets_nobody_change_an_entry(desk: Desk, anna: Accountant, statement: str) -> None:
    """L2: the service's role can neither change nor delete what is posted."""
    await anna.done("/entries", entry())

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with desk.database.unit(["acme"]) as unit:
            await unit.raw.execute(statement)


async def test_a_hundred_parallel_repeats_make_one_entry(desk: Desk, anna: Accountant) -> None:
    """L26: the same key and body give one entry and one answer; another body is refused."""
    answers = await asyncio.gather(*(anna.post("/entries", entry(), key="once") for _ in range(100)))
    other = await anna.post("/entries", entry(amount="1.00"), key="once")

    assert {(answer.status_code, answer.text) for answer in answers} == {(201, answers[0].text)}
    assert (other.status_code, other.json()["title"]) == (422, "Idempotency key reused")
    assert await desk.rows("select count(*) from journal_entry") == [(1,)]


async def test_two_replicas_post_on_one_account_for_32_clients_and_nobody_is_told_of_a_deadlock(
    desk: Desk, people: list[Accountant]
) -> None:
    """L30: zero deadlocks returned on a hot account; how many postings a second, `make bench-ledger` measures."""
    async with at_the_door(desk, "cleo", "dan") as others:
        clients = [*people, *others] * 8

        async def client(number: int) -> list[int]:
            sides = (("6000", "1.00"), ("1000", "-1.00")) if number % 2 else (("1000", "1.00"), ("6000", "-1.00"))
            bodies = [entry(lines=lines(*sides)) for _ in range(4)]
            return [(await clients[number].post("/entries", body)).status_code for body in bodies]

        answers = await asyncio.gather(*map(client, range(len(clients))))

    assert {status for of_client in answers for status in of_client} == {201}
    assert await desk.rows("select deadlocks from pg_stat_database where datname = current_database()") == [(0,)]
    assert await desk.balances() == {}
    assert await desk.faults() == []


async def test_a_dry_run_shows_the_exact_lines_and_writes_nothing(desk: Desk, anna: Accountant) -> None:
    """L29: a preview of a posting command shows the journal lines; nothing is written and no key is used."""
    before = await counts(desk)

    shown = (await anna.post("/entries", entry(), key="k", dry_run="true")).json()
    wrong = await anna.post("/entries", entry(lines=lines(("6000", "1"), ("1000", "-2"))), dry_run="true")

    assert await counts(desk) == before
    assert (wrong.status_code, faults(wrong)) == (422, [("/lines", "entry-unbalanced")])
    posted = (await anna.post("/entries", entry(), key="k")).json()
    (told,) = await desk.told("EntryPosted")
    assert [(event["type"], event["data"]) for event in shown["would_tell"]] == [("EntryPosted.v1", told.data)]
    assert (shown["dry_run"], shown["entry"]) == (True, posted["entry"])
    preview = await anna.post(
        f"/entries/{posted['entry']}/reversal", {"posted_on": "2026-11-30", "text": "Back"}, dry_run="true"
    )
    assert preview.json()["would_tell"][0]["data"]["reverses"] == posted["entry"]
    assert await desk.rows("select count(*) from journal_entry") == [(1,)]


async def test_above_the_limit_a_second_person_agrees_and_never_the_first(desk: Desk, people: list[Accountant]) -> None:
    anna, ben = people
    await anna.done("/policies", {"valid_from": "2026-01-01", "approval_limit": "99.99"})
    small = await anna.post("/entries", entry(amount="99.99"))
    big = await anna.post("/entries", entry(amount="100.00"))
    waiting = big.json()["entry"]

    assert (small.status_code, big.status_code, big.json()["state"]) == (201, 202, "awaiting-approval")
    assert await anna.balance("6000") == "99.99"
    assert [p["entry"] for p in (await ben.get("/entry-proposals"))["proposals"]] == [waiting]
    selves = [anna.post(f"/entries/{waiting}/approve", {"reason": "mine"}) for _ in range(5)]
    others = [ben.post(f"/entries/{waiting}/approve", {"reason": "checked"}) for _ in range(5)]
    answers = await asyncio.gather(*selves, *others)
    assert {answer.status_code for answer in answers[:5]} == {409}
    assert sorted(answer.status_code for answer in answers[5:]) == [200] + [409] * 4
    assert await anna.balance("6000") == "199.99"
    assert (await ben.get("/entry-proposals"))["proposals"] == []
    actions = [record["action"] for record in (await ben.get("/history", subject=waiting))["records"]]
    assert actions == ["entry.proposed", "entry.approved", "entry.posted"]
    assert await desk.faults() == []


async def test_what_needed_a_second_person_is_listed_with_who_decided_page_by_page(
    desk: Desk, people: list[Accountant]
) -> None:
    """X9: by state, the oldest first; decided ones stay listed with both persons (INV27)."""
    anna, ben = people
    await anna.done("/policies", {"valid_from": "2026-01-01", "approval_limit": "0"})
    asked = [(await anna.done("/entries", entry(amount=f"{n}.00"), 202))["entry"] for n in range(1, 6)]
    for word, which in (("approve", asked[0]), ("refuse", asked[3]), ("approve", asked[4])):
        assert (await ben.post(f"/entries/{which}/{word}", {"reason": f"to {word}"})).status_code == 200

    async def listed(**wanted: Any) -> list[str]:
        found: list[str] = []
        page: dict[str, Any] = {"next": None}
        while not found or page["next"]:
            more = {"after": page["next"]} if page["next"] else {}
            page = await anna.get("/entry-proposals", limit=2, **wanted, **more)
            found += [one["entry"] for one in page["proposals"]]
        return found

    assert await listed(state="any") == asked
    assert await listed() == await listed(state="waiting") == asked[1:3]
    assert (await listed(state="approved"), await listed(state="refused")) == ([asked[0], asked[4]], [asked[3]])
    (refused,) = (await anna.get("/entry-proposals", state="refused"))["proposals"]
    assert (refused["state"], refused["proposed_by"], refused["decided_by"], refused["reason"]) == (
        "refused", "anna", "ben", "to refuse",
    )  # fmt: skip
    waiting = (await anna.get("/entry-proposals", limit=1))["proposals"][0]
    assert (waiting["state"], waiting["decided_by"], waiting["decided_at"]) == ("waiting", None, None)


@pytest.mark.parametrize("day", ["2025-12-31", "2026-11-10"])
async def test_the_stricter_limit_of_the_entrys_day_and_of_today_binds(desk: Desk, anna: Accountant, day: str) -> None:
    """An entry dated back before the limit, or a limit lifted for another day, lets nobody post alone."""
    await anna.done("/policies", {"valid_from": "2026-01-01", "approval_limit": "99.99"})
    await anna.done("/policies", {"valid_from": "2026-11-10", "approval_limit": "100000.00"})
    await anna.done("/policies", {"valid_from": "2026-11-11", "approval_limit": "99.99"})

    assert (await anna.post("/entries", entry(day, "100.00"))).status_code == 202


async def test_who_writes_entries_does_not_decide_on_the_limit(desk: Desk) -> None:
    async with desk.ask(scopes=["ledger:read", "ledger:write"]) as writer:
        answer = await writer.post(
            "/v1/companies/acme/policies",
            json={"valid_from": "2026-01-01", "approval_limit": "99999.00"},
            headers={"idempotency-key": "limit"},
        )

    assert answer.status_code == 403


async def test_the_database_itself_refuses_that_one_person_proposes_and_decides(desk: Desk, anna: Accountant) -> None:
    await anna.done("/policies", {"valid_from": "2026-01-01", "approval_limit": "0"})
    waiting = (await anna.done("/entries", entry(), 202))["entry"]

    with pytest.raises(asyncpg.CheckViolationError) as caught:
        async with desk.database.unit(["acme"]) as unit:
            await unit.raw.execute(
                "insert into entry_decision (company, id, approved, reason, decided_by) "
                f"values ('acme', '{waiting}', true, '', 'anna')"
            )
    assert caught.value.constraint_name == "entry_decision_four_eyes"


@pytest.mark.parametrize("kind", ["entry", "refund"])
async def test_two_persons_are_two_humans_whatever_system_asks_for_them(desk: Desk, kind: str) -> None:
    """Through a system or in person is the same one; two who use one system are two. One rule for all of four eyes."""
    policy = ChangePolicy("acme", PolicyChange(date(2026, 1, 1)), "0", cause())
    await desk.do(handlers.change_policies, policy)
    await desk.hear(payment("P-1", "50.00"))

    def by(actor: str, human: str | None) -> Cause:
        return cause()._replace(actor=actor, on_behalf_of=human)

    async def decided_by(actor: str, human: str | None, asked: UUID) -> Any:
        if kind == "refund":
            command: Any = DecideRefund("acme", asked, True, by(actor, human))
            return (await desk.do(handlers.decide_refunds, command))[0]
        return (await desk.do(handlers.decide_entries, DecideEntry("acme", asked, True, "", by(actor, human))))[0]

    asked = new_id()
    if kind == "refund":
        wish = RequestRefund("acme", payment_id("P-1"), asked, "1.00", TODAY, "too much", by("key:till", "anna"))
        await desk.do(handlers.request_refunds, wish)
    else:
        sides = [WantedLine("1000", "EUR", *amounts, None, None, None, None) for amounts in (("1", "0"), ("0", "1"))]
        wanted = WantedEntry("acme", asked, TODAY, "Cash", sides, False)
        await desk.do(handlers.post_entries, PostEntry(wanted, by("key:till", "anna")))

    herself = await decided_by("anna", None, asked)
    other_system = await decided_by("key:phone", "anna", asked)
    ben = await decided_by("key:till", "ben", asked)

    assert [type(one).__name__ for one in (herself, other_system, ben)] == ["Refused", "Refused", "Answer"]
    assert await desk.faults() == []


async def test_what_is_turned_down_is_never_posted(desk: Desk, people: list[Accountant]) -> None:
    anna, ben = people
    await anna.done("/policies", {"valid_from": "2026-01-01", "approval_limit": "0"})
    waiting = (await anna.done("/entries", entry(), 202))["entry"]

    await ben.done(f"/entries/{waiting}/refuse", {"reason": "No invoice"}, 200)
    late = await ben.post(f"/entries/{waiting}/approve", {})

    assert (late.status_code, late.json()["title"]) == (409, "Entry decided")
    assert await desk.rows("select 1 from journal_entry") == []
