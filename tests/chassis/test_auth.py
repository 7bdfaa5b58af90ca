"""Who is calling: scopes and companies, internal tokens and all the ways to forge them, API keys."""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from chassis.auth import (
    LEEWAY_S,
    TOKEN_LIFE_S,
    Caller,
    InternalSecrets,
    TokenSigner,
    TokenVerifier,
    bearer,
)
from chassis.errors import Problem
from tests.chassis.toy_api import SECRET

CALLER = Caller("key_1", "key:webshop", "anna", frozenset({"acme", "globex"}), frozenset({"ledger:read"}))


class Time:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = 1_800_000_000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def secrets(tmp_path: Path) -> InternalSecrets:
    (tmp_path / "secret").write_text(SECRET)
    return InternalSecrets(tmp_path / "secret")


@pytest.fixture
def signer(secrets: InternalSecrets, clock: Time) -> TokenSigner:
    return TokenSigner(secrets, clock)


@pytest.fixture
def verifier(secrets: InternalSecrets, clock: Time) -> TokenVerifier:
    return TokenVerifier(secrets, "ledger", clock)


def refused(verify: Callable[[], object]) -> None:
    with pytest.raises(Problem) as told:
        verify()
    assert (told.value.status, told.value.code) == (401, "authentication-required")
    assert told.value.headers == {"WWW-Authenticate": "Bearer"}


def forged(claims: dict[str, object] | None = None, header: dict[str, object] | None = None, key: str = SECRET) -> str:
    """A token with claims changed (`None` removes one) or signed in another way."""
    good: dict[str, object] = {
        "iss": "backbone-gateway", "aud": "ledger", "sub": "k", "act": "k", "companies": ["acme"],
        "scopes": ["ledger:read"], "iat": 1_800_000_000, "exp": 1_800_000_060,
    }  # fmt: skip
    told = {name: value for name, value in (good | (claims or {})).items() if value is not None}
    return jwt.encode(
        {"alg": "HS256"} | (header or {}), told, OctKey.import_key(key), algorithms=["HS256", "HS384", "HS512"]
    )


@pytest.mark.parametrize(
    ("granted", "asked", "may"),
    [
        (["ledger:read"], "ledger:read", True),
        (["ledger:write"], "ledger:read", False),
        (["ledger:*"], "ledger:write", True),
        (["*"], "payroll:write", True),
        (["ledger:*"], "ledgers:read", False),
        (["ledger"], "ledger:read", False),
        ([], "ledger:read", False),
        (["*:read"], "ledger:read", False),
    ],
)
def test_a_scope_is_granted_by_its_name_or_a_wildcard_and_by_nothing_else(
    granted: list[str], asked: str, may: bool
) -> None:
    assert Caller("k", "k", None, frozenset({"acme"}), frozenset(granted)).may(asked) is may


def test_a_company_is_seen_by_its_name_or_by_whoever_sees_all() -> None:
    assert CALLER.sees("acme")
    assert not CALLER.sees("initech")
    assert CALLER.may("ledger:read", "acme")
    assert not CALLER.may("ledger:read", "initech")
    assert Caller("k", "k", None, frozenset({"*"}), frozenset()).sees("initech")
    assert not Caller("k", "k", None, frozenset(), frozenset()).sees("acme")


def test_a_department_learns_from_the_token_who_calls(signer: TokenSigner, verifier: TokenVerifier) -> None:
    token = signer.sign(CALLER, "ledger")
    assert verifier.verify(token) == CALLER
    assert verifier.verify(token) == CALLER, "the second time from memory"


def test_a_token_is_good_for_a_minute_of_the_databases_time(
    signer: TokenSigner, verifier: TokenVerifier, clock: Time
) -> None:
    token = signer.sign(CALLER, "ledger")
    clock.at += TOKEN_LIFE_S + LEEWAY_S - 1
    assert verifier.verify(token) == CALLER
    clock.at += 1
    refused(lambda: verifier.verify(token))
    refused(lambda: verifier.verify(token))


def test_a_token_from_the_future_is_not_valid_yet(signer: TokenSigner, verifier: TokenVerifier, clock: Time) -> None:
    clock.at += LEEWAY_S + 1
    token = signer.sign(CALLER, "ledger")
    clock.at -= LEEWAY_S + 1
    refused(lambda: verifier.verify(token))


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "inventory"},
        {"aud": ["ledger", "inventory"]},
        {"iss": "somebody"},
        {"aud": None},
        {"iss": None},
        {"sub": None},
        {"sub": ""},
        {"act": None},
        {"act": 1},
        {"companies": None},
        {"companies": "acme"},
        {"companies": [1]},
        {"scopes": None},
        {"scopes": {"*": 1}},
        {"obo": 1},
        {"exp": None},
        {"iat": None},
        {"exp": "1800000060"},
        {"exp": 1_800_000_061},
        {"exp": 1_800_000_000.5},
        {"exp": 1_799_999_999},
        {"iat": True, "exp": 2},
    ],
)
def test_a_token_that_does_not_say_exactly_what_is_needed_is_refused(
    verifier: TokenVerifier, claims: dict[str, object]
) -> None:
    assert verifier.verify(forged()).client == "k"
    refused(lambda: verifier.verify(forged(claims)))


