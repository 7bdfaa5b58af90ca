"""A change of a published schema that breaks a reader or the history is refused, by name; additions pass."""

import copy
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts import published
from contracts.compatibility import compare, release, unguarded, violations
from contracts.generate import HERE

Schema = dict[str, Any]
Change = Callable[[Schema], Any]

EVENT = "OrderPlaced.v1"


def _property(*names: str) -> Callable[[Schema], Schema]:
    """The schema of a field of the event, or of a part: `_property("OrderLine", "item")`."""

    def find(schema: Schema) -> Schema:
        owner = schema if len(names) == 1 else schema["$defs"][names[0]]
        found: Schema = owner["properties"][names[-1]]
        return found

    return find


def _set(*names: str, **keywords: Any) -> Change:
    return lambda schema: _property(*names)(schema).update(keywords)


def _drop(*names: str, keyword: str) -> Change:
    return lambda schema: _property(*names)(schema).pop(keyword)


def _rename(old: str, new: str) -> Change:
    def change(schema: Schema) -> None:
        schema["properties"][new] = schema["properties"].pop(old)
        schema["required"] = [new if name == old else name for name in schema["required"]]

    return change


def _require(schema: Schema) -> None:
    schema["properties"]["channel"] = {"type": "string"}
    schema["required"].append("channel")


def _make_nullable(schema: Schema) -> None:
    schema["properties"]["reference"] = {"anyOf": [schema["properties"]["reference"], {"type": "null"}]}


def _forbid_null(schema: Schema) -> None:
    schema["$defs"]["Customer"]["properties"]["email"] = _property("Customer", "email")(schema)["anyOf"][0]


def _add_part(schema: Schema) -> None:
    schema["$defs"]["Gift"] = {"type": "object", "properties": {"note": {"type": "string"}}, "required": ["note"]}
    schema["properties"]["gift"] = {"anyOf": [{"$ref": "#/$defs/Gift"}, {"type": "null"}]}


def _rename_part(schema: Schema) -> None:
    schema["$defs"]["Buyer"] = schema["$defs"].pop("Customer")
    schema["properties"]["customer"]["$ref"] = "#/$defs/Buyer"


def _reorder(schema: Schema) -> None:
    schema["properties"] = dict(reversed(schema["properties"].items()))
    schema["required"].reverse()
    _property("Customer", "language")(schema)["enum"].reverse()


BREAKING: dict[str, tuple[Change, str, str]] = {
    "a removed field": (lambda s: s["properties"].pop("reference"), "/reference", "removed"),
    "a renamed field": (_rename("reference", "number"), "/reference", "removed"),
    "a removed field of a part": (
        lambda s: s["$defs"]["OrderLine"]["properties"].pop("item"), "/lines/*/item", "removed",
    ),
    "a removed optional field": (
        lambda s: s["$defs"]["Customer"]["properties"].pop("email"), "/customer/email", "removed",
    ),
    "a new required field": (_require, "/channel", "new and required"),
    "a field that becomes required": (
        lambda s: s["$defs"]["Address"]["required"].append("line2"), "/customer/address/line2", "narrowed",
    ),
    "a field that becomes optional": (lambda s: s["required"].remove("reference"), "/reference", "widened"),
    "a field that may be null now": (_make_nullable, "/reference", "may be null now"),
    "a field that may not be null any more": (_forbid_null, "/customer/email", "may not be null any more"),
    "another type": (_set("OrderLine", "line", type="string"), "/lines/*/line", "may be string now"),
    "another pattern": (_set("currency", pattern="^[A-Za-z]{3}$"), "/currency", "pattern"),
    "a pattern where there was none": (_set("lines", pattern="x"), "/lines", "narrowed"),
    "no pattern any more": (_drop("OrderLine", "item", keyword="pattern"), "/lines/*/item", "widened"),
    "another format": (_set("order", format="uri"), "/order", "format"),
    "a value more": (_set("Customer", "language", enum=["en", "el", "he", "fr"]), "/customer/language", '"fr" is new'),
    "a value less": (_set("Customer", "language", enum=["en", "el"]), "/customer/language", '"he" is gone'),
    "a constant with a second value": (
        lambda s: _property("invoicing")(s).update(enum=[_property("invoicing")(s).pop("const"), "on_dispatch"]),
        "/invoicing", '"on_dispatch" is new',
    ),
    "any value where there was a list": (
        _drop("Customer", "language", keyword="enum"), "/customer/language", "list of allowed values widened",
    ),
    "a shorter text": (_set("OrderLine", "item", maxLength=32), "/lines/*/item", "narrowed"),
    "a longer text": (_set("OrderLine", "item", maxLength=128), "/lines/*/item", "widened"),
    "fewer lines": (_set("lines", maxItems=100), "/lines", "narrowed"),
    "a lower minimum": (_set("OrderLine", "line", minimum=0), "/lines/*/line", "widened"),
    "a higher minimum": (_set("OrderLine", "line", minimum=2), "/lines/*/line", "narrowed"),
    "a closed part that is open": (
        lambda s: s["$defs"]["Address"].pop("additionalProperties"), "/customer/address", "widened",
    ),
    "another topic": (lambda s: s.update({"x-topic": "sales.baskets"}), "", "topic was sales.orders, is sales.baskets"),
    "another key": (lambda s: s.update({"x-key": "reference"}), "", "key was order, is reference"),
    "another identifier": (lambda s: s.update({"$id": "urn:x"}), "", "identifier"),
}  # fmt: skip

