"""Inner addresses and settings by Configuration payloads: lent, told, kept, given back (RFC 7296 2.19)."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address, ip_network
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ikecli.boundary.effects import Reach
from ikecli.boundary.events import AddressRefused, ChildFailed, ChildUp, IkeUp, SettingsTold
from ikecli.boundary.notices import Acquire
from ikecli.boundary.views import SaStatus
from ikecli.ike import settings
from ikecli.ike.engine import Engine
from ikecli.ike.limits import MAX_NETWORKS
from ikecli.ike.requests import DeleteIke
from ikecli.ike.tasks.initial_contact import InitialContact
from ikecli.ike.window import Want
from ikecli.intent import Asking, Authorization, Flow, Identity, Intent, Pool, Prefix, ReverseRoute
from ikecli.intent.remote import MAX_BACKUPS
from ikecli.intent.selectors import any_selector
from ikecli.numbers import AttributeType, ConfigurationType
from ikecli.numbers.conventions import NEARBY
from ikecli.wire.payloads import Configuration, ConfigurationAttribute
from tests.ike.machine import move
from tests.ike.pair import LABEL, LEFT, RIGHT, Pair, connection, intent, profile


def prefixes(reach: Reach) -> tuple[Prefix, ...]:
    return tuple(route.prefix for route in reach.routes)


EVERYTHING = tuple(Flow(any_selector(version), any_selector(version)) for version in (4, 6))
POOLS = (
    Pool("FOUR", ((ip_address("10.9.0.1"), ip_address("10.9.0.2")),)),
    Pool("SIX", ((ip_address("2001:db8:9::1"), ip_address("2001:db8:9::2")),)),
)
GIVES = Authorization(
    "AUTHOR",
    ("FOUR", "SIX"),
    netmask=IPv4Address("255.255.255.0"),
    dns=(ip_address("192.168.2.53"), ip_address("2001:db8:2::53")),
    nbns=(IPv4Address("192.168.2.42"),),
    domain="example.net",
    banner="Be good",
)


def client(*versions: int) -> Intent:
    asking = connection(LEFT, RIGHT, flows=EVERYTHING, asks=Asking(versions))
    return intent(LEFT, RIGHT, connections=(asking,))


def hub(gives: Authorization | None = GIVES, pools: tuple[Pool, ...] = POOLS) -> Intent:
    anyone = connection(RIGHT, LEFT, peers=(), flows=())
    return intent(RIGHT, LEFT, profiles=(profile(LEFT, authorization=gives),), connections=(anyone,), pools=pools)


def pair(*versions: int, gives: Authorization | None = GIVES, pools: tuple[Pool, ...] = POOLS) -> Pair:
    return Pair(client(*versions), hub(gives, pools))


def up(both: Pair, destination: str = "192.168.2.5") -> None:
    source = "192.0.2.5" if "." in destination else "2001:db8::5"
    both.left.notice(Acquire(LABEL, ip_address(source), ip_address(destination), 1))
    both.settle()


def free(both: Pair) -> dict[str, int]:
    return dict(both.right.engine._core.pools.free(("FOUR", "SIX")))


def flows(both: Pair) -> set[tuple[str, str, str, str]]:
    (sa,) = both.left.sas
    return {
        (one.local_first, one.local_last, one.remote_first, one.remote_last)
        for child in sa.children
        for one in child.flows
    }


def test_a_client_gets_an_address_and_what_goes_with_it() -> None:
    both = pair(4)
    up(both)
    both.agree(1)
    (here,), (there,) = both.left.sas, both.right.sas
    assert here.pushed == there.assigned == ("10.9.0.1",)
    assert there.authorization == "AUTHOR"
    assert flows(both) == {("10.9.0.1", "10.9.0.1", "0.0.0.0", "255.255.255.255")}
    lease = both.left.engine._core.sas[here.id].lease
    assert lease is not None
    taken = lease.taken
    assert (str(taken.netmask), taken.domain, taken.banner) == ("255.255.255.0", "example.net", "Be good")
    assert [str(one) for one in (*taken.dns, *taken.nbns)] == ["192.168.2.53", "192.168.2.42"]
    assert taken.version.startswith("ikecli")


def test_sas_of_a_client_that_carry_nothing_end_as_its_authorization_says() -> None:
    both = pair(4, gives=replace(GIVES, idle=60))
    up(both)
    both.advance(59)
    assert both.right.sas[0].children
    both.advance(2)
    assert not both.right.sas[0].children
    assert not both.left.sas[0].children


def test_both_versions_in_one_sa() -> None:
    both = pair(4, 6)
    up(both)
    both.agree(1)
    assert both.left.sas[0].pushed == ("10.9.0.1", "2001:db8:9::1")
    assert flows(both) == {
        ("10.9.0.1", "10.9.0.1", "0.0.0.0", "255.255.255.255"),
        ("2001:db8:9::1", "2001:db8:9::1", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    }


def test_one_version_is_enough_where_there_is_no_pool_of_the_other() -> None:
    both = pair(4, 6, pools=POOLS[1:])
    up(both, "2001:db8:2::5")
    assert both.left.sas[0].pushed == ("2001:db8:9::1",)
    both.agree(1)


def test_split_networks_are_told_and_selected() -> None:
    nets = (IPv4Network("192.168.2.0/24"), IPv4Network("192.168.7.0/24"), IPv6Network("2001:db8:2::/48"))
    both = pair(4, gives=replace(GIVES, networks=nets))
    up(both)
    assert flows(both) == {
        ("10.9.0.1", "10.9.0.1", "192.168.2.0", "192.168.2.255"),
        ("10.9.0.1", "10.9.0.1", "192.168.7.0", "192.168.7.255"),
    }
    assert both.left.sas[0].remote_subnets == ("192.168.2.0/24", "192.168.7.0/24")
    (reach,) = both.left.plane.reaches.values()
    assert reach.addresses == (ip_address("10.9.0.1"),)
    assert [str(net) for net in prefixes(reach)] == ["192.168.2.0/24", "192.168.7.0/24"]


def test_networks_are_not_believed_where_the_profile_does_not_accept_them() -> None:
    both = pair(4, gives=replace(GIVES, networks=(IPv4Network("192.168.2.0/24"),)))
    asking = connection(LEFT, RIGHT, flows=EVERYTHING, asks=Asking((4,)))
    wary = profile(RIGHT, authorization=Authorization("WARY", accepts=False))
    both.left.apply(intent(LEFT, RIGHT, profiles=(wary,), connections=(asking,)))
    up(both)
    assert both.left.sas[0].remote_subnets == ()
    assert both.left.sas[0].pushed == ("10.9.0.1",)


def test_the_responder_routes_the_lent_address_and_takes_it_back() -> None:
    both = pair(4)
    up(both)
    (reach,) = both.right.plane.reaches.values()
    assert (reach.connection, prefixes(reach), reach.remote) == (LABEL, (ip_network("10.9.0.1"),), LEFT)
    both.left.do(DeleteIke())
    both.settle()
    assert not both.left.plane.reaches
    assert not both.right.plane.reaches
    assert free(both) == {"FOUR": 2, "SIX": 2}


def test_the_same_identity_gets_the_same_address_again() -> None:
    both = pair(4)
    for _ in range(3):
        up(both)
        assert both.left.sas[0].pushed == ("10.9.0.1",)
        both.left.do(DeleteIke())
        both.advance(40)


def test_a_responder_that_forgot_gives_what_the_client_wishes() -> None:
    both = pair(4)
    both.left.engine._core.wishes[LABEL] = (ip_address("10.9.0.2"),)
    up(both)
    assert both.left.sas[0].pushed == ("10.9.0.2",)


def test_an_address_is_kept_over_rekeys_of_both_kinds() -> None:
    both = Pair(client(4), replace(hub(), profiles=(profile(LEFT, authorization=GIVES, lifetime=300),)))
    up(both)
    spis = {sa.local_spi for sa in both.left.sas}
    both.advance(5000)
    both.agree(1)
    assert spis.isdisjoint(sa.local_spi for sa in both.left.sas)
    assert len(both.left.events(ChildUp)) > 1
    assert both.left.sas[0].pushed == both.right.sas[0].assigned == ("10.9.0.1",)
    assert flows(both) == {("10.9.0.1", "10.9.0.1", "0.0.0.0", "255.255.255.255")}
    assert free(both) == {"FOUR": 1, "SIX": 2}
    assert len(both.left.plane.reaches) == len(both.right.plane.reaches) == 1


def test_an_exhausted_pool_says_so_at_both_ends_and_leaves_nothing() -> None:
    one = Pool("FOUR", ((ip_address("10.9.0.1"), ip_address("10.9.0.1")),))
    both = pair(4, pools=(one,))
    loan = both.right.engine._core.pools.lend(("FOUR",), 4, Identity.fqdn("another"), None)
    assert loan is not None
    up(both)
    (refused,) = both.right.events(AddressRefused)
    assert (refused.why, refused.pools) == ("no IPv4 address is free", ("FOUR: 0 free",))
    (told,) = both.left.events(AddressRefused)
    assert (told.by_peer, told.why) == (True, "the peer answers INTERNAL_ADDRESS_FAILURE")
    assert both.left.events(ChildFailed)
    assert both.left.events(IkeUp), "the IKE SA stands (RFC 7296 1.2), then it is deleted as of no use"
    both.advance(1)
    both.agree(0)
    assert not both.left.plane.sas
    both.right.engine._core.pools.give_back(loan)
    both.advance(10)
    up(both)
    both.agree(1)


def test_a_profile_without_authorization_lends_nothing() -> None:
    both = pair(4, gives=None)
    up(both)
    assert both.right.events(AddressRefused)[0].why == "nothing says what peers of this profile are lent"
    both.advance(1)
    both.agree(0)


def test_who_asks_for_no_address_where_one_is_required_is_refused() -> None:
    both = pair(gives=replace(GIVES, required=True))
    both.left.apply(intent(LEFT, RIGHT, connections=(connection(LEFT, RIGHT, flows=EVERYTHING),)))
    up(both)
    assert both.right.events(AddressRefused)[0].why == "the peer asks for no inner address"
    assert both.left.events(AddressRefused)[0].why == "the peer answers FAILED_CP_REQUIRED"
    both.advance(1)
    both.agree(0)


def test_settings_alone_are_told_without_an_address() -> None:
    both = pair(gives=replace(GIVES, networks=(IPv4Network("192.168.2.0/24"),)))
    up(both)
    both.agree(1)
    assert both.left.sas[0].pushed == both.right.sas[0].assigned == ()
    assert both.left.sas[0].remote_subnets == ("192.168.2.0/24",)
    assert free(both) == {"FOUR": 2, "SIX": 2}


def test_a_responder_that_answers_no_address_is_of_no_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ikecli.ike.settings.replied", lambda request, gives, addresses, cisco: ())
    both = pair(4)
    up(both)
    assert both.left.events(AddressRefused)[0].why == "the peer lends no address that was asked for"
    assert not both.left.events(ChildUp)
    both.advance(1)
    both.agree(0)
    assert free(both) == {"FOUR": 2, "SIX": 2}


@pytest.mark.parametrize("lost", range(4))
def test_a_lost_message_lends_nothing_twice(lost: int) -> None:
    both = pair(4)
    both.left.notice(Acquire(LABEL, LEFT, ip_address("192.168.2.5"), 1))
    for _ in range(lost):
        both.step()
    both.lose(1)
    both.advance(20)
    both.agree(1)
    assert free(both) == {"FOUR": 1, "SIX": 2}


def test_clients_that_fail_late_leave_no_address_lent() -> None:
    both = pair(4)
    both.right.plane.refuse = lambda install: True
    for _ in range(20):
        up(both)
        assert free(both) == {"FOUR": 1, "SIX": 2}
        both.left.do(DeleteIke())
        both.settle()
        assert not both.right.sas
        assert free(both) == {"FOUR": 2, "SIX": 2}
        both.advance(40)


def test_what_was_asked_and_told_is_told_to_listeners() -> None:
    both = pair(4)
    up(both)
    asked, told = both.left.events(SettingsTold)
    assert (asked.sent, asked.kind, told.sent, told.kind) == (True, "CFG_REQUEST", False, "CFG_REPLY")
    assert "INTERNAL_IP4_ADDRESS 0" in asked.attributes
    assert "INTERNAL_IP4_ADDRESS 4 10.9.0.1" in told.attributes
    assert "DEFAULT_DOMAIN 11 example.net" in told.attributes


TELLS = replace(
    GIVES,
    pfs=True,
    excluded=(NEARBY, IPv4Network("10.3.0.0/16")),
    backups=("198.51.100.7", "other.example.net"),
    split_dns=("example.net", "example.org"),
)


def taken(both: Pair) -> settings.Settings:
    (sa,) = both.left.engine._core.sas.values()
    assert sa.lease is not None
    return sa.lease.taken


def test_what_cisco_s_own_attributes_say_is_taken_and_shown() -> None:
    both = pair(4, gives=TELLS)
    up(both)
    told = taken(both)
    assert (told.pfs, told.excluded, told.split_dns) == (True, TELLS.excluded, TELLS.split_dns)
    assert (told.backups, told.gateways({})) == (TELLS.backups, (ip_address("198.51.100.7"),))
    known = {"other.example.net": (ip_address("198.51.100.8"),)}
    assert [str(one) for one in told.gateways(known)] == ["198.51.100.7", "198.51.100.8"]
    rows = both.left.events(SettingsTold)[-1].attributes
    assert "PFS 2 1" in rows
    assert "LOCAL_LAN 14 10.3.0.0/16" in rows
    assert "BACKUP_SERVERS 12 198.51.100.7" in rows
    assert "INTERNAL_DNS_DOMAIN 11 example.org" in rows
    assert both.left.sas[0].told.backups == TELLS.backups


def test_a_router_of_cisco_is_told_its_own_attributes_unasked() -> None:
    request = Configuration(ConfigurationType.CFG_REQUEST, (ConfigurationAttribute(AttributeType.BANNER),))
    asked = [one.type for one in settings.replied(request, TELLS, ())]
    assert asked == [AttributeType.BANNER]
    told = {AttributeType(one.type) for one in settings.replied(request, TELLS, (), cisco=True)}
    own = {"BANNER", "DEFAULT_DOMAIN", "SPLIT_DNS", "BACKUP_SERVERS", "PFS", "LOCAL_LAN"}
    assert {one.name for one in told} == own


def test_a_client_that_is_told_to_does_pfs_from_the_first_rekey_on() -> None:
    both = pair(4, gives=TELLS)
    up(both)
    both.advance(5000)
    both.agree(1)
    assert len(both.left.events(ChildUp)) > 1
    for end in both.ends:
        (sa,) = end.sas
        assert {child.group for child in sa.children} == {sa.group}


def test_without_being_told_it_does_not() -> None:
    both = pair(4)
    up(both)
    both.advance(5000)
    assert {child.group for child in both.left.sas[0].children} == {None}


def test_a_session_ends_when_its_authorization_says_so_rekeys_or_not() -> None:
    both = Pair(
        client(4),
        replace(hub(), profiles=(profile(LEFT, authorization=replace(GIVES, session=1000), lifetime=300),)),
    )
    up(both)
    both.advance(980)
    both.agree(1)
    both.advance(30)
    assert not both.right.sas
    assert free(both) == {"FOUR": 2, "SIX": 2}


def test_an_identity_with_more_sessions_than_allowed_loses_the_one_that_was_silent_longest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(InitialContact, "write_request", lambda self, talk: ())
    both = pair(
        4, gives=replace(GIVES, logins=2), pools=(Pool("FOUR", ((ip_address("10.9.0.1"), ip_address("10.9.0.9")),)),)
    )
    for number in range(3):
        both.left.engine = Engine(Random(number).randbytes)
        both.left.plane.sas.clear()
        both.left.apply(client(4))
        both.left.acquire()
        for _ in range(4):
            both.cross()
        both.wire.clear()
        if number == 1:
            both.right.engine._core.sas[1].heard += 1
    ready = [sa for sa in both.right.sas if sa.status is SaStatus.READY]
    assert [(sa.id, sa.assigned) for sa in ready] == [(1, ("10.9.0.1",)), (3, ("10.9.0.3",))]


NOBODY = ("224.0.0.5", "::1", "255.255.255.255", "169.254.1.1", "fe80::1%eth0")


def test_a_peer_tells_of_further_gateways_by_address_and_those_that_are_no_host_s_are_passed_over() -> None:
    both = pair(4, gives=replace(GIVES, backups=("192.0.2.77", *NOBODY, "by-name", str(LEFT), str(RIGHT))))
    up(both)
    core = both.left.engine._core
    told = {LABEL: (ip_address("192.0.2.77"),)}
    assert core.backups == told
    asking = client(4).connections[0]
    both.left.apply(intent(LEFT, RIGHT, connections=(replace(asking, idle=60),)))
    assert core.backups == told
    both.left.apply(intent(LEFT, RIGHT, connections=(replace(asking, peers=(RIGHT + 1,)),)))
    assert core.backups == {}


@given(st.lists(st.tuples(st.sampled_from(list(AttributeType)), st.binary(max_size=64)), max_size=40))
def test_attributes_of_any_length_and_content_are_read_within_bounds(rows: list[tuple[AttributeType, bytes]]) -> None:
    attributes = [ConfigurationAttribute(kind, value * 20) for kind, value in rows]
    attributes += [ConfigurationAttribute(kind, value) for kind, value in rows]
    told = settings.read(attributes)
    assert len(told.networks) <= MAX_NETWORKS
    assert len(told.excluded) <= MAX_NETWORKS
    assert len(told.backups) <= MAX_BACKUPS
    assert all(text.isprintable() and text.isascii() for text in (*told.backups, *told.split_dns, told.domain))
    assert all(settings.shown(one).isprintable() for one in attributes)


def test_networks_of_one_attribute_are_bounded_too() -> None:
    many = b"".join(bytes((10, at // 256, at % 256, 0, 255, 255, 255, 0)) + bytes(6) for at in range(4000))
    told = settings.read([ConfigurationAttribute(AttributeType.LOCAL_LAN, many)])
    assert len(told.excluded) == MAX_NETWORKS


def test_reverse_routes_stand_while_the_sa_does() -> None:
    anyone = connection(RIGHT, LEFT, peers=(), flows=(), reverse_route=ReverseRoute())
    both = Pair(right=intent(RIGHT, LEFT, connections=(anyone,)))
    both.up()
    (reach,) = both.right.plane.reaches.values()
    assert [one.prefix for one in reach.routes] == [IPv4Network("192.168.1.0/24")]
    both.advance(5000)
    assert list(both.right.plane.reaches.values()) == [reach]
    both.left.do(DeleteIke())
    both.settle()
    assert not both.right.plane.reaches


def sets(gives: Authorization | None) -> Pair:
    asking = connection(LEFT, RIGHT, flows=EVERYTHING, asks=Asking((4,)))
    own = Authorization("OWN", networks=(IPv4Network("192.168.1.0/24"),), tells_own=True)
    both = Pair(intent(LEFT, RIGHT, profiles=(profile(RIGHT, authorization=own),), connections=(asking,)), hub(gives))
    up(both)
    both.advance(1)
    return both


def test_an_initiator_tells_what_lies_behind_it_and_the_responder_routes_that() -> None:
    both = sets(GIVES)
    both.agree(1)
    asked = [one.kind for one in both.left.events(SettingsTold) if one.sent]
    assert asked == ["CFG_REQUEST", "CFG_SET"]
    acknowledged = both.left.events(SettingsTold)[-1]
    assert (acknowledged.kind, acknowledged.attributes) == (
        "CFG_ACK",
        ("INTERNAL_IP4_SUBNET 0", "APPLICATION_VERSION 0"),
    )
    assert both.right.sas[0].remote_subnets == ("10.9.0.1/32", "192.168.1.0/24")
    (reach,) = both.right.plane.reaches.values()
    assert [str(one) for one in prefixes(reach)] == ["10.9.0.1/32", "192.168.1.0/24"]


def test_a_responder_that_accepts_no_routes_acknowledges_nothing() -> None:
    both = sets(replace(GIVES, accepts=False))
    assert both.left.events(SettingsTold)[-1].attributes == ()
    assert both.right.sas[0].remote_subnets == ()


def test_a_set_whose_answer_is_lost_is_taken_once() -> None:
    both = sets(GIVES)
    both.right.engine._core.sas[both.right.sas[0].id].lease.networks = ()  # type: ignore[union-attr]
    core, (sa,) = both.left.engine._core, both.left.engine._core.sas.values()
    core.begin(both.now)
    core.want(sa, Want.INFORM)
    both.left.perform(both.left.engine.wake(both.now))
    both.lose(1)
    both.advance(10)
    assert both.right.sas[0].remote_subnets == ("10.9.0.1/32", "192.168.1.0/24")


def test_what_is_lent_goes_with_an_sa_that_moves_to_another_engine() -> None:
    both = sets(GIVES)
    old = both.right.engine._core.pools
    for end in both.ends:
        move(end)
    both.advance(1)
    both.agree(1)
    assert dict(old.free(("FOUR",))) == {"FOUR": 2}
    assert free(both) == {"FOUR": 1, "SIX": 2}
    assert both.left.sas[0].pushed == both.right.sas[0].assigned == ("10.9.0.1",)
    for end in both.ends:
        (reach,) = end.plane.reaches.values()
        assert reach.routes or reach.addresses
    both.left.do(DeleteIke())
    both.settle()
    assert free(both) == {"FOUR": 2, "SIX": 2}
    assert not both.left.plane.reaches
    assert not both.right.plane.reaches


def test_what_lies_behind_a_peer_by_its_policy_is_routed_to_it_while_its_sa_stands() -> None:
    behind, told = IPv4Network("10.44.0.0/16"), IPv4Network("192.168.1.0/24")
    both = sets(replace(GIVES, behind=(behind,), distance=7, tag=9))
    (reach,) = both.right.plane.reaches.values()
    routes = {route.prefix: (route.distance, route.tag, route.interface) for route in reach.routes}
    interface = both.right.engine._core.lookup.connections[reach.connection].interface
    assert (routes[behind], routes[told]) == ((1, 0, interface), (7, 9, interface))
    both.left.do(DeleteIke())
    both.settle()
    assert not both.right.plane.reaches
