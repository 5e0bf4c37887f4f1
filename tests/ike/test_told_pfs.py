"""A client that a hub tells to do PFS: it is not told by which group."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ikecli.boundary.events import ChildFailed, ChildUp
from ikecli.intent import Intent
from ikecli.numbers import TransformType
from tests.ike.pair import LEFT, RIGHT, Pair, connection, ike_proposal, intent, profile, row
from tests.ike.test_configure import GIVES, POOLS, client, up

LONG = 100_000
"""Seconds that an end's SAs last which is not to begin a rekey."""


def hub(group: str) -> Intent:
    """A hub that tells of PFS and wants it of a group, whatever that of its IKE SAs is."""
    anyone = connection(RIGHT, LEFT, peers=(), flows=(), pfs=row(TransformType.KE, group), lifetime=LONG)
    told = profile(LEFT, authorization=replace(GIVES, pfs=True))
    return intent(
        RIGHT, LEFT, proposals=(ike_proposal(groups="31 19"),), profiles=(told,), connections=(anyone,), pools=POOLS
    )


def spoke(groups: str) -> Intent:
    own = client(4)
    return replace(own, policies=(replace(own.policies[0], proposals=(ike_proposal(groups=groups),)),))


@pytest.mark.parametrize("group", ["31", "19"])
def test_the_group_that_the_hub_wants_is_found_among_those_of_the_clients_ike_sas(group: str) -> None:
    both = Pair(spoke("31 19"), hub(group))
    up(both)
    both.advance(5000)
    both.agree(1)
    assert not both.left.events(ChildFailed)
    assert len(both.left.events(ChildUp)) > 1
    assert {child.group for end in both.ends for sa in end.sas for child in sa.children} == {int(group)}