SAFE: dict[str, Change] = {
    "an optional field more": lambda s: s["properties"].update(channel={"type": "string", "default": None}),
    "an optional field more in a part": lambda s: s["$defs"]["OrderLine"]["properties"].update(
        note={"anyOf": [{"type": "string"}, {"type": "null"}]}
    ),
    "an optional part that has required fields": _add_part,
    "other words": lambda s: (s.update(description="Said better."), _set("currency", description="ISO code.")(s)),
    "another title and another owner": lambda s: s.update({"title": "Order", "x-owner": "sales"}),
    "another name for a part": _rename_part,
    "another order": _reorder,
    "a constant written as a list of one": lambda s: _property("invoicing")(s).update(
        enum=[_property("invoicing")(s).pop("const")]
    ),
}


def _changed(change: Change) -> tuple[Schema, Schema]:
    old = published.schema(EVENT)
    new = copy.deepcopy(old)
    change(new)
    return old, new


@pytest.mark.parametrize("case", BREAKING)
def test_a_breaking_change_is_refused_naming_field_and_fault(case: str) -> None:
    """G6: each way to break a reader."""
    change, field, fault = BREAKING[case]

    found = compare(EVENT, *_changed(change))

    assert [each for each in found if each.field == field and fault in each.fault], found
    assert all(str(each).startswith(f"{EVENT} {each.field or '/'} ") for each in found)


@pytest.mark.parametrize("case", SAFE)
def test_a_safe_change_passes(case: str) -> None:
    """G6: additions within a version."""
    old, new = _changed(SAFE[case])

    assert new != old or case == "another order"
    assert compare(EVENT, old, new) == []


def test_one_change_of_a_shared_part_is_named_at_every_place() -> None:
    invoice = published.schema("InvoiceIssued.v1")
    changed = copy.deepcopy(invoice)
    changed["$defs"]["Address"]["properties"].pop("city")

    found = {each.field for each in compare("InvoiceIssued.v1", invoice, changed)}

    assert found == {"/seller/address/city", "/customer/address/city"}


def test_a_part_that_contains_itself_is_compared() -> None:
    tree: Schema = {
        "$ref": "#/$defs/Node",
        "$defs": {
            "Node": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "below": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
                },
            }
        },
    }
    pruned = copy.deepcopy(tree)
    pruned["$defs"]["Node"]["properties"].pop("name")

    assert compare("Tree.v1", tree, tree) == []
    assert [each.field for each in compare("Tree.v1", tree, pruned)] == ["/name"]


def _folder(path: Path, **schemas: Schema) -> Path:
    path.mkdir()
    for name, schema in schemas.items():
        (path / f"{name}.v1.json").write_text(json.dumps(schema))
    return path


def test_an_event_may_be_added_but_not_removed(tmp_path: Path) -> None:
    schema = published.schema(EVENT)
    one = _folder(tmp_path / "one", OrderPlaced=schema)
    two = _folder(tmp_path / "two", OrderPlaced=schema, OrderMislaid={"type": "object"})

    assert violations(one, two) == []
    assert [str(each) for each in violations(two, one)] == ["OrderMislaid.v1 / removed: its events are kept for ever"]


