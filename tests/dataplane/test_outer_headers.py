"""The IP header before ESP, as each data plane makes it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from ikecli.boundary.effects import Direction
from ikecli.dataplane.base import Echo, EchoResult
from ikecli.dataplane.packet import ESP, UDP, Packet
from ikecli.dataplane.xfrm.kernel import Kernel
from ikecli.intent import Outer
from tests.dataplane.namespaces import within
from tests.dataplane.pairs import GCM, Pair
from tests.dataplane.rigs import ENDS, INSIDE, MemoryRig

ETH_P_IP = 0x0800


@contextmanager
def tapped(pair: Pair) -> Iterator[list[Packet]]:
    """Have what comes to R from L over the wire meanwhile."""
    seen: list[Packet] = []
    if isinstance(pair.rig, MemoryRig):
        pair.rig.nodes["L"].plane._link.tap = seen.append  # type: ignore[attr-defined]
        yield seen
        return
    with within(pair.rig.nodes["R"].namespace), socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM) as tap:
        tap.bind(("veth0", ETH_P_IP))
        tap.setblocking(False)
        yield seen
        while True:
            try:
                seen.append(Packet.read(tap.recv(65535)))
            except BlockingIOError:
                return


@pytest.mark.parametrize("encapsulated", [False, True], ids=["esp", "udp"])
@pytest.mark.parametrize(("outer", "bit"), [(Outer(), True), (Outer(whole=False), False)], ids=["copy", "clear"])
def test_df_outside_is_that_inside_unless_it_is_cleared(
    pair: Pair, outer: Outer, bit: bool, encapsulated: bool
) -> None:
    marks: list[EchoResult] = []
    pair.connect(outer=outer, encapsulated=encapsulated)
    with tapped(pair) as seen:
        pair.rig.do("L", "echo", Echo(INSIDE["R"], "inside", 300, 1, 1, whole=True), marks.append)
        pair.rig.wait(lambda: marks, 2)
    assert [one.mark for one in marks] == ["!"]
    protected = [p for p in seen if str(p.source) == ENDS["L"] and p.protocol in (ESP, UDP) and p.length > 300]
    assert [packet.whole for packet in protected] == [bit]


@pytest.mark.parametrize(
    ("outer", "flags"), [(Outer(), 0), (Outer(marks=False), 1), (Outer(whole=False), 4), (Outer(False, False), 5)]
)
def test_the_kernel_is_told_in_the_flags_of_what_sends(outer: Outer, flags: int) -> None:
    """XFRM_STATE_NOECN and XFRM_STATE_NOPMTUDISC of linux/xfrm.h."""
    kernel = Kernel.__new__(Kernel)
    out = Pair.sa("L", GCM, None, 1)
    for direction, wanted in ((Direction.OUTBOUND, flags), (Direction.INBOUND, 0)):
        sa = out if direction is Direction.OUTBOUND else Pair.inbound(out, "R")
        message = kernel._message(replace(sa, outer=outer), (500, 500), 7)
        assert message["info"]["flags"] & 5 == wanted
