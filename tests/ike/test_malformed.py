"""Floods and rubbish: counted, dropped, answered only where the protocol wants it; nothing raises, nothing stays."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from ikecli.boundary.effects import Datagram, Endpoint
from ikecli.boundary.events import DatagramDropped, IkeDown, MessageSent
from ikecli.boundary.views import SaStatus
from ikecli.ike import messages
from ikecli.ike.limits import HALF_OPEN_SECONDS, LINGER_SECONDS, MAX_DATAGRAM, UNPROVEN_SECONDS
from ikecli.ike.requests import DeleteChild, DeleteIke
from ikecli.ike.sa import IkeSa
from ikecli.intent import Intent
from ikecli.numbers import AuthMethod, Exchange, IdType, NotifyType, Protocol
from ikecli.wire.payloads import (
    Authentication,
    Delete,
    IdInitiator,
    KeyExchange,
    Nonce,
    Notify,
    Payload,
    SecurityAssociation,
    TrafficSelector,
    TsInitiator,
    UnknownPayload,
)
from tests.ike.pair import LEFT, RIGHT, End, Pair, intent, profile

HERE = Endpoint(RIGHT, 500)


def mutated(octets: bytes, dice: random.Random) -> bytes:
    """Return octets with something wrong in them."""
    kind = dice.randrange(5)
    at = dice.randrange(len(octets))
    if kind == 0:
        return octets[:at]
    if kind == 1:
        return octets + dice.randbytes(dice.randrange(40))
    if kind == 2:
        return dice.randbytes(len(octets))
    changed = bytearray(octets)
    for _ in range(dice.randrange(1, 5)):
        changed[dice.randrange(len(changed))] = dice.randrange(256)
    if kind == 3 and len(changed) >= 28:
        changed[24:28] = len(changed).to_bytes(4, "big")
    return bytes(changed)


@pytest.mark.parametrize("seed", range(40))
def test_mutated_messages_raise_nothing_and_leave_nothing(seed: int) -> None:
    dice = random.Random(seed)
    pair = Pair(seed=seed)
    pair.up()
    genuine = [datagram.octets for end in pair.ends for datagram in end.sent]
    for _ in range(250):
        end: End = dice.choice(pair.ends)
        octets = mutated(dice.choice(genuine), dice)
        source = Endpoint(end.peer, dice.choice((500, 4500, 12345)))
        end.receive(Datagram(octets, Endpoint(end.address, 500), source))
        pair.wire.clear()
    pair.advance(2 * HALF_OPEN_SECONDS)
    pair.agree(1)
    assert pair.ping(pair.left)


def test_a_flood_of_openings_is_bounded_and_ages() -> None:
    pair = Pair(right=intent(RIGHT, LEFT, max_half_open=5))
    pair.left.acquire()
    ((_, _, request),) = pair.wire
    pair.wire.clear()
    for count in range(20):
        octets = count.to_bytes(8, "little").replace(b"\0\0", b"\1\1") + request.octets[8:]
        pair.right.receive(Datagram(octets, request.local, Endpoint(LEFT, 1000 + count)))
    assert len(pair.right.sas) == len(pair.wire) == 5
    assert pair.right.engine.stats().incoming_negotiating == 5
    assert "half-open" in pair.right.events(DatagramDropped)[-1].why
    pair.wire.clear()
    pair.left.do(DeleteIke())
    pair.advance(HALF_OPEN_SECONDS)
    assert not pair.right.sas
    pair.right.receive(request)
    assert len(pair.wire) == 1


def test_ike_sas_are_bounded() -> None:
    pair = Pair(right=intent(RIGHT, LEFT, max_sas=0))
    pair.left.acquire()
    pair.settle()
    assert not pair.right.sas


@pytest.mark.parametrize("size", [0, 1, 27, MAX_DATAGRAM + 1])
def test_datagrams_of_impossible_sizes_are_counted(size: int) -> None:
    pair = Pair()
    pair.right.receive(Datagram(bytes(size), HERE, Endpoint(LEFT, 500)))
    (dropped,) = pair.right.events(DatagramDropped)
    assert (dropped.local, dropped.remote) == ("10.0.0.2/500", "10.0.0.1/500")
    assert pair.right.engine.stats().dropped == 1


def forged(pair: Pair, exchange: Exchange, payloads: Sequence[Payload], response: bool = False) -> Datagram:
    """Return a message that the left end's keys seal, as only the peer could send it."""
    core = pair.left.engine._core
    sa: IkeSa = next(iter(core.sas.values()))
    message_id = sa.window.next_id
    octets = messages.write(core, sa, exchange, message_id, response, payloads)
    return Datagram(octets, HERE, Endpoint(LEFT, 500))


@pytest.mark.parametrize(
    "payloads",
    [
        (Nonce(bytes(32)),),
        (IdInitiator(IdType.FQDN, b"x"),),
        (SecurityAssociation(()),),
        (KeyExchange(31, bytes(32)),),
        (Authentication(AuthMethod.SHARED_KEY, b"x"),),
        (UnknownPayload(42, b"\0\0\0"),),
    ],
    ids=lambda payloads: type(payloads[0]).__name__,
)
def test_an_authentic_but_malformed_request_is_fatal(payloads: Sequence[Payload]) -> None:
    pair = Pair()
    pair.up()
    pair.right.receive(forged(pair, Exchange.INFORMATIONAL, payloads))
    assert pair.right.events(MessageSent)[-1].payloads == ("NOTIFY(INVALID_SYNTAX)",)
    assert pair.right.events(IkeDown)
    assert not pair.right.sas
    assert not pair.right.plane.sas
    pair.advance(LINGER_SECONDS)
    assert pair.right.engine.next_wake is None


