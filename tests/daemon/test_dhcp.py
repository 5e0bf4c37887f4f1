"""A relay agent in hostile company: strangers, late answers, floods; and its sockets."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Address
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ikecli.boundary.effects import Datagram, Endpoint, Inner, Lent
from ikecli.daemon.dhcp import MAX_OF_OWNER, Dhcp
from ikecli.daemon.relaying import Relaying
from ikecli.errors import Unavailable
from ikecli.lab.clock import VirtualClock
from tests.lab.dhcp_server import ACK, NAK, OFFER, RELEASE, answer, read

RELAY, SERVER, OTHER = (IPv4Address(one) for one in ("10.2.2.1", "10.2.2.67", "10.2.2.68"))
ASKS = Inner((SERVER,), RELAY, 5, b"\x02me")


class Chart:
    """A relay agent, what it sent, what it was asked for, and what became of it."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.sent: list[Datagram] = []
        self.found: list[object] = []
        self.gone: list[IPv4Address] = []
        self.unused: list[int] = []
        self.dhcp = Dhcp(self.clock, Random(1).randbytes, self.sent.append, self.gone.append, self.rest)

    def rest(self) -> None:
        self.unused.append(len(self.sent))

    def ask(self, question: Inner = ASKS) -> None:
        self.dhcp.ask(question, self.found.append)

    def hears(self, kind: int, address: str, lease: int = 3600, source: Endpoint | None = None, at: int = -1) -> None:
        octets = answer(read(self.sent[at].octets), kind, address, str(SERVER), lease)
        self.dhcp.receive(Datagram(octets, Endpoint(RELAY, 67), source or Endpoint(SERVER, 67)))

    def lend(self, address: str = "10.9.0.5") -> None:
        self.ask()
        self.hears(OFFER, address)
        self.hears(ACK, address)


def test_an_address_is_lent() -> None:
    chart = Chart()
    chart.lend()
    assert chart.found == [Lent(IPv4Address("10.9.0.5"), IPv4Address("255.255.255.0"), SERVER)]


@pytest.mark.parametrize(
    "source", [Endpoint(OTHER, 67), Endpoint(SERVER, 1067)], ids=["another server", "another port"]
)
def test_strangers_are_not_heard(source: Endpoint) -> None:
    chart = Chart()
    chart.ask()
    chart.hears(OFFER, "10.9.0.66", source=source)
    assert len(chart.sent) == 1
    chart.hears(OFFER, "10.9.0.5")
    chart.hears(ACK, "10.9.0.66")
    assert not chart.found
    chart.hears(ACK, "10.9.0.5", source=source)
    assert not chart.found


@pytest.mark.parametrize("address", ["0.0.0.0", "255.255.255.255", "224.0.0.1", "127.0.0.1", "10.9.0.5"])
def test_an_address_that_no_host_has_or_another_client_has_is_not_taken(address: str) -> None:
    chart = Chart()
    chart.lend("10.9.0.5")
    chart.ask()
    chart.hears(OFFER, address)
    chart.clock.advance(20)
    assert isinstance(chart.found[-1], Unavailable)
    assert "which cannot be lent" in str(chart.found[-1])


def test_answers_that_come_late_change_nothing() -> None:
    chart = Chart()
    chart.ask()
    chart.clock.advance(20)
    assert [str(one) for one in chart.found] == ["no DHCP server answers"]
    chart.hears(OFFER, "10.9.0.5", at=0)
    chart.hears(ACK, "10.9.0.5", at=0)
    assert len(chart.found) == 1


def test_the_end_gives_back_what_is_lent_and_what_is_asked_for_and_nothing_is_sent_behind_it() -> None:
    chart = Chart()
    chart.lend()
    chart.ask()
    chart.hears(OFFER, "10.9.0.6")
    found, sent = list(chart.found), len(chart.sent)
    chart.dhcp.close()
    chart.clock.advance(10_000)
    assert [read(one.octets).options[53][0] for one in chart.sent[sent:]] == [RELEASE, RELEASE]
    assert (chart.found, chart.gone) == (found, [])


