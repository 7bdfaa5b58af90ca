"""How far the departments are behind, and the rate at which more may be accepted when they are too far.

A department that works and is behind sets the pace. One that stands still (it is down, or Kafka is away) does not: what
is sent to it is accepted all the same and waits for it, which is what the gateway is for.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from time import monotonic
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from chassis.kafka import owned_topics
from chassis.telemetry import logger, safe_text
from services.gateway.admission import Admission, AdmissionMetrics
from services.gateway.settings import GatewaySettings

EVERY_S = 1.0
KAFKA_S = 5.0
LOOKS = 6
"""A pace is judged over so many looks in which the department moved each time."""
LAG_EVENTS_MIN = 2_000
"""Less than this is nobody's overload."""
FAR_BEHIND = 1.5
RAISE = 1.1
RATE_MIN = 100.0
RATE_FREE = 20_000.0
"""A limit above this limits nobody."""


class Look(NamedTuple):
    """One department at one moment."""

    at: float
    lag: int
    """Events that stand in its topics and are not settled."""
    taken: int
    """Events that it has settled since the topics began."""
    intake: int
    """Those of them that the gateway accepted."""


class Pace:
    """How fast departments work and how far they are behind, from a few looks at each."""

    def __init__(self, behind_s: float) -> None:
        self._behind_s = behind_s
        self._looks: dict[str, deque[Look]] = {}

    def note(self, department: str, look: Look) -> None:
        """Another look; one that stood still since the last, or began anew, starts over."""
        looks = self._looks.setdefault(department, deque(maxlen=LOOKS))
        if looks and (look.taken <= looks[-1].taken or look.intake < looks[-1].intake):
            looks.clear()
        looks.append(look)

    def forget(self) -> None:
        """Kafka is away: nobody is judged by what was before."""
        self._looks.clear()

    def behind_s(self, department: str) -> float:
        """Seconds of work that wait for it at its present pace; 0 when that is not known or little."""
        looks = self._looks.get(department)
        if looks is None or len(looks) < LOOKS or looks[-1].lag < LAG_EVENTS_MIN:
            return 0.0
        return looks[-1].lag * (looks[-1].at - looks[0].at) / (looks[-1].taken - looks[0].taken)

    def rate(self, present: float | None) -> float | None:
        """Events a second that may be accepted from now on; None for as many as come."""
        wanted: list[float] = []
        for department, looks in self._looks.items():
            behind = self.behind_s(department)
            if behind > self._behind_s:
                pace = (looks[-1].intake - looks[0].intake) / (looks[-1].at - looks[0].at)
                wanted.append(max(RATE_MIN, pace * (0.8 if behind > FAR_BEHIND * self._behind_s else 1.0)))
        if wanted:
            return min(wanted)
        if present is None or present * RAISE > RATE_FREE:
            return None
        return present * RAISE


class Backlog:
    """Looks at the consumer groups' committed offsets and sets the rate that clients share."""

    def __init__(self, settings: GatewaySettings, admission: Admission, metrics: AdmissionMetrics) -> None:
        self._servers = settings.stack.kafka_bootstrap_servers
        self._departments = [name for name, address in settings.addresses().items() if address is not None]
        self._intake = frozenset(topic.name for topic in owned_topics("gateway"))
        self._admission = admission
        self._metrics = metrics
        self.pace = Pace(settings.backlog_s)

    async def follow(self) -> None:
        """For ever; while Kafka is away nothing is limited."""
        while True:
            admin = AIOKafkaAdminClient(bootstrap_servers=self._servers, request_timeout_ms=int(KAFKA_S * 1_000))
            reader = AIOKafkaConsumer(bootstrap_servers=self._servers, enable_auto_commit=False)
            try:
                async with asyncio.timeout(KAFKA_S):
                    await admin.start()
                    await reader.start()
                while True:
                    async with asyncio.timeout(KAFKA_S):
                        await self._look(admin, reader)
                    self._decide()
                    await asyncio.sleep(EVERY_S)
            except Exception as error:
                logger.warning("the departments' backlog is not known", action="retry", error=safe_text(error))
                self._lift()
                await asyncio.sleep(EVERY_S)
            finally:
                with suppress(Exception):
                    await admin.close()
                with suppress(Exception):
                    await reader.stop()

    async def _look(self, admin: AIOKafkaAdminClient, reader: AIOKafkaConsumer) -> None:
        for department in self._departments:
            told = await admin.list_consumer_group_offsets(department)
            taken: Mapping[TopicPartition, int] = {tp: max(0, meta.offset) for tp, meta in told.items()}
            if not taken:
                continue
            ends = await reader.end_offsets(list(taken))
            lag = sum(max(0, ends[tp] - at) for tp, at in taken.items())
            intake = sum(at for tp, at in taken.items() if tp.topic in self._intake)
            self.pace.note(department, Look(monotonic(), lag, sum(taken.values()), intake))
            self._metrics.behind.labels(department).set(self.pace.behind_s(department))

    def _lift(self) -> None:
        """Kafka is away: nobody can say who is behind, so nobody is kept waiting."""
        self.pace.forget()
        self._admission.limit(None)
        self._metrics.shared_rate.set(0)
        for department in self._departments:
            self._metrics.behind.labels(department).set(0)

    def _decide(self) -> None:
        before = self._admission.rate
        rate = self.pace.rate(before)
        if (before is None) != (rate is None):
            logger.warning("accepting is limited" if rate is not None else "accepting is not limited", action="admit")
        self._admission.limit(rate)
        self._metrics.shared_rate.set(rate or 0)
