"""IKE_SA_INIT and IKE_AUTH between two engines: what comes up, and with what."""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Network, ip_address

import pytest

from ikecli.boundary.effects import Datagram, Direction, Endpoint, Update
from ikecli.boundary.events import (
    Authenticated,
    ChildUp,
    GroupRetried,
    IkeUp,
    KeysDerived,
    MessageSent,
    NatChecked,
    ProposalChosen,
)
from ikecli.boundary.notices import Mapped
from ikecli.boundary.views import SaStatus
from ikecli.ike.requests import DeleteIke
from ikecli.intent import (
    Address,
    Connection,
    Credential,
    EspProposal,
    Flow,
    Identity,
    IdentityMatch,
    Intent,
    Profile,
    Selector,
    Transport,
)
from ikecli.intent.selectors import any_selector
from ikecli.numbers import ALGORITHMS, Algorithm, IdType, TransformType
from ikecli.secret import Secret
from tests.ike.chart import rekey_ike
from tests.ike.pair import (
    CBC,
    GCM,
    LEFT,
    NETS,
    RIGHT,
    Pair,
    connection,
    ike_proposal,
    intent,
    profile,
)

GROUPS = [row for row in ALGORITHMS if row.type is TransformType.KE and row.served]
SUITES = [
    ike_proposal("aes-gcm-256", "", "sha512", "19"),
    ike_proposal("aes-cbc-128", "sha1", "sha1", "5"),
    ike_proposal("aes-cbc-192", "sha384", "sha384", "20"),
    ike_proposal("aes-cbc-256", "sha512", "md5", "32"),
]

NAT_DETECTION = ("NOTIFY(NAT_DETECTION_SOURCE_IP)", "NOTIFY(NAT_DETECTION_DESTINATION_IP)")


def both(**more: object) -> Pair:
    """Return a pair whose ends are configured alike."""
    return Pair(intent(LEFT, RIGHT, **more), intent(RIGHT, LEFT, **more))  # type: ignore[arg-type]


def test_four_messages_bring_up_an_ike_sa_and_a_child_sa() -> None:
    pair = Pair()
    pair.up()
    assert [(m.exchange, m.response, m.message_id, m.payloads) for m in pair.left.events(MessageSent)] == [
        ("IKE_SA_INIT", False, 0, ("SA", "KE", "NONCE", *NAT_DETECTION)),
        ("IKE_AUTH", False, 1, ("IDi", "AUTH", "NOTIFY(INITIAL_CONTACT)", "SA", "TSi", "TSr")),
    ]
    assert [(m.exchange, m.response, m.message_id, m.payloads) for m in pair.right.events(MessageSent)] == [
        ("IKE_SA_INIT", True, 0, ("SA", "KE", "NONCE", *NAT_DETECTION, "NOTIFY(CHILDLESS_IKEV2_SUPPORTED)")),
        ("IKE_AUTH", True, 1, ("IDr", "AUTH", "SA", "TSi", "TSr")),
    ]
    for end in pair.ends:
        assert len(end.events(IkeUp)) == len(end.events(ChildUp)) == 1
        assert end.events(Authenticated)[0].identity == str(end.peer)
    (sa,) = pair.left.sas
    assert (sa.status, sa.initiator, sa.local, sa.remote) == (SaStatus.READY, True, "10.0.0.1", "10.0.0.2")
    assert pair.ping(pair.left)
    assert pair.ping(pair.right)


@pytest.mark.parametrize("proposal", SUITES, ids=lambda one: one.encryption[0].show)
def test_every_kind_of_suite_works(proposal: object) -> None:
    pair = both(proposals=(proposal,))
    pair.up()
    left, right = (end.events(KeysDerived)[0] for end in pair.ends)
    assert left.keys == right.keys


@pytest.mark.parametrize("group", GROUPS, ids=lambda row: row.name)
def test_every_group_works(group: Algorithm) -> None:
    pair = both(proposals=(ike_proposal(groups=group.ike.ios),))
    pair.up()
    assert pair.left.sas[0].group == group.number


