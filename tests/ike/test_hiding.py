"""Padding against traffic analysis: what the peer will not take is not sent (RFC 7296 3.10.1, RFC 4303 2.7)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ikecli.boundary.effects import Direction, Install
from ikecli.intent import Tfc, Transport
from ikecli.numbers import Exchange, NotifyType
from ikecli.wire.payloads import Nonce, Notify, SecurityAssociation, TsInitiator, TsResponder
from tests.attack.foe import Foe, offer, selector
from tests.ike.machine import move
from tests.ike.pair import LEFT, NETS, RIGHT, End, Pair, connection, intent
from tests.ike.test_child_rekey import rekey

HIDING = Tfc(size=256, burst=1, interval=10)


def up(**more: object) -> Pair:
    """Return a pair that is up; the right end hides its traffic."""
    right = connection(RIGHT, LEFT, tfc=HIDING, **more)
    pair = Pair(
        intent(LEFT, RIGHT, connections=(connection(LEFT, RIGHT, **more),)), intent(RIGHT, LEFT, connections=(right,))
    )
    pair.up()
    return pair


def installed(end: End) -> list[Tfc | None]:
    return [one.tfc for one in end.plane.log if isinstance(one, Install) and one.direction is Direction.OUTBOUND]


def test_the_end_that_is_told_to_pads_also_after_a_rekey() -> None:
    pair = up()
    assert (installed(pair.left), installed(pair.right)) == ([None], [HIDING])
    rekey(pair.left)
    pair.settle()
    assert (installed(pair.left), installed(pair.right)) == ([None, None], [HIDING, HIDING])
    assert [child.tfc for end in pair.ends for sa in end.sas for child in sa.children] == [False, True]


def test_in_transport_mode_nothing_is_padded() -> None:
    assert installed(up(transport=Transport.WANTED).right) == [replace(HIDING, pads=False)]


@pytest.mark.parametrize("told", [False, True])
def test_a_peer_that_does_not_take_padding_gets_none(told: bool) -> None:
    pair = up()
    wanted = [int(NETS[end].network_address) for end in (LEFT, RIGHT)]
    ends = TsInitiator((selector(wanted[0], wanted[0] + 255),)), TsResponder((selector(wanted[1], wanted[1] + 255),))
    more = (Notify(NotifyType.ESP_TFC_PADDING_NOT_SUPPORTED),) if told else ()
    answer = Foe(pair).ask(Exchange.CREATE_CHILD_SA, [offer(), Nonce(bytes(range(32))), *more, *ends])
    assert [type(one) for one in answer] == [SecurityAssociation, Nonce, TsInitiator, TsResponder]
    (sa,) = pair.right.engine._core.sas.values()
    assert [child.tfc for child in sa.children.values()] == [HIDING, replace(HIDING, pads=not told)]


def test_it_moves_with_the_sa() -> None:
    pair = up()
    move(pair.right)
    (sa,) = pair.right.engine._core.sas.values()
    assert [child.tfc for child in sa.children.values()] == [HIDING]
