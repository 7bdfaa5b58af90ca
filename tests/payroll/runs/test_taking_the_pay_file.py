"""The file for the bank is taken: page by page, and everybody in it sees that it was."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from services.payroll.queries import pay_file
from tests.payroll.office import person
from tests.payroll.runs.bureau import AT, IBANS, OFFICER, Bureau, said
from tests.payroll.runs.test_month import check_file


async def exported(bureau: Bureau) -> str:
    """Anna, Boris and Chloe are paid by file, Dora has terms of another month alone; the file's address."""
    await bureau.hire("Anna", "Boris", "Chloe", "Dora")
    for name, iban in zip(("Anna", "Boris", "Chloe"), IBANS, strict=True):
        await bureau.agree(name, "3000.00")
        await bureau.bank(name, iban)
    run = (await bureau.paid("2024-01"))["run"]
    at = f"{AT}/pay-runs/{run}/pay-file"
    async with bureau.client() as client:
        await client.get(at)  # too early: there is none to read
        await said(client, at, execution_on="2024-01-31")
    return at


async def test_everybody_in_a_pay_file_sees_who_took_it(bureau: Bureau) -> None:
    """P16, P17: written down once for the run, told to each who stands in it, and to nobody else."""
    at = await exported(bureau)
    async with bureau.client(actor="user:rita") as client:
        assert (await client.get(at)).status_code == 200

    async def told(name: str) -> list[tuple[str, str]]:
        async with bureau.client() as client:
            page = (await client.get(f"{AT}/employees/{person(name)}/readings")).json()["readings"]
        return [(each["what"], each["actor"]) for each in page]

    assert [await told(name) for name in ("Anna", "Boris", "Chloe", "Dora")] == [[("pay file", "user:rita")]] * 3 + [[]]
    assert await bureau.office.rows("select count(*) from pay_reading where what = 'pay file' and actor = $1",
                                    OFFICER) == [(1,)]  # fmt: skip


async def test_a_pay_file_leaves_page_by_page_and_is_the_same(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    """P17: no more of it is in memory than a page, however many people are paid."""
    at = await exported(bureau)
    async with bureau.client() as client:
        whole = (await client.get(at)).content
        monkeypatch.setattr(pay_file, "PAYMENTS_A_PAGE", 2)
        pieces: list[bytes] = []
        app = client._transport.app  # type: ignore[attr-defined]

        async def listening(scope: Any, receive: Any, send: Any) -> None:
            async def noted(message: Any) -> None:
                if message["type"] == "http.response.body" and message["body"]:
                    pieces.append(message["body"])
                await send(message)

            await app(scope, receive, noted)

        transport = httpx.ASGITransport(listening)
        async with httpx.AsyncClient(transport=transport, base_url="http://payroll", headers=client.headers) as other:
            answer = await other.get(at)
    assert answer.headers["content-type"].startswith("application/xml")
    assert answer.content == whole
    assert len(pieces) == 4, "head, two pages, tail"
    check_file(whole, dict.fromkeys(IBANS, "2220.00"))
