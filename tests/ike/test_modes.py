"""What both ends agree on besides algorithms: no Child SA, ESP in UDP, sequence numbers, replay windows."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha1

import pytest

from ikecli.boundary.effects import Install
from ikecli.boundary.events import MessageSent
from ikecli.ike import occasions
from ikecli.ike.tasks import natd
from ikecli.ike.tasks.childless import Childless
from ikecli.intent import Flow, Selector, Transport
from ikecli.numbers import Exchange, NotifyType
from ikecli.wire.payloads import Nonce, Notify, SecurityAssociation, TsInitiator, TsResponder
from tests.attack.foe import Foe, offer, selector
from tests.ike.chart import rekey_child
from tests.ike.pair import GCM, LEFT, NETS, RIGHT, End, Pair, connection, intent, profile


def asked(end: End) -> tuple[str, ...]:
    """Return what an end's IKE_AUTH request carried."""
    return next(one.payloads for one in end.events(MessageSent) if one.exchange == "IKE_AUTH" and not one.response)


# Childless IKE SAs (RFC 6023)


def test_an_ike_sa_without_a_child_sa_is_set_up_where_none_can_be_asked_for() -> None:
    pair = Pair(intent(LEFT, RIGHT, connections=(connection(LEFT, RIGHT, per_host=True),)))
    pair.left.initiate()
    pair.settle()
    pair.agree(1, 0)
    assert "SA" not in asked(pair.left)
    assert "NOTIFY(CHILDLESS_IKEV2_SUPPORTED)" in pair.right.events(MessageSent)[0].payloads
    pair.left.acquire()
    pair.settle()
    pair.agree(1, 1)


