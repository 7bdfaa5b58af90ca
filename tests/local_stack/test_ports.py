"""Ports are free when they are handed out."""

from __future__ import annotations

import socket

import pytest

from deploy.local.errors import NoFreePort
from deploy.local.kafka import new_cluster_id
from deploy.local.ports import HIGHEST, HOST, Ports, is_free


def test_a_port_in_use_is_passed_over() -> None:
    with socket.socket() as busy:
        busy.bind((HOST, 0))
        busy.listen()
        port = busy.getsockname()[1]

        assert not is_free(port)
        assert Ports(first=port).take() > port


def test_ports_are_counted_up_from_the_given_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKBONE_PORTS_FROM", "20500")
    ports = Ports.from_environment()

    first, second = ports.take(), ports.take()

    assert 20_500 <= first < second


def test_an_exhausted_range_says_so() -> None:
    ports = Ports(first=HIGHEST + 1)

    with pytest.raises(NoFreePort, match="no free port"):
        ports.take()


def test_a_cluster_id_never_looks_like_an_option_of_kafkas_storage_tool() -> None:
    # Given bytes whose base64 begins with "-", and then others
    drawn = iter([b"\xf8" + bytes(15), b"\x01" + bytes(15)])
    # When an id is made, then it is drawn again
    assert new_cluster_id(lambda size: next(drawn)[:size]) == "AQAAAAAAAAAAAAAAAAAAAA"
