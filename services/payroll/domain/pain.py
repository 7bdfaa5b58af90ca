"""The pay file: a customer credit transfer in the form of ISO 20022, pain.001.001.09. Text in, text out.

Head, payments and tail are written apart, so that a file of any length is made in pieces, the same ones each time; why
not by a library stands in docs/decisions/0038. Tests hold each file to the schema that one brings along.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from xml.sax.saxutils import escape

from contracts.money import from_minor
from services.payroll.domain.latin import latin

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
NAME_MAX = 140
SEPA_NAME_MAX = 70
TEXT_MAX = 140
SEPA = "EUR"
NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class FileHead:
    """Who pays, when, and the totals that the bank checks the file by."""

    message: str
    created_at: datetime
    execution_on: date
    currency: str
    payments: int
    total: int
    debtor_name: str
    debtor_iban: str
    debtor_bic: str | None
    text: str
    """What people read on their statement."""


@dataclass(frozen=True, slots=True)
class Payment:
    """One person's pay on its way to the bank."""

    reference: str
    amount: int = field(repr=False)
    name: str = field(repr=False)
    iban: str = field(repr=False)
    bic: str | None = field(repr=False)


def opening(head: FileHead) -> str:
    """Everything before the first payment."""
    total = from_minor(head.total, head.currency)
    service = "<SvcLvl><Cd>SEPA</Cd></SvcLvl>" if head.currency == SEPA else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{NAMESPACE}"><CstmrCdtTrfInitn>'
        f"<GrpHdr><MsgId>{head.message}</MsgId><CreDtTm>{head.created_at:%Y-%m-%dT%H:%M:%SZ}</CreDtTm>"
        f"<NbOfTxs>{head.payments}</NbOfTxs><CtrlSum>{total}</CtrlSum>"
        f"<InitgPty><Nm>{_name(head, head.debtor_name)}</Nm></InitgPty></GrpHdr>"
        f"<PmtInf><PmtInfId>{head.message}</PmtInfId><PmtMtd>TRF</PmtMtd><BtchBookg>true</BtchBookg>"
        f"<NbOfTxs>{head.payments}</NbOfTxs><CtrlSum>{total}</CtrlSum>"
        f"<PmtTpInf>{service}<CtgyPurp><Cd>SALA</Cd></CtgyPurp></PmtTpInf>"
        f"<ReqdExctnDt><Dt>{head.execution_on}</Dt></ReqdExctnDt><Dbtr><Nm>{_name(head, head.debtor_name)}</Nm></Dbtr>"
        f"<DbtrAcct><Id><IBAN>{head.debtor_iban}</IBAN></Id><Ccy>{head.currency}</Ccy></DbtrAcct>"
        f"<DbtrAgt>{_agent(head.debtor_bic)}</DbtrAgt>\n"
    )


def payments(head: FileHead, paid: Iterable[Payment]) -> Iterator[str]:
    """One element per payment."""
    for each in paid:
        agent = "" if each.bic is None else f"<CdtrAgt>{_agent(each.bic)}</CdtrAgt>"
        yield (
            f"<CdtTrfTxInf><PmtId><EndToEndId>{each.reference}</EndToEndId></PmtId>"
            f'<Amt><InstdAmt Ccy="{head.currency}">{from_minor(each.amount, head.currency)}</InstdAmt></Amt>{agent}'
            f"<Cdtr><Nm>{_name(head, each.name)}</Nm></Cdtr><CdtrAcct><Id><IBAN>{each.iban}</IBAN></Id></CdtrAcct>"
            f"<RmtInf><Ustrd>{_sound(head, head.text, TEXT_MAX)}</Ustrd></RmtInf></CdtTrfTxInf>\n"
        )


def closing() -> str:
    """Everything after the last payment."""
    return "</PmtInf></CstmrCdtTrfInitn></Document>\n"


def _name(head: FileHead, name: str) -> str:
    return _sound(head, name, SEPA_NAME_MAX if head.currency == SEPA else NAME_MAX)


def _sound(head: FileHead, text: str, longest: int) -> str:
    """In SEPA every bank takes Latin letters, and no other has to be taken; elsewhere a text stays as it is written."""
    if head.currency == SEPA:
        return escape(latin(text)[:longest])
    return escape(NOT_IN_XML.sub(" ", text)[:longest])


def _agent(bic: str | None) -> str:
    if bic is None:
        return "<FinInstnId><Othr><Id>NOTPROVIDED</Id></Othr></FinInstnId>"
    return f"<FinInstnId><BICFI>{bic}</BICFI></FinInstnId>"
