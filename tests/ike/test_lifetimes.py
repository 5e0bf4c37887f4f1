"""Lifetimes in seconds, kilobytes and packets: local to each end, soft before hard, and never the same at both ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ikecli.boundary.effects import Direction, Install, Lifetime
from ikecli.boundary.events import ChildUp, IkeDown
from ikecli.boundary.notices import Expired
from ikecli.ike.limits import LAST_SEQUENCE, REKEY_SHARES, RETRANSMISSION
from tests.ike.chart import rekey_ike, rest, said, sound, spis, up
from tests.ike.pair import GCM, End

ROUND_TRIP = 0.5
"""Seconds within which two ends would have to rekey to meet."""


def lifetime(end: End) -> Lifetime:
    """Return what the plane of an end was told of its newest Child SA."""
    installs = [one for one in end.plane.log if isinstance(one, Install) and one.direction is Direction.INBOUND]
    return installs[-1].lifetime


def test_soft_ends_come_before_hard_ones_and_differ_between_the_ends() -> None:
    """Of many SAs of one hour, 4 GB and 2^32 packets none is old at both ends at once: who began it is first."""
    met = 0
    for seed in range(500):
        pair = up(seed)
        bounds = [lifetime(end) for end in pair.ends]
        soft = [(one.soft_seconds, one.soft_octets, one.soft_packets) for one in bounds]
        hard = [(one.hard_seconds, one.hard_octets, one.hard_packets) for one in bounds]
        for end, ours in ((0, True), (1, False)):
            least, most = REKEY_SHARES[ours]
            for early, late in zip(soft[end], hard[end], strict=True):
                assert least * late - 1 <= early <= most * late < late
        met += soft[1][0] - soft[0][0] < ROUND_TRIP
    assert met < 5


def test_two_ends_of_the_same_lifetimes_seldom_rekey_at_once() -> None:
    """Child SAs live two minutes, the IKE SA ten; a message takes 50 ms."""
    pair = up(left={"lifetime": 120}, right={"lifetime": 120}, life=600)
    pair.weather = lambda datagram: [0.05]
    pair.advance(40_000)
    needed = 40_000 / (120 * sum(REKEY_SHARES[True]) / 2)
    for end in pair.ends:
        assert 0.97 * needed < len(end.events(ChildUp)) < 1.05 * needed
        assert not end.events(IkeDown)


@pytest.mark.parametrize(("asked", "told"), [(0, LAST_SEQUENCE), (1000, 1000), (1 << 40, LAST_SEQUENCE)])
def test_an_sa_carries_no_more_packets_than_it_has_sequence_numbers(asked: int, told: int) -> None:
    pair = up(left={"packets": asked})
    assert lifetime(pair.left).hard_packets == told
    assert lifetime(pair.right).hard_packets == LAST_SEQUENCE


@pytest.mark.parametrize(("asked", "told"), [(0, 0), (1000, 1000)])
def test_extended_sequence_numbers_never_end(asked: int, told: int) -> None:
    fields = {"packets": asked, "proposals": (replace(GCM, esn=(True,)),)}
    pair = up(left=fields, right=fields)
    assert pair.left.sas[0].children[0].esn
    assert lifetime(pair.left).hard_packets == told
    assert lifetime(pair.left).soft_packets == pytest.approx(told * 0.85, abs=told * 0.05)


def test_lifetimes_are_each_ends_own() -> None:
    pair = up(left={"kilobytes": 5000, "packets": 9000}, right={"kilobytes": 0, "lifetime": 500})
    left, right = (lifetime(end) for end in pair.ends)
    assert (left.hard_seconds, left.hard_octets, left.hard_packets) == (3600, 5000 * 1024, 9000)
    assert (right.hard_seconds, right.hard_octets, right.hard_packets) == (500, 0, LAST_SEQUENCE)


def test_a_soft_end_that_the_plane_reports_is_tried_again_when_it_is_refused() -> None:
    """The plane says it once."""
    pair = up()
    before = spis(pair.left)
    rekey_ike(pair.right)
    pair.left.notice(Expired(*before, hard=False))
    pair.cross()
    assert said(pair.right) == ("NOTIFY(TEMPORARY_FAILURE)",)
    pair.settle()
    assert spis(pair.left) == before
    pair.advance(sum(RETRANSMISSION[:2]))
    rest(pair)
    sound(pair)
    assert not spis(pair.left) & before
