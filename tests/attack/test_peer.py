"""A hostile network: forged, replayed and reflected messages, and a peer with the right keys that keeps no rule."""

from __future__ import annotations

import random
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest

from ikecli.boundary.effects import Datagram, Direction, Endpoint
from ikecli.boundary.events import AuthenticationFailed, IkeUp, ProfileMissing
from ikecli.boundary.views import SaStatus
from ikecli.debug.lines import render
from ikecli.debug.syslog import log
from ikecli.intent import Identity
from ikecli.numbers import Exchange, NotifyType, Protocol
from ikecli.wire import HEADER_SIZE, Header, Message, read_message, write_message
from ikecli.wire.payloads import (
    Delete,
    IdInitiator,
    KeyExchange,
    Nonce,
    Notify,
    Payload,
    Proposal,
    SecurityAssociation,
    Transform,
    TsInitiator,
    TsResponder,
    UnknownPayload,
    VendorId,
)
from tests.attack.foe import HERE, Foe, offer, selector
from tests.ike.pair import LEFT, NETS, RIGHT, Pair, intent, profile

ELSEWHERE = Endpoint(IPv4Address("203.0.113.66"), 6666)
ESCAPES = b"\x1b[2J\x1b]0;owned\x07\r\n%IKEV2-5-UP: forged\x00\x9b31m"


def begun() -> tuple[Pair, Datagram]:
    """Return a pair whose left end has sent its first request, and that."""
    pair = Pair()
    pair.left.acquire()
    ((_, _, request),) = pair.wire
    pair.wire.clear()
    return pair, request


# Without keys


@pytest.mark.parametrize("source", [Endpoint(RIGHT, 500), ELSEWHERE], ids=["peer", "elsewhere"])
@pytest.mark.parametrize(
    "payloads",
    [(), (Notify(17, b"\x00\x1f"),), (Notify(17, b"\x1f"),), (Notify(16390, bytes(65)),), (Nonce(bytes(16)),)],
    ids=["empty", "same group", "half a group", "long cookie", "nonce alone"],
)
def test_a_forged_answer_without_sense_does_not_end_a_negotiation(
    payloads: tuple[Payload, ...], source: Endpoint
) -> None:
    pair, request = begun()
    spi = read_message(request.octets).header.initiator_spi
    forged = write_message(Message(Header(spi, bytes(8), Exchange.IKE_SA_INIT, 0, False, True), payloads))
    pair.left.receive(Datagram(forged, HERE, source))
    pair.wire.clear()
    pair.right.receive(request)
    pair.settle()
    pair.agree(1)


def test_messages_that_come_back_to_their_sender_change_nothing() -> None:
    pair = Pair()
    pair.up()
    for end in pair.ends:
        for datagram in [one for one in end.sent if read_message(one.octets).header.exchange != Exchange.IKE_SA_INIT]:
            end.receive(Datagram(datagram.octets, datagram.local, datagram.remote))
    assert not pair.wire
    pair.agree(1)


def test_replays_in_any_order_are_answered_from_memory_or_dropped() -> None:
    pair = Pair()
    pair.up()
    pair.left.acquire(host=7)
    pair.settle()
    genuine = [(end, datagram) for end in pair.ends for datagram in end.sent]
    dice = random.Random(3)
    for _ in range(200):
        sender, datagram = dice.choice(genuine)
        receiver = pair.right if sender is pair.left else pair.left
        opening = read_message(datagram.octets).header.exchange == Exchange.IKE_SA_INIT
        source = datagram.local if opening else dice.choice((datagram.local, ELSEWHERE))
        receiver.receive(Datagram(datagram.octets, datagram.remote, source))
    answers = {datagram.octets for _, _, datagram in pair.wire}
    assert answers <= {datagram.octets for _, datagram in genuine}
    pair.wire.clear()
    pair.agree(1)
    assert {sa.remote for end in pair.ends for sa in end.sas} == {str(LEFT), str(RIGHT)}


