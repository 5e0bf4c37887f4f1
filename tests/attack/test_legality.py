"""Every exchange in every state, role and direction, protected or not: only what is listed here acts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ikecli.boundary.effects import Datagram
from ikecli.crypto import IkeKeys
from ikecli.ike import keys
from ikecli.ike.requests import DeleteIke
from ikecli.ike.sa import IkeSa, State
from ikecli.ike.window import Want
from ikecli.numbers import Exchange, NotifyType, PayloadType
from ikecli.wire import Header, Message, read_message, write_chain, write_message, write_outer
from ikecli.wire.payloads import (
    Authentication,
    Delete,
    IdInitiator,
    IdResponder,
    KeyExchange,
    Nonce,
    Notify,
    Payload,
    TsInitiator,
    TsResponder,
)
from tests.attack.foe import offer, selector
from tests.ike.chart import want
from tests.ike.pair import End, Pair

INIT, AUTH, CREATE, INFORM = Exchange.IKE_SA_INIT, Exchange.IKE_AUTH, Exchange.CREATE_CHILD_SA, Exchange.INFORMATIONAL
FOLLOWUP = Exchange.IKE_FOLLOWUP_KE
EXCHANGES = (0, 33, *Exchange, 45, 240, 255)
LIVING = ("ESTABLISHED", "REPLACED", "DELETING")
ACTING = {
    *((state, role, CREATE, "request", "protected") for state in LIVING for role in "ir"),
    *((state, role, INFORM, "request", "protected") for state in LIVING for role in "ir"),
    *(("ESTABLISHED", role, INFORM, "response", "clear") for role in "ir"),
    *(("SPARE", "r", exchange, "request", "protected") for exchange in (CREATE, INFORM)),
    *((state, role, FOLLOWUP, "request", "protected") for state in LIVING for role in "ir"),
    ("SPARE", "r", FOLLOWUP, "request", "protected"),
    ("HALF_OPEN", "r", AUTH, "request", "protected"),
    ("HALF_OPEN", "r", Exchange.IKE_INTERMEDIATE, "request", "protected"),
    ("CONNECTING", "i", INIT, "response", "clear"),
    ("AUTHENTICATING", "i", AUTH, "response", "protected"),
    *(("DELETING", role, INFORM, "response", "protected") for role in "ir"),
}  # fmt: skip
"""State, role (initiator or responder of the IKE SA), exchange, direction and cover of what may change anything.