def test_aead_and_other_ciphers_of_one_proposal_go_out_apart() -> None:
    pair = both(proposals=(ike_proposal("aes-cbc-256 aes-gcm-256", "sha256", "sha256", "19"),))
    pair.up()
    assert pair.left.events(ProposalChosen)[0].offered == (
        "AES-CBC-256 SHA256 SHA256 Group 19",
        "AES-GCM-256 SHA256 Group 19",
    )


def test_the_responders_preference_decides() -> None:
    cbc, gcm = ike_proposal("aes-cbc-256", "sha256"), ike_proposal("aes-gcm-256")
    pair = Pair(intent(LEFT, RIGHT, proposals=(cbc, gcm)), intent(RIGHT, LEFT, proposals=(gcm, cbc)))
    pair.up()
    assert pair.right.events(ProposalChosen)[0].chosen == "AES-GCM-256 SHA256 Group 31"


def test_esp_keys_and_selectors_mirror_each_other() -> None:
    pair = Pair(
        intent(LEFT, RIGHT, connections=(connection(LEFT, RIGHT, proposals=(CBC, GCM)),)),
        intent(RIGHT, LEFT, connections=(connection(RIGHT, LEFT, proposals=(CBC,)),)),
    )
    pair.up()
    for end, other in (pair.ends, pair.ends[::-1]):
        (out,) = [sa for (way, _), sa in end.plane.sas.items() if way is Direction.OUTBOUND]
        into = other.plane.sas[Direction.INBOUND, out.spi]
        assert (into.keys.encryption, into.keys.integrity) == (out.keys.encryption, out.keys.integrity)
        assert (len(out.keys.encryption), len(out.keys.integrity)) == (16, 20)
        assert out.flows == tuple((there, here) for here, there in into.flows)
        assert out.connection == "MAP 10 outside"


def test_esn_is_negotiated() -> None:
    wide = EspProposal("GCM", GCM.encryption, esn=(True, False))
    pair = Pair(
        intent(LEFT, RIGHT, connections=(connection(LEFT, RIGHT, proposals=(wide,)),)),
        intent(RIGHT, LEFT, connections=(connection(RIGHT, LEFT, proposals=(wide,)),)),
    )
    pair.up()
    assert all(sa.esn for end in pair.ends for sa in end.plane.sas.values())


def test_the_responder_narrows_to_what_both_protect() -> None:
    wide = Flow(Selector.of(NETS[LEFT].supernet()), Selector.of(NETS[RIGHT].supernet()))
    pair = Pair(intent(LEFT, RIGHT, connections=(connection(LEFT, RIGHT, flows=(wide,)),)))
    pair.up()
    flow = (Selector.of(NETS[LEFT]), Selector.of(NETS[RIGHT]))
    assert all(sa.flows == (flow,) for sa in pair.left.plane.sas.values())


def test_ipv6_carries_both_versions() -> None:
    here, there = ip_address("2001:db8::1"), ip_address("2001:db8::2")
    nets = {here: IPv6Network("2001:db8:1::/64"), there: IPv6Network("2001:db8:2::/64")}

    def configured(one: Address, other: Address) -> Intent:
        key = Credential("K", Secret("s"), Secret("s"), (IPv6Network("2001:db8::/32"),))
        match = IdentityMatch(IdType.IPV6_ADDR, network=IPv6Network("2001:db8::/32"))
        flows = (Flow(Selector.of(nets[one]), Selector.of(nets[other])), Flow(any_selector(4), any_selector(4)))
        row = Connection("MAP", 10, "outside", one, (other,), flows, (GCM,))
        return intent(LEFT, RIGHT, profiles=(Profile("PROF", (match,), (key,)),), connections=(row,))

    pair = Pair(configured(here, there), configured(there, here))
    pair.left.initiate()
    pair.settle()
    pair.agree(1)
    assert pair.right.sas[0].remote_identity == "2001:db8::1"
    assert [flow.local_first for flow in pair.left.sas[0].children[0].flows] == [str(nets[here][0]), "0.0.0.0"]


