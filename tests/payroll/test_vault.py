"""What is sealed can be opened at its own place alone, and by nobody once the person's key is erased."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.ids import UUID
from services.payroll.domain.privacy import PersonKey, Place
from services.payroll.store.vault import KeyRing, Unreadable, Vault
from tests.chassis.statements import counting_statements
from tests.payroll.office import hired, person
from tests.support.department import NOON, Department

VAULT = Vault(b"a master key of tests, long enough by far")
CANARY = "CANARY-GR1601101250000000012300695"


def place(who: str, field: str = "bank_account.iban", row: str = "2026-12-01") -> Place:
    return Place("acme", UUID(person(who)), field, row)


async def ring_for(office: Department, *names: str, vault: Vault = VAULT) -> KeyRing:
    async with office.database.unit(["acme"]) as unit:
        return await vault.ring_to_seal(unit.raw, [place(name).person for name in names], NOON)


@given(st.text(max_size=200), st.text(max_size=200))
def test_a_sealed_value_comes_back_and_is_bound_to_its_place(value: str, other: str) -> None:
    ring = KeyRing({place("A").person: b"k" * 32}, ())
    sealed = ring.seal(place("A"), value)
    assert ring.unseal(place("A"), sealed) == value
    assert ring.seal(place("A"), value) == sealed
    assert (ring.seal(place("A"), other)[1:13] == sealed[1:13]) == (other == value)
    for elsewhere in (place("A", "bank_account.bic"), place("A", row="2027-01-01")):
        with pytest.raises(Unreadable):
            ring.unseal(elsewhere, sealed)


@given(st.binary(min_size=1, max_size=8), st.integers(0, 60))
def test_changed_bytes_are_not_opened(noise: bytes, at: int) -> None:
    ring = KeyRing({place("A").person: b"k" * 32}, ())
    sealed = ring.seal(place("A"), CANARY)
    changed = sealed[:at] + noise + sealed[at + len(noise) :]
    if changed != sealed:
        with pytest.raises(Unreadable):
            ring.unseal(place("A"), changed)


@pytest.mark.parametrize(
    ("written", "equal"),
    [("123 456.789", True), ("123-456-789", True), ("123456780", False), ("gr 12", False)],
)
def test_equal_numbers_are_found_however_they_are_written(written: str, equal: bool) -> None:
    assert (VAULT.blind("acme", "tax_id", written) == VAULT.blind("acme", "tax_id", "123456789")) is equal
    assert VAULT.blind("other", "tax_id", written) != VAULT.blind("acme", "tax_id", written)


def test_a_short_master_key_is_refused_and_no_key_is_printed() -> None:
    with pytest.raises(ValueError, match="less than 32 bytes"):
        Vault(b"short")
    assert repr(VAULT) == "Vault()"
    assert repr(KeyRing({place("A").person: b"k" * 32}, ())) == "KeyRing(1 people)"


async def test_an_erased_key_ends_the_data_of_one_person_alone_and_never_comes_back(office: Department) -> None:
    await office.hear(hired("A"), hired("B"))
    ring = await ring_for(office, "A", "B")
    sealed = {name: ring.seal(place(name), CANARY) for name in "AB"}
    async with office.database.unit(["acme"]) as unit:
        assert await VAULT.erase(unit.raw, [place("A").person], NOON) == {place("A").person}
    async with office.database.unit(["acme"]) as unit:
        assert await VAULT.erase(unit.raw, [place("A").person], NOON) == set()
    again = await ring_for(office, "A", "B")
    assert again.erased == {place("A").person}
    assert again.unseal(place("B"), sealed["B"]) == CANARY
    with pytest.raises(Unreadable):
        again.unseal(place("A"), sealed["A"])
    with pytest.raises(Unreadable):
        again.seal(place("A"), CANARY)
    for statement in ("update person_key set wrapped = 'x', erased_at = null", "update person_key set wrapped = 'x'"):
        with pytest.raises(asyncpg.CheckViolationError):
            async with office.database.unit(["acme"]) as unit:
                await unit.raw.execute(statement)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with office.database.unit(["acme"]) as unit:
            await unit.raw.execute("delete from person_key")


async def test_two_who_come_at_once_get_the_same_key(office: Department) -> None:
    await office.hear(hired("A"))
    rings = await asyncio.gather(*[ring_for(office, "A") for _ in range(8)])
    assert len({ring.seal(place("A"), CANARY) for ring in rings}) == 1


async def test_another_master_key_opens_nothing(office: Department) -> None:
    await office.hear(hired("A"))
    await ring_for(office, "A")
    with pytest.raises(Unreadable, match="another one"):
        await ring_for(office, "A", vault=Vault(b"another master key of tests, long enough"))


async def test_a_ring_costs_three_statements_for_one_person_and_for_300(office: Department) -> None:
    await office.hear(*[hired(f"P{n}") for n in range(300)])
    people: list[PersonKey] = [place(f"P{n}").person for n in range(300)]
    counts = []
    for some in (people[:1], people):
        async with counting_statements(office.database) as counted, office.database.unit(["acme"]) as unit:
            await VAULT.ring_to_seal(unit.raw, some, NOON)
        counts.append(counted.statements)
    assert counts[0] == counts[1]
