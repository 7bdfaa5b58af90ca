"""Writes what is published, and says where the committed files differ from the models."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contracts import asyncapi, story
from contracts.envelope import to_headers
from contracts.published import listeners
from contracts.registry import EVENTS, owner_of
from contracts.schema import ENVELOPE, envelope_schema, event_schema

HERE = Path(__file__).parent
FOLDERS = ("schemas", "samples")


def published_files() -> dict[str, str]:
    """The text of every published file by its path under `contracts/`."""
    heard = listeners()
    return {
        f"schemas/{ENVELOPE}.json": _json(envelope_schema()),
        **{f"schemas/{event_type}.json": _json(event_schema(event)) for event_type, event in EVENTS.items()},
        **{f"samples/{event_type}.json": _json(_sample(event_type)) for event_type in EVENTS},
        "asyncapi.json": _json(asyncapi.document(heard)),
        "README.md": _readme(heard),
    }


def write(folder: Path = HERE) -> list[str]:
    """Writes all files, removes those of events that are gone. Returns the paths that changed."""
    changed = differences(folder)
    files = published_files()
    for path in changed:
        target = folder / path
        if path in files:
            target.parent.mkdir(exist_ok=True)
            target.write_text(files[path], encoding="utf-8")
        else:
            target.unlink()
    return changed


def differences(folder: Path = HERE) -> list[str]:
    """The paths under `folder` that are missing, stale or left over, sorted."""
    files = published_files()
    present = {f"{name}/{path.name}" for name in FOLDERS for path in (folder / name).glob("*.json")}
    stale = {path for path, text in files.items() if not _is(folder / path, text)}
    return sorted(stale | (present - files.keys()))


def _is(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def _sample(event_type: str) -> dict[str, Any]:
    envelope = story.envelope_of(event_type)
    return {
        "topic": EVENTS[event_type].topic,
        "key": envelope.subject,
        "headers": {name: value.decode() for name, value in to_headers(envelope)},
        "data": story.DATA[event_type],
    }


def _readme(heard: Mapping[str, list[str]]) -> str:
    rows = [
        f"| [{event.__name__}](schemas/{event_type}.json) | {owner_of(event_type)} | `{event.topic}` | "
        f"{event.key_field} | {event_type.rpartition('.')[2]} | {', '.join(heard[event_type]) or 'nobody yet'} |"
        for event_type, event in EVENTS.items()
    ]
    return _README.format(rows="\n".join(rows))


_README = """\
<!-- Written by `make contracts`; a test fails when it is stale. The words stand in generate.py. -->
# The published language

Every event between the departments. One file per owner; only the owner emits it. To read the stream, see
[`docs/subscribing.md`](../docs/subscribing.md).

| Event | Owner | Topic | Key | Version | Who listens |
| --- | --- | --- | --- | --- | --- |
{rows}

| Where | What |
| --- | --- |
| `gateway.py` `inventory.py` `ledger.py` `documents.py` `payroll.py` | the events, by owner |
| `base.py` | what events are made of: scalars with their bounds, `EventData` for owners, `EventView` for listeners |
| `envelope.py` | CloudEvents 1.0 as Kafka headers |
| `money.py` | minor units per currency, amounts to integers and back, the one rounding rule |
| `topics.py` `registry.py` | all topics; all events, their owner, topic and key |
| `schemas/` `samples/` `asyncapi.json` | published, written by `make contracts` from the models and `story.py` |
| `consumers.json` | who listens; a test compares it with what the services register |
| `released/` | the schemas of the last release: what no change may break |
| `unreleased.json` | what is deliberately not in it yet, with the reason; a test compares |
| `compatibility.py` | refuses a change that would break a reader or the history |

## Changing an event

1. **A field more**: give it a type and `| None = None`. Nothing else may change within a version: events are kept for
   ever, and readers of yesterday meet events of today.
2. **Anything else** is a new version: a class of its own with `version=2`, emitted beside the old one until nobody
   listens to the old one.
3. `make contracts` writes the files; `python -m contracts compatible contracts/released contracts/schemas` says whether
   the change is allowed, and `make test` asks the same.
4. `make release` makes the present schemas the ones to be compatible with, unless they break the last release. From
   then on the addition cannot be taken away. A test is red until it is released, or until `unreleased.json` says why it
   may still change: `{{"OrderPlaced.v1 /gift": "the reason"}}`.

Owners forbid unknown fields and validate the very bytes that they send. Listeners declare an `EventView` with the few
fields that they use and pass over everything else.
"""
