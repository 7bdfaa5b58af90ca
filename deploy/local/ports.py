"""Free TCP ports on the loopback address."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Iterator
from pathlib import Path

from deploy.local.errors import NoFreePort

HOST = "127.0.0.1"
LOWEST = 10_240
HIGHEST = 65_535


class Ports:
    """Hands out free ports, each once.

    With `BACKBONE_PORTS_FROM=20000` they are counted up from there, so that addresses are known in advance. Otherwise
    they are drawn at random below the kernel's range for outgoing connections: a port taken from inside that range
    may be lost to somebody's outgoing connection before our server binds it.
    """

    def __init__(self, first: int | None = None) -> None:
        self._candidates = _counted(first) if first is not None else _drawn()

    @classmethod
    def from_environment(cls) -> Ports:
        """Honour `BACKBONE_PORTS_FROM`."""
        first = os.environ.get("BACKBONE_PORTS_FROM")
        return cls(int(first) if first else None)

    def take(self) -> int:
        """The next free port; raises `NoFreePort`."""
        for port in self._candidates:
            if is_free(port):
                return port
        raise NoFreePort("no free port left in the range")


def is_free(port: int) -> bool:
    """True when a server could bind the port now. Connections that linger in TIME_WAIT do not count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _counted(first: int) -> Iterator[int]:
    return iter(range(first, HIGHEST + 1))


def _drawn() -> Iterator[int]:
    candidates = list(range(LOWEST, max(LOWEST + 1_000, _first_outgoing_port())))
    random.shuffle(candidates)
    return iter(candidates)


def _first_outgoing_port() -> int:
    try:
        return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 32_768  # the usual lower bound on Linux; macOS starts higher
