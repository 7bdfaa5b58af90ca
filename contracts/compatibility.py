"""Refuses a change of a published schema that would break a reader or the history.

Events are kept for ever and services are upgraded one by one. So a reader of yesterday meets events of today, and a
reader of today meets events of yesterday. Within a version this leaves exactly one change of shape: an optional field
more. What is widened breaks the first reader, what is narrowed breaks the second; both are refused, each by its name.
Words (titles, descriptions, defaults, examples) and the order of properties may change. For anything else: `.v2`.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Schema = dict[str, Any]

_WORDS = {"$schema", "title", "description", "default", "examples", "deprecated", "$comment", "x-owner"}
_STRUCTURE = {"$id", "$defs", "$ref", "x-topic", "x-key", "properties", "required", "items", "anyOf", "const", "enum"}
_LOWER_BOUNDS = {"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"}
_UPPER_BOUNDS = {"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"}

WAITING = "unreleased.json"
"""Events and fields that are deliberately not in the last release yet, each with the reason."""

WIDENED = "widened: a reader of the last release would refuse it"
NARROWED = "narrowed: events already sent would be refused"
CHANGED = "changed: readers or the history may disagree"


@dataclass(frozen=True, slots=True)
class Violation:
    """One breaking change: in which event, at which field (`/lines/*/item`), and what is wrong with it."""

    event_type: str
    field: str
    fault: str

    def __str__(self) -> str:
        return f"{self.event_type} {self.field or '/'} {self.fault}"


def violations(old: Path, new: Path) -> list[Violation]:
    """Every breaking change between two folders of schema files; an event that only `new` has is none."""
    found: list[Violation] = []
    for path in sorted(old.glob("*.json")):
        event_type = path.stem
        successor = new / path.name
        if not successor.is_file():
            found.append(Violation(event_type, "", "removed: its events are kept for ever"))
            continue
        found += compare(event_type, _load(path), _load(successor))
    return found


def compare(event_type: str, old: Schema, new: Schema) -> list[Violation]:
    """Every breaking change between two schemas of one event type."""
    return [Violation(event_type, field, fault) for field, fault in _Comparison(old, new).run()]


def release(folder: Path) -> list[Violation]:
    """Makes the schemas in `folder/schemas` the released ones, unless that breaks something: then it says what.

    Everything is released then, so nothing waits any more.
    """
    released, present = folder / "released", folder / "schemas"
    found = violations(released, present)
    if not found:
        shutil.rmtree(released, ignore_errors=True)
        shutil.copytree(present, released)
        (folder / WAITING).write_text("{}\n", encoding="utf-8")
    return found


def unreleased(folder: Path) -> list[str]:
    """What could be taken away again unnoticed: "OrderPlaced.v1" for an event, "OrderPlaced.v1 /gift" for a field."""
    found = violations(folder / "schemas", folder / "released")
    return sorted({f"{each.event_type} {each.field}".rstrip() for each in found})


def unguarded(folder: Path) -> list[str]:
    """Where the last release is stale without a reason, and where a reason is stale; a line of what to do for each."""
    waiting: dict[str, str] = json.loads((folder / WAITING).read_text(encoding="utf-8"))
    new = unreleased(folder)
    return [
        *(
            f"{name} is not released: run `make release`, or say why not in {WAITING}"
            for name in new
            if name not in waiting
        ),
        *(f"{name} stands in {WAITING}, but is released or gone" for name in waiting if name not in new),
        *(
            f"{name} stands in {WAITING} without a reason"
            for name, reason in waiting.items()
            if len(reason.split()) < 4
        ),
    ]


def _load(path: Path) -> Schema:
    schema: Schema = json.loads(path.read_text(encoding="utf-8"))
    return schema


class _Comparison:
    """Walks two schemas side by side. Yields (field, fault)."""

    def __init__(self, old: Schema, new: Schema) -> None:
        self._old, self._new = old, new
        self._walking: list[tuple[str, str]] = []

    def run(self) -> Iterator[tuple[str, str]]:
        for keyword, name in (("$id", "identifier"), ("x-topic", "topic"), ("x-key", "key")):
            before, now = self._old.get(keyword), self._new.get(keyword)
            if before != now:
                yield "", f"{name} was {before}, is {now}"
        yield from self._schema("", self._old, self._new)

    def _schema(self, field: str, old: Schema, new: Schema) -> Iterator[tuple[str, str]]:
        references = (old.get("$ref", ""), new.get("$ref", ""))
        if all(references) and references in self._walking:  # a part that contains itself
            return
        self._walking.append(references)
        before, now = _kinds(old, self._old), _kinds(new, self._new)
        for kind in before.keys() - now.keys():
            yield field, f"may not be {kind} any more, {NARROWED}"
        for kind in now.keys() - before.keys():
            yield field, f"may be {kind} now, {WIDENED}"
        for kind in before.keys() & now.keys():
            yield from self._kind(field, before[kind], now[kind])
        self._walking.pop()

    def _kind(self, field: str, old: Schema, new: Schema) -> Iterator[tuple[str, str]]:
        yield from self._constraints(field, old, new)
        yield from self._values(field, old, new)
        yield from self._properties(field, old, new)
        if "items" in old and "items" in new:
            yield from self._schema(f"{field}/*", old["items"], new["items"])
        elif ("items" in old) != ("items" in new):
            yield field, f"items {NARROWED if 'items' in new else WIDENED}"

    def _constraints(self, field: str, old: Schema, new: Schema) -> Iterator[tuple[str, str]]:
        for keyword in sorted((old.keys() | new.keys()) - _WORDS - _STRUCTURE):
            before, now = old.get(keyword), new.get(keyword)
            if before != now:
                yield field, f"{keyword} was {_shown(before)}, is {_shown(now)}, {_direction(keyword, before, now)}"

    def _values(self, field: str, old: Schema, new: Schema) -> Iterator[tuple[str, str]]:
        before, now = _allowed(old), _allowed(new)
        if before is None and now is None:
            return
        if before is None or now is None:
            yield field, f"list of allowed values {WIDENED if now is None else NARROWED}"
            return
        for value in before:
            if value not in now:
                yield field, f"value {_shown(value)} is gone, {NARROWED}"
        for value in now:
            if value not in before:
                yield field, f"value {_shown(value)} is new, {WIDENED}"

    def _properties(self, field: str, old: Schema, new: Schema) -> Iterator[tuple[str, str]]:
        before, now = old.get("properties", {}), new.get("properties", {})
        needed_before, needed_now = set(old.get("required", ())), set(new.get("required", ()))
        for name, schema in before.items():
            at = f"{field}/{name}"
            if name not in now:
                yield at, "removed (or renamed): readers use it"
                continue
            if name in needed_before - needed_now:
                yield at, f"required before, optional now, {WIDENED}"
            if name in needed_now - needed_before:
                yield at, f"optional before, required now, {NARROWED}"
            yield from self._schema(at, schema, now[name])
        for name in now:
            if name not in before and name in needed_now:
                yield f"{field}/{name}", f"new and required, {NARROWED}"


def _resolved(schema: Schema, root: Schema) -> Schema:
    """The schema with its references followed; words beside a reference stay."""
    while "$ref" in schema:
        part = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
        schema = {**part, **{key: value for key, value in schema.items() if key != "$ref"}}
    return schema


def _kinds(schema: Schema, root: Schema) -> dict[str, Schema]:
    """What a value may be, by JSON type; two alternatives of one type are told apart by their place."""
    schema = _resolved(schema, root)
    kinds: dict[str, Schema] = {}
    for index, alternative in enumerate(schema.get("anyOf", (schema,))):
        resolved = _resolved(alternative, root)
        kind = str(resolved.get("type", "anything"))
        kinds[kind if kind not in kinds else f"{kind} ({index})"] = resolved
    return kinds


def _allowed(schema: Schema) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    values: list[Any] | None = schema.get("enum")
    return values


def _direction(keyword: str, before: Any, now: Any) -> str:
    """Which reader a changed constraint breaks."""
    if before is None:
        return NARROWED
    if now is None:
        return WIDENED
    if keyword in _LOWER_BOUNDS:
        return NARROWED if now > before else WIDENED
    if keyword in _UPPER_BOUNDS:
        return NARROWED if now < before else WIDENED
    return CHANGED


def _shown(value: Any) -> str:
    return "not set" if value is None else json.dumps(value, ensure_ascii=False)