def test_several_flows_share_one_child_sa() -> None:
    other = {LEFT: Selector.of(NETS[LEFT]), RIGHT: Selector(*[IPv4Address("172.16.0.9")] * 2, 6, 80, 80)}

    def flows(here: IPv4Address, there: IPv4Address) -> tuple[Flow, ...]:
        return Flow(Selector.of(NETS[here]), Selector.of(NETS[there])), Flow(other[here], other[there])

    pair = Pair(
        intent(LEFT, RIGHT, connections=(connection(LEFT, RIGHT, flows=flows(LEFT, RIGHT)),)),
        intent(RIGHT, LEFT, connections=(connection(RIGHT, LEFT, flows=flows(RIGHT, LEFT)),)),
    )
    pair.up()
    (view,) = pair.left.sas[0].children
    assert [(flow.protocol, flow.remote_first, flow.remote_ports) for flow in view.flows] == [
        (0, "192.168.2.0", (0, 65535)),
        (6, "172.16.0.9", (80, 80)),
    ]


@pytest.mark.parametrize("left", Transport)
@pytest.mark.parametrize("right", Transport)
def test_transport_mode_takes_both_ends_and_may_be_required(left: Transport, right: Transport) -> None:
    pair = Pair(
        intent(LEFT, RIGHT, connections=(connection(LEFT, RIGHT, transport=left),)),
        intent(RIGHT, LEFT, connections=(connection(RIGHT, LEFT, transport=right),)),
    )
    pair.left.acquire()
    pair.settle()
    refused = {left, right} == {Transport.NO, Transport.REQUIRED}
    pair.agree(1, int(not refused))
    modes = {sa.transport for end in pair.ends for sa in end.plane.sas.values()}
    assert modes == (set() if refused else {bool(left and right)})


def test_identities_are_shown_and_matched() -> None:
    names = {LEFT: Identity.fqdn("left.example"), RIGHT: Identity.email("it@right.example")}
    left = profile(RIGHT, local=names[LEFT], remotes=(IdentityMatch(3, b"right.example", domain=True),))
    right = profile(LEFT, local=names[RIGHT], remotes=(IdentityMatch(2, b"LEFT.example"),))
    left_connection = connection(LEFT, RIGHT, profile="PROF")
    pair = Pair(
        intent(LEFT, RIGHT, profiles=(left,), connections=(left_connection,)), intent(RIGHT, LEFT, profiles=(right,))
    )
    pair.up()
    assert pair.left.sas[0].remote_identity == "it@right.example"
    assert pair.right.sas[0].remote_identity == "left.example"


def test_the_groups_of_a_peer_are_tried_until_one_fits() -> None:
    pair = Pair(
        intent(LEFT, RIGHT, proposals=(ike_proposal(groups="14 19 31"),)),
        intent(RIGHT, LEFT, proposals=(ike_proposal(groups="31"),)),
    )
    pair.up()
    assert [(e.offered, e.wanted) for e in pair.left.events(GroupRetried)] == [(14, 31)]
    assert [m.message_id for m in pair.left.events(MessageSent)] == [0, 0, 1]
    assert pair.left.sas[0].group == 31


@dataclass(frozen=True)
class Nat:
    """A NAT before one address: ports are shifted, by 0 for one that forwards to a server."""

    inside: IPv4Address
    outside: IPv4Address
    shift: int

    def leave(self, end: Endpoint) -> Endpoint:
        return Endpoint(self.outside, end.port + self.shift) if end.address == self.inside else end

    def enter(self, end: Endpoint) -> Endpoint:
        return Endpoint(self.inside, end.port - self.shift) if end.address == self.outside else end


NATS = {LEFT: Nat(LEFT, IPv4Address("203.0.113.1"), 10000), RIGHT: Nat(RIGHT, IPv4Address("203.0.113.2"), 0)}


