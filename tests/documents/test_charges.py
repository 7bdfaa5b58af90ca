"""The credit note over a charge for late payment that was taken back."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from contracts import published
from contracts.ledger_dues import DunningChargeTakenBack
from services.documents.domain.charging import NAMED
from services.documents.domain.filing import TITLES
from tests.documents.archive import Archive, text_of
from tests.documents.paper_samples import NAMES
from tests.documents.test_goods_leaving import papers
from tests.documents.test_papers import left_edge, plain
from tests.support.department import Event, event


def taken_back(*, language: str = "en", without: tuple[str, ...] = (), **more: Any) -> Event:
    """A charge of 5.07 is not owed any more by a customer who reads this language."""
    data = published.sample("DunningChargeTakenBack.v1").data
    data |= {"customer": data["customer"] | {"name": NAMES[language], "language": language}} | more
    return event(DunningChargeTakenBack, "acme", {name: it for name, it in data.items() if name not in without})


async def test_a_charge_that_is_taken_back_has_a_credit_note_on_file_once_and_linked_to_its_customer(
    archive: Archive,
) -> None:
    """D14: under its own number; it is of no order, whose papers are complete without it. A repeat files nothing."""
    told = taken_back()
    await archive.hear(told)
    await archive.hear(told)

    (filed,) = await archive.told("DocumentRegistered")
    note = orjson.loads(told.body)["credit_note"]
    assert (filed.data["class"], filed.data["about"]) == ("credit_note", {"kind": "credit_note", "id": note})
    assert (filed.data["number"], filed.data["template"]) == ("CN-2027-000001", "credit_note@1")
    assert (filed.data["order"], filed.data["language"]) == (None, "en")
    assert await archive.rows("select count(*) from document_link where kind = 'customer'") == [(1,)]


@pytest.mark.parametrize(("language", "fee", "interest"), [("en", "5.00", "0.07"), ("el", "5,00", "0,07"),
                                                           ("he", "5.00", "0.07")])  # fmt: skip
async def test_its_paper_says_what_is_not_owed_any_more_in_the_customers_language(
    archive: Archive, language: str, fee: str, interest: str
) -> None:
    """D14: fee and interest apart, the charge that it credits, why, and no tax."""
    await archive.hear(taken_back(language=language))
    await archive.work()

    ((_, pdf),) = (await papers(archive)).items()
    text = plain(text_of(pdf))
    for printed in ("2027-000001", "Goodwill", fee, interest):
        assert printed in text, printed
    if language == "he":  # as it is read off the page, a right-to-left line does not keep its words in order
        assert left_edge(pdf, "לכבוד") > 595 / 2
        return
    for printed in (TITLES["credit_note"][language], *NAMED[language], "CN-2027-000001", "LPC-2027-000001"):  # type: ignore[index]
        assert printed in text, printed


async def test_a_charge_of_interest_alone_has_one_line(archive: Archive) -> None:
    await archive.hear(taken_back(without=("fee",), interest="5.07"))
    await archive.work()

    ((_, pdf),) = (await papers(archive)).items()
    text = plain(text_of(pdf))
    assert (NAMED["en"][0] in text, NAMED["en"][1] in text) == (False, True)


async def test_one_that_was_told_of_before_it_had_a_paper_files_none(archive: Archive) -> None:
    """Events of before name neither seller nor customer: nothing could be printed, and nothing is held up."""
    await archive.hear(taken_back(without=("seller", "customer", "fee", "interest", "order_reference")))

    assert await archive.told("DocumentRegistered") == []
