"""Every list and table of the engine that a peer can make grow has its limit here, and keeps it in a siege."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

from ikecli.boundary.effects import Datagram, Endpoint
from ikecli.boundary.events import DatagramDropped, IkeUp
from ikecli.boundary.notices import UnknownSpi
from ikecli.ike.choose import ike_offers
from ikecli.ike.counts import MAX_NOTIFY_KINDS
from ikecli.ike.limits import (
    CLEAR_ANSWERS,
    FIRST_REFUSALS,
    MAX_ANSWERS,
    MAX_ASSEMBLED_IN_ALL,
    MAX_CHILDREN,
    MAX_FOLLOWUPS,
    MAX_HELD,
    MAX_INIT_ROUNDS,
    MAX_OPENING,
    MAX_QUEUED,
    MAX_REMEMBERED_PEERS,
)
from ikecli.ike.sa import IkeSa
from ikecli.intent import Identity, IdentityMatch
from ikecli.numbers import Exchange
from ikecli.wire import Header, Message, write_message
from ikecli.wire.payloads import KeyExchange, Nonce, SecurityAssociation, VendorId
from ikecli.wire.payloads.identity import MAX_IDENTITY
from tests.attack.foe import HERE, THERE
from tests.fuzz.siege import MOST_EFFECTS, Siege, Tally
from tests.fuzz.victims import victims
from tests.ike.pair import LEFT, RIGHT, Pair, ike_proposal, intent, profile

Limit = Callable[[Siege], int]


def sas(siege: Siege) -> int:
    return siege.core.lookup.intent.max_sas


def configured(siege: Siege) -> int:
    return len(siege.core.lookup.intent.connections)


TABLES: dict[str, Limit] = {
    "Core.effects": lambda siege: MOST_EFFECTS,
    "Core.touched": sas,
    "Core.sas": sas,
    "Core.by_spi": sas,
    "Core.by_request": lambda siege: siege.core.lookup.intent.max_half_open + sas(siege),
    "Core.by_peer": sas,
    "Core.by_identity": sas,
    "Core.children": lambda siege: sas(siege) * MAX_CHILDREN,
    "Core._outbound": lambda siege: sas(siege) * MAX_CHILDREN,
    "Core.asked": lambda siege: sas(siege) * MAX_QUEUED,
    "Core.installing": lambda siege: MOST_EFFECTS,
    "Core.hold_off": configured,
    "Core.pauses": configured,
    "Core.recovered": lambda siege: MAX_REMEMBERED_PEERS,
    "Core.accesses": sas,
    "Core.wishes": configured,
    "Core.backups": configured,
    "Core._sessions": sas,
    "Core._session_use": sas,
    "Ration._to": lambda siege: max(CLEAR_ANSWERS, FIRST_REFUSALS),
    "Counts._exchanges": lambda siege: len(Exchange),
    "Counts._notifies": lambda siege: MAX_NOTIFY_KINDS,
    "Counts.accepted": lambda siege: 2,
    "Counts.rejected": lambda siege: 2,
    "Counts.full": lambda siege: 2,
    "Counts.children": lambda siege: 2,
    "Counts.spurned": lambda siege: 2,
    "Counts.stronger": lambda siege: 2,
    "Begun.sas": sas,
    "Begun._asking": sas,
    "HalfOpen._by_proof": lambda siege: 3,
    "HalfOpen._of_prefix": lambda siege: siege.core.lookup.intent.max_half_open,
    "Jar._secrets": lambda siege: 2,
    "Assemblies._open": lambda siege: 2 * sas(siege),
    "Agenda._heap": lambda siege: 3 * (sas(siege) + configured(siege)) + 64,
    "Agenda._times": lambda siege: sas(siege) + configured(siege),
    "Numbers._free": sas,
    "IkeSa.asking": lambda siege: MAX_QUEUED,
    "IkeSa.children": lambda siege: MAX_CHILDREN,
    "IkeSa.grains": configured,
    "IkeSa.followups": lambda siege: MAX_FOLLOWUPS,
    "Window.open": lambda siege: 256,
    "Window.queue": lambda siege: MAX_QUEUED + 2,
    "Window.answers": lambda siege: siege.core.lookup.intent.window,
    "Window.serving": lambda siege: siege.core.lookup.intent.window,
    "Birth.refused": lambda siege: MAX_INIT_ROUNDS,
    "Birth.held": lambda siege: MAX_HELD,
    "Birth.sent": lambda siege: MAX_INIT_ROUNDS,
}
"""How many entries each may have. A new one is entered here with a limit that is a named constant or a command."""


def tables(owner: object, seen: set[int]) -> Iterator[tuple[str, int]]:
    """Yield the name and size of each list or table of an object and of what it is made of."""
    if id(owner) in seen:
        return
    seen.add(id(owner))
    names = getattr(type(owner), "__slots__", None) or vars(owner)
    for name in names:
        value = getattr(owner, name, None)
        if isinstance(value, list | dict | set):
            yield f"{type(owner).__name__}.{name}", len(value)
        elif type(value).__module__ in _OWN and type(value).__name__ != "Lookup":
            yield from tables(value, seen)


_OWN = [
    f"ikecli.ike.{name}"
    for name in ("admission", "core", "counts", "challenge", "hints", "fragments", "agenda", "window", "sa")
]


def measured(siege: Siege) -> Iterator[tuple[str, int]]:
    seen: set[int] = set()
    yield from tables(siege.core, seen)
    for sa in list(siege.core.sas.values()):
        yield from tables(sa, seen)


@pytest.mark.parametrize("number", range(len(victims())))
def test_no_table_outgrows_its_limit(number: int) -> None:
    siege = Siege(victims()[number], random.Random(number), Tally())
    met: set[str] = set()
    for _ in range(25):
        siege.campaign(20)
        for name, size in measured(siege):
            assert size <= TABLES[name](siege), name
            met.add(name)
        assert all(answers(sa) <= MAX_ANSWERS + 65_535 for sa in siege.core.sas.values())
        assert siege.core.assemblies.size <= MAX_ASSEMBLED_IN_ALL
    assert met >= {name for name in TABLES if name.startswith(("Core", "IkeSa", "Window"))}
    siege.rest()


def answers(sa: IkeSa) -> int:
    return sum(len(one.response) for one in sa.window.answers)


@pytest.mark.parametrize(("size", "dropped"), [(MAX_OPENING - 300, 0), (MAX_OPENING, 1)])
def test_an_ike_sa_init_that_is_too_long_is_not_kept(size: int, dropped: int) -> None:
    pair = Pair()
    sa = SecurityAssociation(tuple(one.proposal(1, b"") for one in ike_offers((ike_proposal(),))))
    payloads = (sa, KeyExchange(31, bytes(32)), Nonce(bytes(16)), VendorId(bytes(size)))
    octets = write_message(Message(Header(b"12345678", bytes(8), Exchange.IKE_SA_INIT, 0, True), payloads))
    pair.right.receive(Datagram(octets, THERE, HERE))
    assert len(pair.right.events(DatagramDropped)) == dropped
    assert len(pair.right.sas) == 1 - dropped


@pytest.mark.parametrize(("size", "kept"), [(MAX_IDENTITY, True), (MAX_IDENTITY + 1, False)])
def test_an_identity_that_is_too_long_is_not_kept(size: int, kept: bool) -> None:
    anybody = profile(LEFT, remotes=(IdentityMatch(),))
    row = profile(RIGHT, local=Identity(11, bytes(size)))
    pair = Pair(intent(LEFT, RIGHT, profiles=(row,)), intent(RIGHT, LEFT, profiles=(anybody,)))
    pair.left.acquire()
    pair.settle()
    assert bool(pair.right.events(IkeUp)) is kept
    assert bool(pair.right.sas) is kept


def test_peers_remembered_for_their_esp_are_bounded() -> None:
    pair = Pair()
    for number in range(3 * MAX_REMEMBERED_PEERS):
        pair.right.notice(UnknownSpi(4096 + number, Endpoint(LEFT + 1 + number, 500)))
        assert len(pair.right.engine._core.recovered) <= MAX_REMEMBERED_PEERS
