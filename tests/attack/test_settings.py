"""Configuration payloads in hostile hands: floods of them, addresses that are another's, pools that run out."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest

from ikecli.ike.limits import MAX_NETWORKS, MAX_SETTINGS
from ikecli.ike.pools import Pools
from ikecli.intent import Identity, Pool
from ikecli.numbers import AttributeType, ConfigurationType, Exchange
from ikecli.wire.payloads import Configuration, ConfigurationAttribute
from tests.attack.foe import Foe
from tests.ike.pair import Pair
from tests.ike.test_configure import GIVES, pair, up

NETWORKS = tuple(ip_network(f"10.{number}.0.0/16") for number in range(200))
SUBNET = AttributeType.INTERNAL_IP4_SUBNET


def standing(**gives: object) -> tuple[Pair, Foe]:
    """Return a pair whose left end, lent an address, is in hostile hands."""
    both = pair(4, gives=replace(GIVES, **gives))  # type: ignore[arg-type]
    up(both)
    return both, Foe(both)


@pytest.mark.parametrize("count", [1, MAX_SETTINGS, 100])
def test_an_answer_to_very_many_requests_fits_into_a_message(count: int) -> None:
    _, foe = standing(networks=NETWORKS)
    asked = Configuration(ConfigurationType.CFG_REQUEST, (ConfigurationAttribute(SUBNET),) * 10)
    answer = foe.ask(Exchange.INFORMATIONAL, [asked] * count)
    assert len(answer) == min(count, MAX_SETTINGS)
    assert all(isinstance(one, Configuration) and len(one.attributes) == len(NETWORKS) for one in answer)


def test_networks_that_a_peer_tells_of_are_bounded() -> None:
    both, foe = standing(accepts=True)
    rows = [ConfigurationAttribute(SUBNET, bytes((10, at % 256, at // 256, 0, 255, 255, 255, 0))) for at in range(768)]
    for at in range(0, 768, 256):
        foe.ask(Exchange.INFORMATIONAL, [Configuration(ConfigurationType.CFG_SET, tuple(rows[at : at + 256]))])
    assert len(both.right.sas[0].remote_subnets) <= MAX_NETWORKS


def test_an_address_is_not_taken_from_who_had_it() -> None:
    pools = Pools((Pool("P", ((ip_address("10.9.0.1"), ip_address("10.9.0.3")),)),))
    mine, thief = Identity.of(ip_address("192.0.2.1")), Identity.of(ip_address("192.0.2.2"))
    loan = pools.lend(("P",), 4, mine, None)
    assert loan is not None
    stolen = pools.lend(("P",), 4, thief, loan.address)
    assert stolen is not None
    assert stolen.address != loan.address
    pools.give_back(loan)
    again = pools.lend(("P",), 4, thief, loan.address)
    assert again is not None
    assert again.address not in (loan.address, stolen.address)
    assert pools.lend(("P",), 4, mine, None) == loan
