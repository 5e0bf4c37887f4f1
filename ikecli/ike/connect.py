"""Setting up connections from here: by traffic, at start, or when the operator says so."""

from __future__ import annotations

from collections.abc import Iterator

from ikecli.boundary.effects import Endpoint, Gateways, Standing
from ikecli.boundary.events import ChildFailed
from ikecli.boundary.notices import Acquire
from ikecli.ike import admission
from ikecli.ike.core import Core
from ikecli.ike.coverage import covers
from ikecli.ike.limits import HOLD_OFF_SECONDS, RETRY_FIRST, RETRY_LONGEST
from ikecli.ike.sa import Birth, ChildSa, IkeSa, State, newest
from ikecli.ike.window import Aim, Want
from ikecli.intent import Address, Connection, Identity, Initiation
from ikecli.numbers import IKE_PORT


def connect(core: Core, label: str, packet: Acquire | None = None) -> None:
    """Set up a connection for a packet, or all of it, unless it is up or under way."""
    connection = core.lookup.connections.get(label)
    if connection is None or core.closing or (connection.wildcard_peer and not connection.closed):
        return
    if connection.closed:
        _tell_failed(
            core, connection, connection.peers, "its configuration is not complete, so its packets are dropped"
        )
        return
    if covered(core, connection, packet) or _under_way(core, connection):
        return
    if why := admission.child(core, connection):
        _put_off(core, connection, connection.peers, why)
        return
    aim = Aim(label, packet if connection.asks is None else None)
    sa = newest(sa for sa in _all(core, connection) if usable(sa, connection))
    if sa is None:
        begin(core, connection, peers_of(core, connection), aim)
    elif why := admission.exchange(core, connection):
        _put_off(core, connection, connection.peers, why)
    elif not core.want(sa, Want.CHILD, aim):
        _tell_failed(core, connection, connection.peers, "too many exchanges wait in the IKE SA")


def covered(core: Core, connection: Connection, packet: Acquire | None) -> bool:
    """Tell whether a connection is up for a packet, or at all."""
    return any(packet is None or covers(child.pairs, packet) for child in _children(core, connection))


def begin(core: Core, connection: Connection, peers: tuple[Address, ...], aim: Aim, renews: bytes = b"") -> None:
    """Begin an IKE SA with the first of `peers`; the others are for when it does not answer.

    `renews` is our SPI of the IKE SA whose place it takes.
    """
    peer, profile = peers[0], core.lookup.profile_towards(connection, peers[0])
    if profile is None:
        why = _lacks(core, connection, peer)
        _tell_failed(core, connection, peers[:1], why, "profile", connection.profile or "")
        return
    key = core.lookup.credential(profile, Identity.of(peer), peer)
    if key is None or key.local is None or key.remote is None:
        why = f"profile {profile.name} has no pre-shared key for peer {peer}"
        _tell_failed(core, connection, peers[:1], why, "key", profile.name)
        return
    if (full := admission.ike(core, own=True)) is not None:
        core.counts.refuse(True, full.negotiating)
        _put_off(core, connection, peers[:1], full.why)
        return
    birth = Birth(aim, peers=peers[1:], renews=renews)
    ends = Endpoint(connection.local, IKE_PORT), Endpoint(peer, IKE_PORT)
    sa = core.add(True, *ends, bytes(8), birth, vrf=connection.vrf)
    sa.profile = profile.name
    core.begun.sas[sa] = None
    core.want(sa, Want.CONNECT, aim)


def keep_up(core: Core, label: str) -> None:
    """Try a connection that is always to be up again, after a pause that doubles until it is up."""
    connection = core.lookup.connections.get(label)
    if connection is None or connection.initiation is not Initiation.START or core.closing:
        return
    pause = core.pauses.get(label, RETRY_FIRST)
    core.pauses[label] = min(2 * pause, RETRY_LONGEST)
    jitter = core.random(1)[0] / 256
    core.agenda.set(label, core.now + pause * (0.75 + jitter / 2))


def hold_off(core: Core, label: str) -> None:
    """Have traffic not begin a connection again for a while."""
    row = core.lookup.connections.get(label)
    core.hold_off[label] = core.now + (row.optional if row is not None and row.optional else HOLD_OFF_SECONDS)


def next_peer(core: Core, aim: Aim, peers: tuple[Address, ...]) -> None:
    """Go on with the next peer of a connection whose last did not answer."""
    connection = core.lookup.connections.get(aim.connection)
    if connection is not None and peers and not core.closing:
        begin(core, connection, peers, aim)


