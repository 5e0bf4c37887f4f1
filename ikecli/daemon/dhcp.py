"""Inner addresses from DHCP servers: a relay agent that is the client of each of its peers (RFC 2131 3, 4.4).

It has no sockets: datagrams go out by a function and come in by `receive`, and time is a clock's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address
from typing import Final

from ikecli.boundary.clock import Cancel, Clock
from ikecli.boundary.effects import Datagram, Endpoint, Inner, Lent
from ikecli.errors import Malformed, Unavailable
from ikecli.numbers import DHCP_PORT
from ikecli.wire.dhcp import ENDLESS, Kind, Received, Sent, read

Reply = Callable[[object], None]

AGAIN_SECONDS: Final = 2.0
"""How long a message waits for its answer before it is sent again."""
IN_ALL_SECONDS: Final = 16.0
"""How long all servers of a question are asked: a peer that begins does not wait much longer."""
LEAST_LEASE: Final = 60
"""Seconds of the shortest lease that is taken."""
LEAST_RENEWAL: Final = 30.0
"""Seconds between requests for more time, at the least (RFC 2131 4.4.5 has 60)."""
MAX_OF_OWNER: Final = 16
"""Addresses of one owner."""
LONGEST_NAME: Final = 60
"""Octets of an owner that are told as they are; longer ones by their hash."""


@dataclass(slots=True, eq=False)
class _Lease:
    """An address that is asked for, or held; `until` is when it ends, `server` the one that lent it."""

    question: Inner
    client: bytes
    hardware: bytes
    reply: Reply | None
    ends: float
    xid: int = 0
    asked: int = 0
    address: IPv4Address | None = None
    server: IPv4Address | None = None
    until: float = 0.0
    alarm: Cancel | None = None
    due: float = 0.0
    why: str = "no DHCP server answers"


class Dhcp:
    """All addresses that DHCP servers lend the peers of an appliance.

    `send` raises Unavailable where a datagram cannot leave; `gone` is called with an address that is lent no longer,
    `unused` when none is lent or asked for any more.
    """

    def __init__(
        self,
        clock: Clock,
        random: Callable[[int], bytes],
        send: Callable[[Datagram], None],
        gone: Callable[[IPv4Address], None],
        unused: Callable[[], None] = lambda: None,
    ) -> None:
        self._clock, self._random, self._send, self._gone, self._unused = clock, random, send, gone, unused
        self._clients: dict[bytes, _Lease] = {}
        self._by_xid: dict[int, _Lease] = {}
        self._held: dict[IPv4Address, _Lease] = {}

    def ask(self, question: Inner, reply: Reply) -> None:
        """Ask for an address; `reply` is called with a Lent, or with an exception that says why there is none."""
        client = next((one for one in _names(question.owner) if one not in self._clients), None)
        if client is None:
            why = Unavailable(f"this identity has {MAX_OF_OWNER} addresses, which is the limit")
            self._clock.call_at(self._clock.now(), lambda: reply(why))
            return
        lease = _Lease(question, client, _hardware(client), reply, self._clock.now() + IN_ALL_SECONDS)
        self._clients[client] = lease
        self._begin(lease)

    def receive(self, datagram: Datagram) -> None:
        """Take a datagram that came to the relay's port; what nobody asked for is passed over."""
        try:
            message = read(datagram.octets)
        except Malformed:
            return
        lease = self._by_xid.get(message.xid)
        if lease is None or message.hardware != lease.hardware or datagram.local.address != lease.question.relay:
            return
        if datagram.remote.port != DHCP_PORT or datagram.remote.address != self._asked(lease):
            return
        if lease.reply is None:
            self._renewed(lease, message)
        elif message.kind is Kind.OFFER and lease.address is None:
            self._offered(lease, message)
        elif message.kind is Kind.ACK and lease.address == message.address and message.server == lease.server:
            self._lent(lease, message)
        elif message.kind is Kind.NAK and lease.address is not None:
            lease.why = f"DHCP server {self._asked(lease)} refuses{f': {message.text}' if message.text else ''}"
            lease.asked += 1
            self._begin(lease)

    def give_back(self, address: IPv4Address) -> None:
        """Tell the server that an address is free again; one that is not held is no error."""
        lease = self._held.get(address)
        if lease is not None:
            self._release(lease)
            self._forget(lease)

    def close(self) -> None:
        """Give all addresses back, and those that are asked for; nobody is told."""
        for lease in tuple(self._clients.values()):
            self._release(lease)
            self._forget(lease)

    # Until there is an address

    def _begin(self, lease: _Lease) -> None:
        """Look for an address at the server whose turn it is."""
        lease.address = lease.server = None
        if lease.asked >= len(lease.question.servers):
            self._fail(lease)
            return
        self._number(lease)
        lease.due = min(self._clock.now() + lease.question.timeout, lease.ends)
        self._go_on(lease)

    def _go_on(self, lease: _Lease) -> None:
        """Send what is next for an address, and again while there is time; then it is the next server's turn."""
        now = self._clock.now()
        if now >= lease.due:
            self._release(lease)
            lease.asked = lease.asked + 1 if now < lease.ends else len(lease.question.servers)
            self._begin(lease)
            return
        wanted = lease.address or lease.question.wish
        kind = Kind.DISCOVER if lease.address is None else Kind.REQUEST
        try:
            self._tell(lease, kind, wanted=wanted, server=lease.server)
        except Unavailable as problem:
            lease.why = str(problem)
            lease.asked += 1
            self._begin(lease)
            return
        self._at(lease, min(now + AGAIN_SECONDS, lease.due), self._go_on)

    def _offered(self, lease: _Lease, offer: Received) -> None:
        if offer.server is None or not _is_host(offer.address) or offer.address in self._held:
            lease.why = f"DHCP server {self._asked(lease)} offers {offer.address}, which cannot be lent"
            return
        lease.address, lease.server = offer.address, offer.server
        self._go_on(lease)

    def _lent(self, lease: _Lease, message: Received) -> None:
        reply, address = lease.reply, message.address
        if reply is None or message.lease < LEAST_LEASE or address in self._held:
            lease.why = f"DHCP server {self._asked(lease)} lends {address} for {message.lease} seconds"
            lease.due = self._clock.now()
            self._go_on(lease)
            return
        lease.reply = None
        self._held[address] = lease
        self._hold(lease, message)
        reply(Lent(address, message.mask, lease.question.servers[lease.asked]))

    def _fail(self, lease: _Lease) -> None:
        reply = lease.reply
        self._forget(lease)
        if reply is not None:
            self._clock.call_at(self._clock.now(), partial(reply, Unavailable(lease.why)))

    # While there is one

    def _hold(self, lease: _Lease, message: Received) -> None:
        """Have the time of a lease begin; half of it later, or when the server says, more is asked for."""
        now = self._clock.now()
        lease.until = 0.0 if message.lease == ENDLESS else now + message.lease
        if not lease.until:
            self._still(lease)
            return
        first = message.renew if LEAST_RENEWAL <= message.renew < message.lease else message.lease / 2
        self._at(lease, now + first, self._renew)

    def _renew(self, lease: _Lease) -> None:
        """Ask for more time, again after half of what is left; then the address is gone."""
        now, address = self._clock.now(), lease.address
        if now >= lease.until and address is not None:
            self._forget(lease)
            self._gone(address)
            return
        self._number(lease)
        try:
            self._tell(lease, Kind.REQUEST, current=address)
        except Unavailable as problem:
            lease.why = str(problem)
        self._at(lease, min(lease.until, now + max(LEAST_RENEWAL, (lease.until - now) / 2)), self._renew)

    def _renewed(self, lease: _Lease, message: Received) -> None:
        address = lease.address
        if message.kind is Kind.ACK and message.address == address and message.lease >= LEAST_LEASE:
            self._hold(lease, message)
        elif message.kind is Kind.NAK and address is not None:
            self._forget(lease)
            self._gone(address)

    # Both

    def _asked(self, lease: _Lease) -> IPv4Address:
        servers = lease.question.servers
        return servers[min(lease.asked, len(servers) - 1)]

    def _release(self, lease: _Lease) -> None:
        """Give an address back that was asked for, whether or not the server has said that it is ours."""
        if lease.address is None:
            return
        try:
            self._tell(lease, Kind.RELEASE, current=lease.address, server=lease.server)
        except Unavailable as problem:
            lease.why = str(problem)

    def _tell(
        self,
        lease: _Lease,
        kind: Kind,
        current: IPv4Address | None = None,
        wanted: IPv4Address | None = None,
        server: IPv4Address | None = None,
    ) -> None:
        asks = lease.question
        link = asks.link if kind is Kind.DISCOVER or kind is Kind.REQUEST else None
        who = lease.client, lease.hardware
        octets = Sent(kind, lease.xid, asks.relay, *who, current, wanted, server, link, asks.link_option).write()
        ends = Endpoint(asks.relay, DHCP_PORT), Endpoint(self._asked(lease), DHCP_PORT)
        self._send(Datagram(octets, *ends))

    def _number(self, lease: _Lease) -> None:
        """Have a new transaction, so that late answers to the last are nobody's."""
        self._by_xid.pop(lease.xid, None)
        while (xid := int.from_bytes(self._random(4), "big")) in self._by_xid:
            continue
        lease.xid = xid
        self._by_xid[xid] = lease

    def _at(self, lease: _Lease, when: float, do: Callable[[_Lease], None]) -> None:
        self._still(lease)
        lease.alarm = self._clock.call_at(when, partial(do, lease))

    def _still(self, lease: _Lease) -> None:
        if lease.alarm is not None:
            lease.alarm.cancel()
        lease.alarm = None

    def _forget(self, lease: _Lease) -> None:
        self._still(lease)
        self._by_xid.pop(lease.xid, None)
        self._clients.pop(lease.client, None)
        if lease.address is not None and self._held.get(lease.address) is lease:
            del self._held[lease.address]
        if not self._clients:
            self._unused()


def _names(owner: bytes) -> list[bytes]:
    """Return client identifiers (RFC 2132 9.14) of an owner, which has one for each of its addresses."""
    name = owner if len(owner) <= LONGEST_NAME else hashlib.sha256(owner).digest()
    return [b"\0" + name, *(b"\0" + name + f"#{number}".encode() for number in range(2, MAX_OF_OWNER + 1))]


def _hardware(client: bytes) -> bytes:
    """Return a hardware address that no device has, always the same for a client."""
    digest = hashlib.sha256(client).digest()
    return bytes((digest[0] & 0xFC | 0x02,)) + digest[1:6]


def _is_host(address: IPv4Address) -> bool:
    return not (address.is_unspecified or address.is_multicast or address.is_loopback or int(address) == ENDLESS)