def test_a_flipped_bit_of_any_octet_is_never_authentic() -> None:
    pair = Pair()
    pair.up()
    foe = Foe(pair)
    octets = foe.sealed(Exchange.INFORMATIONAL, (Delete(Protocol.IKE),), foe.expected)
    sent = len(pair.right.sent)
    for at in range(len(octets)):
        foe.send(octets[:at] + bytes((octets[at] ^ 1,)) + octets[at + 1 :])
    assert all(len(one.octets) <= HEADER_SIZE + 9 for one in pair.right.sent[sent:])
    assert pair.right.sas[0].status is SaStatus.READY
    foe.send(octets)
    assert not pair.right.sas


def test_no_answer_without_keys_is_twice_its_request() -> None:
    pair, request = begun()
    octets = request.octets
    openings = [
        octets,
        octets[:17] + b"\x30" + octets[18:HEADER_SIZE],
        write_message(Message(Header(bytes(8), bytes(8), 34, 0, True), (UnknownPayload(200, b"", True),))),
    ]
    for one in openings:
        before = len(pair.right.sent)
        pair.right.receive(Datagram(one, request.local, request.remote))
        assert sum(len(answer.octets) for answer in pair.right.sent[before:]) < 2 * len(one)


def test_a_cheap_transform_of_absurd_attributes_costs_little_and_stays_small() -> None:
    pair = Pair()
    for count in range(20):
        attributes = (b"\x80\x01" + count.to_bytes(2, "big")) * 15000
        offered = SecurityAssociation((Proposal(1, 1, b"", (Transform(1, 20, 128, attributes),)),))
        message = Message(
            Header(bytes((1, count, *bytes(6))), bytes(8), 34, 0, True),
            (offered, KeyExchange(31, bytes(32)), Nonce(bytes(16))),
        )
        pair.right.receive(Datagram(write_message(message), Endpoint(RIGHT, 500), HERE))
    assert not pair.right.sas


# With keys


def strange(dice: random.Random) -> Payload:
    """Return a payload that no peer of good will sends here."""
    match dice.randrange(11):
        case 0:
            return offer(dice.choice((bytes(4), b"\0\1\2\3", dice.randbytes(8))))
        case 1:
            return KeyExchange(dice.choice((0, 2, 14, 31, 65535)), dice.randbytes(dice.choice((1, 32, 256))))
        case 2:
            return IdInitiator(dice.choice((2, 3, 11, 200)), ESCAPES)
        case 3:
            return Nonce(dice.randbytes(dice.choice((16, 256))))
        case 4:
            return Notify(dice.randrange(65536), dice.randbytes(dice.randrange(9)), dice.randrange(4), bytes(4))
        case 5:
            return Notify(dice.choice(list(NotifyType)), dice.randbytes(dice.choice((0, 2, 4))))
        case 6:
            return Delete(dice.choice((2, 3)), tuple(dice.randbytes(4) for _ in range(dice.randrange(9))))
        case 7:
            return VendorId(ESCAPES)
        case 8:
            return UnknownPayload(dice.randrange(1, 256), dice.randbytes(dice.randrange(40)), dice.random() < 0.2)
        case 9:
            transforms = tuple(
                Transform(dice.randrange(7), dice.randrange(65536), dice.randrange(512)) for _ in range(3)
            )
            return SecurityAssociation((Proposal(dice.randrange(256), dice.randrange(5), bytes(4), transforms),))
    low, high = sorted((dice.randrange(1 << 32), dice.randrange(1 << 32)))
    return dice.choice((TsInitiator, TsResponder))((selector(low, high), selector(0, (1 << 32) - 1)))