def test_a_responder_that_does_not_take_such_is_asked_for_a_child_sa(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = occasions.SERVED[Exchange.IKE_SA_INIT]
    monkeypatch.setitem(occasions.SERVED, Exchange.IKE_SA_INIT, tuple(task for task in tasks if task is not Childless))
    pair = Pair(intent(LEFT, RIGHT, connections=(connection(LEFT, RIGHT, per_host=True),)))
    pair.left.initiate()
    pair.settle()
    assert {"SA", "TSi", "TSr"} <= set(asked(pair.left))
    pair.agree(1, 1)


# ESP in UDP though there is no NAT


@pytest.mark.parametrize("forcing", [0, 1], ids=["initiator", "responder"])
def test_either_end_can_force_esp_into_udp(forcing: int) -> None:
    ends = [(LEFT, RIGHT), (RIGHT, LEFT)]
    told = [
        intent(
            here,
            there,
            profiles=(profile(there, force_encapsulation=at == forcing),),
            connections=(connection(here, there, profile="PROF"),),
        )
        for at, (here, there) in enumerate(ends)
    ]
    pair = Pair(*told)
    pair.up()
    for end in pair.ends:
        (sa,) = end.sas
        assert (sa.local_port, sa.remote_port) == (4500, 4500)
        assert all(child.encapsulated for child in sa.children)
    assert pair.ping(pair.left)


def test_translations_are_looked_for_where_only_approved_hashes_may_secure(monkeypatch: pytest.MonkeyPatch) -> None:
    def approved(data: bytes, *, usedforsecurity: bool = True) -> object:
        if usedforsecurity:
            raise ValueError("[digital envelope routines] unsupported")
        return sha1(data, usedforsecurity=False)

    monkeypatch.setattr(natd, "sha1", approved)
    pair = Pair(intent(LEFT, RIGHT))
    pair.up()
    assert not any(sa.nat_local or sa.nat_remote for end in pair.ends for sa in end.sas)


@pytest.mark.parametrize("looking", [0, 1], ids=["initiator", "responder"])
def test_an_end_that_looks_for_no_translation_tells_of_none(looking: int) -> None:
    ends = [(LEFT, RIGHT), (RIGHT, LEFT)]
    told = [
        intent(
            here,
            there,
            profiles=(profile(there, force_encapsulation=True),),
            connections=(connection(here, there, profile="PROF"),),
            nat_traversal=at == looking,
        )
        for at, (here, there) in enumerate(ends)
    ]
    pair = Pair(*told)
    pair.up()
    for at, end in enumerate(pair.ends):
        assert any("NOTIFY(NAT_DETECTION_SOURCE_IP)" in one.payloads for one in end.events(MessageSent)) is (
            at == looking
        )
        (sa,) = end.sas
        assert (sa.local_port, sa.remote_port) == (500, 500)
        assert not any(child.encapsulated for child in sa.children)
    assert pair.ping(pair.left)


@pytest.mark.parametrize("blind", [0, 1], ids=["initiator", "responder"])
def test_a_connection_may_not_look_for_translations_while_others_do(blind: int) -> None:
    ends = [(LEFT, RIGHT), (RIGHT, LEFT)]
    far = connection(LEFT, RIGHT, sequence=20, peers=(LEFT + 77,), profile="PROF")
    told = [
        intent(
            here,
            there,
            profiles=(profile(there, force_encapsulation=True),),
            connections=(connection(here, there, profile="PROF", nat_traversal=at != blind), replace(far, local=here)),
        )
        for at, (here, there) in enumerate(ends)
    ]
    pair = Pair(*told)
    pair.up()
    for at, end in enumerate(pair.ends):
        (sent,) = [one for one in end.events(MessageSent) if one.exchange == "IKE_SA_INIT"]
        assert ("NOTIFY(NAT_DETECTION_SOURCE_IP)" in sent.payloads) is (at != blind)
        assert not any(child.encapsulated for sa in end.sas for child in sa.children)


# What is in a Child SA


@pytest.mark.parametrize(
    ("ours", "theirs", "agreed"),
    [
        ((False,), (False,), False),
        ((True,), (True,), True),
        ((True, False), (False,), False),
        ((False,), (True, False), False),
        ((True, False), (True, False), True),
        ((False,), (True,), None),
    ],
)
def test_extended_sequence_numbers_are_agreed(
    ours: tuple[bool, ...], theirs: tuple[bool, ...], agreed: bool | None
) -> None:
    left = connection(LEFT, RIGHT, proposals=(replace(GCM, esn=ours),))
    right = connection(RIGHT, LEFT, proposals=(replace(GCM, esn=theirs),))
    pair = Pair(intent(LEFT, RIGHT, connections=(left,)), intent(RIGHT, LEFT, connections=(right,)))
    pair.left.acquire()
    pair.settle()
    assert [child.esn for end in pair.ends for sa in end.sas for child in sa.children] == (
        [] if agreed is None else [agreed, agreed]
    )


def test_each_end_has_its_own_replay_window() -> None:
    left, right = connection(LEFT, RIGHT, replay_window=0), connection(RIGHT, LEFT, replay_window=1024)
    pair = Pair(intent(LEFT, RIGHT, connections=(left,)), intent(RIGHT, LEFT, connections=(right,)))
    pair.up()
    windows = [{one.replay_window for one in end.plane.log if isinstance(one, Install)} for end in pair.ends]
    assert windows == [{0}, {1024}]


def test_offers_that_are_not_taken_up_are_passed_over() -> None:
    """IPComp (RFC 7296 2.22), fragments where no plane carries them, padding: answered without, and set up."""
    pair = Pair()
    pair.up()
    offers = [
        Notify(NotifyType.IPCOMP_SUPPORTED, b"\x00\x01\x02"),
        Notify(NotifyType.NON_FIRST_FRAGMENTS_ALSO),
        Notify(NotifyType.ESP_TFC_PADDING_NOT_SUPPORTED),
    ]
    wanted = [int(NETS[end].network_address) for end in (LEFT, RIGHT)]
    ends = TsInitiator((selector(wanted[0], wanted[0] + 255),)), TsResponder((selector(wanted[1], wanted[1] + 255),))
    answer = Foe(pair).ask(Exchange.CREATE_CHILD_SA, [offer(), Nonce(bytes(range(32))), *offers, *ends])
    assert [type(one) for one in answer] == [SecurityAssociation, Nonce, TsInitiator, TsResponder]
    assert len(pair.right.sas[0].children) == 2


# Fragments without ports in SAs of flows with ports (RFC 7296 1.3.1, RFC 4301 7)


def fragments(carrying: tuple[bool, bool], port: int | None, transport: Transport = Transport.NO) -> Pair:
    """Return a pair that is up, whose ends' planes carry such fragments or not, for one port of UDP or for all."""
    intents = []
    for (here, there), carries in zip(((LEFT, RIGHT), (RIGHT, LEFT)), carrying, strict=True):
        span = (0, 65535) if port is None else (port, port)
        ends = (Selector.of(NETS[one], 17, span) for one in (here, there))
        row = connection(here, there, flows=(Flow(*ends),), transport=transport)
        intents.append(intent(here, there, connections=(row,), later_fragments=carries))
    pair = Pair(*intents)
    pair.left.initiate()
    pair.settle()
    pair.agree(1)
    return pair


@pytest.mark.parametrize("carrying", [(True, True), (True, False), (False, True), (False, False)])
@pytest.mark.parametrize("port", [5000, None])
def test_later_fragments_go_along_where_both_ends_say_so(carrying: tuple[bool, bool], port: int | None) -> None:
    pair = fragments(carrying, port)
    (asked,) = [event.payloads for event in pair.left.events(MessageSent) if event.exchange == "IKE_AUTH"]
    assert ("NOTIFY(NON_FIRST_FRAGMENTS_ALSO)" in asked) is (carrying[0] and port is not None)
    agreed = all(carrying) and port is not None
    assert {one.fragments for end in pair.ends for one in end.plane.sas.values()} == {agreed}
    rekey_child(pair.left)
    pair.settle()
    assert {one.fragments for end in pair.ends for one in end.plane.sas.values()} == {agreed}


def test_transport_mode_has_no_use_for_them() -> None:
    pair = fragments((True, True), 5000, transport=Transport.WANTED)
    assert {one.fragments for end in pair.ends for one in end.plane.sas.values()} == {False}
