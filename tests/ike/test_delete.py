"""Deleting from either end, lifetimes, liveness, shutting down."""

from __future__ import annotations

import pytest

from ikecli.boundary.effects import Endpoint, Remove
from ikecli.boundary.events import ChildDown, IkeDown, LivenessChecked, MessageSent
from ikecli.boundary.notices import Expired, FirstPacket, LinkChanged, UnknownSpi
from ikecli.boundary.views import Counters, SaStatus
from ikecli.errors import Unavailable
from ikecli.ike.limits import CONFIRM_SECONDS, LINGER_SECONDS
from ikecli.ike.lookup import Lookup
from ikecli.ike.requests import DeleteChild, DeleteIke, Shutdown
from ikecli.numbers import TransformType
from tests.ike.pair import LABEL, LEFT, RIGHT, Dpd, Initiation, Pair, connection, ike_proposal, intent, profile, row


def up(**more: object) -> Pair:
    """Return a pair that is up, its ends configured alike."""
    pair = Pair(intent(LEFT, RIGHT, **more), intent(RIGHT, LEFT, **more))  # type: ignore[arg-type]
    pair.up()
    return pair


@pytest.mark.parametrize("side", [0, 1])
def test_an_ike_sa_is_deleted_from_either_end(side: int) -> None:
    pair = up()
    end, other = pair.ends[side], pair.ends[1 - side]
    end.do(DeleteIke(remote=end.peer))
    assert end.sas[0].status is SaStatus.DELETING
    pair.settle()
    pair.agree(0)
    assert (end.events(IkeDown)[0].why, other.events(IkeDown)[0].why) == ("deleted from here", "deleted by the peer")
    assert len(end.events(ChildDown)) == len(other.events(ChildDown)) == 1
    pair.advance(LINGER_SECONDS)
    assert [one.engine.next_wake for one in pair.ends] == [None, None]


@pytest.mark.parametrize("side", [0, 1])
def test_a_child_sa_is_deleted_in_both_directions(side: int) -> None:
    pair = up()
    end, other = pair.ends[side], pair.ends[1 - side]
    end.do(DeleteChild(connection=LABEL))
    pair.settle()
    pair.agree(1, 0)
    assert end.events(MessageSent)[-1].payloads == other.events(MessageSent)[-1].payloads == ("DELETE",)
    end.acquire()
    pair.settle()
    pair.agree(1, 1)
    assert end.events(MessageSent)[-1].exchange == "CREATE_CHILD_SA"


def test_packets_still_come_in_until_the_peer_knows_of_a_delete() -> None:
    pair = up()
    pair.left.do(DeleteChild())
    assert [effect.direction.value for effect in pair.left.plane.log if isinstance(effect, Remove)] == ["outbound"]
    pair.settle()
    assert [effect.direction.value for effect in pair.left.plane.log if isinstance(effect, Remove)] == [
        "outbound",
        "inbound",
    ]


def test_deletes_that_cross_name_nothing_twice() -> None:
    pair = up()
    pair.left.do(DeleteChild())
    pair.right.do(DeleteChild())
    pair.cross()
    assert [pair.ends[side].events(MessageSent)[-1].payloads for side in (0, 1)] == [(), ()]
    pair.settle()
    pair.agree(1, 0)


def test_ike_deletes_that_cross_end_at_once() -> None:
    pair = up()
    pair.left.do(DeleteIke())
    pair.right.do(DeleteIke())
    pair.cross()
    pair.settle()
    pair.agree(0)


@pytest.mark.parametrize(
    ("request_", "left"),
    [
        (DeleteIke(remote=LEFT), 1),
        (DeleteIke(local=RIGHT), 1),
        (DeleteIke(number=7), 1),
        (DeleteIke(number=1), 0),
        (DeleteIke(local=LEFT), 0),
        (DeleteIke(), 0),
    ],
)
def test_only_what_fits_every_field_is_deleted(request_: DeleteIke, left: int) -> None:
    pair = up()
    pair.left.do(request_)
    pair.settle()
    pair.agree(left)


def test_a_child_sa_is_found_by_either_spi_its_peer_or_its_connection() -> None:
    for field in ("inbound_spi", "outbound_spi"):
        pair = up()
        pair.left.do(DeleteChild(remote=LEFT))
        pair.left.do(DeleteChild(connection="OTHER 1 outside"))
        pair.left.do(DeleteChild(spi=1))
        pair.settle()
        pair.agree(1, 1)
        pair.left.do(DeleteChild(spi=getattr(pair.left.sas[0].children[0], field)))
        pair.settle()
        pair.agree(1, 0)


def test_an_attempt_that_is_given_up_from_here_just_ends() -> None:
    pair = Pair()
    pair.left.acquire()
    pair.left.do(DeleteIke())
    assert not pair.left.sas
    pair.settle()
    pair.advance(CONFIRM_SECONDS)
    pair.agree(0)


def test_shutdown_deletes_at_the_peers_and_begins_nothing_more() -> None:
    row = connection(LEFT, RIGHT, initiation=Initiation.START)
    pair = Pair(intent(LEFT, RIGHT, connections=(row,)))
    pair.settle()
    pair.agree(1)
    pair.left.do(Shutdown())
    pair.settle()
    pair.agree(0)
    pair.left.acquire()
    pair.left.initiate()
    pair.right.acquire()
    pair.advance(10)
    assert not pair.left.sas
    assert pair.left.engine.next_wake is None


