"""From a datagram to the SA and exchange it is for; what is for none is counted and dropped."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ikecli.boundary.effects import Datagram
from ikecli.errors import Malformed, ProtocolError, Refused
from ikecli.ike import asks, exchanges, fragments, hints, keys, messages, puzzles, serving, shapes
from ikecli.ike.core import Core
from ikecli.ike.lifecycle import close
from ikecli.ike.limits import MAX_DATAGRAM, MAX_OPENING
from ikecli.ike.sa import IkeSa, State
from ikecli.ike.talk import Incoming
from ikecli.ike.window import Arrival, digest
from ikecli.numbers import Exchange, NotifyType
from ikecli.wire import HEADER_SIZE, Header, Message, Sealed, read_header, read_message
from ikecli.wire.payloads import Notify

_INIT: Final = Exchange.IKE_SA_INIT
_REPEATED, _SERVED, _NEW = Arrival.REPEATED, Arrival.SERVED, Arrival.NEW

_RESPONSE_FLAG: Final = 0x20
_INITIATOR_FLAG: Final = 0x08
_NO_SPI: Final = bytes(8)


def receive(core: Core, datagram: Datagram) -> None:
    """Take a datagram; whatever is wrong with it raises nothing."""
    if len(datagram.octets) > MAX_DATAGRAM:
        core.drop(datagram, f"{len(datagram.octets)} octets")
        return
    try:
        message = read_message(datagram.octets)
    except Refused as problem:
        _answer_in_clear(core, datagram, problem)
        return
    except ProtocolError as problem:
        core.drop(datagram, problem.why)
        return
    try:
        _route(core, datagram, message)
    except ProtocolError as problem:
        core.drop(datagram, problem.why)


def _route(core: Core, datagram: Datagram, message: Message) -> None:
    header = message.header
    if header.exchange == _INIT and len(datagram.octets) > MAX_OPENING:
        raise Malformed(f"an IKE_SA_INIT of {len(datagram.octets)} octets")
    if header.exchange == _INIT and not header.response:
        if header.responder_spi == _NO_SPI and message.sealed is None:
            serving.first(core, datagram, message)
        else:
            core.drop(datagram, "an IKE_SA_INIT request with a responder's SPI")
        return
    sa = core.by_spi.get(header.responder_spi if header.initiator else header.initiator_spi)
    if sa is None:
        core.drop(datagram, "no IKE SA has these SPIs")
        hints.unknown_sa(core, datagram, message)
    elif sa.initiator == header.initiator:
        core.drop(datagram, "no IKE SA has these SPIs")
    elif header.response:
        _response(core, sa, datagram, message)
    elif header.initiator_spi != sa.spi_i or header.responder_spi != sa.spi_r:
        core.drop(datagram, "no IKE SA has these SPIs")
    else:
        _request(core, sa, datagram, message)


def _response(core: Core, sa: IkeSa, datagram: Datagram, message: Message) -> None:
    header = message.header
    out = sa.window.awaiting(header.exchange, header.message_id)
    if hints.error_in_clear(core, sa, message):
        core.drop(datagram, "an error in the clear")
        if out is not None and sa.state is State.AUTHENTICATING:
            exchanges.doubt(core, sa, Incoming(header, message.payloads, datagram.octets))
    elif out is None or sa.state not in shapes.AWAITED.get(header.exchange, ()):
        core.drop(datagram, "a response to no open request")
    elif header.exchange == _INIT:
        if datagram.remote != sa.remote:
            raise Malformed("an IKE_SA_INIT response from elsewhere")
        if message.sealed is not None:
            raise Malformed("an encrypted IKE_SA_INIT")
        incoming = Incoming(header, message.payloads, datagram.octets)
        messages.note_received(core, sa, incoming)
        exchanges.response(core, sa, out, incoming)
    elif header.initiator_spi != sa.spi_i or header.responder_spi != sa.spi_r:
        core.drop(datagram, "no IKE SA has these SPIs")
    elif (whole := fragments.whole(core, sa, datagram.octets, header, _sealed(message))) is not None:
        exchanges.sealed_response(core, sa, out, whole[0], header, whole[1])
        core.assemblies.end(sa, header)


def _request(core: Core, sa: IkeSa, datagram: Datagram, message: Message) -> None:
    header, window = message.header, sa.window
    arrival = window.arrival(header.message_id, datagram.octets)
    if arrival is _REPEATED and (answer := window.answered(header.message_id)) is not None:
        messages.send_to(core, answer.response, datagram.local, datagram.remote, datagram.vrf)
    elif arrival is _SERVED:
        core.drop(datagram, "a request that is being worked on")
    elif message.sealed is not None and fragments.again(sa, arrival, datagram.octets, header, message.sealed):
        _answer_shorter(core, sa, datagram, header)
    elif arrival is not _NEW:
        core.drop(datagram, f"message id {header.message_id} is outside the window")
    elif sa.state not in shapes.WELCOME.get(header.exchange, ()):
        core.drop(datagram, f"exchange {header.exchange} on an IKE SA that is {sa.state.value}")
    elif not puzzles.solved(sa, message.payloads):
        core.drop(datagram, "no solution of the puzzle that IKE_AUTH was to bring")
    elif _has_keys(core, sa, datagram):
        whole = fragments.whole(core, sa, datagram.octets, header, _sealed(message))
        if whole is not None:
            if whole[0] is not datagram.octets:
                datagram = replace(datagram, octets=whole[0])
            serving.request(core, sa, datagram, header, whole[1])
            core.assemblies.end(sa, header)


def _answer_shorter(core: Core, sa: IkeSa, datagram: Datagram, header: Header) -> None:
    """Answer a request again that came in shorter fragments, since the answer may have been too long, too."""
    answer = sa.window.answered(header.message_id)
    if answer is None:
        return
    answer.response = messages.recut(core, sa, answer.response, len(datagram.octets)) or answer.response
    answer.request = digest(datagram.octets)
    messages.send_to(core, answer.response, datagram.local, datagram.remote, datagram.vrf)


def _has_keys(core: Core, sa: IkeSa, datagram: Datagram) -> bool:
    """Return whether there are keys; keep the message where they are being computed."""
    try:
        if keys.ready(core, sa):
            return True
    except ProtocolError as problem:
        close(core, sa, problem.why, linger=False)
        core.drop(datagram, problem.why)
        return False
    asks.hold(core, sa, datagram)
    return False


def _sealed(message: Message) -> Sealed:
    header, clear = message.header, message.payloads
    if message.sealed is not None and not clear:
        return message.sealed
    allowed = shapes.IN_CLEAR.get((header.exchange, header.response), ())
    if message.sealed is None or len(clear) > 1 or any(one.number not in allowed for one in clear):
        raise Malformed("a message that is not encrypted as a whole")
    return message.sealed


def _answer_in_clear(core: Core, datagram: Datagram, problem: Refused) -> None:
    """Answer a request of another major version or with an unknown critical payload, where that needs no SA."""
    core.drop(datagram, problem.why)
    octets, notify = datagram.octets, problem.notify
    if len(octets) < HEADER_SIZE or octets[19] & _RESPONSE_FLAG or notify is None:
        return
    ration = core.refusals_of_first
    if notify is NotifyType.INVALID_MAJOR_VERSION:
        ration = core.rations
        header = Header(
            octets[:8],
            octets[8:16],
            octets[18],
            int.from_bytes(octets[20:24], "big"),
            bool(octets[19] & _INITIATOR_FLAG),
        )
    elif (header := read_header(octets)).exchange != _INIT or header.responder_spi != _NO_SPI:
        return
    if ration.take(datagram.remote, core.now):
        hints.answer(core, datagram, header, Notify(notify, problem.data))
