"""IKE over real UDP sockets on loopback: addresses kept, the marker on and off, what is no IKE counted."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from errno import ECONNREFUSED, EHOSTUNREACH, ENETUNREACH
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ikecli.boundary.effects import Datagram, Endpoint
from ikecli.daemon.sockets import BATCH, IPV6_HERE, LONGEST_TURN, PROBE, Ports, Sockets
from ikecli.dataplane.linux.host import Home
from ikecli.errors import Unavailable
from ikecli.intent import Address
from tests.daemon.engines import free_ports

A, B = ip_address("127.0.0.1"), ip_address("127.0.0.2")


def at(addresses: Iterable[Address]) -> list[Home]:
    return [Home(one) for one in addresses]


class End:
    """Sockets and what they received."""

    def __init__(self, ports: tuple[int, int]) -> None:
        self.heard: asyncio.Queue[Datagram] = asyncio.Queue()
        self.sockets = Sockets(asyncio.get_running_loop(), self.heard.put_nowait, Ports(*ports))

    async def next(self) -> Datagram:
        return await asyncio.wait_for(self.heard.get(), 2)


@asynccontextmanager
async def ends(count: int, ports: tuple[int, int] | None = None) -> AsyncIterator[list[End]]:
    ports = ports or free_ports()
    made = [End(ports) for _ in range(count)]
    try:
        yield made
    finally:
        for one in made:
            one.sockets.close()


@pytest.mark.parametrize("port", [500, 4500])
def test_a_datagram_arrives_as_it_was_sent(port: int) -> None:
    async def run() -> None:
        async with ends(2) as (left, right):
            left.sockets.listen(at([A]))
            right.sockets.listen(at([B]))
            sent = Datagram(b"octets", Endpoint(A, port), Endpoint(B, port))
            left.sockets.transmit(sent)
            assert await right.next() == Datagram(b"octets", sent.remote, sent.local)
            right.sockets.transmit(Datagram(b"", sent.remote, sent.local))
            assert (await left.next()).octets == b""

    asyncio.run(run())


@pytest.mark.parametrize("asked", ["127.0.0.1", "127.0.0.77", *(["::1"] if IPV6_HERE.exists() else [])])
@pytest.mark.parametrize("port", [500, 4500])
def test_listening_everywhere_replies_leave_from_the_address_that_was_asked(asked: str, port: int) -> None:
    async def run() -> None:
        async with ends(1) as (everywhere,):
            everywhere.sockets.listen([])
            address = ip_address(asked)
            family = socket.AF_INET if address.version == 4 else socket.AF_INET6
            with socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as peer:
                marker = bytes(4) if port == 4500 else b""
                peer.connect((asked, everywhere.sockets.ports.on_wire(port)))
                peer.send(marker + b"request")
                request = await everywhere.next()
                assert (request.octets, request.local) == (b"request", Endpoint(address, port))
                everywhere.sockets.transmit(Datagram(b"reply", request.local, request.remote))
                reply = asyncio.get_running_loop().sock_recv(peer, 99)
                assert await asyncio.wait_for(reply, 2) == marker + b"reply", "only this address is heard"

    asyncio.run(run())


def test_many_datagrams_come_in_their_order() -> None:
    async def run() -> None:
        async with ends(2) as (left, right):
            left.sockets.listen(at([A]))
            right.sockets.listen(at([B]))
            for number in range(600):
                left.sockets.transmit(Datagram(b"%d" % number, Endpoint(A, 500), Endpoint(B, 500)))
            assert [(await right.next()).octets for _ in range(600)] == [b"%d" % number for number in range(600)]

    asyncio.run(run())


class Mailbox:
    """A socket that has some datagrams, and counts how often it is asked."""

    def __init__(self) -> None:
        self.waiting = self.asked = 0

    def recvfrom_into(self, room: memoryview) -> tuple[int, tuple[str, int]]:
        self.asked += 1
        if not self.waiting:
            raise BlockingIOError
        self.waiting -= 1
        room[:2] = b"no"
        return 2, ("127.0.0.2", 500)


def test_where_datagrams_come_one_by_one_few_turns_look_for_a_second_and_many_are_taken_at_once() -> None:
    heard: list[Datagram] = []
    sockets, box = Sockets(asyncio.AbstractEventLoop(), heard.append), Mailbox()

    def turn() -> None:
        sockets._drain(box, Endpoint(A, 500), "")  # type: ignore[arg-type]

    for _ in range(8 * PROBE):
        box.waiting = 1
        turn()
    assert (len(heard), box.asked) == (8 * PROBE, 9 * PROBE)
    box.waiting, turns = 10 * BATCH, 0
    while box.waiting:
        turn()
        turns += 1
    assert (len(heard), turns) == (8 * PROBE + 10 * BATCH, 10)
    box.waiting = 2 * BATCH + 1
    turn()
    turn()
    assert box.waiting == 1


def test_many_that_only_wait_are_read_in_one_turn_and_then_have_theirs() -> None:
    waiting: list[Datagram] = []
    turns: list[int] = []

    def receive(one: Datagram) -> bool:
        waiting.append(one)
        return True

    sockets = Sockets(asyncio.AbstractEventLoop(), receive, rest=lambda: turns.append(len(waiting)))
    box = Mailbox()
    box.waiting = LONGEST_TURN + BATCH
    for _ in range(2):
        sockets._drain(box, Endpoint(A, 500), "")  # type: ignore[arg-type]
    assert turns == [LONGEST_TURN, LONGEST_TURN + BATCH]


def test_what_is_no_ike_on_the_nat_port_is_counted() -> None:
    async def run() -> None:
        async with ends(1) as (one,):
            one.sockets.listen(at([A]))
            with socket.socket(type=socket.SOCK_DGRAM) as peer:
                for octets in (b"\xff", b"\x00\x00\x00\x07" + bytes(20), b"xy", bytes(4) + b"ike"):
                    peer.sendto(octets, (str(A), one.sockets.ports.nat))
            assert (await one.next()).octets == b"ike"
            assert one.sockets.counted == {"keepalive": 1, "esp": 1, "short": 1}

    asyncio.run(run())


def test_a_keepalive_leaves_the_nat_port_without_a_marker() -> None:
    async def run() -> None:
        async with ends(2) as (left, right):
            left.sockets.listen(at([A]))
            right.sockets.listen(at([B]))
            ike = Datagram(b"ike", Endpoint(A, 4500), Endpoint(B, 4500))
            left.sockets.transmit(Datagram(b"\xff", ike.local, ike.remote, bare=True))
            left.sockets.transmit(ike)
            assert (await right.next()).octets == b"ike"
            assert right.sockets.counted == {"keepalive": 1}

    asyncio.run(run())


def test_listening_follows_the_addresses() -> None:
    async def run() -> None:
        async with ends(2) as (one, other):
            one.sockets.listen(at([A, ip_address("192.0.2.7")]))
            assert one.sockets.addresses == {A, ip_address("192.0.2.7")}, "an address may come later"
            with pytest.raises(Unavailable, match=r"of 127\.0\.0\.1: another program uses it.*--port"):
                other.sockets.listen(at([A, B]))
            assert other.sockets.addresses == {B}
            one.sockets.listen(at([B.__class__("127.0.0.3")]))
            other.sockets.listen(at([A, B]))
            assert other.sockets.addresses == {A, B}
            with pytest.raises(Unavailable, match=r"^127\.0\.0\.2: nothing listens at 127\.0\.0\.1$"):
                one.sockets.transmit(Datagram(b"x", Endpoint(A, 500), Endpoint(B, 500)))
            assert one.sockets.counted["unsent"] == 1

    asyncio.run(run())


@pytest.mark.parametrize(("errors", "sent"), [([ECONNREFUSED], 1), ([EHOSTUNREACH], 1), ([ENETUNREACH] * 2, 0)])
def test_an_error_that_an_earlier_datagram_left_behind_stops_no_other(
    errors: list[int], sent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = list(errors)

    class Ill(socket.socket):
        def sendto(self, *words: object) -> int:  # type: ignore[override]
            if left:
                raise OSError(left.pop(0), "ill")
            return super().sendto(*words)  # type: ignore[call-overload, no-any-return]

    async def run() -> None:
        async with ends(2) as (one, other):
            other.sockets.listen(at([B]))
            monkeypatch.setattr(socket, "socket", Ill)
            one.sockets.listen(at([A]))
            datagram = Datagram(b"x", Endpoint(A, 500), Endpoint(B, 500))
            if sent:
                one.sockets.transmit(datagram)
                assert (await other.next()).octets == b"x"
            else:
                with pytest.raises(Unavailable, match=r"^no route to 127\.0\.0\.2$"):
                    one.sockets.transmit(datagram)
            assert one.sockets.counted["unsent"] == 1 - sent

    asyncio.run(run())


def test_very_many_addresses_share_one_pair() -> None:
    async def run() -> None:
        async with ends(1) as (one,):
            many = [ip_address(f"127.0.{number}.1") for number in range(200)]
            one.sockets.listen(at(many[:3]))
            assert one.sockets.addresses == set(many[:3])
            one.sockets.listen(at(many))
            assert {str(address) for address in one.sockets.addresses} <= {"0.0.0.0", "::"}
            one.sockets.transmit(Datagram(b"x", Endpoint(many[5], 500), Endpoint(many[9], 500)))
            assert await one.next() == Datagram(b"x", Endpoint(many[9], 500), Endpoint(many[5], 500))

    asyncio.run(run())


def test_a_port_without_permission_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: object, address: object) -> None:
        raise PermissionError(13, "Permission denied")

    class Refused(socket.socket):
        bind = refused  # type: ignore[assignment]

    async def run() -> None:
        async with ends(1, (500, 4500)) as (one,):
            monkeypatch.setattr(socket, "socket", Refused)
            with pytest.raises(Unavailable, match=r"^UDP port 500: no permission; run the engine as root, or .*--port"):
                one.sockets.listen([])

    asyncio.run(run())


@given(st.integers(1, 65535), st.integers(1, 65535), st.integers(1, 65535))
def test_exchanging_ports_is_its_own_inverse(ike: int, nat: int, port: int) -> None:
    if ike != nat and ike != 4500 and nat != 500:
        ports = Ports(ike, nat)
        assert ports.on_wire(ports.on_wire(port)) == port
        assert (ports.on_wire(500), ports.on_wire(4500)) == (ike, nat)


def test_nobody_else_gets_what_comes_for_an_address_in_several_tables() -> None:
    async def run() -> None:
        async with ends(1) as (here,):
            for homes in ([Home(A, "RED", "lo"), Home(A)], [Home(A)], [Home(A), Home(A, "RED", "lo")]):
                here.sockets.listen(homes)
                for port in (500, 4500):
                    with socket.socket(type=socket.SOCK_DGRAM) as thief:
                        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                        with pytest.raises(OSError, match="in use"):
                            thief.bind((str(A), here.sockets.ports.on_wire(port)))

    asyncio.run(run())


@pytest.mark.parametrize("many", [False, True])
def test_one_address_in_several_tables_is_listened_on_in_each(many: bool) -> None:
    """Here a table's device is the loopback's, whose packets are for the socket that is bound to it."""

    async def run() -> None:
        async with ends(1) as (here,):
            homes = [Home(A, "RED", "lo"), *at([A, B.__class__("192.0.2.9")])]
            homes += [Home(B.__class__(f"198.51.100.{n}"), "RED", "lo") for n in range(1, 100) if many]
            here.sockets.listen(homes[1:3])
            here.sockets.listen(homes)
            with socket.socket(type=socket.SOCK_DGRAM) as peer:
                peer.bind((str(B), 0))
                peer.settimeout(2)
                peer.sendto(b"request", (str(A), here.sockets.ports.on_wire(500)))
                heard = await here.next()
                assert (heard.octets, heard.local, heard.vrf) == (b"request", Endpoint(A, 500), "RED")
                here.sockets.transmit(Datagram(b"reply", heard.local, heard.remote, vrf="RED"))
                assert peer.recv(100) == b"reply"
                with pytest.raises(Unavailable):
                    here.sockets.transmit(Datagram(b"reply", heard.local, heard.remote, vrf="BLUE"))
                here.sockets.listen(homes[1:2])
                peer.sendto(b"request", (str(A), here.sockets.ports.on_wire(500)))
                assert (await here.next()).vrf == ""

    asyncio.run(run())
