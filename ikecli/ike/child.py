"""Child SAs between the protocol and the data plane."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ikecli.boundary.effects import Direction, EspKeys, Install, Lifetime
from ikecli.crypto import ChildKeys
from ikecli.errors import Malformed
from ikecli.ike import idleness
from ikecli.ike.choose import Choice
from ikecli.ike.followup import KeptSeries
from ikecli.ike.inner import authorization, settle
from ikecli.ike.lifecycle import start_sending
from ikecli.ike.limits import FIRST_ESP_SPI, LAST_SEQUENCE
from ikecli.ike.sa import ChildSa, IkeSa, State
from ikecli.ike.selectors import Pair
from ikecli.ike.talk import Incoming, Talk
from ikecli.intent import Connection, Screen, Selector
from ikecli.numbers import Algorithm, NotifyType, TransformType
from ikecli.value import value

_ENCR, _INTEG, _KE, _ESN = TransformType.ENCR, TransformType.INTEG, TransformType.KE, TransformType.ESN
_INBOUND, _OUTBOUND = Direction.INBOUND, Direction.OUTBOUND
_ESTABLISHED: Final = State.ESTABLISHED

_KILOBYTE: Final = 1024
_SPI_SIZE: Final = 4


@value
class AskedChild:
    """What a request for a Child SA keeps until the answer comes; `group` is what the peer wants instead of none.

    From `choice` on it is what was agreed, when other key exchanges follow.
    """

    connection: Connection | None
    spi: int
    ni: bytes
    group: Algorithm | None
    private: bytes
    local: tuple[Selector, ...]
    remote: tuple[Selector, ...]
    choice: Choice | None
    nr: bytes
    pairs: tuple[Pair, ...]
    transport: bool
    unpadded: bool
    fragments: bool
    series: KeptSeries | None


def agreed(
    talk: Talk,
    connection: Connection,
    choice: Choice,
    spi: int,
    pairs: tuple[Pair, ...],
    transport: bool,
    padded: bool,
    fragments: bool,
) -> ChildSa:
    """Return the Child SA that was agreed; raises Malformed for an SPI of the peer that is none."""
    rows = choice.algorithms
    outbound = int.from_bytes(choice.spi, "big")
    if len(choice.spi) != _SPI_SIZE or outbound < FIRST_ESP_SPI:
        raise Malformed("an ESP SPI that is reserved")
    if talk.core.sends_to(talk.sa.remote.address, outbound):
        raise Malformed("an ESP SPI that the peer uses already")
    group, esn = rows.get(_KE), rows[_ESN].number == 1
    child = ChildSa(
        connection.label,
        spi,
        outbound,
        rows[_ENCR],
        rows.get(_INTEG),
        group.number if group else None,
        esn,
        transport,
        talk.sa.nat,
        pairs,
        talk.core.now,
        connection.lifetime,
        connection.kilobytes,
        _packets(connection, esn),
        connection.replay_window,
    )
    if connection.tfc is not None:
        child.tfc = replace(connection.tfc, pads=connection.tfc.pads and padded and not transport)
    child.additional, child.outer, child.fragments = choice.additional, connection.outer, fragments and not transport
    _begin(talk, connection, child)
    return child


def _begin(talk: Talk, connection: Connection, child: ChildSa) -> None:
    """Note whose place a new Child SA takes, and how long it lives, used or idle."""
    core, now = talk.core, talk.core.now
    if connection.lifetime:
        child.expires = now + connection.lifetime
        child.soft = now + connection.lifetime * core.child_lives.share(talk.asking)
    if talk.replaces is not None:
        child.replaces = talk.replaces.inbound
    child.idle = connection.idle or _idle(talk)
    child.used, child.looked = idleness.inherited(talk.replaces, now), now


def _idle(talk: Talk) -> int:
    """Return after how many seconds without traffic the SAs of a peer go, where what it is lent says so."""
    gives = authorization(talk.core, talk.sa)
    return gives.idle if gives is not None else 0


def wants_fragments(talk: Talk, *sides: tuple[Selector, ...]) -> bool:
    """Tell whether fragments without ports are to go in an SA of these selectors: where they name ports."""
    named = any(not one.any_port for side in sides for one in side)
    return named and talk.core.lookup.intent.later_fragments


def takes_fragments(talk: Talk, message: Incoming) -> bool:
    """Tell whether both ends have fragments without ports go in an SA, as a message of the peer says."""
    return talk.core.lookup.intent.later_fragments and message.notify(NotifyType.NON_FIRST_FRAGMENTS_ALSO) is not None


def _packets(connection: Connection, esn: bool) -> int:
    """Return how many packets an SA may carry: no more than it has sequence numbers (RFC 4303 2.2, 3.3.3)."""
    if esn:
        return connection.packets
    return min(connection.packets or LAST_SEQUENCE, LAST_SEQUENCE)


def install(talk: Talk, child: ChildSa, keys: ChildKeys, hold: bool) -> None:
    """Put a new Child SA into the tables and, inbound first, into the data plane; `hold` keeps it from sending."""
    sa, core = talk.sa, talk.core
    core.enter_child(sa, child)
    core.counts.children[talk.asking] += 1
    core.installing[child.inbound] = talk
    core.pauses.pop(child.connection, None)
    core.touch(sa)
    of_initiator = EspKeys(keys.encryption_i, keys.integrity_i)
    of_responder = EspKeys(keys.encryption_r, keys.integrity_r)
    outbound, inbound = (of_initiator, of_responder) if talk.asking else (of_responder, of_initiator)
    lifetime = _lifetime(talk, child)
    row = core.lookup.connections.get(child.connection)
    profile = core.lookup.profiles.get(sa.profile)
    screens = (one.screen for one in (row, profile) if one is not None)
    screen = next((one for one in screens if one != Screen()), Screen())
    into = _install(sa, child, _INBOUND, inbound, lifetime, screen)
    core.do(replace(into, own_errors=True) if row is not None and row.own_errors else into)
    child.held, child.sends = _install(sa, child, _OUTBOUND, outbound, lifetime, screen), False
    if not hold:
        start_sending(core, child)
    if sa.state is _ESTABLISHED:
        settle(core, sa)


def _lifetime(talk: Talk, child: ChildSa) -> Lifetime:
    octets, packets = child.kilobytes * _KILOBYTE, child.packets
    share = talk.core.child_volumes.share(talk.asking)
    soft = child.soft and child.soft - talk.core.now
    return Lifetime(soft, child.lifetime, int(octets * share), octets, int(packets * share), packets)


def _install(
    sa: IkeSa, child: ChildSa, direction: Direction, keys: EspKeys, lifetime: Lifetime, screen: Screen
) -> Install:
    inbound = direction is _INBOUND
    return Install(
        direction,
        child.inbound if inbound else child.outbound,
        child.outbound if inbound else child.inbound,
        sa.local,
        sa.remote,
        child.encryption,
        child.integrity,
        keys,
        child.pairs,
        child.connection,
        child.transport,
        child.encapsulated,
        child.esn,
        child.replay_window,
        lifetime,
        None if inbound else child.tfc,
        child.fragments,
        child.outer,
        sa.vrf,
        screen,
    )
