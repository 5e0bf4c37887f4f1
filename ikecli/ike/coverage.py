"""Which of a connection's traffic one Child SA is for: what is asked of the peer, what a peer gets (RFC 7296 2.9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from ikecli.boundary.notices import Acquire
from ikecli.errors import Refused
from ikecli.ike import telling
from ikecli.ike.lease import narrowed
from ikecli.ike.limits import HOLD_OFF_SECONDS
from ikecli.ike.selectors import Grain, Pair, inside, narrow
from ikecli.ike.window import Want
from ikecli.intent import Address, Connection, Selector
from ikecli.intent.selectors import LAST_PORT, host_selector
from ikecli.numbers import NotifyType
from ikecli.wire.payloads.ts import MAX_SELECTORS

if TYPE_CHECKING:
    from ikecli.ike.talk import Talk

_WITH_PORTS: Final = frozenset({6, 17, 132, 135})
"""TCP, UDP, SCTP and the mobility header. An ICMP packet's answer has another type, so its own is not asked for."""


def covers(pairs: Iterable[Pair], packet: Acquire) -> bool:
    """Tell whether selectors cover a packet that goes out."""
    return _line(pairs, packet) is not None


def wanted(talk: Talk, connection: Connection) -> tuple[Pair, ...]:
    """Return what to ask of the peer, the packet's own selectors first, then those of its line, then the others.

    Where another Child SA of the connection is up, or the peer takes one line a Child SA, they are of the packet's line
    alone. Where Child SAs are for single hosts, they are of the packet's; without a packet they are nothing, if the
    peer takes an IKE SA without a Child SA. An SA that is rekeyed keeps its own.
    """
    if talk.replaces is not None:
        return talk.replaces.pairs[:MAX_SELECTORS]
    flows, packet = narrowed(talk.sa, talk.core.lookup.flows[connection.label]), talk.aim.packet
    grain = Grain.HOSTS if connection.per_host else talk.sa.grains.get(connection.label, Grain.ALL)
    line = _line(flows, packet) if packet is not None else None
    up = any(one.connection == connection.label and not one.deleting for one in talk.sa.children.values())
    if packet is None or line is None:
        birth = talk.sa.birth
        childless = grain is Grain.HOSTS and (birth is None or birth.childless)
        return () if up or childless else flows[:MAX_SELECTORS]
    if grain is Grain.HOSTS:
        return (_meet(line, (host_selector(packet.source), host_selector(packet.destination))),)
    first = (_meet(line, _own(packet)), line)
    return first if up or grain is Grain.LINE else tuple(dict.fromkeys(first + flows))[:MAX_SELECTORS]


def granted(
    connection: Connection, flows: Sequence[Pair], local: Sequence[Selector], remote: Sequence[Selector]
) -> tuple[Pair, ...]:
    """Return what of `flows` a peer that names these selectors gets in one Child SA; nothing where there is nothing.

    Raises Refused for a peer that is to name one pair of hosts and does not.
    """
    pairs = narrow(flows, local, remote)
    if not pairs or not connection.per_host:
        return pairs
    first = narrow(flows, local[:1], remote[:1])
    hosts = {(here.first, here.last, there.first, there.last) for here, there in first or pairs}
    ((low, high, far_low, far_high), *others) = hosts
    if others or low != high or far_low != far_high:
        raise Refused("one pair of hosts is wanted", NotifyType.SINGLE_PAIR_REQUIRED)
    return narrow(flows, _at(local, low), _at(remote, far_low))


def beyond(pairs: Iterable[Pair], others: Sequence[Pair]) -> bool:
    """Tell whether some of `pairs` lies in none of `others`."""
    return any(not any(inside(pair, other) for other in others) for pair in pairs)


def _at(named: Iterable[Selector], host: Address) -> list[Selector]:
    """Return what of selectors is of one host."""
    return [part for one in named if (part := one.intersection(host_selector(host))) is not None]


def _line(pairs: Iterable[Pair], packet: Acquire) -> Pair | None:
    return next(
        (
            (local, remote)
            for local, remote in pairs
            if local.covers(packet.source, packet.protocol, packet.source_port)
            and remote.covers(packet.destination, packet.protocol, packet.destination_port)
        ),
        None,
    )


def _own(packet: Acquire) -> Pair:
    """Return a packet's own selectors: its addresses, its protocol, and its ports where it has such."""

    def side(address: Address, port: int) -> Selector:
        ports = (port, port) if packet.protocol in _WITH_PORTS and port >= 0 else (0, LAST_PORT)
        return Selector(address, address, packet.protocol, *ports)

    return side(packet.source, packet.source_port), side(packet.destination, packet.destination_port)


def _meet(line: Pair, own: Pair) -> Pair:
    """Return what of a line is between a packet's ends, which lie in it."""
    return line[0].intersection(own[0]) or line[0], line[1].intersection(own[1]) or line[1]


def check_packet(talk: Talk, connection: Connection, pairs: tuple[Pair, ...], more: bool) -> None:
    """See whether the packet is served that an SA is for; raises Refused where the SA brings nothing new."""
    packet = talk.aim.packet
    if more:
        telling.progress(talk, "the peer sets up further Child SAs for the rest: asked for on traffic")
    if packet is None or talk.replaces is not None or covers(pairs, packet):
        return
    talk.core.hold_off[connection.label] = talk.now + HOLD_OFF_SECONDS
    telling.progress(talk, f"the peer left out the packet {packet.source} -> {packet.destination}")
    own = [child.pairs for child in talk.sa.children.values() if child.connection == connection.label]
    if own and not beyond(pairs, [pair for some in own for pair in some]):
        raise Refused("the peer gives what is up already")


def superfluous(talk: Talk, connection: Connection) -> bool:
    """Tell whether the peer has set up meanwhile what an exchange is for; a packet may go by another IKE SA."""
    packet, sa = talk.aim.packet, talk.sa
    sas = (sa,) if packet is None else talk.core.by_peer.get(sa.remote.host, ())
    return talk.want is Want.CHILD and any(
        one.connection == connection.label and not one.deleting and (packet is None or covers(one.pairs, packet))
        for each in sas
        for one in each.children.values()
    )
