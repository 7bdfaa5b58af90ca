"""Admission: what one client may ask for in a second, and how what there is is shared when it is not enough for all.

Counted in items, not in requests, so that a batch costs what it holds. A request is let in while its client's bucket is
above zero and is charged the rest once it has been read: nothing is parsed for a client that has nothing left, and the
overshoot is one request. Everything here is arithmetic on a few numbers in memory, because every request passes it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from chassis.errors import Problem, overloaded
from chassis.telemetry import Metrics

ACTIVE_S = 2.0
"""A client that asked within this time counts when a limited rate is shared."""
BUCKETS_MAX = 10_000


class Limits(NamedTuple):
    """What one client may do."""

    per_s: float
    """Items a second, as a mean."""
    burst: int
    """Items at once after a rest."""
    in_flight: int
    """Items that may wait for their commit at once."""


@dataclass(slots=True)
class Bucket:
    """One client's account."""

    limits: Limits
    level: float
    filled: float
    in_flight: int = 0
    share: float = 0.0
    """What is left of its part of a limited rate."""
    shared: float = 0.0
    used_spare: bool = False

    def fill(self, now: float) -> None:
        """What has come in since the last look."""
        self.level = min(self.limits.burst, self.level + (now - self.filled) * self.limits.per_s)
        self.filled = now


class Admission:
    """The accounts of all clients of one process, and the rate that all of them share when there is one."""

    def __init__(self) -> None:
        self._buckets: dict[str, Bucket] = {}
        self._rate: float | None = None
        self._spare = 0.0
        self._active = 1
        self._counted = 0.0

    @property
    def rate(self) -> float | None:
        """Items a second that all clients share; None while there is enough for everybody."""
        return self._rate

    def limit(self, rate: float | None) -> None:
        """Share this rate among the clients from now on."""
        self._rate = rate

    def enter(self, client: str, limits: Limits, now: float, *, shared: bool) -> Bucket:
        """Let one item in, and say what is left. `shared`: it takes a part of the rate that all share.

        Raises Problem 429 when the client has used up what is its own, 503 when there is not enough for all.
        """
        bucket = self._buckets.get(client)
        if bucket is None or bucket.limits != limits:
            bucket = self._open(client, limits, now)
        bucket.fill(now)
        if bucket.level <= 0:
            wait_s = math.ceil((1 - bucket.level) / limits.per_s)
            raise _refused(429, "rate-limited", f"This client may send {limits.per_s:g} items a second.", wait_s)
        if shared:
            if bucket.in_flight >= limits.in_flight:
                detail = f"This client may have {limits.in_flight} items waiting for an answer at once."
                raise _refused(429, "too-many-in-flight", detail, 1)
            if self._rate is not None and not self._has_share(bucket, self._rate, now):
                raise overloaded()
        bucket.level -= 1
        return bucket

    def charge(self, bucket: Bucket, items: int) -> None:
        """Charge what a request held beside its first item; an account may go below zero by one request."""
        bucket.level -= items
        if self._rate is not None:
            if bucket.used_spare:
                self._spare -= items
            else:
                bucket.share -= items

    @contextmanager
    def waiting(self, bucket: Bucket, items: int) -> Iterator[None]:
        """Count items that wait for their commit. Raises Problem 429 when there would be too many."""
        if bucket.in_flight and bucket.in_flight + items > bucket.limits.in_flight:
            detail = f"This client may have {bucket.limits.in_flight} items waiting for an answer at once."
            raise _refused(429, "too-many-in-flight", detail, 1)
        bucket.in_flight += items
        try:
            yield
        finally:
            bucket.in_flight -= items

    def _has_share(self, bucket: Bucket, rate: float, now: float) -> bool:
        """Each active client has an equal part of its own; what one leaves over is for whoever wants more."""
        if now - self._counted > ACTIVE_S / 4:
            self._counted = now
            self._active = max(1, sum(now - each.shared < ACTIVE_S for each in self._buckets.values()))
        part = rate / self._active
        grown = bucket.share + min(now - bucket.shared, 1.0) * part
        bucket.shared = now
        bucket.share = min(grown, part)
        self._spare = min(self._spare + grown - bucket.share, rate)
        if bucket.share > 0:
            bucket.used_spare = False
            bucket.share -= 1
            return True
        if self._spare > 0:
            bucket.used_spare = True
            self._spare -= 1
            return True
        return False

    def _open(self, client: str, limits: Limits, now: float) -> Bucket:
        if len(self._buckets) >= BUCKETS_MAX:  # those that are full again are as good as new
            kept = {name: b for name, b in self._buckets.items() if b.in_flight or now - b.filled < b.limits.burst}
            self._buckets = kept
        former = self._buckets.get(client)
        made = self._buckets[client] = Bucket(limits, limits.burst, now)
        if former is not None:  # its limits were changed: what it owes and what is on the way stays
            former.fill(now)
            made.level = min(limits.burst, former.level)
            made.in_flight = former.in_flight
        return made


def headers_of(bucket: Bucket) -> list[tuple[bytes, bytes]]:
    """What the client may do, and what is left (the IETF's draft of RateLimit header fields)."""
    limits, level = bucket.limits, bucket.level
    full_s = math.ceil((limits.burst - level) / limits.per_s)
    window_s = max(1, math.ceil(limits.burst / limits.per_s))
    return [
        (b"ratelimit-policy", b'"items";q=%d;w=%d' % (limits.burst, window_s)),
        (b"ratelimit", b'"items";r=%d;t=%d' % (max(0, level), full_s)),
    ]


def _refused(status: int, code: str, detail: str, wait_s: int) -> Problem:
    return Problem(status, code, detail, headers={"Retry-After": str(max(1, min(wait_s, 3_600)))})


class AdmissionMetrics:
    """What is counted of it."""

    def __init__(self, metrics: Metrics) -> None:
        self.refused = metrics.counter("admission_refused_total", "Requests refused before they were read", "code")
        self.behind = metrics.gauge("backlog_seconds", "Seconds of work that wait for a department", "department")
        self.shared_rate = metrics.gauge("admission_shared_rate", "Items a second that clients share; 0: no limit")
