"""GRE that nothing protects, in the worker: what its socket and its device do on their own."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import closing
from ipaddress import ip_address

import pytest

from ikecli.daemon.sockets import IPV6_HERE
from ikecli.dataplane import gre
from ikecli.dataplane.packet import UDP, Packet
from ikecli.dataplane.userspace.bare import Bare
from ikecli.dataplane.userspace.wrapping import Gre

HERE = ip_address("::1")
INSIDE = Packet(ip_address("10.1.0.1"), ip_address("10.2.0.1"), UDP, bytes(8))


@pytest.fixture
def wire() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Sockets of both ends; as of raw ones over IPv6 no header comes along."""
    near, far = (socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) for _ in range(2))
    with near, far:
        near.bind(("::1", 0))
        near.setblocking(False)
        yield near, far


@pytest.mark.skipif(not IPV6_HERE.exists(), reason="this machine has no IPv6")
def test_a_device_that_is_down_loses_what_comes_and_nothing_else(wire: tuple[socket.socket, socket.socket]) -> None:
    near, far = wire
    full = os.open("/dev/full", os.O_RDWR)
    with closing(Bare(full, os.dup(near.fileno()), Gre(HERE, HERE, None), (4,), (0, 0))) as bare:
        for _ in range(2):
            far.sendto(gre.wrap(INSIDE, None), near.getsockname())
        bare.receive(0)
        with pytest.raises(BlockingIOError):
            near.recv(100)
