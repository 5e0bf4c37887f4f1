"""Choosing proposals."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ikecli.ike.choose import Choice, Offer, accepted, choose, differing, esp_offers, ike_offers
from ikecli.numbers import BY_KEY, Protocol, TransformType
from ikecli.wire.payloads import Proposal, Transform
from tests.ike.pair import CBC, GCM, ike_proposal

ENCR, PRF, INTEG, KE, ESN, ADDKE1 = (
    TransformType.ENCR,
    TransformType.PRF,
    TransformType.INTEG,
    TransformType.KE,
    TransformType.ESN,
    TransformType.ADDKE1,
)


def offered(*rows: Offer) -> tuple[Proposal, ...]:
    return tuple(row.proposal(at, b"") for at, row in enumerate(rows, 1))


def words(choice: Choice | None) -> dict[str, str]:
    assert choice is not None
    return {kind.name: row.name for kind, row in choice.algorithms.items()}


def test_our_order_of_algorithms_decides() -> None:
    ours = ike_offers([ike_proposal("aes-cbc-256 aes-cbc-128", "sha512 sha256", "sha256", "19 14")])
    theirs = ike_offers([ike_proposal("aes-cbc-128 aes-cbc-256", "sha256", "sha512 sha256", "14 19")])
    choice = choose(ours, offered(*theirs))
    assert words(choice)["INTEG"] == "AUTH_HMAC_SHA2_256_128"
    assert choice is not None
    assert choice.algorithms[ENCR].key_bits == 256
    assert choice.algorithms[KE].number == 19


def test_the_group_that_came_along_is_preferred() -> None:
    ours = ike_offers([ike_proposal(groups="19 14 31")])
    for group, chosen in ((31, 31), (14, 14), (20, 19), (None, 19)):
        choice = choose(ours, offered(*ours), group)
        assert choice is not None
        assert choice.algorithms[KE].number == chosen


def test_the_number_and_spi_of_the_peers_proposal_are_kept() -> None:
    (offer,) = esp_offers([GCM])
    choice = choose([offer], [replace(offer.proposal(7, b"spi7"), number=7)])
    assert choice is not None
    assert choice.proposal(b"ours") == Proposal(7, Protocol.ESP, b"ours", offer.proposal(7, b"").transforms)
    assert choice.spi == b"spi7"


@pytest.mark.parametrize(
    "extra",
    [Transform(13, 1), Transform(INTEG, 12), Transform(KE, 31), Transform(ADDKE1, 36)],
    ids=["unknown type", "integrity with an AEAD", "group not configured", "additional exchange not configured"],
)
def test_a_proposal_that_wants_more_than_is_configured_is_passed_over(extra: Transform) -> None:
    (offer,) = esp_offers([GCM])
    proposal = offer.proposal(1, b"")
    assert choose([offer], [replace(proposal, transforms=(*proposal.transforms, extra))]) is None
    optional = Transform(extra.type, 0)
    allowed = choose([offer], [replace(proposal, transforms=(*proposal.transforms, extra, optional))])
    assert (allowed is not None) == (extra.type in (INTEG, KE, ADDKE1))


def test_groups_mean_nothing_in_ike_auth() -> None:
    (offer,) = esp_offers([GCM])
    proposal = offer.proposal(1, b"")
    with_group = replace(proposal, transforms=(*proposal.transforms, Transform(KE, 31)))
    assert choose([offer], [with_group], ignore=frozenset({KE})) is not None


def test_esn_may_be_left_out_where_it_is_not_wanted() -> None:
    plain, only = esp_offers([GCM]) + esp_offers([replace(GCM, esn=(True,))])
    bare = replace(plain.proposal(1, b""), transforms=plain.proposal(1, b"").transforms[:1])
    assert words(choose([plain], [bare]))["ESN"] == "NO_ESN"
    assert choose([only], [bare]) is None


def test_a_transform_with_an_unknown_attribute_is_never_chosen() -> None:
    (offer,) = esp_offers([GCM])
    proposal = offer.proposal(1, b"")
    strange = tuple(one._replace(others=b"\x80\x63\0\1") if one.type == ENCR else one for one in proposal.transforms)
    assert choose([offer], [replace(proposal, transforms=strange)]) is None


def test_pfs_is_part_of_the_offer() -> None:
    group = BY_KEY[KE, 19, 0]
    (offer,) = esp_offers([CBC], (group,))
    assert [row.key for row in offer.groups] == [(KE, 19, 0)]
    assert choose(esp_offers([CBC]), offered(offer)) is None
    assert choose([offer], offered(*esp_offers([CBC]))) is None


def test_a_responder_must_choose_from_what_was_offered() -> None:
    offers = ike_offers([ike_proposal("aes-cbc-128 aes-gcm-128", "sha256", "sha256", "19 31")])
    good = choose(offers, offered(*offers))
    assert good is not None
    proposal = good.proposal(b"")
    assert accepted(offers, [proposal]) == good
    two = replace(proposal, transforms=(*proposal.transforms, Transform(KE, 31)))
    wrong = replace(proposal, transforms=tuple(Transform(PRF, 7) if t.type == PRF else t for t in proposal.transforms))
    for bad in ([], [proposal] * 2, [replace(proposal, number=3)], [replace(proposal, number=2)], [two], [wrong]):
        assert accepted(offers, bad) is None


def test_what_differs_is_named_for_the_nearest_pair() -> None:
    ours = ike_offers([ike_proposal("aes-cbc-256", "sha256", "sha256", "19"), ike_proposal("aes-cbc-128", "sha1")])
    theirs = offered(*ike_offers([ike_proposal("aes-cbc-256", "sha512", "sha256", "14 19")]))
    assert differing(ours, theirs) == ("integrity",)
    assert differing([], theirs) == ("proposal",)


def test_what_is_not_served_or_not_whole_is_not_offered() -> None:
    des = next(row for row in BY_KEY.values() if row.name == "ENCR_DES")
    assert esp_offers([replace(CBC, encryption=(des,))]) == ()
    assert ike_offers([ike_proposal("aes-cbc-128", "")]) == ()
    assert ike_offers([ike_proposal(groups="")]) == ()
