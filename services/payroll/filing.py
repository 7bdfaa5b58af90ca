"""The way to documents: payslips are told in one signed call per batch, and stand in no event, log or error."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import httpx

from chassis.auth import Caller, InternalSecrets, TokenSigner
from chassis.database import Database
from chassis.database_clock import DatabaseClock
from chassis.errors import Transient
from chassis.ids import UUID, derive
from services.payroll.domain.filing import ToFile, payslip_id
from services.payroll.translate.papers import paper

TIMEOUT_S = 60.0
SCOPE = "documents:confidential"


class FilingCabinet:
    """Files payslips with documents, each once however often it is told."""

    def __init__(self, address: str, secret_file: Path, database: Database) -> None:
        self._address = address.rstrip("/")
        self._clock = DatabaseClock(database)
        self._signer = TokenSigner(InternalSecrets(secret_file), self._clock.seconds)

    async def file(self, company: str, slips: Sequence[ToFile]) -> list[UUID]:
        """Register these payslips; the documents, in their order. Raises Transient while documents is away."""
        await self._clock.fresh()
        caller = Caller("payroll", "service:payroll", None, frozenset({company}), frozenset({SCOPE}))
        headers = {
            "Authorization": f"Bearer {self._signer.sign(caller, 'documents')}",
            "Idempotency-Key": str(derive("file", company, *[payslip_id(company, slip) for slip in slips])),
        }
        body = {"papers": [paper(company, slip) for slip in slips]}
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
                url = f"{self._address}/v1/companies/{company}/papers"
                answer = await client.post(url, json=body, headers=headers)
        except httpx.TransportError as silence:
            raise Transient(f"documents does not answer: {type(silence).__name__}") from None
        if answer.status_code >= 500 or answer.status_code in (404, 429):  # 404: it has not heard of the company yet
            raise Transient(f"documents answers {answer.status_code}")
        if not answer.is_success:
            told = answer.json()
            faults = [f"{fault.get('pointer')} {fault.get('code')}" for fault in told.get("errors", ())]
            raise ValueError(f"documents refuses payslips: {told.get('type')} {faults[:3]}")
        return [UUID(each["document"]) for each in answer.json()["papers"]]
