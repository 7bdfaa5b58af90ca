"""What documents does, one function per command, by use case."""

from services.documents.handlers.classes import define_classes
from services.documents.handlers.files import change_files, link_documents, take_files, unlink_documents
from services.documents.handlers.keeping import start_retention
from services.documents.handlers.mails import MAIL, ask_mails, note_mail_steps
from services.documents.handlers.papers import (
    RENDER,
    change_letterheads,
    erase_people,
    keep_contents,
    keep_contents_asked_for,
    learn_companies,
    make_person_keys,
    register_documents,
    register_papers,
    register_shipments,
)
from services.documents.handlers.rights import end_access, grant_access, note_reads

__all__ = [
    "MAIL",
    "RENDER",
    "ask_mails",
    "change_files",
    "change_letterheads",
    "define_classes",
    "end_access",
    "erase_people",
    "grant_access",
    "keep_contents",
    "keep_contents_asked_for",
    "learn_companies",
    "link_documents",
    "make_person_keys",
    "note_mail_steps",
    "note_reads",
    "register_documents",
    "register_papers",
    "register_shipments",
    "start_retention",
    "take_files",
    "unlink_documents",
]