def test_a_child_sa_that_cannot_be_rekeyed_ends_with_its_lifetime_and_traffic_brings_another() -> None:
    pair = Pair(
        intent(LEFT, RIGHT, connections=(connection(LEFT, RIGHT, lifetime=120),)),
        intent(RIGHT, LEFT, connections=(connection(RIGHT, LEFT, lifetime=500, pfs=row(TransformType.KE, "19")),)),
    )
    pair.up()
    pair.advance(119)
    pair.agree(1)
    pair.advance(2)
    pair.agree(1, 0)
    pair.advance(10)
    assert pair.ping(pair.right) is False
    pair.settle()
    assert pair.ping(pair.right)


def test_a_child_sa_ends_when_the_plane_says_so() -> None:
    pair = up()
    (child,) = pair.right.sas[0].children
    pair.right.notice(Expired(child.inbound_spi, hard=True))
    pair.right.notice(Expired(child.inbound_spi, hard=True))
    pair.settle()
    pair.agree(1, 0)
    pair.right.notice(Expired(child.inbound_spi, hard=True))
    pair.agree(1, 0)


def test_an_ike_sa_that_cannot_be_rekeyed_ends_with_its_lifetime() -> None:
    pair = Pair(intent(LEFT, RIGHT, profiles=(profile(RIGHT, lifetime=300),)))
    pair.up()
    pair.right.engine._core.lookup = Lookup(intent(RIGHT, LEFT, proposals=(ike_proposal(prf="sha512"),)))
    pair.advance(299)
    pair.agree(1)
    pair.advance(2)
    pair.agree(0)
    assert pair.left.events(IkeDown)


def test_periodic_liveness_asks_after_idle_seconds_only() -> None:
    pair = Pair(intent(LEFT, RIGHT, profiles=(profile(RIGHT, dpd=Dpd(30, 5, periodic=True)),)))
    pair.up()
    pair.advance(95)
    assert len(pair.left.events(LivenessChecked)) == 3
    pair.left.notice(FirstPacket(pair.left.sas[0].children[0].inbound_spi))
    pair.advance(29)
    assert len(pair.left.events(LivenessChecked)) == 3
    assert (pair.left.sas[0].dpd_interval, pair.left.sas[0].dpd_retry) == (30, 5)


@pytest.mark.parametrize(
    ("periodic", "out", "into", "checks"), [(True, 0, 0, 3), (True, 1, 1, 0), (False, 0, 0, 0), (False, 1, 0, 3)]
)
def test_traffic_decides_whether_the_peer_is_asked(periodic: bool, out: int, into: int, checks: int) -> None:
    pair = Pair(intent(LEFT, RIGHT, profiles=(profile(RIGHT, dpd=Dpd(20, 5, periodic)),)))
    pair.up()
    pair.right.notice(FirstPacket(pair.right.sas[0].children[0].inbound_spi))
    for _ in range(70):
        pair.advance(1)
        counters = pair.left.counters
        pair.left.counters = Counters(packets_out=counters.packets_out + out, packets_in=counters.packets_in + into)
    assert len(pair.left.events(LivenessChecked)) == checks


def test_traffic_that_nobody_counts_has_the_peer_asked() -> None:
    pair = Pair(intent(LEFT, RIGHT, profiles=(profile(RIGHT, dpd=Dpd(10, 5)),)))
    pair.up()
    pair.left.answer_asks = False
    pair.advance(11)
    pair.left.answer(pair.left.asks[0].id, Unavailable("nothing counts here"))
    assert len(pair.left.events(LivenessChecked)) == 1


def test_a_responder_asks_once_whether_the_initiator_has_the_sa() -> None:
    pair = up()
    pair.advance(3600)
    assert len(pair.right.events(LivenessChecked)) == 1
    assert not pair.left.events(LivenessChecked)


def test_a_packet_on_the_new_sa_is_sign_enough() -> None:
    pair = up()
    pair.right.notice(FirstPacket(pair.right.sas[0].children[0].inbound_spi))
    pair.advance(CONFIRM_SECONDS)
    assert not pair.right.events(LivenessChecked)


def test_an_sa_that_the_initiator_never_got_goes_away() -> None:
    pair = Pair()
    pair.left.acquire()
    for _ in range(3):
        pair.step()
    pair.wire.clear()
    pair.left.do(DeleteIke())
    assert pair.right.sas[0].status is SaStatus.READY
    pair.advance(2 * CONFIRM_SECONDS)
    pair.agree(0)


def test_addresses_that_are_gone_take_their_sas_with_them() -> None:
    pair = up()
    pair.left.notice(LinkChanged((RIGHT,)))
    assert pair.left.sas
    pair.left.notice(LinkChanged((LEFT,)))
    assert not pair.left.sas
    assert not pair.left.plane.sas


def test_packets_of_an_unknown_sa_are_answered_with_its_delete_or_a_new_sa() -> None:
    pair = up()
    stale = pair.left.sas[0].children[0].outbound_spi
    pair.right.notice(LinkChanged((RIGHT,)))
    assert not pair.right.sas
    for _ in range(3):
        pair.right.notice(UnknownSpi(stale, Endpoint(LEFT, 0)))
    assert len(pair.wire) == 1
    pair.settle()
    pair.agree(1)
    assert pair.ping(pair.left)
    pair.advance(60)
    pair.right.notice(UnknownSpi(4711, Endpoint(LEFT, 0)))
    assert pair.right.events(MessageSent)[-1].payloads == ("DELETE",)
    pair.settle()
    pair.agree(1)


def test_a_packet_of_an_sa_that_the_data_plane_is_about_to_have_ends_nothing() -> None:
    pair = up()
    pair.advance(60)
    pair.right.notice(UnknownSpi(pair.left.sas[0].children[0].outbound_spi, Endpoint(LEFT, 0)))
    assert not pair.wire