def peers_of(core: Core, connection: Connection) -> tuple[Address, ...]:
    """Return where a connection goes, in order: its own peers, then the gateways that one of these told of."""
    return (*connection.peers, *core.backups.get(connection.label, ()))


def note_backups(core: Core, sa: IkeSa, label: str) -> None:
    """Take the further gateways that a peer tells of; where one of these tells of none, they stay.

    A client is told of them, since it says where to go.
    """
    connection, lease = core.lookup.connections.get(label), sa.lease
    if connection is None or lease is None:
        return
    version, known = connection.local.version, dict(core.lookup.intent.hosts)
    gateways = lease.taken.gateways(known)
    told = tuple(one for one in gateways if one.version == version and one != connection.local)
    if label in core.lookup.clients:
        core.do(Gateways(label, sa.remote.address, told))
        return
    new = [one for one in told if one not in connection.peers]
    if sa.remote.address not in connection.peers:
        new = [sa.remote.address, *(new or core.backups.get(label, ()))]
    core.backups.pop(label, None)
    if new:
        core.backups[label] = tuple(dict.fromkeys(new))


def _all(core: Core, connection: Connection) -> Iterator[IkeSa]:
    return (sa for peer in peers_of(core, connection) for sa in core.by_peer.get(peer.packed, ()))


def _children(core: Core, connection: Connection) -> Iterator[ChildSa]:
    for sa in _all(core, connection):
        yield from (c for c in sa.children.values() if c.connection == connection.label and not c.deleting)


def _under_way(core: Core, connection: Connection) -> bool:
    for sa in _all(core, connection):
        window = sa.window
        aims = [aim for want, aim in window.queue if want is Want.CHILD]
        aims += [out.talk.aim for out in window.under_way(Want.CHILD)]
        if sa.birth is not None:
            aims.append(sa.birth.aim)
        if any(aim.connection == connection.label for aim in aims):
            return True
    return False


def usable(sa: IkeSa, connection: Connection) -> bool:
    """Tell whether an IKE SA may carry a further Child SA of a connection."""
    alive = sa.state is State.ESTABLISHED or (sa.initiator and sa.negotiating)
    if connection.asks is not None and connection.label != _asked_for(sa):
        return False
    ends = (sa.local.address, sa.vrf) == (connection.local, connection.vrf)
    return alive and ends and connection.profile in (None, sa.profile)


def _asked_for(sa: IkeSa) -> str:
    """Return the connection whose settings an IKE SA is to bring, or brought."""
    return sa.birth.aim.connection if sa.birth else sa.lease.connection if sa.lease else ""


def _lacks(core: Core, connection: Connection, peer: Address) -> str:
    if connection.profile is None:
        return f"no profile is for peer {peer}"
    named = core.lookup.profiles.get(connection.profile)
    if named is not None and named.inbound:
        return f"profile {named.name} is for peers that begin alone"
    if named is not None:
        return f"profile {connection.profile} is for another routing table than {connection.vrf or 'the global one'}"
    return f"profile {connection.profile} is not there, or not complete"


def _put_off(core: Core, connection: Connection, peers: tuple[Address, ...], why: str) -> None:
    """Tell that there is no room for a connection; it is tried again."""
    hold_off(core, connection.label)
    keep_up(core, connection.label)
    _tell_failed(core, connection, peers, f"there are {why}", "room")


def _tell_failed(
    core: Core, connection: Connection, peers: tuple[Address, ...], why: str, lacks: str = "", profile: str = ""
) -> None:
    local, remote = str(connection.local), ", ".join(map(str, peers))
    core.tell(ChildFailed, lambda: ChildFailed(0, 0, connection.label, why, local, remote, False, lacks, profile))
    for peer in peers[:1]:
        over(core, connection.label, connection.local, peer, why)


def over(core: Core, label: str, local: Address, peer: Address, why: str, refused: bool = False) -> None:
    """Tell that the connection of a client does not stand with a peer, unless it does or is being set up.

    One that was `refused` is not, though its exchange is not finished yet.
    """
    connection = core.lookup.connections.get(label) if label in core.lookup.clients else None
    if connection is None or covered(core, connection, None) or (not refused and _under_way(core, connection)):
        return
    core.do(Standing(label, local, peer, False, why))
