"""Which rows of an intent hold for a peer."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network, ip_address

import pytest

from ikecli.crypto import key_pad
from ikecli.ike.lookup import Lookup
from ikecli.intent import Authorization, Connection, Credential, Identity, IdentityMatch, IkePolicy, Intent, Profile
from ikecli.numbers import ALGORITHMS, IdType, TransformType
from ikecli.secret import Secret
from tests.ike.pair import LEFT, RIGHT, connection, ike_proposal

ANY = IdentityMatch()
NAME = IdentityMatch(IdType.FQDN, b"r1.example")
DOMAIN = IdentityMatch(IdType.FQDN, b"example", domain=True)
WIDE = IdentityMatch(IdType.IPV4_ADDR, network=IPv4Network("10.0.0.0/8"))
NARROW = IdentityMatch(IdType.IPV4_ADDR, network=IPv4Network("10.0.0.0/30"))
HOST = IdentityMatch(IdType.IPV4_ADDR, network=IPv4Network("10.0.0.1/32"))


def named(*profiles: Profile, identity: Identity = Identity.of(LEFT)) -> str | None:  # noqa: B008
    found = Lookup(Intent(profiles=profiles)).profile(identity, RIGHT, LEFT)
    return found.name if found else None


def test_the_most_specific_identity_wins_in_any_order() -> None:
    rows = [
        Profile(name, (match,), ())
        for name, match in [("any", ANY), ("wide", WIDE), ("narrow", NARROW), ("host", HOST)]
    ]
    for upto in range(1, 5):
        some = rows[:upto]
        assert named(*some) == named(*reversed(some)) == some[-1].name
    names = [Profile(name, (match,), ()) for name, match in [("any", ANY), ("domain", DOMAIN), ("name", NAME)]]
    for upto in range(1, 4):
        assert named(*names[:upto], identity=Identity.fqdn("R1.Example")) == names[upto - 1].name


def test_a_profile_may_be_for_some_gateways_or_local_addresses_only() -> None:
    here, other = IPv4Network("10.0.0.1/32"), IPv4Network("10.9.0.0/16")
    assert named(Profile("any", (ANY,), ()), Profile("gateway", (ANY,), (), gateways=(here,))) == "gateway"
    assert named(Profile("gateway", (ANY,), (), gateways=(other,)), Profile("any", (ANY,), ())) == "any"
    assert named(Profile("gateway", (ANY,), (), gateways=(other,))) is None
    assert named(Profile("here", (ANY,), (), locals=(RIGHT,)), Profile("any", (ANY,), ())) == "here"
    assert named(Profile("there", (ANY,), (), locals=(LEFT,))) is None
    assert named(Profile("name", (NAME,), (), gateways=(here,)), identity=Identity.fqdn("r2.example")) is None


def test_of_two_for_anybody_a_peer_that_asks_for_no_address_gets_the_one_that_asks_for_none() -> None:
    lent, plain = Profile("RA", (ANY,), (), authorization=Authorization("P", required=True)), Profile("L2L", (ANY,), ())
    found = {
        asks: [
            row and row.name
            for rows in ((lent, plain), (lent,))
            for row in [Lookup(Intent(profiles=rows)).profile(Identity.of(LEFT), RIGHT, LEFT, "", asks)]
        ]
        for asks in (True, False)
    }
    assert found == {True: ["RA", "RA"], False: ["L2L", "RA"]}


def test_of_equal_ones_the_first_is_taken() -> None:
    assert named(Profile("a", (ANY,), ()), Profile("b", (ANY,), ())) == "a"
    assert named(Profile("a", (HOST,), ()), Profile("b", (HOST,), ())) == "a"


@pytest.mark.parametrize(
    ("identity", "address", "found"),
    [
        (Identity.fqdn("r1.example"), "10.0.0.1", "name"),
        (Identity.fqdn("r2.example"), "10.0.0.1", "host"),
        (Identity.fqdn("r2.example"), "10.0.0.2", "net"),
        (Identity.fqdn("r2.example"), "192.0.2.1", "default"),
    ],
)
def test_a_credential_is_found_by_identity_then_by_the_longest_prefix(
    identity: Identity, address: str, found: str
) -> None:
    rows = (
        Credential("default", Secret("d")),
        Credential("net", Secret("n"), None, (IPv4Network("10.0.0.0/24"),)),
        Credential("host", Secret("h"), None, (IPv4Network("10.0.0.1/32"), IPv4Network("10.5.0.0/16"))),
        Credential("name", Secret("i"), None, (), NAME),
    )
    one = Lookup(Intent()).credential(Profile("p", (ANY,), rows), identity, ip_address(address))
    assert one is not None
    assert one.name == found


def test_a_policy_that_names_the_address_goes_before_one_that_names_none() -> None:
    general, own = (IkePolicy(n, (ike_proposal(groups=g),), a) for n, g, a in (("g", "14", ()), ("o", "19", (RIGHT,))))
    lookup = Lookup(Intent(policies=(general, own)))
    assert lookup.ike_offers(RIGHT).groups == (19,)
    assert lookup.ike_offers(LEFT).groups == (14,)
    assert Lookup(Intent(policies=(own,))).ike_offers(LEFT).offers == ()


def test_connections_are_those_to_the_peer_then_those_to_any() -> None:
    rows = (
        connection(RIGHT, LEFT, sequence=65000, peers=()),
        connection(RIGHT, LEFT, sequence=10, profile="other"),
        connection(RIGHT, LEFT, sequence=20, profile="mine"),
        connection(RIGHT, LEFT, sequence=30),
        replace(connection(RIGHT, LEFT, sequence=40), local=LEFT),
    )
    found: list[Connection] = Lookup(Intent(connections=rows)).candidates(RIGHT, LEFT, "mine")
    assert [row.sequence for row in found] == [20, 30, 65000]


def test_what_is_remembered_of_a_key_is_not_taken_for_another_that_lies_where_it_lay() -> None:
    """An SA may still have a key of the configuration before; that one goes while the lookup stays."""
    lookup = Lookup(Intent())
    prf = next(row for row in ALGORITHMS if row.type is TransformType.PRF and row.served)
    for at in range(50):
        octets = b"key %d" % at
        assert lookup.key_pad(prf, Secret(octets)).of(b"data") == key_pad(prf, octets).of(b"data")
