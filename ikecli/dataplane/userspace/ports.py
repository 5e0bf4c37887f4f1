"""The worker's sockets: UDP port 4500 that it shares with IKE, and raw ESP, each of an address of ours in a VRF."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import Final

from ikecli.boundary.effects import Install
from ikecli.intent import Address

BUFFER: Final = 1 << 23
SO_SNDBUFFORCE, SO_RCVBUFFORCE = 32, 33
UDP_GRO: Final = 104
IPV6_TCLASS: Final = 67
IP_RECVERR, IPV6_RECVERR = 11, 25
IP_RECVTOS, IPV6_RECVTCLASS = 13, 66
IP_FREEBIND, IPV6_FREEBIND = 15, 78
IP_MTU_DISCOVER: Final = 10
MAY_BE_CUT, AS_IT_FITS = 0, 1


class Ports:
    """The sockets by address and kind."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, Address, bool], socket.socket] = {}
        self._sending: dict[tuple[str, str, bool], socket.socket | None] = {}
        self._cut: set[socket.socket] = set()

    def add(self, vrf: str, address: Address, udp: bool, file: int) -> socket.socket:
        """Take a socket; return it ready for use."""
        one = socket.socket(fileno=file)
        six = address.version == 6
        level = socket.IPPROTO_IPV6 if six else socket.IPPROTO_IP
        one.setblocking(False)
        for option in (SO_SNDBUFFORCE, SO_RCVBUFFORCE):
            one.setsockopt(socket.SOL_SOCKET, option, BUFFER)
        if udp or six:  # else the header comes along
            one.setsockopt(level, IPV6_RECVTCLASS if six else IP_RECVTOS, 1)
        one.setsockopt(level, IPV6_RECVERR if six else IP_RECVERR, 1)
        if udp:
            one.setsockopt(socket.IPPROTO_UDP, UDP_GRO, 1)
        self._open[vrf, address, udp] = one
        self._sending.clear()
        return one

    def drop(self, vrf: str, address: Address, udp: bool) -> socket.socket | None:
        """Give a socket up; return it, to be closed."""
        self._sending.clear()
        gone = self._open.pop((vrf, address, udp), None)
        if gone is not None and gone in self._cut:
            self._discover(gone, AS_IT_FITS)
        return gone

    def sending(self, here: tuple[str, str, bool]) -> socket.socket | None:
        """Return the socket that ESP leaves by, of a VRF, an address, over UDP or not: its own, else that of all."""
        try:
            return self._sending[here]
        except KeyError:
            vrf, address, udp = here[0], ip_address(here[1]), here[2]
            found = self._open.get((vrf, address, udp)) or self._open.get((vrf, type(address)(0), udp))
            self._sending[here] = found
            return found

    def leave_whole(self, one: socket.socket, sa: Install) -> None:
        """Have a socket send with DF as an SA wants it: clear, else as the kernel sets it on what fits."""
        clear = sa.outer.whole is False and sa.remote.address.version == 4
        if clear != (one in self._cut):
            self._discover(one, MAY_BE_CUT if clear else AS_IT_FITS)

    def _discover(self, one: socket.socket, how: int) -> None:
        one.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, how)
        (self._cut.add if how == MAY_BE_CUT else self._cut.discard)(one)
