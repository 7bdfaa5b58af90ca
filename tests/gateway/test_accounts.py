"""Who is let in, who waits, and how what there is is shared; time is an argument, so nothing here waits."""

from __future__ import annotations

from collections import Counter

import pytest

from chassis.errors import Problem
from services.gateway.admission import Admission, Limits, headers_of

FEW = Limits(10, 20, 5)
MANY = Limits(100_000, 1_000_000, 1_000_000)


def refused(admission: Admission, client: str, limits: Limits, now: float, *, shared: bool = True) -> Problem | None:
    try:
        admission.enter(client, limits, now, shared=shared)
    except Problem as problem:
        return problem
    return None


def test_a_client_has_its_burst_and_then_its_rate() -> None:
    admission = Admission()
    assert sum(refused(admission, "a", FEW, 0.0) is None for _ in range(100)) == 20
    assert sum(refused(admission, "a", FEW, 1.0) is None for _ in range(100)) == 10
    late = refused(admission, "a", FEW, 1.0)
    assert late is not None
    assert (late.status, late.code, late.headers["Retry-After"]) == (429, "rate-limited", "1")
    assert refused(admission, "b", FEW, 1.0) is None, "another client has its own"


def test_a_batch_costs_what_it_holds_and_is_paid_back_before_the_next() -> None:
    admission = Admission()
    bucket = admission.enter("a", FEW, 0.0, shared=True)
    admission.charge(bucket, 119)
    assert bucket.level == -100
    early = refused(admission, "a", FEW, 9.9)
    assert early is not None
    assert early.headers["Retry-After"] == "1"
    assert refused(admission, "a", FEW, 10.2) is None


def test_what_waits_for_its_commit_is_bounded_per_client() -> None:
    admission = Admission()
    bucket = admission.enter("a", FEW, 0.0, shared=True)
    with admission.waiting(bucket, 5):
        more = refused(admission, "a", FEW, 0.0)
        assert more is not None
        assert (more.status, more.code) == (429, "too-many-in-flight")
        assert refused(admission, "a", FEW, 0.0, shared=False) is None, "reading goes on"
        with pytest.raises(Problem), admission.waiting(bucket, 1):
            pass
    assert bucket.in_flight == 0
    with admission.waiting(bucket, 500):
        assert bucket.in_flight == 500, "a batch above the limit goes alone"


def test_a_greedy_client_takes_nothing_from_modest_ones_when_the_rate_is_shared() -> None:
    admission = Admission()
    admission.limit(100.0)
    taken: Counter[str] = Counter()
    for ms in range(0, 20_000, 2):
        now = ms / 1_000
        for client, every_ms in (("greedy", 2), ("modest", 50), ("small", 200)):
            if ms % every_ms == 0 and refused(admission, client, MANY, now) is None:
                taken[client] += 1
    assert taken["modest"] >= 0.95 * 400, "20 a second is less than a third of 100"
    assert taken["small"] >= 99, "at the very start nobody has anything yet"
    assert 0.9 * 1_500 <= taken["greedy"] <= 1.15 * 1_500, "what the others leave over is not wasted"


def test_greedy_batches_pay_from_what_they_were_let_in_by() -> None:
    admission = Admission()
    admission.limit(100.0)
    taken = 0
    for ms in range(0, 60_000, 10):
        if refused(admission, "modest", MANY, ms / 1_000) is not None:
            continue
        admission.charge(admission._buckets["modest"], 49)
        taken += 50
    assert 0.9 * 6_000 <= taken <= 1.1 * 6_000


def test_limits_that_were_changed_hold_at_once_and_debts_stay() -> None:
    admission = Admission()
    admission.charge(admission.enter("a", MANY, 0.0, shared=True), 2_000_000)
    assert refused(admission, "a", FEW, 0.0) is not None


def test_a_client_can_read_what_it_has_left() -> None:
    bucket = Admission().enter("a", FEW, 0.0, shared=True)
    assert headers_of(bucket) == [(b"ratelimit-policy", b'"items";q=20;w=2'), (b"ratelimit", b'"items";r=19;t=1')]
