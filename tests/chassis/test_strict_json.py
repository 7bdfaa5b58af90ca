"""Strict JSON: what the usual parsers let through is refused, and what is right comes out as it is."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from chassis import strict_json
from chassis.errors import Problem
from chassis.strict_json import DEPTH_MAX, INTEGER_MAX, parse, pointer, pointers

TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=12)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-INTEGER_MAX - 1, INTEGER_MAX)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


def refused(body: bytes) -> tuple[int, str]:
    with pytest.raises(Problem) as told:
        parse(body)
    return told.value.status, told.value.code


@given(VALUES, st.booleans())
def test_whatever_is_right_comes_out_as_it_is_by_the_fast_and_by_the_slow_way(value: Any, ascii_only: bool) -> None:
    for body in (orjson.dumps(value), json.dumps(value, ensure_ascii=ascii_only, indent=1).encode()):
        assert parse(body) == strict_json._closely(body) == value


@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4), st.data(), st.booleans(), st.booleans())
def test_a_key_that_stands_twice_is_always_found_and_named(
    fields: dict[str, Any], data: st.DataObject, ascii_only: bool, deep: bool
) -> None:
    pairs = list(fields.items())
    twice, _ = data.draw(st.sampled_from(pairs))
    pairs.insert(data.draw(st.integers(0, len(pairs))), (twice, data.draw(VALUES)))
    members = ",".join(
        f"{json.dumps(key, ensure_ascii=ascii_only)} : {json.dumps(value, ensure_ascii=ascii_only)}"
        for key, value in pairs
    )
    body = f'[0,{{"lines":{{{members}}}}}]' if deep else f"{{{members}}}"
    with pytest.raises(Problem) as told:
        parse(body.encode())
    assert told.value.code == "duplicate-key"
    assert told.value.errors[0].pointer == pointer((1, "lines", twice) if deep else (twice,))


@given(st.binary(max_size=60))
def test_no_bytes_bring_the_parser_down(body: bytes) -> None:
    try:
        value = parse(body)
    except Problem as problem:
        assert problem.status in (400, 422)  # noqa: PT017
    else:
        assert orjson.loads(body) == value


@pytest.mark.parametrize("spelled", [b'"\\u0061"', b'"a"'])
def test_a_key_that_is_only_spelled_differently_is_the_same_key(spelled: bytes) -> None:
    assert refused(b'{"a":1,' + spelled + b":2}") == (400, "duplicate-key")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"9223372036854775808", 422, "number-out-of-range"),
        (b"18446744073709551616", 422, "number-out-of-range"),
        (b"[-9223372036854775809]", 422, "number-out-of-range"),
        (b"1e400", 422, "number-out-of-range"),
        (b"0." + b"1" * 70, 422, "number-out-of-range"),
        (b"NaN", 400, "malformed-json"),
        (b'{"a":-Infinity}', 400, "malformed-json"),
        (b"\xff\xfe{\x00}\x00", 400, "malformed-json"),
        (b'"\xed\xa0\x80"', 400, "malformed-json"),
        (b'"\\uDFFF"', 400, "malformed-json"),
        (b'{"\\ud800":1}', 400, "malformed-json"),
        (b'{"\\u0000":1}', 422, "character-not-allowed"),
        (b"01", 400, "malformed-json"),
        (b"[1,]", 400, "malformed-json"),
        (b"'a'", 400, "malformed-json"),
        (b"{} {}", 400, "malformed-json"),
        (b'"a\nb"', 400, "malformed-json"),
        (b" \n", 422, "body-missing"),
    ],
)
def test_what_other_parsers_let_through_is_refused(body: bytes, status: int, code: str) -> None:
    assert refused(body) == (status, code)


@pytest.mark.parametrize(
    ("number", "value"), [(b"9223372036854775807", INTEGER_MAX), (b"9007199254740993", 2**53 + 1), (b"-0", 0)]
)
def test_whole_numbers_are_exact_up_to_64_bits(number: bytes, value: int) -> None:
    assert parse(number) == value


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
@pytest.mark.parametrize("tail", [b"1", b'"\\""'])
def test_depth_is_bounded_on_both_ways(opening: bytes, closing: bytes, tail: bytes) -> None:
    parse(opening * DEPTH_MAX + tail + closing * DEPTH_MAX)
    for depth in (DEPTH_MAX + 1, 300, 1_100, 100_000):
        assert refused(opening * depth + tail + closing * depth) == (400, "too-deep")


def test_where_the_form_is_broken_is_told_by_line_and_column() -> None:
    with pytest.raises(Problem, match="line 2, column 6"):
        parse(b'{"a":1,\n "b":}')


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    item: Annotated[str, Field(max_length=3)]
    share: Annotated[str, Field(pattern=r"^[0-9]+$")] = "1"


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    kind: Literal["a", "b"] = "a"
    count: Annotated[int, Field(ge=1, le=9)] = 1
    lines: Annotated[list[_Line], Field(min_length=1, max_length=2)]
    note: str = ""

    @field_validator("note")
    @classmethod
    def _known(cls, note: str) -> str:
        if note:
            raise ValueError("A note is not wanted.")
        return note


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({}, ("/lines", "missing")),
        ({"lines": []}, ("/lines", "too-few")),
        ({"lines": [{"item": "a"}] * 3}, ("/lines", "too-many")),
        ({"lines": [{"item": "abcd"}]}, ("/lines/0/item", "too-long")),
        ({"lines": [{"item": "a"}, {"item": "a", "share": "x"}]}, ("/lines/1/share", "pattern")),
        ({"lines": [{"item": "a", "a/b~c": 1}]}, ("/lines/0/a~1b~0c", "unknown-field")),
        ({"lines": [{"item": 1}]}, ("/lines/0/item", "wrong-type")),
        ({"lines": [{"item": "a"}], "kind": "c"}, ("/kind", "not-allowed")),
        ({"lines": [{"item": "a"}], "count": 0}, ("/count", "too-small")),
        ({"lines": [{"item": "a"}], "count": 10}, ("/count", "too-large")),
        ({"lines": [{"item": "a"}], "count": "1"}, ("/count", "wrong-type")),
        ({"lines": [{"item": "a"}], "note": "secret"}, ("/note", "not-valid")),
    ],
)
def test_each_rule_has_its_word_and_each_field_its_pointer(body: dict[str, object], found: tuple[str, str]) -> None:
    with pytest.raises(ValidationError) as told:
        _Order.model_validate(body)
    (fault,) = pointers(told.value)
    assert (fault.pointer, fault.code) == found
    assert "secret" not in fault.detail
    assert not fault.detail.startswith("Value error")


def test_pointers_stay_short_and_printable_whatever_key_was_sent() -> None:
    with pytest.raises(ValidationError) as told:
        _Order.model_validate(
            {"lines": [{"item": "a"}], "k\n\x1b[31m" + "x" * 5_000: 1} | {str(n): n for n in range(99)}
        )
    faults = pointers(told.value)
    assert len(faults) == strict_json.FAULTS_MAX
    assert all(len(fault.pointer) <= strict_json.POINTER_CHARS_MAX and fault.pointer.isprintable() for fault in faults)
