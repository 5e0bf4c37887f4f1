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
from ikecli.dataplane.userspace.wrapping import Gre, Wrap

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


@pytest.mark.parametrize("outer", ["192.0.2.1", "2001:db8::1"])
def test_the_header_before_gre_has_the_hops_and_the_service_that_are_said_or_those_of_the_packet(outer: str) -> None:
    end, octets = ip_address(outer), INSIDE.write()
    for said, seen in ((Gre(end, end, None), (255, 12)), (Gre(end, end, 7, 33, 96), (33, 96))):
        packet = Packet.read(Wrap(said).head(4, len(octets), 12) + octets)
        assert (packet.ttl, packet.tos, packet.protocol) == (*seen, gre.GRE)
