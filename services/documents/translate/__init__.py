"""Between the published language and documents' own words, both ways."""

from services.documents.translate.charging import ChargeNoteToFile, to_register_charge_note
from services.documents.translate.ids import (
    customer_id,
    document_id,
    file_id,
    mail_id,
    paper_id,
    party_id,
)
from services.documents.translate.keeping import NotLeft, PapersOfLeaver, to_start_retention, to_withdraw_retention
from services.documents.translate.leaving import (
    LetterToFile,
    ShipmentToFile,
    papers_of_shipment,
    to_register_letter,
    to_register_shipment,
)
from services.documents.translate.papers import (
    ChangedCompany,
    CreditNoteToFile,
    EmployeeToFile,
    InvoiceToFile,
    NewCompany,
    document_registered,
    document_stored,
    file_registered,
    file_stored,
    to_change_letterhead,
    to_learn_company,
    to_open_employee_file,
    to_register_credit_note,
    to_register_invoice,
    to_take_file,
)
from services.documents.translate.stating import StatementToFile, to_register_statement

__all__ = [
    "ChangedCompany",
    "ChargeNoteToFile",
    "CreditNoteToFile",
    "EmployeeToFile",
    "InvoiceToFile",
    "LetterToFile",
    "NewCompany",
    "NotLeft",
    "PapersOfLeaver",
    "ShipmentToFile",
    "StatementToFile",
    "customer_id",
    "document_id",
    "document_registered",
    "document_stored",
    "file_id",
    "file_registered",
    "file_stored",
    "mail_id",
    "paper_id",
    "papers_of_shipment",
    "party_id",
    "to_change_letterhead",
    "to_learn_company",
    "to_open_employee_file",
    "to_register_charge_note",
    "to_register_credit_note",
    "to_register_invoice",
    "to_register_letter",
    "to_register_shipment",
    "to_register_statement",
    "to_start_retention",
    "to_take_file",
    "to_withdraw_retention",
]