def test_an_unknown_critical_payload_in_an_ike_sa_is_refused_and_the_sa_stays() -> None:
    pair = Pair()
    pair.up()
    request = forged(pair, Exchange.INFORMATIONAL, (UnknownPayload(200, b"?", critical=True),))
    pair.right.receive(request)
    assert pair.right.events(MessageSent)[-1].payloads == ("NOTIFY(UNSUPPORTED_CRITICAL_PAYLOAD)",)
    assert pair.right.sas[0].status is SaStatus.READY
    assert pair.right.sas[0].peer_request_id == 3


@pytest.mark.parametrize(
    "payloads",
    [
        (Delete(Protocol.ESP, (bytes(4),) * 900),),
        (Delete(Protocol.AH, (bytes(4),)),),
        (Notify(NotifyType.INVALID_SPI), Notify(NotifyType.INITIAL_CONTACT), Notify(NotifyType.REKEY_SA)),
        (UnknownPayload(201, bytes(3000)),),
    ],
)
def test_requests_that_concern_nothing_here_are_acknowledged(payloads: Sequence[Payload]) -> None:
    pair = Pair()
    pair.up()
    pair.right.receive(forged(pair, Exchange.INFORMATIONAL, payloads))
    assert pair.right.events(MessageSent)[-1].payloads == ()
    pair.wire.clear()
    pair.agree(1)


def test_a_child_sa_request_without_selectors_is_malformed() -> None:
    pair = Pair()
    pair.up()
    selectors = TsInitiator((TrafficSelector(7, 0, 0, 65535, 0, 1),))
    pair.right.receive(forged(pair, Exchange.CREATE_CHILD_SA, (Nonce(bytes(32)), selectors)))
    assert not pair.right.sas


def test_an_ike_rekey_without_an_spi_is_malformed() -> None:
    pair = Pair()
    pair.up()
    offers = pair.left.engine._core.lookup.ike_offers(LEFT).offers
    offered = SecurityAssociation(tuple(offer.proposal(1, bytes(8)) for offer in offers))
    request = forged(pair, Exchange.CREATE_CHILD_SA, (offered, Nonce(bytes(32)), KeyExchange(31, bytes(32))))
    pair.right.receive(request)
    assert not pair.right.sas


def test_an_engine_without_an_intent_answers_nothing() -> None:
    pair = Pair()
    pair.right.apply(Intent())
    pair.left.acquire()
    pair.settle()
    pair.advance(UNPROVEN_SECONDS)
    assert not pair.right.sas
    assert not pair.left.sas


def test_a_malformed_answer_to_a_refusal_ends_the_sa_all_the_same() -> None:
    key = replace(profile(RIGHT).credentials[0], remote=profile(RIGHT, key="other").credentials[0].remote)
    pair = Pair(intent(LEFT, RIGHT, profiles=(profile(RIGHT, credentials=(key,)),)))
    pair.left.acquire()
    for _ in range(4):
        pair.step()
    core = pair.right.engine._core
    (sa,) = core.sas.values()
    octets = messages.write(core, sa, Exchange.INFORMATIONAL, 2, True, (Nonce(bytes(32)),))
    assert pair.left.sas
    pair.left.receive(Datagram(octets, Endpoint(LEFT, 500), HERE))
    assert not pair.left.sas


@pytest.mark.parametrize("seed", range(60))
def test_a_peer_that_seals_nonsense_raises_nothing(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(seed)

    def write_chain(payloads: Sequence[Payload]) -> tuple[int, bytes]:
        first, chain = genuine(payloads)
        if not chain or dice.random() < 0.5:
            return first, chain
        if dice.random() < 0.2:
            return dice.randrange(30, 60), chain
        wrong = bytearray(chain)
        for _ in range(dice.randrange(1, 4)):
            wrong[dice.randrange(len(wrong))] = dice.choice((0, 1, 2, 4, 33, 41, 42, 255, dice.randrange(256)))
        return first, bytes(wrong)

    genuine = messages.write_chain
    monkeypatch.setattr(messages, "write_chain", write_chain)
    pair = Pair(seed=seed)
    for _ in range(40):
        end: End = dice.choice(pair.ends)
        dice.choice(
            [end.acquire, end.acquire, lambda end=end: end.do(DeleteChild()), lambda end=end: end.do(DeleteIke())]
        )()
        pair.advance(dice.choice((0, 1, 10)))
    monkeypatch.undo()
    for end in pair.ends:
        end.do(DeleteIke())
    pair.advance(200)
    pair.agree(0)
    assert not pair.left.plane.sas
    assert not pair.right.plane.sas
    assert [len(end.engine._core.waiting) for end in pair.ends] == [0, 0]
    assert [end.engine._core.held for end in pair.ends] == [0, 0]


@pytest.mark.parametrize("seed", range(20))
def test_mutated_messages_of_a_handshake_leave_nothing_half_done(seed: int) -> None:
    dice = random.Random(f"handshake {seed}")
    pair = Pair(seed=seed)
    pair.weather = lambda datagram: [0.0] if dice.random() < 0.6 else []
    for _ in range(30):
        pair.left.acquire()
        for _, receiver, datagram in pair.wire[:]:
            octets = mutated(datagram.octets, dice)
            receiver.receive(Datagram(octets, datagram.local, datagram.remote))
        pair.step()
    pair.weather = lambda datagram: [0.0]
    pair.advance(200)
    pair.left.acquire()
    pair.settle()
    pair.agree(len(pair.left.sas))
    assert pair.ping(pair.left)
    core = pair.right.engine._core
    assert len(core.by_spi) == len(core.by_request) == len(core.sas)
    assert (len(core.waiting), core.held, len(core.asked)) == (0, 0, 0)
