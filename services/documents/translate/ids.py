"""Ids that follow from what a document is about, so that a repeat files nothing new."""

from __future__ import annotations

from chassis.ids import UUID, derive


def document_id(company: str, kind: str, about: UUID | str) -> UUID:
    """The id of the document about a thing; there is one for each."""
    return derive("document", company, kind, about)


def paper_id(company: str, document_class: str, kind: str, about: UUID, number: str) -> UUID:
    """The id of a paper that was asked for: one for each class, thing and number, so that asking twice files one."""
    return derive("paper", company, document_class, kind, about, number)


def file_id(company: str, document_class: str, sha256: bytes) -> UUID:
    """The id of a file that comes in for the first time: one for each class and bytes, whoever sends them at once."""
    return derive("file", company, document_class, sha256.hex())


def mail_id(company: str, document: object, recipient: str) -> UUID:
    """The id of a mail: one for each document and recipient, in whatever case the address is written."""
    return derive("mail", company, document, recipient.casefold())


def customer_id(company: str, code: str) -> UUID:
    """The id of a customer, by the front office's own code of it: the one that `CustomerRegistered` bears."""
    return derive(company, "customer", code)


def party_id(company: str, name: str) -> UUID:
    """The id of a party by its name."""
    return derive("party", company, name)
