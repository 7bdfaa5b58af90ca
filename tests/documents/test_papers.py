"""What stands on the paper: readable in every script, in the customer's language, the same bytes every time."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pypdfium2
import pytest

from contracts import published
from services.documents.keeping.files import Files
from services.documents.rendering.child import serve
from services.documents.rendering.printable import is_right_to_left, number, percent, printable
from services.documents.rendering.protocol import READY
from services.documents.rendering.renderer import CHECKOUT
from services.documents.rendering.templates import FOLDER, current, folder_hash, named
from services.documents.rendering.typesetter import BOX, WITHOUT_FONT, Typesetter, quoted
from tests.documents.archive import invoice_facts, pages_of, text_of

GREEK = "Καφέ Ακρόπολη Ο.Ε."
HEBREW = "קפה תל אביב"
LANGUAGES = pytest.mark.parametrize("language", ["en", "el", "he"])


def invoice_pdf(typesetter: Typesetter, customer: Mapping[str, Any] | None = None, **more: Any) -> bytes:
    return typesetter.render(named("invoice@1"), invoice_facts("2026-000042", customer=customer, **more))


def plain(text: str) -> str:
    """Extracted text without marks of direction, blanks single."""
    return " ".join(re.sub(r"[\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", text).split())


def test_an_english_invoice_has_all_that_an_invoice_needs(typesetter: Typesetter) -> None:
    text = plain(text_of(invoice_pdf(typesetter, {"name": "Acme Ltd.", "language": "en"})))

    for printed in (
        "Invoice", "INV-2026-000042", "Date of issue 22 Nov 2026", "Due date 22 Dec 2026", "WEB-2026-000117", "C-1042",
        "Bill to Acme Ltd.", "Αιγαίο Εμπορική Α.Ε.", "18538 Πειραιάς", "Greece", "EL800000003", "EL900000009",
        "FILTER-250", "12 18.50 24% 222.00", "2.5 7.125 24% 17.81", "VAT24 24% 239.81 57.55",
        "Total before tax 239.81", "Total to pay 297.36 EUR", "GR16 0110 1250 0000 0001 2300 695", "Page 1 / 1",
    ):  # fmt: skip
        assert printed in text, printed


def test_a_greek_invoice_is_greek_in_words_and_figures(typesetter: Typesetter) -> None:
    facts = {"net": "1239.81", "total": "12397.36"}
    text = plain(text_of(invoice_pdf(typesetter, {"name": GREEK, "language": "el"}, **facts)))

    for printed in ("Τιμολόγιο", GREEK, "Ελλάδα", "22/11/2026", "18,50", "1.239,81", "Πληρωτέο ποσό 12.397,36 EUR"):
        assert printed in text, printed


def test_a_hebrew_invoice_runs_from_right_to_left(typesetter: Typesetter) -> None:
    pdf = invoice_pdf(typesetter, {"name": HEBREW, "language": "he"})
    text = plain(text_of(pdf))

    for printed in ("חשבונית מס", HEBREW, "לכבוד", "297.36", "22/11/2026", "000042"):
        assert printed in text, printed
    page_width = 595
    assert left_edge(pdf, "לכבוד") > page_width / 2, "the customer stands at the right, where a reader begins"
    assert left_edge(pdf, "222.00") < page_width / 2, "and the last column at the left"


@LANGUAGES
def test_names_in_any_script_are_readable_in_every_language(typesetter: Typesetter, language: str) -> None:
    lines = published.sample("InvoiceIssued.v1").data["lines"]
    lines = [lines[0] | {"description": "Καφές σε κόκκους"}, lines[1] | {"description": "מסנני קפה"}]
    pdf = invoice_pdf(typesetter, {"name": "Γιώργος נועה Smith", "language": language}, lines=lines)

    text = plain(text_of(pdf))
    for word in ("Γιώργος", "נועה", "Smith", "Καφές", "κόκκους", "מסנני", "קפה"):
        assert word in text, word


@LANGUAGES
def test_a_credit_note_names_the_invoice_and_the_reason(typesetter: Typesetter, language: str) -> None:
    facts = published.sample("CreditNoteIssued.v1").data
    facts["customer"]["language"] = language

    text = plain(text_of(typesetter.render(named("credit_note@1"), facts)))

    title = {"en": "Credit note", "el": "Πιστωτικό τιμολόγιο", "he": "חשבונית מס זיכוי"}[language]
    for printed in (title, "000003", "000043", "mistake", number("22.94", language)):
        assert printed in text, printed


def test_the_same_facts_give_the_same_bytes_in_another_process(typesetter: Typesetter, tmp_path: Path) -> None:
    facts = invoice_facts("2026-000042")
    source = tmp_path / "facts.json"
    source.write_bytes(orjson.dumps(facts))
    program = (
        "import sys, orjson\n"
        "from services.documents.rendering.templates import named\n"
        "from services.documents.rendering.typesetter import Typesetter\n"
        "facts = orjson.loads(open(sys.argv[1], 'rb').read())\n"
        "sys.stdout.buffer.write(Typesetter().render(named('invoice@1'), facts))\n"
    )
    environment = {"TZ": "Pacific/Auckland", "LANG": "el_GR.UTF-8"}
    command = [sys.executable, "-c", program, str(source)]
    elsewhere = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, check=True).stdout

    first = typesetter.render(named("invoice@1"), facts)
    typesetter.render(named("invoice@1"), invoice_facts("another"))

    assert typesetter.render(named("invoice@1"), facts) == first == elsewhere


def test_the_paper_is_a_pdf_for_archives_dated_by_its_facts(typesetter: Typesetter) -> None:
    pdf = invoice_pdf(typesetter, {"language": "en"}, issued_on="2025-02-28")

    assert b"<pdfaid:part>3</pdfaid:part>" in pdf
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in pdf
    metadata = pypdfium2.PdfDocument(pdf).get_metadata_dict()
    assert metadata["Title"] == "Invoice INV-2026-000042"
    assert metadata["CreationDate"].startswith("D:20250228")


def test_a_long_invoice_runs_over_pages_with_its_head_number_and_totals(typesetter: Typesetter) -> None:
    line = published.sample("InvoiceIssued.v1").data["lines"][0]
    pdf = invoice_pdf(typesetter, {"language": "en"}, lines=[line | {"line": n} for n in range(1, 501)])

    pages = pages_of(pdf)
    assert 15 < pages < 30
    text = plain(text_of(pdf))
    assert text.count("Unit price") == pages
    assert text.count(f"/ {pages}") == pages
    assert text.count("INV-2026-000042") == pages + 2
    assert text.count("FILTER-250") == 500
    assert text.count("Total to pay 297.36 EUR") == 1


@pytest.mark.parametrize(
    "name",
    ['"; #panic("x")', "#import \"/../x\": *", "\\", '\\"', "$x$ *b* _i_ <label> @ref `raw` // no comment", "#{1+1}"],
)  # fmt: skip
def test_what_looks_like_markup_is_only_text(typesetter: Typesetter, name: str) -> None:
    text = plain(text_of(invoice_pdf(typesetter, {"name": name, "language": "en"})))

    assert plain(name) in text


@pytest.mark.parametrize(
    ("name", "shown"), [("中文 Trading", f"{BOX}{BOX} Trading"), ("Bar 🍷 Athena", f"Bar {BOX} Athena")]
)
def test_what_no_font_can_show_is_an_empty_box_and_the_rest_is_printed(
    typesetter: Typesetter, name: str, shown: str
) -> None:
    pdf = invoice_pdf(typesetter, {"name": name, "language": "en"})

    assert shown in plain(text_of(pdf))
    assert b"<pdfaid:part>3</pdfaid:part>" in pdf


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Menu 1\ufe0f\u20e3 Athena", f"Menu 1{BOX} Athena"), ("1\u20e3", f"1{BOX}"), ("a\u20ddb", f"a{BOX}b"),
        ("\u4e2d\ufe0f Trading", f"{BOX} Trading"), ("a\u0361\u20dd", f"a{BOX}"),
    ],
)  # fmt: skip
def test_a_mark_that_no_font_can_put_on_its_letter_does_not_keep_the_paper_from_being_made(
    typesetter: Typesetter, name: str, shown: str
) -> None:
    pdf = invoice_pdf(typesetter, {"name": name, "language": "en"})

    assert shown in plain(text_of(pdf))


def test_scripts_that_no_font_has_are_boxed_without_a_look_at_each_character(
    typesetter: Typesetter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking took 20,000 characters 7 seconds and more: longer than anybody waits for a paper."""
    whole = [chr(code) for script in WITHOUT_FONT for code in script]
    sample = [*whole[::997], *(chr(end) for script in WITHOUT_FONT for end in (script[0], script[-1]))]
    assert [character for character in sample if typesetter._try(character)] == [], "a font has them after all"

    monkeypatch.setattr(typesetter, "_try", lambda character: pytest.fail(f"looked at {character!r}"))
    assert typesetter.cover("".join(whole)) == BOX * len(whole)


