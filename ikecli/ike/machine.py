"""What the machine reports: the data plane's notices, and effects that it could not perform."""

from __future__ import annotations

from ikecli.boundary.effects import Attach, Direction, Effect, Failed, Install, Send, Tell
from ikecli.boundary.events import ChildUp, LineProtocol
from ikecli.boundary.notices import (
    Acquire,
    AddressGone,
    Expired,
    FirstPacket,
    LineChanged,
    LinkChanged,
    Mapped,
    Misfit,
    Notice,
    UnknownSpi,
)
from ikecli.ike import exchanges, hints, serving
from ikecli.ike.connect import connect
from ikecli.ike.core import Core
from ikecli.ike.lifecycle import close, delete, start_sending
from ikecli.ike.limits import MAX_REMEMBERED_PEERS, MISFIT_OCTETS, MISFIT_SECONDS, RECOVER_SECONDS
from ikecli.ike.rekeying import rekey_child
from ikecli.ike.sa import State, newest
from ikecli.ike.window import Aim, Want
from ikecli.intent import Initiation
from ikecli.wire import cut


def notice(core: Core, what: Notice) -> None:
    """Act upon a notice; one about something gone does nothing."""
    match what:
        case Acquire(connection):
            row = core.lookup.connections.get(connection)
            wanted = row is not None and row.initiation is not Initiation.NEVER
            if wanted and core.hold_off.get(connection, 0.0) <= core.now:
                connect(core, connection, what)
        case Expired(spi, False):
            if (sa := core.children.get(spi)) is not None and sa.state is State.ESTABLISHED:
                rekey_child(core, sa, sa.children[spi])
        case Expired(spi, True):
            if (sa := core.children.get(spi)) is not None and not sa.children[spi].deleting:
                core.want(sa, Want.DELETE_CHILD, Aim(spis=(spi,)))
        case FirstPacket(spi):
            if (sa := core.children.get(spi)) is not None:
                sa.confirmed, sa.heard = True, core.now
                if not sa.children[spi].deleting:
                    start_sending(core, sa.children[spi])
                core.touch(sa)
        case Mapped(spi, remote):
            if (sa := core.children.get(spi)) is not None and sa.nat_remote and sa.state is State.ESTABLISHED:
                serving.move(core, sa, sa.local, remote)
        case Misfit():
            _complain(core, what)
        case UnknownSpi():
            _recover(core, what)
        case LineChanged(interface, up, recursive):
            core.tell(LineProtocol, lambda: LineProtocol(interface, up, recursive))
        case AddressGone(address):
            for sa in [sa for sa in core.sas.values() if sa.lease and address in sa.lease.lent]:
                delete(core, sa)
        case LinkChanged(gone):
            for sa in [sa for sa in core.sas.values() if sa.local.address in gone]:
                close(core, sa, "its local address is gone", linger=False)


def failed(core: Core, failure: Failed) -> None:
    """Take back what an Install that failed was part of, and go on with the rest of its batch.

    The response to the peer was behind the Install, so it never left: it is answered anew, with an error.
    """
    rest = list(failure.undone)
    if isinstance(failure.effect, Send):
        exchanges.unsent(core, failure.effect.datagram, failure.why)
    if isinstance(failure.effect, Attach):
        core.effects += rest
        for bare in [sa for sa in core.sas.values() if sa.access == failure.effect.access.name]:
            delete(core, bare)
        return
    if isinstance(failure.effect, Install):
        install = failure.effect
        spi = install.spi if install.direction is Direction.INBOUND else install.peer_spi
        talk = core.installing.pop(spi, None)
        if talk is not None:
            core.touch(talk.sa)
            answer = None if talk.asking else talk.sa.window.answered(talk.message_id)
            unsent = answer.response if answer else b""
            for task in talk.tasks:
                task.undone(talk, failure.why)
            if not talk.asking:
                serving.answer_again(core, talk)
            rest = [effect for effect in rest if not _of(effect, spi, unsent)]
        elif (sa := core.children.get(spi)) is not None and spi in sa.children:
            core.want(sa, Want.DELETE_CHILD, Aim(spis=(spi,)))
    core.effects += rest


def _of(effect: Effect, spi: int, unsent: bytes) -> bool:
    """Tell whether an effect belongs to a Child SA that is not to be, or is the response that told of it."""
    match effect:
        case Install():
            return spi in (effect.spi, effect.peer_spi)
        case Tell(ChildUp(inbound_spi=inbound)):
            return inbound == spi
        case Send(datagram):
            return datagram.octets in cut(unsent)
    return False


def _complain(core: Core, misfit: Misfit) -> None:
    """Tell a peer, now and then, of a packet that it sent by the wrong SA, where that is to be told."""
    sa = core.children.get(misfit.spi)
    if sa is None or not core.lookup.intent.notify_invalid_selectors:
        return
    child = sa.children[misfit.spi]
    if child.deleting or child.silent > core.now:
        return
    child.silent = core.now + MISFIT_SECONDS
    core.want(sa, Want.MISFIT, Aim(spis=(misfit.spi,), octets=misfit.packet[:MISFIT_OCTETS]))


def _recover(core: Core, unknown: UnknownSpi) -> None:
    """Tell a peer that sends on an SA we do not have: in an SA that stands, or by a new one (RFC 7296 2.4, 2.21.4).

    While one is being set up the peer, and just afterwards the engine, may be ahead of the data plane.
    """
    address = unknown.remote.address
    sas = core.by_peer.get(address.packed, ())
    if unknown.spi in core.children or core.closing or core.recovered.get(address, 0.0) > core.now:
        return
    if any(sa.negotiating or sa.window.wants(Want.CHILD) for sa in sas):
        return
    if len(core.recovered) >= MAX_REMEMBERED_PEERS:
        core.recovered.clear()
    core.recovered[address] = core.now + RECOVER_SECONDS
    sa = newest(sa for sa in sas if sa.state is State.ESTABLISHED)
    if sa is not None:
        core.want(sa, Want.DELETE_CHILD, Aim(spis=(unknown.spi,)))
        return
    for label, connection in core.lookup.connections.items():
        if address in connection.peers and connection.initiation is not Initiation.NEVER:
            connect(core, label)
            return
    hints.tell_unknown_esp(core, unknown.spi, unknown.remote)