An error in the clear for an SA that stands makes us ask for a sign of life. IKE_INTERMEDIATE and IKE_FOLLOWUP_KE where
none was agreed on are only refused."""

STAGES = [
    *((state, role) for state in (*LIVING, "CLOSED") for role in "ir"),
    ("SPARE", "r"),
    ("HALF_OPEN", "r"),
    ("CONNECTING", "i"),
    ("AUTHENTICATING", "i"),
]


def stage(state: str, role: str) -> tuple[Pair, End, IkeSa, IkeKeys | None]:
    """Return a pair, the end whose IKE SA is in a state and role, that SA, and its keys."""
    pair = Pair(seed=3)
    end = pair.left if role == "i" else pair.right
    other = pair.right if role == "i" else pair.left
    if state in ("CONNECTING", "HALF_OPEN", "AUTHENTICATING"):
        pair.left.acquire()
        for _ in range({"CONNECTING": 0, "HALF_OPEN": 1, "AUTHENTICATING": 2}[state]):
            pair.step()
    else:
        pair.up()
    (sa,) = end.engine._core.sas.values()
    if state == "HALF_OPEN":
        assert keys.ready(end.engine._core, sa)
    known = sa.keys
    if state == "DELETING":
        end.do(DeleteIke())
    elif state == "CLOSED":
        other.do(DeleteIke())
        pair.step()
    elif state == "REPLACED":
        want(other, Want.REKEY_IKE)
        pair.step()
    elif state == "SPARE":
        want(end, Want.REKEY_IKE)
        want(other, Want.REKEY_IKE)
        pair.cross()
        sa = next(one for one in end.engine._core.sas.values() if one.state is State.SPARE)
        known = sa.keys
    pair.wire.clear()
    assert sa.state is State[state]
    assert sa.initiator is (role == "i")
    return pair, end, sa, known


def harmful(exchange: int, response: bool) -> tuple[Payload, ...]:
    """Return what would do most if it were followed."""
    everything = (selector(0, (1 << 32) - 1),)
    child = (offer(), Nonce(bytes(32)), TsInitiator(everything), TsResponder(everything))
    who = IdResponder if response else IdInitiator
    match exchange:
        case Exchange.IKE_SA_INIT:
            return (offer(b""), KeyExchange(31, bytes(31) + b"\x09"), Nonce(bytes(32)))
        case Exchange.IKE_AUTH:
            return (who(1, b"\x0a\0\0\1"), Authentication(2, bytes(32)), *child[:1], *child[2:])
        case Exchange.CREATE_CHILD_SA:
            return child
    return (Delete(1), Notify(NotifyType.AUTHENTICATION_FAILED))


def message(sa: IkeSa, known: IkeKeys | None, exchange: int, response: bool, protected: bool) -> bytes:
    """Return a message of the peer, in its turn, under the right keys where there are some."""
    waiting = [one.message_id for one in sa.window.open if one.waits]
    number = (waiting or [sa.window.next_id])[0] if response else sa.window.expected
    header = Header(sa.spi_i, sa.spi_r, exchange, number, not sa.initiator, response)
    payloads = harmful(exchange, response)
    if exchange == Exchange.IKE_SA_INIT and response and not protected:
        payloads = (Notify(NotifyType.NO_PROPOSAL_CHOSEN),)
    if not protected:
        return write_message(Message(header, payloads))
    first, chain = write_chain(payloads)
    if known is None or sa.suite is None:
        outer = write_outer(header, first, len(chain) + 24)
        return outer + bytes(24) + chain
    outer = write_outer(header, first, sa.suite.sealed_size(len(chain)))
    return sa.suite.seal(known, not sa.initiator, outer, chain, b"\xee" * sa.suite.encryption.iv)


def shadow(end: End) -> Iterator[object]:
    """Yield all that an attack must not change."""
    for sa in end.engine._core.sas.values():
        window = sa.window
        yield (
            sa.number,
            sa.state,
            window.expected,
            window.next_id,
            len(window.open),
            set(sa.children),
            sa.ends,
            sa.remote,
        )
    yield set(end.plane.sas)
    yield [one.octets for one in end.sent if PayloadType.SK in (one.octets[16],)]


@pytest.mark.parametrize(("state", "role"), STAGES, ids=lambda value: value)
def test_only_what_is_legal_acts(state: str, role: str) -> None:
    for exchange in EXCHANGES:
        for direction in ("request", "response"):
            for cover in ("protected", "clear"):
                _, end, sa, known = stage(state, role)
                octets = message(sa, known, exchange, direction == "response", cover == "protected")
                before, now = list(shadow(end)), end.pair.now
                end.perform(end.engine.receive(Datagram(octets, sa.local, sa.remote), now))
                case = (state, role, exchange, direction, cover)
                acted = list(shadow(end)) != before
                assert acted is (case in ACTING), case


def test_an_unprotected_request_to_a_standing_sa_is_not_even_answered() -> None:
    for exchange in EXCHANGES:
        if exchange == INIT:
            continue
        _, end, sa, _ = stage("ESTABLISHED", "r")
        sent = len(end.sent)
        octets = message(sa, None, exchange, False, protected=False)
        end.perform(end.engine.receive(Datagram(octets, sa.local, sa.remote), end.pair.now))
        assert len(end.sent) == sent
        assert read_message(octets).sealed is None