def test_the_committed_schemas_are_compatible_with_the_last_release() -> None:
    """G6: the language as it stands."""
    assert list((HERE / "released").glob("*.json"))
    assert violations(HERE / "released", HERE / "schemas") == []


NEWER = {
    "a newer event": ("StatementDrawn.v1", ""),
    "a second version": ("DocumentStored.v2", ""),
    "a newer optional field": ("OrderPlaced.v1", "/if_short"),
    "a newer optional field of a part": ("EntryPosted.v1", "/lines/*/cost_centre"),
}


@pytest.mark.parametrize("case", NEWER)
def test_what_came_after_the_first_release_cannot_be_taken_away(case: str, tmp_path: Path) -> None:
    """G6: planted in a copy of the language as it stands."""
    event_type, field = NEWER[case]
    shutil.copytree(HERE / "schemas", tmp_path / "schemas")
    file = tmp_path / "schemas" / f"{event_type}.json"
    if field:
        schema = json.loads(file.read_text())
        for part in (schema, *schema["$defs"].values()):
            part["properties"].pop(field.rpartition("/")[2], None)
        file.write_text(json.dumps(schema))
    else:
        file.unlink()

    found = violations(HERE / "released", tmp_path / "schemas")

    assert [(each.event_type, each.field, "removed" in each.fault) for each in found] == [(event_type, field, True)]


def test_an_addition_is_released_or_waits_for_a_reason(tmp_path: Path) -> None:
    # Given a released language
    schemas = _folder(tmp_path / "schemas", OrderPlaced=published.schema(EVENT))
    assert release(tmp_path) == []
    assert unguarded(tmp_path) == []
    # When a field and an event are added
    changed = _changed(SAFE["an optional field more in a part"])[1]
    (schemas / f"{EVENT}.json").write_text(json.dumps(changed))
    (schemas / "OrderMislaid.v1.json").write_text('{"type": "object"}')
    # Then each is named, until there is a reason or a release
    todo = "is not released: run `make release`, or say why not in unreleased.json"
    assert unguarded(tmp_path) == [f"OrderMislaid.v1 {todo}", f"OrderPlaced.v1 /lines/*/note {todo}"]
    _wait(tmp_path, {"OrderMislaid.v1": "", "OrderPlaced.v1 /lines/*/note": "its shop is not asked yet"})
    assert unguarded(tmp_path) == ["OrderMislaid.v1 stands in unreleased.json without a reason"]
    assert release(tmp_path) == []
    assert unguarded(tmp_path) == []
    # and a reason does not stay behind
    _wait(tmp_path, {"OrderMislaid.v1": "its shop is not asked yet"})
    assert unguarded(tmp_path) == ["OrderMislaid.v1 stands in unreleased.json, but is released or gone"]


def _wait(folder: Path, reasons: dict[str, str]) -> None:
    (folder / "unreleased.json").write_text(json.dumps(reasons))


def test_the_command_refuses_a_breaking_folder_and_names_the_field(tmp_path: Path) -> None:
    old, new = _changed(BREAKING["a renamed field"][0])
    folders = _folder(tmp_path / "old", OrderPlaced=old), _folder(tmp_path / "new", OrderPlaced=new)

    refused = _compatible(*folders)
    passed = _compatible(folders[0], folders[0])

    assert refused.returncode == 1
    assert "breaking: OrderPlaced.v1 /reference removed" in refused.stdout
    assert (passed.returncode, passed.stdout) == (0, "")


def _compatible(old: Path, new: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "contracts", "compatible", str(old), str(new)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=HERE.parent)


def test_a_release_takes_the_present_schemas_unless_they_break_the_last_one(tmp_path: Path) -> None:
    _folder(tmp_path / "schemas", OrderPlaced=published.schema(EVENT))
    assert release(tmp_path) == []

    (tmp_path / "schemas" / "OrderPlaced.v1.json").write_text(json.dumps(_changed(BREAKING["another key"][0])[1]))

    assert [each.fault for each in release(tmp_path)] == ["key was order, is reference"]
    assert json.loads((tmp_path / "released" / "OrderPlaced.v1.json").read_text()) == published.schema(EVENT)
