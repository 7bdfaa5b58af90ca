"""JSON as it must be: each key once, no depth bombs, no numbers that would change on the way.

The usual parsers take the last of two equal keys in silence, so two readers of one request may see different orders. A
body takes the fast way (orjson) when its form alone shows that nothing is wrong; otherwise the slow way says what is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

import orjson
from pydantic import ValidationError

from chassis.errors import Fault, Problem

DEPTH_MAX = 32
INTEGER_MAX = 2**63 - 1
NUMBER_CHARS_MAX = 64
FAULTS_MAX = 50
POINTER_CHARS_MAX = 256

_ESCAPES = (b'\\"', b"\\u0000", b"\\u0022", b"\\ud", b"\\uD")
"""Escaped quotes, NUL, surrogates: a body with one of them is looked at closely."""
_ALL_DIGITS_ZERO = bytes.maketrans(b"123456789", b"000000000")
_LONG_NUMBER = b"0" * 19
"""A run of digits that may not fit into 64 bits, where orjson would make a float of it."""


def parse(body: bytes) -> Any:
    """The value a JSON document stands for.

    Raises Problem 400 (`malformed-json` with line and column, `duplicate-key` with its pointer, `too-deep`) and
    422 (`body-missing`, `number-out-of-range`, `character-not-allowed`).
    """
    if not _suspicious(body):
        try:
            value = orjson.loads(body)
            again = orjson.dumps(value)
        except (orjson.JSONDecodeError, orjson.JSONEncodeError):
            return _closely(body)
        # Without escaped quotes every string has two quotes in the text; a key that was dropped takes its two away.
        if body.count(b'"') != again.count(b'"'):
            return _closely(body)
        if body.count(b"[") + body.count(b"{") > DEPTH_MAX:
            _check_depth(value)
        return value
    return _closely(body)


def _suspicious(body: bytes) -> bool:
    return _LONG_NUMBER in body.translate(_ALL_DIGITS_ZERO) or (
        b"\\" in body and any(escape in body for escape in _ESCAPES)
    )


# -- the slow way, which knows what is wrong -------------------------------------------------------------------------


class _Twice(dict[str, Any]):
    """An object in which a key stands twice; marked, so that the walk afterwards can say where."""

    key: str = ""


class _OutOfRange(Exception):
    pass


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) == len(pairs):
        return value
    seen: set[str] = set()
    marked = _Twice(value)
    for key, _ in pairs:
        if key in seen:
            marked.key = key
            break
        seen.add(key)
    return marked


def _integer(text: str) -> int:
    if len(text) > 20 or not -INTEGER_MAX - 1 <= (number := int(text)) <= INTEGER_MAX:
        raise _OutOfRange
    return number


def _float(text: str) -> float:
    number = float(text)
    if len(text) > NUMBER_CHARS_MAX or number in (float("inf"), float("-inf")):
        raise _OutOfRange
    return number


def _constant(_name: str) -> NoReturn:
    raise _malformed("NaN and Infinity are not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_int=_integer, parse_float=_float, parse_constant=_constant, strict=True
)


def _closely(body: bytes) -> Any:
    if not body.strip():
        raise Problem(422, "body-missing", "The request needs a JSON body.")
    if body.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise _malformed("it begins with a byte order mark")
    try:
        value = _DECODER.decode(body.decode())
    except UnicodeDecodeError as wrong:
        raise _malformed(f"byte {wrong.start} is not UTF-8") from None
    except json.JSONDecodeError as wrong:
        raise _malformed(f"see line {wrong.lineno}, column {wrong.colno}") from None
    except _OutOfRange:
        raise Problem(422, "number-out-of-range", "A number is too large or has too many digits.") from None
    except RecursionError:
        raise _too_deep() from None
    _check_depth(value)
    _check_content(value)
    return value


def _check_depth(value: Any) -> None:
    level = [value] if isinstance(value, (dict, list)) else []
    depth = 0
    while level:
        depth += 1
        if depth > DEPTH_MAX:
            raise _too_deep()
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, (dict, list))
        ]


def _check_content(value: Any) -> None:
    """Walk everything once: equal keys, NUL (PostgreSQL cannot store it), lone surrogates."""
    left: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    while left:
        where, found = left.pop()
        if isinstance(found, str):
            _check_text(found, where)
        elif isinstance(found, list):
            left.extend(((*where, index), child) for index, child in enumerate(found))
        elif isinstance(found, dict):
            if isinstance(found, _Twice):
                fault = Fault(pointer((*where, found.key)), "duplicate-key", "This key stands twice in its object.")
                raise Problem(400, "duplicate-key", "An object has a key twice.", [fault])
            for key, child in found.items():
                _check_text(key, where)
                left.append(((*where, key), child))


def _check_text(text: str, where: tuple[str | int, ...]) -> None:
    if "\x00" in text:
        fault = Fault(pointer(where), "character-not-allowed", "NUL cannot be stored.")
        raise Problem(422, "character-not-allowed", "A text holds the character NUL.", [fault])
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise _malformed("a text holds half of a surrogate pair") from None


def _malformed(detail: str) -> Problem:
    return Problem(400, "malformed-json", f"The body is not well-formed JSON: {detail}.")


def _too_deep() -> Problem:
    return Problem(400, "too-deep", f"The body is nested deeper than {DEPTH_MAX} levels.")


# -- what pydantic found, as JSON pointers ---------------------------------------------------------------------------

RULES: Mapping[str, str] = {
    "missing": "missing",
    "extra_forbidden": "unknown-field",
    "string_pattern_mismatch": "pattern",
    "string_too_long": "too-long",
    "string_too_short": "too-short",
    "bytes_too_long": "too-long",
    "too_long": "too-many",
    "too_short": "too-few",
    "literal_error": "not-allowed",
    "enum": "not-allowed",
    "union_tag_invalid": "not-allowed",
    "union_tag_not_found": "missing",
    "greater_than": "too-small",
    "greater_than_equal": "too-small",
    "less_than": "too-large",
    "less_than_equal": "too-large",
    "multiple_of": "not-a-multiple",
    "decimal_max_digits": "too-many-digits",
    "decimal_max_places": "too-many-digits",
    "decimal_whole_digits": "too-many-digits",
    "finite_number": "not-finite",
    "int_from_float": "wrong-type",
    "timezone_aware": "time-zone-missing",
    "value_error": "not-valid",
    "assertion_error": "not-valid",
}
"""Stable words for pydantic's error types; what is not listed is `wrong-type` or `wrong-format` by its ending, or the
error's own type (a rule that we named ourselves)."""


