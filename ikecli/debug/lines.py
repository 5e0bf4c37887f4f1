"""The lines of `debug`: each event in a dialect's own form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from ikecli.boundary import events
from ikecli.boundary.events import Event, SaEvent
from ikecli.debug import failures, inner
from ikecli.debug.failures import Lines
from ikecli.show import text

_PAYLOADS: Final = {"NONCE": "N", "VENDOR": "VID", "CP": "CFG", "SK": "ENCR"}
"""What a router's debug calls payloads, where not by the registry's name."""


def render(event: Event, dialect: str, clock_text: str = "") -> Iterator[str]:
    """Yield an event's debug lines; `clock_text` (from show.text.stamp) goes before the first line of each message.

    Yields nothing for the key log's own event.
    """
    body = _BODIES.get(type(event))
    if body is None:
        return
    head = f"{clock_text}: " if clock_text else ""
    prefix = _prefix(event, dialect)
    under = f"({event.sa}): " if dialect == "asa" and isinstance(event, SaEvent) else ""
    for first, *rest in body(event, dialect):
        yield f"{head}{prefix}{first}"
        for line in rest:
            yield f"{under}{line}"


def _prefix(event: Event, dialect: str) -> str:
    failed = type(event) in events.CATEGORIES["ikev2.error"]
    ipsec = isinstance(event, events.ChildUp | events.ChildDown)
    if dialect == "asa":
        level = "IPSEC: " if ipsec else f"IKEv2-PROTO-{2 if failed else 4}: "
        return f"{level}({event.sa}): " if isinstance(event, SaEvent) else level
    if ipsec and isinstance(event, SaEvent):
        return f"IPSEC:(SESSION ID = {event.session}) "
    level = "IKEv2-ERROR:" if failed else "IKEv2:"
    return f"{level}(SESSION ID = {event.session},SA ID = {event.sa}):" if isinstance(event, SaEvent) else level


def _payload(name: str) -> str:
    return f"NOTIFY({name[2:]}" if name.startswith("N(") else _PAYLOADS.get(name, name)


def _message(event: events.MessageSent, dialect: str) -> Iterator[Lines]:
    local, remote = text.endpoint(event.local, dialect), text.endpoint(event.remote, dialect)
    if isinstance(event, events.MessageReceived):
        title = f"Received Packet [From {remote}/To {local}/VRF i0:f0] "
    else:
        title = f"Sending Packet [To {remote}/From {local}/VRF i0:f0] "
    yield (
        title,
        f"Initiator SPI : {event.initiator_spi.upper()} - Responder SPI : {event.responder_spi.upper()} "
        f"Message id: {event.message_id}",
        f"IKEv2 {event.exchange} Exchange {'RESPONSE' if event.response else 'REQUEST'} ",
        "Payload contents: ",
        f" {' '.join(_payload(name) for name in event.payloads)} ",
        "",
    )


def _dropped(event: events.DatagramDropped, dialect: str) -> Iterator[Lines]:
    local, remote = text.endpoint(event.local, dialect), text.endpoint(event.remote, dialect)
    yield (f"Packet dropped [From {remote}/To {local}/VRF i0:f0]: {event.why}",)


def _offered(event: events.ProposalOffered, dialect: str) -> Iterator[Lines]:
    for number, offer in enumerate(event.offered, start=1):
        yield (f"{event.protocol} Proposal: {number}, {offer}",)


def _chosen(event: events.ProposalChosen, dialect: str) -> Iterator[Lines]:
    yield (f"{event.protocol} proposal chosen: {event.chosen}",)
    yield (f"   offered: {'; '.join(event.offered)}; configured here: {'; '.join(event.configured)}",)


def _retried(event: events.GroupRetried, dialect: str) -> Iterator[Lines]:
    weaker = ", which is weaker: anybody may have asked for that" if event.weaker else ""
    yield (f"INVALID_KE_PAYLOAD: group {event.offered} was offered, the responder wants group {event.wanted}{weaker}",)


def _unproven(event: events.ErrorUnproven, dialect: str) -> Iterator[Lines]:
    yield (
        f"{event.error}; this is not authenticated: "
        f"waiting {event.seconds} seconds for another answer of {text.host(event.remote)}",
    )


def _hint(event: events.HintReceived, dialect: str) -> Iterator[Lines]:
    yield (
        f"NOTIFY({event.notify}) of {text.host(event.remote)} in the clear, perhaps forged: asking for a sign of life",
    )


def _challenged(event: events.Challenged, dialect: str) -> Iterator[Lines]:
    peer, puzzle = text.host(event.remote), f"a puzzle of {event.bits} bits of {event.prf}"
    if not event.prf:
        yield (f"{peer} wants its cookie back",)
    elif event.taken:
        yield (f"{peer} wants {puzzle} solved",)
    else:
        yield (f"{peer} wants {puzzle} solved: going on without the solution",)


def _exchanged(event: events.KeyExchanged, dialect: str) -> Iterator[Lines]:
    yield (f"Additional key exchange {event.number} done: {event.method}",)


def _ppk(event: events.PpkUsed, dialect: str) -> Iterator[Lines]:
    yield (f"PPK with id '{event.id}' is mixed into the keys in {event.exchange}",)


def _nat(event: events.NatChecked, dialect: str) -> Iterator[Lines]:
    ends = [word for word, found in (("inside", event.local), ("outside", event.remote)) if found]
    yield (f"NAT detected: {' and '.join(ends)}; going on with UDP 4500" if ends else "NAT not found",)


def _profile(event: events.ProfileChosen, dialect: str) -> Iterator[Lines]:
    what = "IKEv2 profile" if dialect == "ios" else "tunnel-group"
    yield (f"Found matching {what} '{event.profile}' for peer identity '{event.identity}'",)


def _authenticated(event: events.Authenticated, dialect: str) -> Iterator[Lines]:
    yield (
        f"Verification of peer's authentication data PASSED: identity '{event.identity}', method '{event.method}', "
        f"profile '{event.profile}'",
    )


def _selectors(event: events.SelectorsChosen, dialect: str) -> Iterator[Lines]:
    yield (f"Traffic selectors agreed: {'; '.join(event.chosen)} (offered: {'; '.join(event.offered)})",)


def _ike_up(event: events.IkeUp, dialect: str) -> Iterator[Lines]:
    role = "initiator" if event.initiator else "responder"
    yield (
        f"Session with IKE ID PAIR ({event.remote_identity}, {event.local_identity}) is UP: "
        f"{text.endpoint(event.local, dialect)} to {text.endpoint(event.remote, dialect)}, {role}, "
        f"profile '{event.profile}'",
    )


def _ike_down(event: events.IkeDown, dialect: str) -> Iterator[Lines]:
    ends = f"{text.endpoint(event.local, dialect)} to {text.endpoint(event.remote, dialect)}"
    yield (f"Deleting SA: {ends}, reason: {event.why}",)


def _spis(event: events.ChildUp | events.ChildDown) -> str:
    return f"inbound SPI 0x{event.inbound_spi:08X}, outbound SPI 0x{event.outbound_spi:08X}"


def _child_up(event: events.ChildUp, dialect: str) -> Iterator[Lines]:
    yield (f"(create_sa) sa created for {event.connection}: {_spis(event)}, {event.suite}, {'; '.join(event.flows)}",)


def _child_down(event: events.ChildDown, dialect: str) -> Iterator[Lines]:
    yield (f"(delete_sa) deleting SA of {event.connection}: {_spis(event)}, reason: {event.why}",)


def _notify(event: events.NotifyReceived, dialect: str) -> Iterator[Lines]:
    data = f", data {event.data}" if event.data else ""
    yield (f"Received NOTIFY({event.notify}) in {event.exchange}, which nothing here acts upon{data}",)


def _retransmitted(event: events.Retransmitted, dialect: str) -> Iterator[Lines]:
    request = f"{event.exchange} request {event.message_id}, attempt {event.attempt}"
    yield (f"Retransmitting packet: no answer from {text.host(event.remote)} to {request}",)


def _liveness(event: events.LivenessChecked, dialect: str) -> Iterator[Lines]:
    yield (f"Sending DPD/liveness query to {text.host(event.remote)}",)


def _progress(event: events.Progress, dialect: str) -> Iterator[Lines]:
    yield (event.text,)


def _line(event: events.LineProtocol, dialect: str) -> Iterator[Lines]:
    state = "up" if event.up else "down"
    why = ": its own packets would go through itself" if event.recursive else ""
    yield (f"Line protocol on Interface {event.interface}, changed state to {state}{why}",)


def _access(event: events.AccessMade, dialect: str) -> Iterator[Lines]:
    yield (f"Cloned {event.interface} ({event.carrier}) from {event.template}",)


_BODIES: Final[dict[type[Event], Callable[[Any, str], Iterator[Lines]]]] = {
    events.MessageSent: _message,
    events.MessageReceived: _message,
    events.DatagramDropped: _dropped,
    events.ProposalOffered: _offered,
    events.ProposalChosen: _chosen,
    events.ProposalRefused: failures.proposal,
    events.GroupRetried: _retried,
    events.Challenged: _challenged,
    events.ErrorUnproven: _unproven,
    events.HintReceived: _hint,
    events.KeyExchanged: _exchanged,
    events.PpkUsed: _ppk,
    events.NatChecked: _nat,
    events.ProfileChosen: _profile,
    events.ProfileMissing: failures.profile,
    events.Authenticated: _authenticated,
    events.AuthenticationFailed: failures.authentication,
    events.SelectorsChosen: _selectors,
    events.SelectorsRefused: failures.selectors,
    events.SettingsTold: inner.settings,
    events.AddressRefused: inner.address,
    events.IkeUp: _ike_up,
    events.IkeDown: _ike_down,
    events.ChildUp: _child_up,
    events.ChildDown: _child_down,
    events.ChildFailed: failures.child,
    events.NotifyReceived: _notify,
    events.Retransmitted: _retransmitted,
    events.Unsent: failures.unsent,
    events.GaveUp: failures.silence,
    events.NotAdmitted: failures.turned_away,
    events.LivenessChecked: _liveness,
    events.LineProtocol: _line,
    events.AccessMade: _access,
    events.Progress: _progress,
}
"""What each event says."""
