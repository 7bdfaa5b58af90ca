"""What surely fits is not measured: the guesses hold against real pages."""

from __future__ import annotations

from typing import Any

import pypdfium2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.documents.rendering.measuring import NARROW, ems_at_most
from services.documents.rendering.papers import BY_THE_THOUSAND, printed
from services.documents.rendering.templates import current
from services.documents.rendering.typesetter import Typesetter
from tests.documents.paper_samples import facts_of

LETTERS = [
    chr(code) for block in ((0x20, 0x7F), (0xA1, 0x180), (0x386, 0x3CF), (0x5D0, 0x5EB)) for code in range(*block)
]
WORDS = st.text(st.sampled_from("aemwMWΩωש -"), min_size=1, max_size=90).map(lambda text: text.strip() or "x")
LINES = st.lists(st.fixed_dictionaries({"description": WORDS, "amount": st.just("1234567.89")}), max_size=30)
FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("weight", ["regular", "bold"])
def test_no_letter_is_wider_than_it_is_taken_to_be(typesetter: Typesetter, weight: str) -> None:
    # Given each letter twenty times between two bars that show where it begins and ends
    shown = [letter for letter in LETTERS if typesetter.cover(letter) == letter and letter not in ' "\\|']
    rows = "\n\n".join(f'#text("|{letter * 20}|")' for letter in shown)
    source = f'#set page(width: 900pt)\n#set text(font: "Libertinus Serif", size: 10pt, weight: "{weight}")\n{rows}'
    for letter, width_pt in zip(shown, widths(typesetter, source), strict=True):
        # Then they stay within what is allowed for them
        assert width_pt <= 20 * 10 * ems_at_most(letter) + 2 * 4, letter


def widths(typesetter: Typesetter, source: str) -> list[float]:
    """How far each row of a page reaches, in points, by its bars."""
    pdf = pypdfium2.PdfDocument(typesetter.set(source))
    bars: list[float] = []
    for page in pdf:
        text = page.get_textpage()
        bars += [text.get_charbox(n)[0] for n in range(text.count_chars()) if text.get_text_range(n, 1) == "|"]
    return [abs(last - first) for first, last in zip(bars[::2], bars[1::2], strict=True)]


def test_the_narrow_letters_are_named_for_what_is_written_most() -> None:
    assert ems_at_most("Salary") < 6 * 0.8
    assert {*"0123456789 .,"} <= NARROW


@pytest.mark.parametrize("document_class", BY_THE_THOUSAND)
def test_an_ordinary_paper_is_known_to_be_one_page(document_class: str) -> None:
    for language in ("en", "el", "he"):
        assert printed(document_class, facts_of(document_class, language))["single"]


@FEW
@given(earnings=LINES, deductions=LINES, name=WORDS, position=WORDS, remark=WORDS)
def test_a_payslip_that_says_1_of_1_has_one_page(typesetter: Typesetter, remark: str, name: str, **more: Any) -> None:
    # Given texts as long and rows as many as may be
    facts = facts_of("payslip") | more | {"remark": remark * 3}
    facts = facts | {"employee": facts["employee"] | {"name": name}, "department": name}
    # When it is taken to be one page, then it is; else its pages are counted
    template = current("payslip")
    assert template is not None
    pages = len(pypdfium2.PdfDocument(typesetter.render(template, facts)))
    assert pages == 1 or not printed("payslip", facts)["single"]


@FEW
@given(clauses=st.lists(WORDS.map(lambda text: text * 4), max_size=30), position=WORDS, notice=WORDS)
def test_a_contract_that_says_1_of_1_has_one_page(typesetter: Typesetter, **more: Any) -> None:
    facts = facts_of("employment_contract") | more
    template = current("employment_contract")
    assert template is not None
    pages = len(pypdfium2.PdfDocument(typesetter.render(template, facts)))
    assert pages == 1 or not printed("employment_contract", facts)["single"]