def test_the_port_is_of_no_use_when_the_last_address_is_given_back() -> None:
    chart = Chart()
    for address in ("10.9.0.5", "10.9.0.6"):
        chart.lend(address)
    chart.dhcp.give_back(IPv4Address("10.9.0.5"))
    assert chart.unused == []
    chart.dhcp.give_back(IPv4Address("10.9.0.6"))
    assert chart.unused == [len(chart.sent)]


def test_a_refusal_of_a_lease_that_is_held_ends_it_only_from_its_own_server() -> None:
    chart = Chart()
    chart.lend()
    chart.clock.advance(1801)
    chart.hears(NAK, "0.0.0.0", source=Endpoint(OTHER, 67))
    assert not chart.gone
    chart.hears(NAK, "0.0.0.0")
    assert chart.gone == [IPv4Address("10.9.0.5")]


def test_an_endless_lease_is_never_renewed_and_one_owner_has_so_many_at_most() -> None:
    chart = Chart()
    chart.ask()
    chart.hears(OFFER, "10.9.0.5")
    chart.hears(ACK, "10.9.0.5", lease=(1 << 32) - 1)
    sent = len(chart.sent)
    chart.clock.advance(10_000_000)
    assert len(chart.sent) == sent
    for number in range(6, 5 + MAX_OF_OWNER):
        chart.lend(f"10.9.0.{number}")
    assert len({read(one.octets).options[61] for one in chart.sent}) == MAX_OF_OWNER
    chart.ask()
    chart.clock.advance(1)
    assert "which is the limit" in str(chart.found[-1])


def test_where_nothing_can_be_sent_the_reason_is_told() -> None:
    chart = Chart()

    def refuse(datagram: Datagram) -> None:
        raise Unavailable("UDP port 67 of 10.2.2.1: no permission")

    Dhcp(chart.clock, Random(1).randbytes, refuse, chart.gone.append).ask(ASKS, chart.found.append)
    chart.clock.advance(1)
    assert [str(one) for one in chart.found] == ["UDP port 67 of 10.2.2.1: no permission"]


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 339), st.integers(0, 255)), max_size=4), st.sampled_from([OFFER, ACK, NAK]))
def test_spoiled_answers_lend_nothing_that_was_not_offered(spoils: list[tuple[int, int]], kind: int) -> None:
    chart = Chart()
    chart.ask()
    chart.hears(OFFER, "10.9.0.5")
    octets = bytearray(answer(read(chart.sent[-1].octets), kind, "10.9.0.5", str(SERVER), 3600))
    for at, octet in spoils:
        octets[at % len(octets)] = octet
    chart.dhcp.receive(Datagram(bytes(octets), Endpoint(RELAY, 67), Endpoint(SERVER, 67)))
    assert all(isinstance(one, Lent) and str(one.address) == "10.9.0.5" for one in chart.found)


def test_sockets_are_of_the_address_that_servers_answer() -> None:
    async def run() -> None:
        loop, heard = asyncio.get_running_loop(), asyncio.Queue[Datagram]()
        relaying = Relaying(loop, heard.put_nowait)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind(("127.0.0.1", 0))
            server.settimeout(5)
            port = server.getsockname()[1]
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as spare:
                spare.bind(("127.0.0.1", 0))
                own = Endpoint(IPv4Address("127.0.0.1"), spare.getsockname()[1])
                with pytest.raises(Unavailable, match="another program uses it"):
                    relaying.send(Datagram(b"x", own, Endpoint(IPv4Address("127.0.0.1"), port)))
            relaying.send(Datagram(b"discover", own, Endpoint(IPv4Address("127.0.0.1"), port)))
            octets, source = server.recvfrom(100)
            assert (octets, source) == (b"discover", ("127.0.0.1", own.port))
            server.sendto(b"offer", source)
            assert await asyncio.wait_for(heard.get(), 5) == Datagram(
                b"offer", own, Endpoint(IPv4Address("127.0.0.1"), port)
            )
        with pytest.raises(Unavailable, match="no device of this machine has the address"):
            relaying.send(Datagram(b"x", Endpoint(IPv4Address("192.0.2.99"), own.port), own))
        relaying.close()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind((str(own.address), own.port))

    asyncio.run(run())
