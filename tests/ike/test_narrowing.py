"""Which traffic a Child SA is for: the packet's own selectors first, what a peer leaves out, further Child SAs."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network, ip_address

import pytest

from ikecli.boundary.effects import Direction
from ikecli.boundary.events import ChildFailed, Progress, SelectorsChosen, SelectorsRefused
from ikecli.boundary.notices import Acquire
from ikecli.ike.limits import HOLD_OFF_SECONDS
from ikecli.intent import Connection, Flow, Selector
from ikecli.numbers import NotifyType
from tests.ike.pair import LABEL, LEFT, RIGHT, End, Pair, connection, intent

LEFT_NETS = tuple(IPv4Network(f"192.168.{n}.0/24") for n in (10, 11, 12))
RIGHT_NETS = tuple(IPv4Network(f"192.168.{n}.0/24") for n in (20, 21, 22))
TCP, UDP, ICMP = 6, 17, 1


def lines(local: tuple[IPv4Network, ...], remote: tuple[IPv4Network, ...]) -> tuple[Flow, ...]:
    """One line for each pair of networks."""
    return tuple(Flow(Selector.of(here), Selector.of(there)) for here, there in zip(local, remote, strict=True))


def left(**more: object) -> Connection:
    """Return a connection with three lines."""
    return connection(LEFT, RIGHT, **{"flows": lines(LEFT_NETS, RIGHT_NETS), **more})


def right(**more: object) -> Connection:
    """Return the mirrored connection."""
    return connection(RIGHT, LEFT, **{"flows": lines(RIGHT_NETS, LEFT_NETS), **more})


def one_each() -> tuple[Connection, ...]:
    """Return a responder's entries that take one line a Child SA, as a Cisco does."""
    flows = lines(RIGHT_NETS, LEFT_NETS)
    return tuple(replace(connection(RIGHT, LEFT), sequence=10 * at, flows=(flow,)) for at, flow in enumerate(flows, 1))


def pair_of(ours: tuple[Connection, ...], theirs: tuple[Connection, ...]) -> Pair:
    return Pair(intent(LEFT, RIGHT, connections=ours), intent(RIGHT, LEFT, connections=theirs))


def packet(line: int, host: int = 5, protocol: int = TCP, ports: tuple[int, int] = (1024, 80)) -> Acquire:
    return Acquire(LABEL, LEFT_NETS[line][host], RIGHT_NETS[line][host], protocol, *ports)


def send(pair: Pair, what: Acquire) -> None:
    pair.left.notice(what)
    pair.settle()


def flows(end: End) -> set[str]:
    """Return what the data plane sends through which SA."""
    return {
        ", ".join(f"{here} -> {there}" for here, there in sa.flows)
        for (way, _), sa in end.plane.sas.items()
        if way is Direction.OUTBOUND
    }


def line(at: int) -> str:
    return f"{LEFT_NETS[at]} -> {RIGHT_NETS[at]}"


def line_back(at: int) -> str:
    return f"{RIGHT_NETS[at]} -> {LEFT_NETS[at]}"


def test_the_packets_own_selectors_come_first_then_its_line_then_the_others() -> None:
    pair = pair_of((left(),), (right(),))
    send(pair, packet(1))
    (told,) = pair.right.events(SelectorsChosen)
    ours = ["192.168.11.5/32 protocol 6 port 1024-1024", *map(str, (LEFT_NETS[1], LEFT_NETS[0], LEFT_NETS[2]))]
    theirs = ["192.168.21.5/32 protocol 6 port 80-80", *map(str, (RIGHT_NETS[1], RIGHT_NETS[0], RIGHT_NETS[2]))]
    assert told.offered == (f"{', '.join(theirs)} -> {', '.join(ours)}",)
    pair.agree(1)
    assert flows(pair.left) == {", ".join(map(line, (0, 1, 2)))}


def test_of_icmp_every_message_is_asked_for_since_the_answer_is_another() -> None:
    pair = pair_of((left(),), (right(),))
    send(pair, packet(0, protocol=ICMP, ports=(0x0800, 0x0800)))
    (told,) = pair.right.events(SelectorsChosen)
    assert told.offered[0].startswith("192.168.20.5/32 protocol 1, ")


def test_a_peer_that_takes_one_line_gets_a_child_sa_for_each_on_traffic() -> None:
    pair = pair_of((left(),), one_each())
    send(pair, packet(2))
    assert flows(pair.left) == {line(2)}
    (told,) = pair.left.events(Progress)
    assert "further Child SAs" in told.text
    for at in (0, 1, 0, 2):
        send(pair, packet(at))
    assert flows(pair.left) == {line(0), line(1), line(2)}
    pair.agree(1, 3)
    # the last one leaves nothing over of what was asked for: the packet's own line
    assert len(pair.left.events(Progress)) == 1


def test_the_line_of_the_packet_wins_over_the_first_in_the_configuration() -> None:
    pair = pair_of((left(),), one_each())
    send(pair, packet(1))
    (sa,) = pair.right.sas
    assert [child.connection for child in sa.children] == ["MAP 20 outside"]


def test_rekeys_keep_the_selectors_of_the_old_sa() -> None:
    pair = pair_of((left(lifetime=600),), one_each())
    for at in (0, 2):
        send(pair, packet(at))
    before = set(pair.left.plane.sas)
    pair.advance(1500.0)
    assert not before & set(pair.left.plane.sas)
    assert flows(pair.left) == {line(0), line(2)}
    pair.agree(1, 2)


