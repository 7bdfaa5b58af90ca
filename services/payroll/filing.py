"""The way to documents, by signed calls: payslips and contracts are filed, payslips are read for whom they concern,
papers are erased with a person.

They stand in no event, log or error.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import orjson

from chassis.auth import Caller, InternalSecrets, TokenSigner
from chassis.calling import CallingTransport
from chassis.database import Database
from chassis.database_clock import DatabaseClock
from chassis.errors import Transient
from chassis.ids import UUID, derive

TIMEOUT_S = 60.0
SCOPE = "documents:confidential"


class FilingCabinet:
    """Files papers of people with documents, each once however often it is told."""

    def __init__(
        self, address: str, secret_file: Path, database: Database, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._address = address.rstrip("/")
        self._transport = transport
        self._tls = httpx.create_ssl_context()  # one for all calls: reading the authorities is slow
        self._clock = DatabaseClock(database)
        self._signer = TokenSigner(InternalSecrets(secret_file), self._clock.seconds)

    async def file(self, company: str, papers: Sequence[Mapping[str, Any]]) -> list[UUID | None]:
        """Register these papers; the documents, in their order, None for one that documents refuses.

        Raises Transient while documents is away, ValueError when it refuses them for a reason that is in none of them.
        """
        filed: list[UUID | None] = [None] * len(papers)
        left = list(range(len(papers)))
        while left:
            answer = await self._told(company, [papers[n] for n in left])
            if answer.is_success:
                for n, each in zip(left, answer.json()["papers"], strict=True):
                    filed[n] = UUID(each["document"])
                break
            bad = _named(answer) if answer.status_code == 422 else set()
            if not bad:
                raise ValueError(f"documents refuses papers: {answer.status_code} {answer.json().get('type')}")
            left = [n for at, n in enumerate(left) if at not in bad]
        return filed

    async def paper(self, company: str, document: uuid.UUID, person: str) -> bytes | None:
        """The PDF of a payslip, for whom it concerns: documents writes down that it was read, and for whom. None for
        one that cannot be read any more. Raises Transient while documents is away.
        """
        path = f"/v1/companies/{company}/documents/{document}/content"
        answer = await self._asked("GET", path, company, on_behalf_of=person)
        if answer.status_code in (404, 410):
            return None
        answer.raise_for_status()
        return answer.content

    async def erase(self, company: str, employee: uuid.UUID) -> None:
        """Have documents erase what it sealed about somebody. Raises Transient while documents is away."""
        key = {"Idempotency-Key": str(derive("erase", company, employee))}
        answer = await self._asked("POST", f"/v1/companies/{company}/people/{employee}/erasure", company, key)
        if answer.status_code == 404:
            raise Transient("documents does not know the company yet")
        answer.raise_for_status()

    async def _told(self, company: str, papers: Sequence[Mapping[str, Any]]) -> httpx.Response:
        content = orjson.dumps({"papers": papers})
        headers = {
            # Told in other words it is another request: documents knows by itself what is on file already.
            "Idempotency-Key": str(derive("file", company, sha256(content).hexdigest())),
            "Content-Type": "application/json",
        }
        answer = await self._asked("POST", f"/v1/companies/{company}/papers", company, headers, content)
        if answer.status_code in (404, 409):  # it does not know the company yet, or not its name and address
            raise Transient(f"documents answers {answer.status_code}")
        return answer

    async def _asked(
        self,
        method: str,
        path: str,
        company: str,
        more: Mapping[str, str] | None = None,
        content: bytes | None = None,
        on_behalf_of: str | None = None,
    ) -> httpx.Response:
        await self._clock.fresh()
        caller = Caller("payroll", "service:payroll", on_behalf_of, frozenset({company}), frozenset({SCOPE}))
        headers = {"Authorization": f"Bearer {self._signer.sign(caller, 'documents')}", **(more or {})}
        try:
            transport = self._transport or CallingTransport(verify=self._tls)
            async with httpx.AsyncClient(timeout=TIMEOUT_S, transport=transport) as client:
                answer = await client.request(method, self._address + path, content=content, headers=headers)
        except httpx.TransportError as silence:
            raise Transient(f"documents does not answer: {type(silence).__name__}") from None
        if answer.status_code >= 500 or answer.status_code == 429:
            raise Transient(f"documents answers {answer.status_code}")
        return answer


def _named(answer: httpx.Response) -> set[int]:
    """Which of the papers of a call the refusal is about, by their place."""
    pointers = [str(fault.get("pointer")) for fault in answer.json().get("errors", ())]
    return {int(found[1]) for pointer in pointers if (found := re.match(r"/papers/([0-9]+)/", pointer))}
