"""A customer's statement: asked of the ledger, put on file here, in the customer's language."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from chassis.ids import derive
from contracts import published
from contracts.ledger_dues import StatementDrawn
from services.documents.domain.stating import WORDS
from tests.documents.archive import Archive, text_of
from tests.documents.paper_samples import NAMES, facts_of
from tests.documents.test_goods_leaving import papers
from tests.documents.test_papers import left_edge, plain
from tests.support.department import Event, event


def drawn(*, language: str = "en", **more: Any) -> Event:
    """A statement for a customer who reads this language."""
    data = published.sample("StatementDrawn.v1").data
    customer = data["customer"] | {"name": NAMES[language], "language": language}
    return event(StatementDrawn, "acme", data | {"customer": customer} | more)


async def test_a_statement_that_the_ledger_draws_is_on_file_once_and_linked_to_its_customer(archive: Archive) -> None:
    """D13, D14: its facts come from the books, nobody types them; a repeat files nothing more."""
    asked = drawn()
    statement = orjson.loads(asked.body)["statement"]
    await archive.hear(asked)
    await archive.hear(asked)

    (told,) = await archive.told("DocumentRegistered")
    assert (told.data["class"], told.data["about"]) == ("statement", {"kind": "statement", "id": statement})
    assert (told.data["template"], told.data["language"]) == ("statement@2", "en")
    assert told.data["number"] == f"STM-2027-01-05-{statement[:8].upper()}"
    assert await archive.rows("select count(*) from document_link where kind = 'customer'") == [(1,)]


@pytest.mark.parametrize(
    ("language", "title", "amounts"),
    [
        ("en", "Statement of account", ("22.94", "5.07", "28.01", "25.01")),
        ("el", "Καρτέλα πελάτη", ("22,94", "5,07", "28,01", "25,01")),
        ("he", "כרטסת לקוח", ("22.94", "5.07", "28.01")),
    ],
)
async def test_a_statement_prints_what_was_owed_what_happened_and_what_is_owed(
    archive: Archive, language: str, title: str, amounts: tuple[str, ...]
) -> None:
    """D14: from the balance brought forward to the closing one, and by age, in the customer's language."""
    await archive.hear(drawn(language=language, unapplied="3.00"))
    await archive.work()

    ((_, pdf),) = (await papers(archive)).items()
    text = plain(text_of(pdf))
    words = WORDS[language]  # type: ignore[index]
    for printed in (title, words["invoice"], *amounts):
        assert printed in text, printed
    if language == "he":  # as it is read off the page, a right-to-left line does not keep its words in order
        assert left_edge(pdf, "לכבוד") > 595 / 2
        return
    for printed in (words["opening"], words["not-due"], words["unapplied"], "LPC-2027-000001", "1–30"):
        assert printed in text, printed


async def test_nobody_takes_the_place_of_a_statement_that_the_ledger_draws(archive: Archive) -> None:
    """D14: typed facts may be about another thing; the place of a drawn statement is kept for its event."""
    paper = {
        "class": "statement", "about": {"kind": "statement", "id": str(derive("mine"))},
        "facts": facts_of("statement", "en"),
    }  # fmt: skip
    async with archive.reader() as client:
        answer = await client.post(
            "/v1/companies/acme/papers", json={"papers": [paper]}, headers={"idempotency-key": "k"}
        )
    fault = answer.json()["errors"][0]
    assert (answer.status_code, fault["pointer"], fault["code"]) == (422, "/papers/0/about/kind", "made-by-event")
