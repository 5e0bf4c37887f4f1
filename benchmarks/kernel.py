"""What a Child SA costs to put into the kernel: two SAs and three policies, through the plane as the engine calls it.

Time of the processor, the kernel's work included. Where the kernel has no ESP, SAs are made into messages that go to a
socket of our own, and that is said: ledger and policies are real all the same.
"""

from __future__ import annotations

import os
import socket
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Final

from benchmarks.figure import Figure
from ikecli.boundary.effects import Direction, Install
from ikecli.dataplane.linux.host import Host
from ikecli.dataplane.linux.ledger import Ledger
from ikecli.dataplane.linux.netlink import Requests
from ikecli.dataplane.xfrm import messages as xfrm
from ikecli.dataplane.xfrm.plane import XfrmPlane
from ikecli.dataplane.xfrm.probe import missing
from ikecli.errors import Unavailable
from ikecli.intent.selectors import host_selector
from tests.dataplane.namespaces import ip, namespaces, within
from tests.dataplane.pairs import GCM, Pair, intent
from tests.dataplane.rigs import ENDS, IkeSockets, RealClock

MILLISECONDS: Final = 0.5
CHILDREN: Final = 300
BUFFER: Final = 4_096
ANSWER: Final = 36
"""Octets of an acknowledgement."""


class Willing(Requests):
    """Sends SAs to nobody, where the kernel has no ESP: it would look for a module at each. The rest is real."""

    def __init__(self) -> None:
        super().__init__(xfrm.NETLINK_XFRM, xfrm.MarshalXfrm())
        self._here, self._there = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)

    def change(self, what: str, message: Any, kind: int, flags: int = 0) -> None:
        """Have something changed."""
        if kind != xfrm.XFRM_MSG_NEWSA:
            super().change(what, message, kind, flags)
            return
        header = message["header"]
        header["type"], header["flags"], header["sequence_number"], header["pid"] = kind, flags, 1, 0
        message.reset()
        message.encode()
        self._here.send(message.data)
        self._there.send(self._there.recv(BUFFER)[:ANSWER])
        self._here.recv(BUFFER)

    def close(self) -> None:
        """Close the sockets."""
        super().close()
        self._here.close()
        self._there.close()


def measure(children: int = CHILDREN) -> Iterator[Figure | str]:
    """Yield the figure."""
    if os.geteuid():
        yield "kernel: not measured: it needs root"
        return
    with tempfile.TemporaryDirectory() as where, namespaces("bench") as made, within(made["bench"]):
        ledger, sockets = Ledger(Path(where), 1), IkeSockets()
        try:
            why = missing(ledger, 0x1000)
            plane = XfrmPlane(host(Path(where), sockets), ledger)
        except Unavailable as problem:
            yield f"kernel: not measured: {problem}"
            return
        ip("address", "add", f"{ENDS['L']}/24", "dev", "lo")
        plane.configure(intent("L"))
        if why:
            plane._kernel.close()
            plane._kernel._requests = Willing()
        pairs = [child(number) for number in range(children)]
        before = time.process_time()
        for into, out in pairs:
            plane.install(into)
            plane.install(out)
        taken = (time.process_time() - before) / children * 1000
        basis = f"2 SAs and 3 policies, {children} times" + (f"; {why}: SAs went to nobody" if why else "")
        plane.close()
        sockets.close()
        yield Figure("kernel", taken, "ms of the processor a Child SA", MILLISECONDS, basis)


def host(state: Path, sockets: IkeSockets) -> Host:
    """Return the process around the plane, which nobody looks at."""

    def trouble(problem: Unavailable) -> None:
        raise problem

    return Host(
        RealClock(), lambda notice: None, os.urandom, sockets, state, lambda file, act: None, lambda file: None,
        lambda text: None, trouble,
    )  # fmt: skip


def child(number: int) -> tuple[Install, Install]:
    """Return both directions of a Child SA between two hosts."""
    out = Pair.__new__(Pair).sa("L", GCM, None, 1)
    near, far = host_selector("10.1.0.1"), host_selector(str(IPv4Address("10.2.0.0") + 1 + number))
    out = replace(out, spi=0x10000 + number, peer_spi=0x20000 + number, flows=((near, far),))
    into = replace(out, direction=Direction.INBOUND, spi=out.peer_spi, peer_spi=out.spi)
    return into, out