@pytest.mark.parametrize(
    "token",
    [
        "", "x", "..", "a.b.c", "a.b.c.d.e", "\u03b1.b.c", "." * 9_000,
        forged(key="another-secret-that-is-long-enough-0123456789"),
        forged(header={"alg": "HS512"}),
        forged()[:-2], forged() + "AA",
    ],
)  # fmt: skip
def test_a_token_that_was_not_signed_here_and_so_is_refused(verifier: TokenVerifier, token: str) -> None:
    refused(lambda: verifier.verify(token))


def test_an_unsigned_token_is_refused(verifier: TokenVerifier) -> None:
    _, claims, signature = forged().split(".")
    for algorithm in ("none", "None", "RS256", "HS256\u0000"):
        header = base64.urlsafe_b64encode(json.dumps({"alg": algorithm}).encode()).decode().rstrip("=")
        refused(lambda: verifier.verify(f"{header}.{claims}."))  # noqa: B023
        refused(lambda: verifier.verify(f"{header}.{claims}.{signature}"))  # noqa: B023


def test_a_token_larger_than_any_we_make_is_not_even_decoded(verifier: TokenVerifier) -> None:
    refused(lambda: verifier.verify(forged({"companies": [f"c{n}" for n in range(2_000)]})))


def test_without_a_secret_every_call_is_refused(clock: Time) -> None:
    refused(lambda: TokenVerifier(None, "ledger", clock).verify(forged()))


def test_memory_of_tokens_is_bounded(verifier: TokenVerifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TokenVerifier, "REMEMBERED_MAX", 3)
    for n in range(10):
        verifier.verify(forged({"sub": str(n)}))
    assert len(verifier._known) == 3


def test_the_secret_is_rotated_without_a_failed_call(
    tmp_path: Path, clock: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, other = tmp_path / "secret", "the-next-secret-is-long-enough-too-0123456789"
    file.write_text(SECRET)
    signing, verifying = InternalSecrets(file), InternalSecrets(file)
    signer, verifier = TokenSigner(signing, clock), TokenVerifier(verifying, "ledger", clock)
    now = [time.monotonic()]
    monkeypatch.setattr("chassis.auth.time.monotonic", lambda: now[0])
    verifier.verify(signer.sign(CALLER, "ledger"))
    for lines in (f"{SECRET}\n{other}\n", f"{other}\n{SECRET}\n", other):
        file.write_text(lines)
        os.utime(file, ns=(0, len(lines)))
        now[0] += 6
        clock.at += 1
        verifier.verify(signer.sign(CALLER, "ledger"))
    assert signing.signing == verifying.verifying[0] == other.encode()
    clock.at += 1
    refused(lambda: verifier.verify(forged({"sub": "old"})))


def test_a_secret_that_is_too_short_stops_the_start(tmp_path: Path) -> None:
    for text in ("short", "", f"{SECRET}\nshort\n"):
        (tmp_path / "secret").write_text(text)
        with pytest.raises(ValueError, match="at least 32 bytes"):
            InternalSecrets(tmp_path / "secret")
    with pytest.raises(OSError, match="nowhere"):
        InternalSecrets(tmp_path / "nowhere")


@pytest.mark.parametrize("values", [[], ["Bearer a", "Bearer b"], ["Basic a"], ["Bearer"], ["Bearer "], [""]])
def test_anything_but_one_bearer_token_is_refused(values: list[str]) -> None:
    refused(lambda: bearer(values))


def test_the_scheme_is_known_in_any_case() -> None:
    assert bearer(["bearer abc"]) == bearer(["BEARER abc"]) == "abc"


def test_a_secret_file_that_is_being_rewritten_leaves_the_old_secrets_in_use(tmp_path: Path) -> None:
    file = tmp_path / "secrets"
    file.write_text("a" * 64)
    secrets = InternalSecrets(file)
    before = list(secrets.verifying)
    for half in (None, "", "short"):
        file.unlink(missing_ok=True)
        if half is not None:
            file.write_text(half)
        secrets._looked = float("-inf")
        assert not secrets.reload()
        assert list(secrets.verifying) == before
    file.write_text("b" * 64)
    secrets._looked = float("-inf")
    assert secrets.reload()
    assert secrets.signing == b"b" * 64
    file.write_text("short")
    with pytest.raises(ValueError, match="bytes"):
        InternalSecrets(file)
