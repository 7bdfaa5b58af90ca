"""Who acts: what every rule of four eyes compares."""

from __future__ import annotations

import pytest

from tests.chassis.toy import cause


@pytest.mark.parametrize(
    ("actor", "on_behalf_of", "person"),
    [
        ("ada@acme.example", None, "ada@acme.example"),
        ("webshop", "ada@acme.example", "ada@acme.example"),
        ("webshop", None, "webshop"),
    ],
)
def test_the_person_is_for_whom_a_system_asks_else_who_asks(actor: str, on_behalf_of: str | None, person: str) -> None:
    assert cause()._replace(actor=actor, on_behalf_of=on_behalf_of).person == person


def test_one_person_is_the_same_in_person_and_through_any_system() -> None:
    in_person = cause()._replace(actor="ada@acme.example")
    through = [cause()._replace(actor=system, on_behalf_of="ada@acme.example") for system in ("webshop", "erp")]
    assert {c.person for c in (in_person, *through)} == {"ada@acme.example"}
