"""Files that lie about what they are, whoever sends them."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.documents.keeping.intake import file_name_of
from services.documents.keeping.sniffing import BY_NAME, CHECKS, Lying, sniffed
from tests.documents.file_samples import FILES, LIES


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_what_its_name_and_its_bytes_say(name: str) -> None:
    """D1: every type that is taken is known by its bytes."""
    assert sniffed(io.BytesIO(FILES[name]), name) == BY_NAME["." + name.rpartition(".")[2].lower()]


@pytest.mark.parametrize("name", LIES)
def test_a_file_that_is_not_what_its_name_says_is_refused(name: str) -> None:
    """D1: a program that calls itself a letter is no letter; neither is half of one."""
    with pytest.raises(Lying) as caught:
        sniffed(io.BytesIO(LIES[name]), name)
    assert caught.value.code == "file-type-mismatch"


@pytest.mark.parametrize(
    ("name", "said", "code"),
    [
        ("letter.pdf", "image/png", "file-type-mismatch"),
        ("letter.pdf", "application/pdf; charset=x", None),
        ("letter.pdf", "application/octet-stream", None),
        ("list.csv", "application/vnd.ms-excel", None),
        ("letter.exe", None, "file-type-not-allowed"),
        ("letter", None, "file-type-not-allowed"),
    ],
)
def test_name_and_word_must_agree_too(name: str, said: str | None, code: str | None) -> None:
    content = FILES.get(name, FILES["letter.pdf"])
    if code is None:
        assert sniffed(io.BytesIO(content), name, said)
        return
    with pytest.raises(Lying) as caught:
        sniffed(io.BytesIO(content), name, said)
    assert caught.value.code == code


@given(st.binary(max_size=400), st.sampled_from(sorted(CHECKS)))
def test_no_bytes_bring_the_looking_down(content: bytes, kind: str) -> None:
    assert CHECKS[kind](io.BytesIO(content)) in (True, False)


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("../../etc/letter.pdf", "letter.pdf"),
        ("C:\\scans\\a.pdf", "a.pdf"),
        ("a\u202e.pdf", "a.pdf"),
        ("..", None),
        ("", None),
    ],
)
def test_a_file_keeps_its_name_and_no_folder(given_name: str, kept: str | None) -> None:
    if kept is not None:
        assert file_name_of(given_name) == kept
        return
    with pytest.raises(Lying):
        file_name_of(given_name)
