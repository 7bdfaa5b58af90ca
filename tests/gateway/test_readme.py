"""The gateway's README says what it takes, emits and leaves out, as the code does."""

from __future__ import annotations

import re
from pathlib import Path

from starlette.routing import Route

from services.gateway.api.routes import hot_routes, routes
from services.gateway.consumers import consumers
from services.gateway.translate.forms import FORMS

ROOT = Path(__file__).parents[2]
README = (ROOT / "services/gateway/README.md").read_text()
FRONT_OFFICE = (ROOT / "docs/front-office.md").read_text()


def events_in(text: str) -> set[str]:
    """The events that are named; without a version it is the first."""
    named = re.findall(r"`([A-Z][A-Za-z]+)(\.v[0-9]+)?`", text)
    return {f"{name}{version or '.v1'}" for name, version in named}


def test_the_ignored_events_are_those_of_the_consumer() -> None:
    (line,) = re.findall(r"^Ignored, with the reason[^.]*consumers\.py`: (.*?)\.\n\n", README, re.DOTALL | re.MULTILINE)
    assert events_in(line) == set(consumers.ignored)


def test_the_emitted_events_are_the_forms_of_front_offices() -> None:
    (row,) = [line for line in README.splitlines() if line.startswith("| `POST /v1/events`, `/v1/orders`")]
    assert events_in(row.split("|")[3]) == set(FORMS)
    assert set(FORMS) <= events_in(FRONT_OFFICE)


def test_every_door_for_front_offices_is_named() -> None:
    made = [route for route in (*hot_routes(), *routes()) if isinstance(route, Route)]
    posts = {route.path.replace(":path", "") for route in made if "POST" in (route.methods or ())}
    doors = {path for path in posts if path.startswith(("/v1/", "/oauth/"))}
    assert {door for door in doors if f"`{door}`" not in README and f"POST {door}" not in README} == set()
    told = FRONT_OFFICE.replace("{reference}", "{order}")
    assert {door for door in doors if f"POST {door}" not in told and f"`POST {door}`" not in told} <= {"/v1/events"}
    assert "`POST /v1/events`" in FRONT_OFFICE
