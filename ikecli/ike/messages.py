"""An IKE SA's messages as octets: sealed and opened under its keys, sent, counted and told."""

from __future__ import annotations

from collections.abc import Sequence

from ikecli.boundary.effects import Datagram, Send
from ikecli.boundary.events import MessageReceived, MessageSent
from ikecli.errors import Unauthentic
from ikecli.ike.core import Core
from ikecli.ike.sa import IkeSa
from ikecli.ike.talk import Incoming
from ikecli.numbers import Exchange, NotifyType, PayloadType, label
from ikecli.wire import Header, Message, Sealed, read_chain, write_chain, write_message, write_outer
from ikecli.wire.payloads import Notify, Payload


def write(
    core: Core, sa: IkeSa, exchange: Exchange, message_id: int, response: bool, payloads: Sequence[Payload]
) -> bytes:
    """Return a message's octets, sealed but for IKE_SA_INIT, and count and tell it."""
    header = Header(sa.spi_i, sa.spi_r, exchange, message_id, sa.initiator, response)
    octets = (
        write_message(Message(header, tuple(payloads)))
        if exchange == Exchange.IKE_SA_INIT
        else _seal(core, sa, header, payloads)
    )
    core.counts.message(exchange, response, False, payloads)
    if core.hears(MessageSent):
        core.tell(MessageSent, lambda: _told(MessageSent, sa, header, payloads, len(octets)))
    return octets


def read_sealed(sa: IkeSa, octets: bytes, header: Header, sealed: Sealed) -> Incoming:
    """Return a message opened under the SA's keys.

    Raises Unauthentic when the peer did not send it; Malformed or Refused when it did, but it cannot be read.
    """
    if sa.suite is None or sa.keys is None:
        raise Unauthentic("a message before there are keys")
    chain = sa.suite.open(sa.keys, not sa.initiator, octets, sealed.at)
    return Incoming(header, read_chain(sealed.first, chain), octets)


def note_received(core: Core, sa: IkeSa, message: Incoming) -> None:
    """Count and tell a message that parsed."""
    header = message.header
    core.counts.message(header.exchange, header.response, True, message.payloads)
    if core.hears(MessageReceived):
        core.tell(MessageReceived, lambda: _told(MessageReceived, sa, header, message.payloads, len(message.octets)))


def send(core: Core, sa: IkeSa, octets: bytes) -> None:
    """Send octets to where the peer is."""
    core.do(Send(Datagram(octets, sa.local, sa.remote)))


def _seal(core: Core, sa: IkeSa, header: Header, payloads: Sequence[Payload]) -> bytes:
    if sa.suite is None or sa.keys is None:
        raise ValueError("nothing can be sealed before there are keys")
    first, chain = write_chain(payloads)
    outer = write_outer(header, first, sa.suite.sealed_size(len(chain)))
    sa.sealed += 1
    size = sa.suite.iv_size
    iv = sa.sealed.to_bytes(size, "big") if sa.suite.encryption.aead else core.random(size)
    return sa.suite.seal(sa.keys, sa.initiator, outer, chain, iv)


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
