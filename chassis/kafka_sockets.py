"""A mend of aiokafka under uvloop: a socket that is gone is a lost connection, not an error of the program.

Between a reset by the broker and aiokafka's notice of it there are two turns of the loop in which uvloop has closed the
socket already. What is written then raises RuntimeError, which aiokafka takes for nobody's case: the task that
refreshes a client's metadata ends by it, and all who wait for metadata wait for ever (aiokafka's issue 1038, open in
0.14). It goes when aiokafka catches this itself; decision 0045 says how it was found.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError

Send = Callable[..., Any]


def take_lost_sockets_for_lost_connections() -> None:
    """Let every Kafka connection of this process say KafkaConnectionError where its socket is gone; once is enough."""
    if not hasattr(AIOKafkaConnection.send, "__wrapped__"):
        AIOKafkaConnection.send = _mended(AIOKafkaConnection.send)


def _mended(send: Send) -> Send:
    @wraps(send)
    def mended(connection: AIOKafkaConnection, *arguments: Any, **more: Any) -> Any:
        try:
            return send(connection, *arguments, **more)
        except RuntimeError as error:
            # As aiokafka does for an OSError: what is unanswered on this connection fails, and the next one is new.
            connection.close(reason=CloseReason.CONNECTION_BROKEN, exc=error)
            raise KafkaConnectionError(f"Connection at {connection.host}:{connection.port} broken: {error}") from error

    return mended