@pytest.mark.parametrize("hidden", [(LEFT,), (RIGHT,), (LEFT, RIGHT)], ids=["left", "right", "both"])
def test_across_a_nat_both_go_on_from_port_4500(hidden: tuple[IPv4Address, ...]) -> None:
    seen = {a: NATS[a].outside if a in hidden else a for a in (LEFT, RIGHT)}

    def configured(here: IPv4Address, there: IPv4Address) -> Intent:
        key = replace(profile(there).credentials[0], addresses=())
        row = connection(here, there, peers=(seen[there],), profile="PROF")
        return intent(here, there, profiles=(profile(there, credentials=(key,)),), connections=(row,))

    def translate(datagram: Datagram) -> Datagram:
        local, remote = datagram.local, datagram.remote
        for nat in (NATS[a] for a in hidden):
            local, remote = nat.enter(local), nat.leave(remote)
        return Datagram(datagram.octets, local, remote)

    pair = Pair(configured(LEFT, RIGHT), configured(RIGHT, LEFT))
    pair.translate = translate
    pair.left.acquire()
    pair.settle()
    pair.agree(1)
    for end in pair.ends:
        (found,) = end.events(NatChecked)
        assert (found.local, found.remote) == (end.address in hidden, end.peer in hidden)
        assert end.sas[0].local_port == 4500
        assert end.sas[0].remote == str(seen[end.peer])
        assert all(sa.encapsulated and sa.local.port == 4500 for sa in end.plane.sas.values())


def test_a_peer_behind_a_nat_is_followed_when_its_mapping_changes() -> None:
    key = replace(profile(LEFT).credentials[0], addresses=())
    pair = Pair(
        right=intent(
            RIGHT,
            LEFT,
            profiles=(profile(LEFT, credentials=(key,)),),
            connections=(connection(RIGHT, LEFT, peers=(NATS[LEFT].outside,)),),
        )
    )
    nat = NATS[LEFT]
    pair.translate = lambda d: Datagram(d.octets, nat.enter(d.local), nat.leave(d.remote))
    pair.up()
    nat = replace(nat, shift=20000)
    (inbound,) = [spi for way, spi in pair.right.plane.sas if way is Direction.INBOUND]
    pair.right.notice(Mapped(inbound, nat.leave(Endpoint(LEFT, 4500))))
    assert pair.right.sas[0].remote_port == 24500
    assert [e.remote.port for e in pair.right.plane.log if isinstance(e, Update)] == [24500, 24500]
    pair.left.do(DeleteIke())
    pair.settle()
    pair.agree(0)


@pytest.mark.parametrize("seed", range(4))
def test_a_peer_that_moves_while_rekeys_of_its_ike_sa_cross_is_followed_by_the_one_that_stays(seed: int) -> None:
    old, new = NATS[LEFT], Nat(LEFT, IPv4Address("203.0.113.9"), 20000)
    key = replace(profile(LEFT).credentials[0], addresses=())
    row = connection(RIGHT, LEFT, peers=(old.outside, new.outside))
    pair = Pair(right=intent(RIGHT, LEFT, profiles=(profile(LEFT, credentials=(key,)),), connections=(row,)), seed=seed)
    nat = old
    pair.translate = lambda d: Datagram(d.octets, nat.enter(d.local), nat.leave(d.remote))
    pair.up()
    for end in pair.ends:
        rekey_ike(end)
    pair.cross()
    nat = new
    (inbound,) = [spi for way, spi in pair.right.plane.sas if way is Direction.INBOUND]
    pair.right.notice(Mapped(inbound, nat.leave(Endpoint(LEFT, 4500))))
    pair.settle()
    (stays,) = (sa for sa in pair.right.sas if sa.children)
    assert (stays.remote, stays.remote_port) == ("203.0.113.9", 24500)
    pair.right.do(DeleteIke())
    pair.settle()
    pair.agree(0)
