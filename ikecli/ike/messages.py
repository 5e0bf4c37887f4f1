"""An IKE SA's messages as octets: sealed and opened under its keys, sent, counted and told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ikecli.boundary.effects import Datagram, Endpoint, Send, Tell
from ikecli.boundary.events import MessageReceived, MessageSent
from ikecli.crypto import IkeKeys, Suite
from ikecli.errors import Unauthentic
from ikecli.ike import intermediate
from ikecli.ike.core import Core
from ikecli.ike.limits import LEAST_FRAGMENT, PATHS
from ikecli.ike.sa import IkeSa
from ikecli.ike.talk import Incoming
from ikecli.numbers import NAT_PORT, NON_ESP_MARKER, Exchange, NotifyType, PayloadType, label
from ikecli.wire import (
    FRAGMENT_OVERHEAD,
    Header,
    Message,
    Sealed,
    cut,
    read_chain,
    read_message,
    write_chain,
    write_message,
    write_outer,
    write_outer_fragment,
)
from ikecli.wire.payloads import Notify, Payload, PuzzleSolution

_INIT, _INTERMEDIATE = Exchange.IKE_SA_INIT, Exchange.IKE_INTERMEDIATE

_IP_HEADERS: Final = 20, 40
_UDP_HEADER: Final = 8


def write(
    core: Core, sa: IkeSa, exchange: Exchange, message_id: int, response: bool, payloads: Sequence[Payload]
) -> bytes:
    """Return a message's octets, sealed but for IKE_SA_INIT, and count and tell it.

    Where it is too long for the path and the peer knows fragments, they are those of its fragments, one after another.
    """
    header = Header(sa.spi_i, sa.spi_r, exchange, message_id, sa.initiator, response)
    octets = write_message(Message(header, tuple(payloads))) if exchange == _INIT else _seal(core, sa, header, payloads)
    core.counts.message(exchange, response, False, payloads)
    if MessageSent in core.heard:
        core.do(Tell(_told(MessageSent, sa, header, payloads, len(octets))))
    return octets


def read_sealed(sa: IkeSa, octets: bytes, header: Header, sealed: Sealed) -> Incoming:
    """Return a message opened under the SA's keys.

    Raises Unauthentic when the peer did not send it; Malformed or Refused when it did, but it cannot be read.
    """
    if sa.suite is None or sa.keys is None:
        raise Unauthentic("a message before there are keys")
    chain = sealed.chain
    if chain is None:
        chain = sa.suite.open(sa.keys, not sa.initiator, octets, sealed.at)
    if header.exchange == _INTERMEDIATE:
        intermediate.cover(sa, octets, chain, not sa.initiator)
    return Incoming(header, read_chain(sealed.first, chain), octets)


def note_received(core: Core, sa: IkeSa, message: Incoming) -> None:
    """Count and tell a message that parsed."""
    header = message.header
    core.counts.message(header.exchange, header.response, True, message.notifies)
    if MessageReceived in core.heard:
        core.do(Tell(_told(MessageReceived, sa, header, message.payloads, len(message.octets))))


def send(core: Core, sa: IkeSa, octets: bytes) -> None:
    """Send a message, or all fragments of one, to where the peer is."""
    sa.sent = core.now
    send_to(core, octets, sa.local, sa.remote, sa.vrf)


def send_to(core: Core, octets: bytes, local: Endpoint, remote: Endpoint, vrf: str) -> None:
    """Send a message, or all fragments of one, between two ends in a routing table."""
    for one in cut(octets):
        core.do(Send(Datagram(one, local, remote, False, vrf)))


def _seal(core: Core, sa: IkeSa, header: Header, payloads: Sequence[Payload]) -> bytes:
    if sa.suite is None or sa.keys is None:
        raise ValueError("nothing can be sealed before there are keys")
    clear = [one for one in payloads if isinstance(one, PuzzleSolution)] if sa.initiator else []
    first, chain = write_chain([one for one in payloads if one not in clear] if clear else payloads)
    sealed = sa.suite.sealed_size(len(chain))
    outer = write_outer(header, first, sealed, clear)
    if header.exchange == _INTERMEDIATE:
        intermediate.cover(sa, outer, chain, sa.initiator)
    longest = _longest(core, sa)
    if longest is None or len(outer) + sealed <= longest:
        return sa.suite.seal(sa.keys, sa.initiator, outer, chain, _iv(core, sa, sa.suite))
    return _seal_cut(core, sa, sa.suite, sa.keys, header, (first, chain, clear), longest)


def _seal_cut(
    core: Core,
    sa: IkeSa,
    suite: Suite,
    keys: IkeKeys,
    header: Header,
    content: tuple[int, bytes, Sequence[Payload]],
    longest: int,
    least: int = 1,
) -> bytes:
    """Return the fragments of a message, none longer than `longest`; what stays in the clear goes with the first.

    There are `least` of them, unless they would be too short.
    """
    first, chain, clear = content
    room = longest - FRAGMENT_OVERHEAD - len(write_chain(clear)[1])
    size = next((size for size in range(room, LEAST_FRAGMENT, -1) if suite.sealed_size(size) <= room), LEAST_FRAGMENT)
    size = max(min(size, -(-len(chain) // least)), LEAST_FRAGMENT)
    parts = [chain[at : at + size] for at in range(0, len(chain), size)]
    sealed = []
    for number, part in enumerate(parts, 1):
        kind = first if number == 1 else 0
        before = clear if number == 1 else ()
        outer = write_outer_fragment(header, kind, suite.sealed_size(len(part)), number, len(parts), before)
        sealed.append(suite.seal(keys, sa.initiator, outer, part, _iv(core, sa, suite)))
    return b"".join(sealed)


def recut(core: Core, sa: IkeSa, octets: bytes, limit: int | None = None) -> bytes | None:
    """Return a message of ours in more fragments, for a path that is shorter than was thought (RFC 7383 2.5.2).

    They are no longer than `limit`, or than the next of PATHS; nor are the SA's messages from then on. None where the
    message is as short as it gets.
    """
    pieces = cut(octets)
    most = max(map(len, pieces))
    lengths = [_room(sa, size) for size in PATHS] if limit is None else [limit]
    longest = next((length for length in lengths if length < most), None)
    read = [read_message(piece) for piece in pieces]
    keys = sa.keys_of(read[0].header.message_id)
    if sa.suite is None or keys is None or longest is None or _longest(core, sa) is None:
        return None
    sealed = [one.sealed for one in read if one.sealed is not None]
    parts = zip(pieces, sealed, strict=True)
    chain = b"".join(sa.suite.open(keys, sa.initiator, piece, one.at) for piece, one in parts)
    content = sealed[0].first, chain, read[0].payloads
    shorter = _seal_cut(core, sa, sa.suite, keys, read[0].header, content, longest, len(pieces) + 1)
    if len(cut(shorter)) <= len(pieces):
        return None
    sa.path = longest
    return shorter


def _longest(core: Core, sa: IkeSa) -> int | None:
    """Return the octets of the longest message to a peer that goes whole; None where every one does."""
    mtu = core.lookup.intent.fragment_mtu
    if mtu is None or not sa.fragmentation:
        return None
    configured = _room(sa, mtu[sa.remote.address.version == 6])
    return min(configured, sa.path) if sa.path else configured


def _room(sa: IkeSa, mtu: int) -> int:
    """Return the octets of IKE in a packet of `mtu` octets."""
    marker = len(NON_ESP_MARKER) if sa.local.port == NAT_PORT else 0
    return mtu - _IP_HEADERS[sa.remote.address.version == 6] - _UDP_HEADER - marker


def _iv(core: Core, sa: IkeSa, suite: Suite) -> bytes:
    """Return an IV that was never used in this SA."""
    sa.sealed += 1
    size = suite.encryption.iv
    return sa.sealed.to_bytes(size, "big") if suite.encryption.aead else core.random(size)


def _told(kind: type[MessageSent], sa: IkeSa, header: Header, payloads: Sequence[Payload], length: int) -> MessageSent:
    return kind(
        sa=sa.number,
        session=sa.session,
        local=str(sa.local),
        remote=str(sa.remote),
        initiator_spi=header.initiator_spi.hex().upper(),
        responder_spi=header.responder_spi.hex().upper(),
        exchange=label(Exchange, header.exchange),
        response=header.response,
        message_id=header.message_id,
        payloads=tuple(map(_name, payloads)),
        length=length,
    )


def _name(payload: Payload) -> str:
    name = label(PayloadType, payload.number)
    return f"{name}({label(NotifyType, payload.type)})" if isinstance(payload, Notify) else name
