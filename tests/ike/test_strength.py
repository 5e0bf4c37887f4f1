"""Child SAs whose cipher must not be stronger than that of their IKE SA: here AES-GCM with a key of 128 bits."""

from __future__ import annotations

from ipaddress import IPv4Address

from ikecli.boundary.events import ChildFailed, ProposalRefused
from ikecli.debug.failures import proposal
from ikecli.intent import EspProposal, Intent
from ikecli.numbers import TransformType, named
from tests.ike.pair import GCM, LEFT, RIGHT, Pair, connection, intent

STRONG = EspProposal("STRONG", (named(TransformType.ENCR, "ios", "esp-gcm 256", "esp"),))


def end(local: IPv4Address, peer: IPv4Address, *proposals: EspProposal, enforced: bool) -> Intent:
    return intent(local, peer, connections=(connection(local, peer, proposals=proposals),), strength_enforced=enforced)


def chosen(pair: Pair) -> set[int]:
    return {sa.encryption.key_bits for one in pair.ends for sa in one.plane.sas.values()}


def test_without_it_a_child_sa_may_be_the_stronger_one() -> None:
    ends = ((LEFT, RIGHT), (RIGHT, LEFT))
    pair = Pair(*(end(*each, STRONG, GCM, enforced=False) for each in ends))
    pair.up()
    assert chosen(pair) == {256}


def test_the_best_of_those_that_are_no_stronger_is_taken_whoever_enforces_it() -> None:
    for here in (True, False):
        pair = Pair(end(LEFT, RIGHT, STRONG, GCM, enforced=here), end(RIGHT, LEFT, STRONG, GCM, enforced=not here))
        pair.up()
        assert chosen(pair) == {128}


def test_a_peer_that_offers_only_stronger_ones_is_refused_and_the_log_says_why() -> None:
    pair = Pair(end(LEFT, RIGHT, STRONG, enforced=False), end(RIGHT, LEFT, STRONG, enforced=True))
    pair.left.initiate()
    pair.settle()
    pair.agree(1, 0)
    (refused,) = pair.right.events(ProposalRefused)
    assert refused.differing == ("strength",)
    assert pair.right.engine.stats().children_stronger == (1, 0)
    *_, difference, advice = (line for lines in proposal(refused, "ios") for line in lines)
    assert difference == "no common cipher that is no stronger than the IKE SA's"
    assert advice == "on this router: crypto ikev2 proposal ... / encryption aes-gcm-256"


def test_what_is_stronger_alone_is_not_asked_for_and_the_log_says_why() -> None:
    pair = Pair(end(LEFT, RIGHT, STRONG, enforced=True), end(RIGHT, LEFT, STRONG, enforced=False))
    pair.left.initiate()
    pair.settle()
    pair.agree(1, 0)
    why = "all its ciphers are stronger than that of the IKE SA, and strength is enforced"
    assert [one.why for one in pair.left.events(ChildFailed)] == [why]
    assert pair.left.engine.stats().children_stronger == (0, 1)