def pointers(error: ValidationError) -> list[Fault]:
    """What is wrong in a body, by JSON pointer (RFC 6901) and rule, without repeating what was sent."""
    return faults_of(error.errors(include_url=False, include_input=False, include_context=False))


def faults_of(errors: Iterable[Mapping[str, Any]]) -> list[Fault]:
    """The same for errors in the form in which FastAPI collects them; `body` in front of a place is left out."""
    faults: list[Fault] = []
    for error in errors:
        if len(faults) == FAULTS_MAX:
            break
        location: Sequence[str | int] = error["loc"]
        detail = str(error["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
        faults.append(Fault(_place(location), rule(str(error["type"])), detail[:300]))
    return faults


def rule(kind: str) -> str:
    """The stable word for one of pydantic's error types."""
    known = RULES.get(kind)
    if known is not None:
        return known
    if kind.endswith(("_type", "_attributes_type")):
        return "wrong-type"
    if kind.endswith(("_parsing", "_inexact")) or kind.startswith(("date", "time", "uuid", "url", "json")):
        return "wrong-format"
    return kind.replace("_", "-")


def pointer(parts: Iterable[str | int]) -> str:
    """A JSON pointer (RFC 6901, section 3), cut off where a sender's own key names would make it endless."""
    text = "".join(f"/{part}" if isinstance(part, int) else "/" + _escaped(part) for part in parts)
    return text if len(text) <= POINTER_CHARS_MAX else text[: POINTER_CHARS_MAX - 1] + "…"


def _escaped(part: str) -> str:
    clean = part.encode("utf-8", "replace").decode().replace("~", "~0").replace("/", "~1")
    return "".join(c if c.isprintable() else "?" for c in clean[:POINTER_CHARS_MAX])


def _place(location: Sequence[str | int]) -> str:
    if location and location[0] == "body":
        return pointer(location[1:])
    if len(location) > 1 and location[0] in ("query", "header", "cookie"):
        return f"{'?' if location[0] == 'query' else f'{location[0]}:'}{str(location[1])[:64]}"
    return pointer(location)
