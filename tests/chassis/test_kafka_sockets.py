"""A socket that the broker has reset is a lost connection, on real sockets and the loop that services run on."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

import pytest
import uvloop
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.metadata import MetadataRequest

from chassis.kafka_sockets import take_lost_sockets_for_lost_connections

RESET_ON_CLOSE = struct.pack("ii", 1, 0)
TURNS = 10_000


class Connection(AIOKafkaConnection):  # type: ignore[misc]
    """A connection to a server that says nothing, not even which versions it knows."""

    async def _do_version_lookup(self) -> None:
        self._versions = {MetadataRequest.API_KEY: (0, 5)}


async def sent_after_a_reset(send: Any) -> None:
    """Send in the turns of the loop between uvloop's notice of the reset and aiokafka's."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        connection = Connection("127.0.0.1", server.getsockname()[1], request_timeout_ms=1_000)
        await connection.connect()
        peer, _ = server.accept()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        peer.close()
        transport = connection._writer.transport
        for _ in range(TURNS):
            if "closed=True" in repr(transport):
                break
            await asyncio.sleep(0)
        assert connection.connected()  # so it says; a client would take it
        await send(connection, MetadataRequest([]))


def test_a_request_on_a_socket_that_was_reset_fails_as_a_lost_connection() -> None:
    # Given
    take_lost_sockets_for_lost_connections()
    take_lost_sockets_for_lost_connections()  # a second time changes nothing
    # When / then
    with pytest.raises(KafkaConnectionError, match="the handler is closed"):
        uvloop.run(sent_after_a_reset(AIOKafkaConnection.send))


def test_the_library_alone_raises_what_none_of_its_tasks_expects() -> None:
    """When this fails the library has been mended, and our mend can go."""
    take_lost_sockets_for_lost_connections()
    with pytest.raises(RuntimeError, match="the handler is closed"):
        uvloop.run(sent_after_a_reset(AIOKafkaConnection.send.__wrapped__))
