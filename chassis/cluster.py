"""Which Kafka cluster answers: another identity under the same address means that its logs were lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from chassis.kafka import admin, cluster_id
from chassis.telemetry import logger, safe_text

LOOK_S = 3.0
SILENT_S = 10.0
"""No answer for so long means that the cluster is away."""


class ClusterWatch:
    """Asks every few seconds over one connection, for the consumers and the relay of a process."""

    def __init__(self, servers: str) -> None:
        self.identity: str | None = None
        """The cluster that answered last; None until one has."""
        self._answered_at = -SILENT_S
        self._servers = servers
        self._listeners: list[Callable[[str], None]] = []

    @property
    def answers(self) -> bool:
        """Whether the cluster has answered lately."""
        return asyncio.get_running_loop().time() - self._answered_at < SILENT_S

    def on_change(self, listener: Callable[[str], None]) -> None:
        """Call this with the new identity when another cluster answers than before."""
        self._listeners.append(listener)

    async def run(self) -> None:
        """Watch for ever; while Kafka is away, try again."""
        while True:
            try:
                async with admin(self._servers) as client:
                    while True:
                        self._note(await cluster_id(client))
                        await asyncio.sleep(LOOK_S)
            except Exception as error:
                logger.warning("Kafka does not answer", action="retry", error=safe_text(error))
            await asyncio.sleep(LOOK_S)

    def _note(self, identity: str) -> None:
        self._answered_at = asyncio.get_running_loop().time()
        before, self.identity = self.identity, identity
        if before is not None and before != identity:
            logger.error("another Kafka cluster answers", action="reread", cluster=identity)
            for listener in self._listeners:
                listener(identity)
