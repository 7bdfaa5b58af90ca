"""Reads what is committed beside this file: schemas, golden samples, the AsyncAPI document, who listens.

What is published is the files. Tests hold them equal to the models, so services and their tests may use either.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

_HERE = files("contracts")


@dataclass(frozen=True, slots=True)
class Sample:
    """A golden event: what a record of this type looks like on the topic."""

    topic: str
    key: str
    headers: tuple[tuple[str, bytes], ...]
    data: dict[str, Any]

    @property
    def body(self) -> bytes:
        """The data as it stands in the value of the record."""
        return json.dumps(self.data, ensure_ascii=False, separators=(",", ":")).encode()


def schema(event_type: str) -> dict[str, Any]:
    """The published schema of an event type, or of the headers ("Envelope.v1"). Raises FileNotFoundError."""
    return _read(f"schemas/{event_type}.json")


def sample(event_type: str) -> Sample:
    """The golden sample of an event type. Raises FileNotFoundError for a type that has none."""
    content = _read(f"samples/{event_type}.json")
    headers = tuple((name, str(value).encode()) for name, value in content["headers"].items())
    return Sample(content["topic"], content["key"], headers, content["data"])


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3.0 document of all topics, messages and who sends and receives them."""
    return _read("asyncapi.json")


def listeners() -> dict[str, list[str]]:
    """The services that handle each event type; a test compares it with what the services register."""
    content: dict[str, list[str]] = _read("consumers.json")
    return content


@cache
def _text(path: str) -> str:
    return _HERE.joinpath(path).read_text(encoding="utf-8")


def _read(path: str) -> dict[str, Any]:
    """A fresh copy each time, so that no caller changes what another one reads."""
    content: dict[str, Any] = json.loads(_text(path))
    return content
