"""docs/people.md: its examples are run as they stand."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from services.payroll.main import build
from tests.payroll.office import hired, person, sent
from tests.support.department import Department

PAGE = Path(__file__).parents[2] / "docs" / "people.md"
BLOCK = re.compile(r"```http\n(GET|POST) /payroll(\S+)\n(.*?)```(?:\n```json\n(.*?)```)?", re.DOTALL)


class Example(NamedTuple):
    """A request of the page, and what its answer has to hold."""

    method: str
    path: str
    body: str
    expected: dict[str, Any]


def examples() -> list[Example]:
    return [
        Example(m, p, body, json.loads(told) if told else {}) for m, p, body, told in BLOCK.findall(PAGE.read_text())
    ]


def holds(told: Any, expected: Any) -> bool:
    """Whether everything that is expected stands in what was told; of lists, each in some element."""
    if isinstance(expected, dict):
        return isinstance(told, dict) and all(name in told and holds(told[name], e) for name, e in expected.items())
    if isinstance(expected, list):
        return isinstance(told, list) and all(any(holds(t, e) for t in told) for e in expected)
    return bool(told == expected)


def test_what_is_expected_has_to_be_there() -> None:
    assert holds({"a": [{"b": 1, "c": 2}], "d": 0}, {"a": [{"b": 1}]})
    assert not holds({"a": [{"b": 2}]}, {"a": [{"b": 1}]})
    assert not holds({}, {"a": None})


async def test_the_examples_of_the_page_work_in_their_order(office: Department) -> None:
    """P1, P2, P3, P4, P11, P22, P23: as a personnel office reads them."""
    await office.hear(hired("ANNA", starts_on="2026-06-01", department="Sales", job_title="Clerk"))
    known = {"ANNA": person("ANNA")}
    assert len(examples()) > 20
    async with office.client(build) as client:
        for example in examples():
            path, body = (_filled(text, known) for text in (example.path, example.body))
            if example.method == "GET":
                answer = await client.get(path)
            else:
                answer = await sent(client, path, **json.loads(body))
            told = answer.json()
            expected = example.expected
            assert answer.status_code == expected.get("status", 200 if example.method == "GET" else 201), answer.text
            assert holds(told, expected), (example.path, told)
            known |= {name.upper(): str(value) for name, value in told.items() if isinstance(value, str)}


def _filled(text: str, known: dict[str, str]) -> str:
    return re.sub(r"\$([A-Z]+)", lambda found: known[found.group(1)], text)