def test_a_peer_that_wants_single_hosts_gets_those_of_the_packet_at_once() -> None:
    pair = pair_of((left(),), (right(per_host=True),))
    send(pair, packet(1))
    pair.agree(1)
    assert flows(pair.left) == {"192.168.11.5/32 -> 192.168.21.5/32"}
    assert len(pair.left.events(Progress)) == 1
    send(pair, packet(1, host=6))
    pair.agree(1, 2)


def test_single_pair_required_is_answered_with_the_hosts_of_the_packet() -> None:
    """A request without a packet has no host to name: it is refused, and the next packet asks for its own alone."""
    pair = pair_of((left(),), (right(per_host=True),))
    pair.left.initiate()
    pair.settle()
    pair.agree(1, 0)
    assert pair.right.events(ChildFailed)[0].why == "one pair of hosts is wanted"
    pair.advance(HOLD_OFF_SECONDS)
    send(pair, packet(0))
    send(pair, packet(0, host=6))
    send(pair, packet(0, host=6, protocol=UDP))
    assert flows(pair.left) == {f"192.168.10.{n}/32 -> 192.168.20.{n}/32" for n in (5, 6)}
    pair.agree(1, 2)


def test_per_host_asks_for_hosts_and_needs_no_peer_that_does() -> None:
    pair = pair_of((left(per_host=True),), (right(),))
    for host in (5, 6, 7):
        send(pair, packet(1, host))
    assert flows(pair.left) == {f"192.168.11.{n}/32 -> 192.168.21.{n}/32" for n in (5, 6, 7)}
    pair.agree(1, 3)


def test_unacceptable_lines_are_asked_for_again_one_by_one() -> None:
    """The right end's only line is none of the first request's: that is refused once more for the packet's alone."""
    other = Flow(Selector.of(IPv4Network("172.16.0.0/24")), Selector.of(IPv4Network("172.17.0.0/24")))
    pair = pair_of((left(),), (right(flows=(other,)),))
    send(pair, packet(1))
    assert len(pair.right.events(SelectorsRefused)) == 2
    assert pair.right.events(SelectorsRefused)[0].offered[0].count(",") == 4
    assert pair.right.events(SelectorsRefused)[1].offered == (line_back(1),)
    pair.agree(1, 0)
    send(pair, packet(1))
    assert len(pair.right.events(SelectorsRefused)) == 2, "held off"


def test_a_peer_that_leaves_the_packet_out_is_not_asked_without_end() -> None:
    pair = pair_of((left(),), (right(flows=lines(RIGHT_NETS, LEFT_NETS)[:1]),))
    send(pair, packet(1))
    assert flows(pair.left) == {line(0)}
    assert "left out the packet" in pair.left.events(Progress)[-1].text
    for _ in range(5):
        send(pair, packet(1))
    pair.agree(1)
    pair.advance(HOLD_OFF_SECONDS)
    send(pair, packet(1))
    pair.agree(1)
    assert pair.left.events(ChildFailed)[-1].why == f"the peer answers {NotifyType.TS_UNACCEPTABLE.name}"


def test_both_versions_of_ip_share_one_sa() -> None:
    six = [Selector.of(IPv6Network(f"2001:db8:{n}::/64")) for n in (1, 2)]
    ours = (*lines(LEFT_NETS, RIGHT_NETS), Flow(six[0], six[1]))
    theirs = (*lines(RIGHT_NETS, LEFT_NETS), Flow(six[1], six[0]))
    pair = pair_of((left(flows=ours),), (right(flows=theirs),))
    send(pair, Acquire(LABEL, ip_address("2001:db8:1::5"), ip_address("2001:db8:2::5"), UDP, 53, 53))
    assert flows(pair.left) == {", ".join([*map(line, (0, 1, 2)), "2001:db8:1::/64 -> 2001:db8:2::/64"])}
    send(pair, packet(0))
    pair.agree(1)


@pytest.mark.parametrize(
    ("protocol", "first", "last"),
    [(TCP, 80, 80), (132, 2905, 2905), (ICMP, 0x0800, 0x08FF), (58, 0x8000, 0x80FF), (135, 0x0500, 0x0500)],
)
def test_ports_types_and_codes_are_negotiated(protocol: int, first: int, last: int) -> None:
    def flow(here: IPv4Network, there: IPv4Network, ports: tuple[int, int]) -> Flow:
        return Flow(Selector.of(here, protocol, ports), Selector.of(there, protocol, (first, last)))

    ours, theirs = flow(LEFT_NETS[0], RIGHT_NETS[0], (first, last)), flow(RIGHT_NETS[0], LEFT_NETS[0], (0, 65535))
    pair = pair_of((left(flows=(ours,)),), (right(flows=(theirs,)),))
    send(pair, packet(0, protocol=protocol, ports=(first, first)))
    port = f"protocol {protocol} port {first}-{last}"
    assert flows(pair.left) == {f"{LEFT_NETS[0]} {port} -> {RIGHT_NETS[0]} {port}"}
    pair.agree(1)


def test_ranges_of_addresses_are_narrowed_to_what_both_have() -> None:
    def span(net: IPv4Network, low: int, high: int) -> Selector:
        return Selector(net[low], net[high])

    ours = Flow(span(LEFT_NETS[0], 10, 99), span(RIGHT_NETS[0], 10, 99))
    theirs = Flow(span(RIGHT_NETS[0], 50, 200), span(LEFT_NETS[0], 1, 60))
    pair = pair_of((left(flows=(ours,)),), (right(flows=(theirs,)),))
    send(pair, packet(0, host=55))
    assert flows(pair.left) == {"192.168.10.10-192.168.10.60 -> 192.168.20.50-192.168.20.99"}
