"""A connection that is for peers of certain identities alone."""

from __future__ import annotations

import pytest

from ikecli.boundary.events import ChildFailed, ChildUp
from ikecli.intent import Identity, IdentityMatch, Intent
from ikecli.numbers import IdType
from tests.ike.pair import LEFT, RIGHT, Pair, connection, intent, packet, profile

HUB = IdentityMatch(IdType.FQDN, b"Left.example.net")


def ends(who: str, *, here: bool) -> tuple[Intent, Intent]:
    """The intents of an initiator that says who it is and a responder; the list is the responder's, or ours."""
    anyone = (IdentityMatch(),)
    names = Identity.fqdn(who if not here else "left.example.net"), Identity.fqdn(who if here else "right.example.net")
    only = (HUB,)
    left = connection(LEFT, RIGHT, only=only if here else None)
    right = connection(RIGHT, LEFT, only=None if here else only)
    return (
        intent(LEFT, RIGHT, profiles=(profile(RIGHT, local=names[0], remotes=anyone),), connections=(left,)),
        intent(RIGHT, LEFT, profiles=(profile(LEFT, local=names[1], remotes=anyone),), connections=(right,)),
    )


@pytest.mark.parametrize("here", [False, True], ids=["responder", "initiator"])
def test_a_peer_of_the_list_gets_a_child_sa(here: bool) -> None:
    both = Pair(*ends("left.example.net", here=here))
    both.up()
    both.agree(1)
    assert both.left.events(ChildUp)


def test_a_responder_refuses_the_child_sa_of_another() -> None:
    both = Pair(*ends("other.example.net", here=False))
    both.left.notice(packet(LEFT, RIGHT))
    both.settle()
    (sa,) = both.left.sas
    assert not sa.children
    assert "TS_UNACCEPTABLE" in both.left.events(ChildFailed)[0].why


def test_an_initiator_deletes_the_child_sa_with_another() -> None:
    both = Pair(*ends("other.example.net", here=True))
    both.left.notice(packet(LEFT, RIGHT))
    both.settle()
    both.advance(1)
    assert "its peers may not be other.example.net" in both.left.events(ChildFailed)[0].why
    for end in both.ends:
        assert not any(sa.children for sa in end.sas)
