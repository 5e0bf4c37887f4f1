"""Forged, reflected and bloated messages that once did harm: each was a hole, and stays closed."""

from __future__ import annotations

import random
import time
from ipaddress import IPv4Address

import pytest

from ikecli.boundary.effects import Datagram, Direction, Endpoint, Install, Update
from ikecli.boundary.events import IkeUp, ProposalRefused
from ikecli.boundary.views import SaStatus
from ikecli.dataplane.sadb import SoftwareSas
from ikecli.ike.engine import Engine
from ikecli.ike.limits import MAX_TWINS
from ikecli.ike.tasks import initial_contact, key_exchange
from ikecli.intent import IdentityMatch
from ikecli.numbers import Exchange
from ikecli.wire import Header, Message, read_message, write_message
from ikecli.wire.payloads import (
    KeyExchange,
    Nonce,
    Notify,
    Payload,
    Proposal,
    SecurityAssociation,
    Transform,
    TsInitiator,
    TsResponder,
)
from tests.attack.foe import HERE, Foe, offer, selector
from tests.ike.pair import LEFT, NETS, RIGHT, Pair, ike_proposal, intent, profile

ELSEWHERE = Endpoint(IPv4Address("203.0.113.66"), 6666)


def begun(groups: str = "31 14 19") -> tuple[Pair, Datagram]:
    """Return a pair whose left end has sent IKE_SA_INIT, and that message."""
    offers = (ike_proposal(groups=groups),)
    pair = Pair(intent(LEFT, RIGHT, proposals=offers), intent(RIGHT, LEFT, proposals=offers))
    pair.left.acquire()
    ((_, _, datagram),) = pair.wire
    pair.wire.clear()
    return pair, datagram


def forge(pair: Pair, datagram: Datagram, *payloads: Payload, source: Endpoint) -> None:
    """Have the left end receive an answer that the right end did not send."""
    spi = read_message(datagram.octets).header.initiator_spi
    octets = write_message(Message(Header(spi, bytes(8), Exchange.IKE_SA_INIT, 0, False, True), payloads))
    pair.left.receive(Datagram(octets, Endpoint(LEFT, 500), source))


def test_a_message_full_of_selectors_costs_a_moment() -> None:
    pair = Pair()
    pair.up()
    left, right = int(NETS[LEFT][0]), int(NETS[RIGHT][0])
    many = TsInitiator(tuple(selector(left + at, left + at) for at in range(255)))
    began = time.process_time()
    Foe(pair).ask(
        Exchange.CREATE_CHILD_SA, (offer(), Nonce(bytes(32)), many, TsResponder((selector(right, right),) * 255))
    )
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize("error", [14, 24, 7, 9999])
def test_an_error_from_elsewhere_stops_nothing(error: int) -> None:
    pair, datagram = begun()
    forge(pair, datagram, Notify(error), source=ELSEWHERE)
    pair.wire.clear()
    pair.right.receive(datagram)
    pair.settle()
    pair.agree(1)


@pytest.mark.parametrize("notify", [Notify(17, b"\0\x0e"), Notify(16390, b"x" * 20)], ids=["group", "cookie"])
def test_a_forged_retry_does_not_stall_the_real_one(notify: Notify) -> None:
    pair, datagram = begun()
    pair.carry(pair.left, datagram)
    forge(pair, datagram, notify, source=Endpoint(RIGHT, 500))
    pair.settle()
    pair.advance(10)
    assert pair.left.events(IkeUp)


def test_our_own_messages_sent_back_do_not_authenticate_us() -> None:
    pair = Pair(intent(LEFT, RIGHT, profiles=(profile(RIGHT, name="ANY", remotes=(IdentityMatch(),)),)))
    pair.left.acquire()
    for _ in range(20):
        back = [datagram for _, _, datagram in pair.wire]
        pair.wire.clear()
        for one in back:
            pair.left.receive(Datagram(one.octets, Endpoint(LEFT, 500), Endpoint(RIGHT, 500)))
    assert not pair.left.events(IkeUp)


def test_what_a_stranger_offers_is_told_in_bounds() -> None:
    pair, dice = Pair(), random.Random(1)
    vast = SecurityAssociation(
        tuple(
            Proposal(1, 1, b"", tuple(Transform(1, 1000 + dice.randrange(60000)) for _ in range(123)))
            for _ in range(15)
        )
    )
    header = Header(b"12345678", bytes(8), Exchange.IKE_SA_INIT, 0, True)
    octets = write_message(Message(header, (vast, KeyExchange(31, bytes(32)), Nonce(bytes(16)))))
    pair.right.receive(Datagram(octets, Endpoint(RIGHT, 500), HERE))
    (event,) = pair.right.events(ProposalRefused)
    assert len(str(event)) < 4096
    for number in range(100):
        pair.right.receive(Datagram(bytes((7, number)) * 4 + octets[8:], Endpoint(RIGHT, 500), HERE))
    assert len(pair.right.events(ProposalRefused)) == 20


def test_one_peers_move_leaves_anothers_sa_where_it_is() -> None:
    pair = Pair()
    pair.up()
    ours = next(e for e in pair.right.plane.log if isinstance(e, Install) and e.direction is Direction.OUTBOUND)
    sas = SoftwareSas(lambda notice: None, random.randbytes)
    sas.install(ours)
    sas.update(Update(Direction.OUTBOUND, ours.spi, ours.peer_spi + 1, ours.local, ELSEWHERE, True))
    assert sas._outbound[ours.connection][0].install.remote == ours.remote


def test_a_peer_cannot_take_one_spi_twice() -> None:
    pair = Pair()
    pair.up()
    foe, every = Foe(pair), (selector(0, (1 << 32) - 1),)
    for _ in range(2):
        foe.ask(
            Exchange.CREATE_CHILD_SA, (offer(b"\0\0\7\7"), Nonce(bytes(32)), TsInitiator(every), TsResponder(every))
        )
    assert not pair.right.sas


def test_a_public_value_of_wrong_length_costs_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    pair, datagram = begun("14")
    made: list[int] = []
    real = key_exchange.generate
    monkeypatch.setattr(key_exchange, "generate", lambda group, dice: made.append(group) or real(group, dice))
    message = read_message(datagram.octets)
    short = tuple(KeyExchange(14, b"x") if isinstance(one, KeyExchange) else one for one in message.payloads)
    pair.right.receive(Datagram(write_message(Message(message.header, short)), datagram.remote, datagram.local))
    assert not made


def test_one_identity_does_not_hold_every_sa(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(initial_contact.InitialContact, "write_request", lambda self, talk: ())
    pair = Pair()
    for number in range(3 * MAX_TWINS):
        pair.left.engine = Engine(random.Random(number).randbytes)
        pair.left.plane.sas.clear()
        pair.left.apply(intent(LEFT, RIGHT))
        pair.left.acquire()
        for _ in range(4):
            pair.cross()
        pair.wire.clear()
    standing = [sa for sa in pair.right.sas if sa.status is SaStatus.READY]
    assert len(standing) <= MAX_TWINS
