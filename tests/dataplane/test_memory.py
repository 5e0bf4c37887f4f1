"""Two nodes of the emulated network, their SAs put in by hand: what passes, what is counted, what is refused."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Interface, IPv4Network, ip_address, ip_network
from math import inf

import pytest

from ikecli.boundary.effects import Direction, Endpoint, EspKeys, Install, Lifetime, Remove
from ikecli.boundary.notices import Acquire, Expired, FirstPacket, Notice, UnknownSpi
from ikecli.dataplane.base import Echo, EchoResult
from ikecli.dataplane.fragments import too_big
from ikecli.dataplane.memory import MemoryPlane
from ikecli.dataplane.packet import Packet, echo_request
from ikecli.dataplane.policies import HELD_PACKETS
from ikecli.errors import Unavailable
from ikecli.intent import Connection, Flow, Intent, Interface, Network, Outer, Route, Selector
from ikecli.lab.clock import VirtualClock
from ikecli.lab.dice import Dice
from ikecli.lab.fabric import Fabric
from ikecli.numbers import ALGORITHMS, Algorithm

ENDS = {"L": "192.0.2.1", "R": "198.51.100.1"}
NETS = {"L": "10.1.0.0/16", "R": "10.2.0.0/16"}
OTHER = {"L": "R", "R": "L"}
GCM, CBC, SHA = (
    next(row for row in ALGORITHMS if row.name == name)
    for name in ("ENCR_AES_GCM_16", "ENCR_AES_CBC", "AUTH_HMAC_SHA2_256_128")
)


def flow(node: str) -> tuple[Selector, Selector]:
    return Selector.of(ip_network(NETS[node])), Selector.of(ip_network(NETS[OTHER[node]]))


def intent(node: str) -> Intent:
    outside = Interface("outside", (IPv4Interface(f"{ENDS[node]}/24"),))
    inside = Interface("inside", (IPv4Interface(f"{NETS[node].replace('0.0/16', '0.1/16')}"),))
    gateway = ip_address(ENDS[node].rsplit(".", 1)[0] + ".254")
    return Intent(
        hostname=node,
        network=Network((outside, inside), (Route(IPv4Network("0.0.0.0/0"), gateway),)),
        connections=(
            Connection(
                name="MAP",
                sequence=10,
                interface="outside",
                local=ip_address(ENDS[node]),
                peers=(ip_address(ENDS[OTHER[node]]),),
                flows=(Flow(*flow(node)),),
                proposals=(),
            ),
        ),
    )


class Pair:
    """Nodes L and R, their notices, and one SA each way that a test may put in."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.fabric = Fabric(self.clock, Dice(1))
        self.notices: dict[str, list[Notice]] = {"L": [], "R": []}
        self.nodes = {name: self.node(name) for name in "LR"}

    def node(self, name: str) -> MemoryPlane:
        plane = MemoryPlane(
            self.clock, Dice(name).octets, self.fabric, self.notices[name].append, lambda datagram: None
        )
        self.fabric.attach(plane)
        plane.configure(intent(name))
        return plane

    def sa(self, sender: str, encryption: Algorithm = GCM, integrity: Algorithm | None = None) -> Install:
        """The outbound half of the SA from `sender`; the SPIs are 1001 towards R and 1002 towards L."""
        spi, back = (1001, 1002) if sender == "L" else (1002, 1001)
        keys = EspKeys(bytes(encryption.key_bits // 8 + (4 if encryption.aead else 0)), bytes(32) if integrity else b"")
        ends = Endpoint(ip_address(ENDS[sender]), 500), Endpoint(ip_address(ENDS[OTHER[sender]]), 500)
        return Install(
            Direction.OUTBOUND, spi, back, *ends, encryption, integrity, keys, (flow(sender),), "MAP 10 outside"
        )

    def inbound(self, out: Install, receiver: str) -> Install:
        """The same SA as its receiver has it."""
        return replace(
            out,
            direction=Direction.INBOUND,
            local=out.remote,
            remote=out.local,
            flows=(flow(receiver),),
        )

    def connect(self, **changes: object) -> None:
        for sender in "LR":
            out = replace(self.sa(sender), **changes)  # type: ignore[arg-type]
            self.nodes[OTHER[sender]].install(self.inbound(out, OTHER[sender]))
            self.nodes[sender].install(out)

    def ping(self, node: str, destination: str, source: str = "inside") -> str:
        results: list[EchoResult] = []
        self.nodes[node].echo(Echo(destination, source, 100, 2, 1), results.append)
        self.clock.advance(3)
        return results[0].mark


@pytest.fixture
def pair() -> Pair:
    return Pair()


def test_a_ping_goes_through_the_tunnel_and_is_counted(pair: Pair) -> None:
    pair.connect()
    assert pair.ping("L", "10.2.0.1") == "!"
    [counts] = pair.nodes["L"].counters([1002]).values()
    assert (counts.packets_out, counts.packets_in, counts.octets_out, counts.octets_in) == (1, 1, 100, 100)
    assert FirstPacket(1001) in pair.notices["R"]


@pytest.mark.parametrize(("encryption", "integrity", "encapsulated"), [
    (GCM, None, False),
    (CBC, SHA, False),
    (GCM, None, True),
])  # fmt: skip
def test_every_form_of_esp_carries_a_ping(
    pair: Pair, encryption: Algorithm, integrity: Algorithm | None, encapsulated: bool
) -> None:
    for sender in "LR":
        out = pair.sa(sender, encryption, integrity)
        if encapsulated:
            ends = [Endpoint(end.address, 4500) for end in (out.local, out.remote)]
            out = replace(out, encapsulated=True, local=ends[0], remote=ends[1])
        pair.nodes[OTHER[sender]].install(pair.inbound(out, OTHER[sender]))
        pair.nodes[sender].install(out)
    assert pair.ping("L", "10.2.0.1") == "!"


def test_a_host_behind_the_other_gateway_answers(pair: Pair) -> None:
    pair.connect()
    assert pair.ping("L", "10.2.3.4") == "!"


def test_without_an_sa_nothing_passes_and_one_is_asked_for(pair: Pair) -> None:
    assert pair.ping("L", "10.2.0.1") == "."
    assert pair.notices["L"] == [
        Acquire("MAP 10 outside", ip_address("10.1.0.1"), ip_address("10.2.0.1"), 1, 0x0800, 0x0800)
    ]


def test_the_packet_that_asked_waits_for_its_sa(pair: Pair) -> None:
    results: list[EchoResult] = []
    pair.nodes["L"].echo(Echo("10.2.0.1", "inside", 100, 2, 1), results.append)
    pair.clock.advance(1)
    pair.connect()
    pair.clock.advance(2)
    assert results[0].mark == "!"


def test_only_a_few_packets_wait(pair: Pair) -> None:
    results: list[EchoResult] = []
    for sequence in range(HELD_PACKETS + 4):
        pair.nodes["L"].echo(Echo("10.2.0.1", "inside", 100, 2, sequence), results.append)
    pair.connect()
    pair.clock.advance(3)
    assert [result.mark for result in results].count("!") == HELD_PACKETS


def test_the_cloud_knows_no_way_behind_a_gateway(pair: Pair) -> None:
    for name in "LR":
        pair.nodes[name].configure(replace(intent(name), connections=()))
    assert pair.ping("L", "10.2.0.1") == "."
    assert pair.ping("L", ENDS["R"], source="outside") == "!"


def test_what_must_be_protected_is_refused_in_the_clear(pair: Pair) -> None:
    pair.connect()
    pair.nodes["L"].configure(replace(intent("L"), connections=()))
    clear = Packet(ip_address("10.1.0.1"), ip_address("10.2.0.1"), 1, b"\x08\0\0\0\0\0\0\0")
    before = pair.fabric.carried
    pair.nodes["R"].arrive("outside", clear)
    pair.clock.advance(1)
    assert pair.fabric.carried == before


def test_what_is_outside_the_selectors_is_refused_after_decryption(pair: Pair) -> None:
    pair.connect()
    wide = replace(pair.sa("L"), spi=1001, peer_spi=1002, flows=((Selector.of(ip_network("0.0.0.0/0")),) * 2,))
    pair.nodes["L"].remove(Remove(Direction.OUTBOUND, 1001, wide.remote))
    pair.nodes["L"].install(wide)
    pair.nodes["L"].configure(
        replace(intent("L"), connections=(replace(intent("L").connections[0], flows=(Flow(*wide.flows[0]),)),))
    )
    assert pair.ping("L", "10.2.0.1", source="outside") == "."
    assert pair.nodes["R"].counters([1001])[1001].errors_in == 1


def test_an_unknown_spi_is_reported(pair: Pair) -> None:
    pair.nodes["L"].install(pair.sa("L"))
    pair.ping("L", "10.2.0.1")
    assert pair.notices["R"] == [UnknownSpi(1001, Endpoint(ip_address(ENDS["L"]), 0))]


def test_a_replay_is_counted(pair: Pair) -> None:
    pair.fabric.weather.duplicate = 1.0
    pair.connect()
    assert pair.ping("L", "10.2.0.1") == "!"
    assert pair.nodes["R"].counters([1001])[1001].replays == 1


def test_volume_bounds_are_reported_soft_then_hard(pair: Pair) -> None:
    pair.connect(lifetime=Lifetime(soft_octets=200, hard_octets=300))
    for _ in range(3):
        pair.ping("L", "10.2.0.1")
    reports = [notice for notice in pair.notices["R"] if isinstance(notice, Expired)]
    assert reports[0] == Expired(1001, hard=False)
    assert Expired(1001, hard=True) in reports


def test_packet_bounds_are_reported_too_whatever_was_cleared_meanwhile(pair: Pair) -> None:
    pair.connect(lifetime=Lifetime(soft_packets=3, hard_packets=5))
    reported = []
    for _ in range(5):
        pair.ping("L", "10.2.0.1")
        pair.nodes["R"].reset()
        reported.append([one.hard for one in pair.notices["R"] if isinstance(one, Expired)][:2])
    assert reported == [[], [], [False], [False], [False, True]]


def test_an_sa_that_was_rekeyed_receives_for_a_while(pair: Pair) -> None:
    pair.connect()
    pair.nodes["R"].remove(Remove(Direction.INBOUND, 1001, Endpoint(ip_address(ENDS["L"]), 500), after=5))
    assert pair.ping("L", "10.2.0.1") == "!"
    pair.clock.advance(5)
    assert pair.ping("L", "10.2.0.1") == "."


def test_an_inbound_spi_is_taken_once(pair: Pair) -> None:
    pair.connect()
    with pytest.raises(Unavailable, match="SPI 0x000003E9 is in use"):
        pair.nodes["R"].install(pair.inbound(pair.sa("L"), "R"))


def test_a_source_that_is_not_ours_is_named(pair: Pair) -> None:
    with pytest.raises(Unavailable, match=r"10\.9\.9\.9"):
        pair.ping("L", "10.2.0.1", source="10.9.9.9")


def test_loss_loses_and_the_mark_says_so(pair: Pair) -> None:
    pair.connect()
    pair.fabric.weather.loss = 1.0
    assert pair.ping("L", "10.2.0.1") == "."


def test_a_later_fragment_of_a_flow_with_ports_passes_no_gateway_in_the_clear() -> None:
    for port_of_flow in (True, False):
        pair = Pair()
        node = pair.nodes["L"]
        local, remote = (replace(one, protocol=17, first_port=53, last_port=53) for one in flow("L"))
        row = replace(intent("L").connections[0], flows=(Flow(local, remote),) if port_of_flow else ())
        node.configure(replace(intent("L"), connections=(row,)))
        here, there = ip_address("10.1.7.7"), ip_address("10.2.7.7")
        node.arrive("inside", Packet(here, there, 17, bytes(64), offset=64))
        node.arrive("outside", Packet(there, here, 17, bytes(64), offset=64))
        outside, inside = node.interfaces()
        assert outside.packets_out == inside.packets_out == (not port_of_flow)
        assert not pair.notices["L"]


# The header outside


def outside(pair: Pair, outer: Outer, tos: int = 0, whole: bool = False, size: int = 100) -> list[Packet]:
    """Send a packet of a host behind L to one behind R; return what leaves L for that."""
    seen: list[Packet] = []
    pair.connect(outer=outer)
    pair.fabric.tap = seen.append
    ends = ip_address("10.1.0.9"), ip_address("10.2.0.9")
    pair.nodes["L"].arrive("inside", replace(echo_request(*ends, 1, 1, size, whole), tos=tos))
    pair.clock.advance(1)
    return [packet for packet in seen if packet.source == ip_address(ENDS["L"])]


@pytest.mark.parametrize(
    ("outer", "whole", "bit"),
    [
        (Outer(), False, False),
        (Outer(), True, True),
        (Outer(whole=True), False, True),
        (Outer(whole=False), True, False),
    ],
)
def test_df_is_copied_set_or_cleared(pair: Pair, outer: Outer, whole: bool, bit: bool) -> None:
    [packet] = outside(pair, outer, whole=whole)
    assert packet.whole is bit


def test_long_packets_are_cut_before_they_are_protected_or_after(pair: Pair) -> None:
    before = outside(pair, Outer(), size=1500)
    assert [(packet.protocol, packet.is_fragment) for packet in before] == [(50, False), (50, False)]
    after = outside(Pair(), Outer(late=True), size=1500)
    assert [(packet.protocol, packet.is_fragment) for packet in after] == [(50, True), (50, True)]


def test_where_df_is_cleared_a_packet_is_cut_that_is_not_to_be(pair: Pair) -> None:
    assert len(outside(pair, Outer(whole=False), whole=True, size=1500)) == 2
    assert not outside(Pair(), Outer(), whole=True, size=1500)


@pytest.mark.parametrize(("marks", "inner", "outer"), [(True, 0x2B, 0x2B), (True, 0x28, 0x28), (False, 0x2B, 0x28)])
def test_the_class_is_copied_outward_and_congestion_marks_unless_discarded(
    pair: Pair, marks: bool, inner: int, outer: int
) -> None:
    [packet] = outside(pair, Outer(marks=marks), tos=inner)
    assert packet.tos == outer


def test_congestion_on_the_way_is_told_inside_or_the_packet_is_dropped(pair: Pair) -> None:
    seen: list[Packet] = []
    for tos, arrives in ((2, [3]), (0, [])):
        lost = Pair()
        [packet] = outside(lost, Outer(), tos=tos)
        other = Pair()
        other.connect()
        seen.clear()
        other.fabric.tap = seen.append
        other.nodes["R"].arrive("outside", replace(packet, tos=packet.tos | 3))
        assert [one.tos for one in seen if one.destination == ip_address("10.2.0.9")] == arrives


def test_a_way_that_turns_out_narrow_is_heeded(pair: Pair) -> None:
    [packet] = outside(pair, Outer(), whole=True, size=1200)
    router = ip_address("192.0.2.254")
    pair.nodes["L"].arrive("outside", too_big(packet, 1000, router))
    marks: list[EchoResult] = []
    for size, seconds in ((1200, 3), (900, 300), (1200, 3)):
        pair.nodes["L"].echo(Echo("10.2.0.1", "inside", size, 2, size, whole=True), marks.append)
        pair.clock.advance(seconds)
    assert [one.mark for one in marks] == ["M", "!", "!"]


def test_a_narrow_way_is_heeded_for_as_long_as_is_said(pair: Pair) -> None:
    [packet] = outside(pair, Outer(), whole=True, size=1200)
    left = pair.nodes["L"]
    left.configure(replace(left._intent, path_aging=inf))
    left.arrive("outside", too_big(packet, 1000, ip_address("192.0.2.254")))
    left.configure(replace(left._intent, path_aging=1000.0))
    marks: list[EchoResult] = []
    for seconds in (500, 500, 3):
        left.echo(Echo("10.2.0.1", "inside", 1200, 2, seconds, whole=True), marks.append)
        pair.clock.advance(seconds)
    assert [one.mark for one in marks] == ["M", "M", "!"]
