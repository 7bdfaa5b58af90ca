"""Orders to suppliers: papers that a buyer asks for, and that not everybody who reads documents may read."""

from __future__ import annotations

from typing import Any

import pytest

from services.documents.rendering.templates import current
from services.documents.rendering.typesetter import Typesetter
from tests.documents.archive import Archive, text_of
from tests.documents.paper_samples import NAMES, facts_of
from tests.documents.test_asking_for_papers import AT, asked, key
from tests.documents.test_papers import left_edge, plain

CLERK = {"documents:read", "documents:write"}


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Purchase order", "Deliver by 10 Dec 2026", "1.125 450.00", "Total ordered 1,674.00 EUR")),
        ("el", ("Παραγγελία αγοράς", "Παράδοση έως 10/12/2026", "1,125 450,00", "Σύνολο παραγγελίας 1.674,00 EUR")),
        ("he", ("הזמנת רכש", "10/12/2026", "1,674.00")),
    ],
)
def test_a_purchase_order_says_what_is_ordered_of_whom_for_how_much_and_until_when(
    typesetter: Typesetter, language: str, words: tuple[str, ...]
) -> None:
    """D14: the order to a supplier in English, Greek and Hebrew."""
    template = current("purchase_order")
    assert template is not None
    pdf = typesetter.render(template, facts_of("purchase_order", language))

    text = plain(text_of(pdf))
    for printed in (*words, NAMES[language].split()[0], "000017", "207", "FILTER", "Πειραιάς"):
        assert printed in text, printed
    if language == "he":
        assert left_edge(pdf, "FILTER") > 595 / 2, "the first column stands at the right"


async def test_who_buys_files_orders_to_suppliers_and_nobody_else_sees_them(archive: Archive) -> None:
    """D14, D19: filed by its facts, with the version of its template, by whom a grant names; others know of none."""
    order: dict[str, Any] = {"papers": [asked("purchase_order")]}
    async with archive.reader(scopes={"documents:administer"}, name="boss") as boss:
        for may in ("read", "write"):
            body = {"principal": "buyer", "class": "purchase_order", "may": may, "reason": "buys for the house"}
            assert (await boss.post(f"{AT}/grants", json=body, headers=key())).status_code == 201
    async with archive.reader(scopes=CLERK, name="buyer") as buyer:
        made = await buyer.post(f"{AT}/papers", json=order, headers=key())
        document = made.json()["papers"][0]["document"]
        shown = (await buyer.get(f"{AT}/documents/{document}")).json()
        content = await buyer.get(f"{AT}/documents/{document}/content")
    async with archive.reader(scopes=CLERK, name="clerk") as clerk:
        refused = await clerk.post(f"{AT}/papers", json=order, headers=key())
        hidden = await clerk.get(f"{AT}/documents/{document}/content")
        listed = (await clerk.get(f"{AT}/documents")).json()["documents"]

    assert (shown["template"], shown["party"], shown["title"]) == (
        "purchase_order@2", NAMES["en"], "Purchase order PO-2026-000017",
    )  # fmt: skip
    assert "Total ordered 1,674.00 EUR" in plain(text_of(content.content))
    assert (refused.status_code, hidden.status_code, listed) == (403, 404, [])