@LANGUAGES
def test_marks_of_every_kind_anywhere_in_a_text_leave_a_paper(typesetter: Typesetter, language: str) -> None:
    marks = "\u0301\u05b8\u20dd\u20e3\ufe0f\u200d\u0361\u0488"
    for base in ("", "1", "Α", "ש", "\u4e2d", "\u00a0", "\u25a1", "x" * 30):
        name = " ".join(base + one + other for one in marks for other in ("", "\u20e3", "\u0301"))[:200]
        assert pages_of(invoice_pdf(typesetter, {"name": name, "language": language}))


def test_accents_and_points_stay_where_the_rest_of_a_text_has_to_be_boxed(typesetter: Typesetter) -> None:
    text = "e\u0301 שָׁלוֹם Α\u0301 \u4e2d"

    assert typesetter.cover(text) == text.replace("\u4e2d", BOX)


def test_why_a_paper_cannot_be_made_is_told_without_what_stands_on_it(typesetter: Typesetter, tmp_path: Path) -> None:
    facts = invoice_facts("7", customer={"name": "Secret Name", "language": "en"}, issued_on="Secret Day")
    request = orjson.dumps({"template": "invoice@1", "facts": facts, "keep": True})
    answers = io.BytesIO()

    serve(io.BytesIO(len(request).to_bytes(4, "big") + request), answers, Files(tmp_path))

    assert answers.getvalue().startswith(READY)
    assert orjson.loads(answers.getvalue().removeprefix(READY)) == {"error": "ValueError in invoice@1"}


