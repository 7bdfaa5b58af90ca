"""The text of a pay file: what a name may hold, whatever was entered, and what the schema of ISO 20022 says to it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st

from services.payroll.domain.latin import NOT_ALLOWED, latin
from services.payroll.domain.pain import FileHead, Payment, closing, opening, payments

SCHEMA = xmlschema.XMLSchema(str(Path(str(files("sepaxml"))) / "schemas" / "pain.001.001.09.xsd"))


def names(currency: str, name: str) -> list[str]:
    """The names of debtor and creditor in a file that the schema allows."""
    head = FileHead(
        "P1", datetime(2024, 1, 31, tzinfo=UTC), date(2024, 1, 31), currency, 1, 100, name,
        "GR1601101250000000012300695", None, "2024-01",
    )  # fmt: skip
    paid = [Payment("E-000001-202401", 100, name, "DE89370400440532013000", None)]
    text = "".join([opening(head), *payments(head, paid), closing()])
    document: Any = SCHEMA.to_dict(text)
    (batch,) = document["CstmrCdtTrfInitn"]["PmtInf"]
    return [batch["Dbtr"]["Nm"], batch["CdtTrfTxInf"][0]["Cdtr"]["Nm"]]


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Ελένη Παπαδοπούλου", "Eleni Papadopoyloy"),
        ("ΨΑΡΡΑΣ ΘΩΜΑΣ", "PSARRAS THOMAS"),
        ("דוד לוי", "DVD LVY"),
        ("Jürgen Weiß & Søn", "Jurgen Weiss + Son"),
        ("O’Brien <x>", "O'Brien .x."),
    ],
)
def test_a_name_in_a_file_of_the_sepa_is_in_letters_that_every_bank_takes(name: str, written: str) -> None:
    """P17: letter by letter, as the European Payments Council writes them."""
    assert names("EUR", name) == [written, written]


def test_outside_of_the_sepa_a_name_stays_as_it_is_written() -> None:
    """P17: escaped, in UTF-8."""
    assert names("ILS", 'דוד "לוי" & <בניו>') == ['דוד "לוי" & <בניו>'] * 2


@given(st.text(min_size=1, max_size=300))
def test_whatever_is_entered_as_a_name_the_file_is_sound(name: str) -> None:
    """P17: the schema takes it, and nothing in it is read as markup."""
    assert not NOT_ALLOWED.search(latin(name))
    for currency in ("EUR", "ILS"):
        assert len(names(currency, f"x{name}")) == 2