@pytest.mark.parametrize("seed", range(24))
def test_a_peer_that_keeps_no_rule_raises_nothing_and_leaves_nothing(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(6):
        pair = Pair(seed=seed + 1)
        pair.up()
        foe = Foe(pair, dice)
        for _ in range(5):
            exchange = dice.choice((35, 36, 36, 36, 37, 37, 38, 43, 255))
            payloads = tuple(strange(dice) for _ in range(dice.randrange(7)))
            if exchange == Exchange.CREATE_CHILD_SA and dice.random() < 0.7:
                payloads = (
                    offer(dice.randbytes(3) + b"\1"),
                    Nonce(bytes(32)),
                    TsInitiator((selector(0, (1 << 32) - 1),)),
                    TsResponder((selector(0, (1 << 32) - 1),)),
                    *payloads[:1],
                )
            message_id = dice.choice((foe.expected, foe.expected, foe.expected, 0, (1 << 32) - 1))
            source = Endpoint(LEFT, dice.choice((500, 4500, 7777)))
            foe.send(foe.sealed(exchange, payloads, message_id, dice.random() < 0.1), source)
        pair.wire.clear()
        held = {spi for direction, spi in pair.right.plane.sas if direction is Direction.INBOUND}
        assert held == set(pair.right.engine._core.children)
        for dialect in ("ios", "asa"):
            for event in pair.right.told:
                line = log(event, dialect)
                for text in (*render(event, dialect), line.text if line else ""):
                    assert text.isascii()
                    assert text.isprintable()


def test_a_peer_deletes_only_what_it_receives_on() -> None:
    pair = Pair()
    pair.up()
    (ours,) = pair.right.sas[0].children
    spis = (ours.inbound_spi, ours.outbound_spi ^ 1, 0)
    answer = Foe(pair).ask(
        Exchange.INFORMATIONAL, (Delete(Protocol.ESP, tuple(one.to_bytes(4, "big") for one in spis)),)
    )
    assert answer == ()
    assert pair.right.sas[0].children[0].inbound_spi == ours.inbound_spi
    assert len(pair.right.plane.sas) == 2


def test_selectors_beyond_what_is_configured_are_narrowed() -> None:
    pair = Pair()
    pair.up()
    everything = (selector(0, (1 << 32) - 1),)
    answer = Foe(pair).ask(
        Exchange.CREATE_CHILD_SA,
        (offer(b"\0\0\2\1"), Nonce(bytes(32)), TsInitiator(everything), TsResponder(everything)),
    )
    (ours,) = [one for one in answer if isinstance(one, TsResponder)]
    net: IPv4Network = NETS[RIGHT]
    assert ours.selectors == (selector(int(net[0]), int(net[-1])),)


@pytest.mark.parametrize("spi", [bytes(4), (255).to_bytes(4, "big")])
def test_a_reserved_esp_spi_installs_nothing(spi: bytes) -> None:
    pair = Pair()
    pair.up()
    everything = (selector(0, (1 << 32) - 1),)
    Foe(pair).ask(
        Exchange.CREATE_CHILD_SA, (offer(spi), Nonce(bytes(32)), TsInitiator(everything), TsResponder(everything))
    )
    assert all(found not in {key[1] for key in pair.right.plane.sas} for found in (0, 255))


def test_terminal_escapes_in_an_identity_are_written_out() -> None:
    claimed = Identity.key_id(ESCAPES)
    pair = Pair(intent(LEFT, RIGHT, profiles=(replace(profile(RIGHT), local=claimed),)))
    pair.left.acquire()
    pair.settle()
    (missing,) = pair.right.events(ProfileMissing)
    assert "\\x1b[2J" in missing.identity
    assert missing.identity.isprintable()
    assert not pair.right.events(IkeUp)


def test_ike_auth_before_ike_sa_init_and_a_guess_at_the_key_get_nothing() -> None:
    pair = Pair(intent(LEFT, RIGHT, profiles=(profile(RIGHT, key="guess"),)))
    pair.left.acquire()
    pair.settle()
    assert pair.right.events(AuthenticationFailed)
    assert not pair.right.plane.log
    auth = next(one.octets for one in pair.left.sent if read_message(one.octets).header.exchange == Exchange.IKE_AUTH)
    fresh = Pair()
    fresh.right.receive(Datagram(auth, Endpoint(RIGHT, 500), HERE))
    ((_, _, answer),) = fresh.wire
    assert read_message(answer.octets).payloads == (Notify(NotifyType.INVALID_IKE_SPI),)
    assert not fresh.right.sas
