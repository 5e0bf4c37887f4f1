"""A hub that lends addresses and makes an interface for each peer, under those who want all of it."""

from __future__ import annotations

import random
from dataclasses import replace
from ipaddress import IPv4Address, ip_address

import pytest

from ikecli.boundary.effects import Datagram, Endpoint
from ikecli.boundary.events import AddressRefused
from ikecli.ike.engine import Engine
from ikecli.ike.limits import MAX_LOANS
from ikecli.ike.tasks import initial_contact
from ikecli.intent import Identity, Pool
from ikecli.numbers import Exchange
from ikecli.wire import Header, read_message, write_message, write_outer
from ikecli.wire.payloads import Nonce
from tests.fuzz.victims import victims
from tests.ike.pair import RIGHT, Pair

CROWD = 10_000
HUB = Endpoint(RIGHT, 500)
(FOUND,) = (one for one in victims() if one.name == "with virtual access")
POOLS = (
    Pool("FOUR", ((ip_address("10.9.0.1"), ip_address("10.9.0.99")),)),
    Pool("SIX", ((ip_address("2001:db8:9::1"), ip_address("2001:db8:9::99")),)),
)


def hub(**more: object) -> Pair:
    """Return a client and a hub that makes a virtual-access interface for each of its peers."""
    return Pair(FOUND.foe, replace(FOUND.victim, pools=POOLS, **more))  # type: ignore[arg-type]


def called(pair: Pair, name: str, seed: int) -> None:
    """Have a client of this name in the left end's place."""
    (row,) = FOUND.foe.profiles
    pair.left.engine = Engine(random.Random(seed).randbytes)
    pair.left.plane.sas.clear()
    pair.left.apply(replace(FOUND.foe, profiles=(replace(row, local=Identity.fqdn(name)),)))


def lent(pair: Pair) -> int:
    return sum(len(pool.lent) for pool in pair.right.engine.pools())


def test_a_crowd_that_never_authenticates_leaves_no_interface_and_no_loan() -> None:
    pair = hub(cookie_threshold=1000)
    pair.left.acquire()
    opening = read_message(pair.wire.pop()[2].octets)
    dice = random.Random(7)
    for number in range(CROWD):
        stranger = Endpoint(IPv4Address(0xCB007100 + number), 500)
        spi = dice.randbytes(8)
        payloads = tuple(Nonce(dice.randbytes(32)) if isinstance(one, Nonce) else one for one in opening.payloads)
        request = write_message(replace(opening, header=replace(opening.header, initiator_spi=spi), payloads=payloads))
        pair.right.sent.clear()
        pair.right.receive(Datagram(request, HUB, stranger))
        answer = read_message(pair.right.sent[-1].octets).header
        header = Header(spi, answer.responder_spi, Exchange.IKE_AUTH, 1, True)
        guess = write_outer(header, 35, 200) + dice.randbytes(200)
        pair.right.receive(Datagram(guess, HUB, stranger))
        pair.wire.clear()
        pair.right.told.clear()
    core = pair.right.engine._core
    assert len(core.sas) <= 1000
    assert (len(core.accesses), lent(pair), pair.right.plane.sas) == (0, 0, {})
    called(pair, "a client of good will", 8)
    pair.left.acquire()
    pair.settle()
    assert len(core.accesses) == 1
    assert lent(pair) == 2
    pair.advance(60)
    assert len(core.sas) == 1, "what the crowd left has aged"


def test_a_peer_does_not_empty_the_pools_for_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes again and again under its own name, and never answers that its old SAs are deleted."""
    monkeypatch.setattr(initial_contact.InitialContact, "write_request", lambda self, talk: ())
    pair = hub()
    for seed in range(3 * MAX_LOANS):
        called(pair, "greedy", seed)
        pair.left.acquire()
        for _ in range(4):
            pair.cross()
        pair.wire.clear()
    assert lent(pair) <= 2 * MAX_LOANS
    assert {event.why for event in pair.right.events(AddressRefused)} == {
        f"this identity has {MAX_LOANS} addresses, which is the limit"
    }
    called(pair, "another", 999)
    pair.left.acquire()
    pair.settle()
    (sa,) = pair.left.sas
    assert len(sa.pushed) == 2