def test_a_name_cannot_turn_around_what_stands_after_it() -> None:
    printed: Any = printable(invoice_facts("7", customer={"name": "Acme \u202e0001\u2066 Ltd", "language": "en"}))

    name = printed["customer"]["name"]
    assert (name["text"], name["rtl"]) == ("Acme 0001 Ltd", False)


def test_the_longest_of_everything_still_fits(typesetter: Typesetter) -> None:
    line = published.sample("InvoiceIssued.v1").data["lines"][0]
    most = {"quantity": "1000000000", "unit_price": "999999999999.999999", "net": "999999999999999.99"}
    lines = [line | most | {"item": "I" * 64, "description": "W" * 200}]
    huge = dict.fromkeys(("net", "tax", "total"), "999999999999999.99")
    taxes = [{"tax_code": "REVERSE-CHARGE-EU-20", "rate": "0.24", "base": huge["net"], "tax": huge["tax"]}] * 3
    customer = {"id": "C" * 64, "name": "W" * 200, "language": "en"}

    pdf = invoice_pdf(typesetter, customer, lines=lines, taxes=taxes, order_reference="R" * 64, **huge)

    text = plain(text_of(pdf))
    for figure in ("1,000,000,000", "999,999,999,999.999999", "999,999,999,999,999.99 EUR"):
        assert figure in text, figure
    assert right_edge(pdf) <= 595 - 50, "nothing runs out of the margin"


@pytest.mark.parametrize(
    ("decimal", "language", "printed"),
    [
        ("1234567.50", "en", "1,234,567.50"), ("1234567.50", "el", "1.234.567,50"), ("999", "el", "999"),
        ("1234567.50", "he", "1,234,567.50"), ("0.125000", "el", "0,125000"), ("1000", "en", "1,000"),
        ("-12.5", "el", "-12,5"),
    ],
)  # fmt: skip
def test_a_number_keeps_its_digits_and_gets_the_separators_of_the_language(
    decimal: str, language: str, printed: str
) -> None:
    assert number(decimal, language) == printed


def test_a_rate_is_a_percentage() -> None:
    assert [percent(rate, "el") for rate in ("0.24", "0", "0.065", "0.18")] == ["24%", "0%", "6,5%", "18%"]


def test_a_text_runs_in_the_direction_of_its_first_letter() -> None:
    found = {text: is_right_to_left(text) for text in ("Acme קפה", "קפה Acme", "123 קפה", "123", "العربية")}
    assert list(found.values()) == [False, True, True, False, True]


def test_a_text_between_quotes_stays_between_them() -> None:
    assert quoted('a"b\\c') == 'a\\"b\\\\c'


def test_templates_are_complete_and_their_words_are_there_in_every_language() -> None:
    words = json.loads((FOLDER / "1" / "words.json").read_text())
    assert set(words) == {"en", "el", "he"}
    assert words["en"].keys() == words["el"].keys() == words["he"].keys()
    assert current("employee_file") is None
    with pytest.raises(LookupError, match="no template"):
        named("invoice@99")
    with pytest.raises(LookupError, match="no template"):
        named("../invoice@1")


def test_a_released_template_does_not_change() -> None:
    released = json.loads((FOLDER / "released.json").read_text())

    found = {folder.name: folder_hash(folder).hex() for folder in FOLDER.iterdir() if folder.is_dir()}
    assert {version: found[version] for version in released} == released, "a change is a new folder with a new version"


def left_edge(pdf: bytes, text: str) -> float:
    """Where the first occurrence of a text begins on the first page, in points from the left."""
    page = pypdfium2.PdfDocument(pdf)[0].get_textpage()
    occurrence = page.search(text).get_next()
    assert occurrence is not None, text
    index, count = occurrence
    return float(min(page.get_charbox(i)[0] for i in range(index, index + count)))


def right_edge(pdf: bytes) -> float:
    """Where the last printed character of any page ends, in points from the left."""
    edges = [
        page.get_textpage().get_charbox(i)[2]
        for page in pypdfium2.PdfDocument(pdf)
        for i in range(page.get_textpage().count_chars())
    ]
    return float(max(edges))
