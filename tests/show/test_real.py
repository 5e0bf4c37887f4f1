"""Views with a real device's values give that device's own lines; what only it has, or only we have, is named here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ikecli.boundary.views import (
    Counters,
    ExchangeCount,
    FlowView,
    PolicyView,
    ProposalView,
    SaStatus,
    StatsView,
)
from ikecli.show import RENDERERS
from tests.show.samples import ANY, CHILD, CONNECTION, SA, SYSTEM

REAL = Path(__file__).parent / "real"

PSK_SA = replace(SA, children=(), status=SaStatus.READY)


def any_flow(local: str, remote: str, last: tuple[str, str] | None = None, protocol: int = 0) -> FlowView:
    local_last, remote_last = last or (local, remote)
    return FlowView(protocol, local, local_last, ANY, remote, remote_last, ANY)


DETAILED = replace(
    PSK_SA,
    id=5,
    session=22,
    local="2.2.2.2",
    remote="1.1.1.2",
    initiator=False,
    age=60467,
    local_spi="b10aa51b227b62ab",
    remote_spi="98184ff7319bfc85",
    local_identity="branch.cisco.com",
    remote_identity="central.cisco.com",
    request_id=0,
    peer_request_id=40,
    dpd_interval=0,
    dpd_retry=0,
)
SIX_1 = replace(
    PSK_SA,
    id=1,
    session=3,
    local="2001:db8:1101::131",
    remote="2001:db8:1201::122",
    encryption=(12, 256),
    integrity=14,
    prf=7,
    group=21,
    age=218,
    local_spi="4cf87e32b25302c0",
    remote_spi="96254131fd306002",
)
SIX_2 = replace(
    SIX_1,
    id=2,
    session=4,
    remote="2001:db8:1202::123",
    age=207,
    local_spi="de66ca8e9f3ab6bd",
    remote_spi="db3ced85555e739d",
)
SIX_CHILD = replace(
    CHILD, flows=(any_flow(SIX_1.local, SIX_1.remote),), inbound_spi=0x5CFCE807, outbound_spi=0x34A549BD
)
SIX_CHILD_2 = replace(
    SIX_CHILD, flows=(any_flow(SIX_2.local, SIX_2.remote),), inbound_spi=0x33125863, outbound_spi=0x6728BF4E
)
NATT_CHILD = replace(
    CHILD,
    local="1.2.3.4",
    remote="2.2.2.2",
    inbound_spi=0xABCD1234,
    outbound_spi=0x1234ABCD,
    integrity=2,
    transport=True,
    encapsulated=True,
    local_port=4500,
    remote_port=4500,
    flows=(any_flow("1.2.3.4", "2.2.2.2", protocol=47),),
    kilobytes=4608000,
    age=395,
    counters=Counters(4981028, 282009600, 4112421, 281958400),
    replay_window=1024,
)
TUNNEL = replace(
    CONNECTION,
    name="Tunnel1-head-0",
    interface="Tunnel1",
    local="1.2.3.4",
    peers=("2.2.2.2",),
    flows=NATT_CHILD.flows,
    children=(NATT_CHILD,),
)
MAP = replace(
    CONNECTION,
    name="ikev2-cryptomap",
    sequence=1,
    interface="Vlan1",
    peers=("172.20.249.12", "172.20.249.3"),
    profile="ikev2profile",
    children=(),
    pfs=None,
    transform_sets=(("aes256-sha1", "esp-aes esp-sha-hmac"),),
)
FLEX_CHILD = replace(
    CHILD,
    local="18.81.19.19",
    remote="21.61.95.23",
    flows=(any_flow("0.0.0.0", "0.0.0.0", ("255.255.255.255", "255.255.255.255")),),
    age=1087,
    counters=Counters(1326659675, 1404928, 4033155813, 652288, 33920),
)
FLEX = replace(CONNECTION, interface="Tunnel11", local="18.81.19.19", flows=FLEX_CHILD.flows, children=(FLEX_CHILD,))
FLEX_SA = replace(
    PSK_SA,
    id=4,
    session=70,
    local="18.81.19.19",
    local_port=4500,
    remote="21.61.95.23",
    remote_port=4500,
    profile="IKEV2_PFL_AES_GCM256",
    age=40344,
    nat_local=True,
    remote_identity="10.25.20.2",
    children=(FLEX_CHILD,),
)
STATS = StatsView(outgoing_active=1, incoming_accepted=13, outgoing_accepted=14, max_half_open=40)
EXCHANGES = StatsView(
    exchanges=(
        ExchangeCount("IKE_SA_INIT", 84, 19343, 20740, 83),
        ExchangeCount("IKE_AUTH", 83, 19340, 19340, 83),
        ExchangeCount("CREATE_CHILD_SA", 2014, 32935, 33035, 1959),
        ExchangeCount("INFORMATIONAL", 27365, 188162, 188824, 11691),
    ),
    notifies=(
        ExchangeCount("INVALID_SPI", 0, 0, 288, 0),
        ExchangeCount("REKEY_SA", 514, 0, 10364, 0),
        ExchangeCount("TS_UNACCEPTABLE", 0, 1, 0, 0),
        ExchangeCount("NO_PROPOSAL_CHOSEN", 0, 53, 0, 0),
    ),
)
ASA_CHILD = replace(
    CHILD,
    flows=(
        any_flow(
            "2001:db8:1:2::", "2001:db8:3:2::", ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:3:2:ffff:ffff:ffff:ffff")
        ),
    ),
    inbound_spi=0xBE064BDC,
    outbound_spi=0x5DB6EFF3,
)
ASA_CHILD_2 = replace(
    CHILD,
    flows=(
        any_flow(
            "2001:db8:1:1::", "2001:db8:3:1::", ("2001:db8:1:1:ffff:ffff:ffff:ffff", "2001:db8:3:1:ffff:ffff:ffff:ffff")
        ),
    ),
    inbound_spi=0x69B865F8,
    outbound_spi=0x978DBBE5,
)
ASA_SA = replace(
    PSK_SA,
    id=3686011,
    session=1,
    local="2001:db8:2:1::1",
    remote="2001:db8:2:1::2",
    encryption=(3, 0),
    integrity=2,
    group=2,
    lifetime=43200,
    age=880,
    children=(ASA_CHILD, ASA_CHILD_2),
)
NATT = replace(
    CHILD,
    encryption=(20, 256),
    integrity=None,
    group=21,
    encapsulated=True,
    flows=FLEX_CHILD.flows,
    lifetime=28800,
    age=1310,
    counters=Counters(1906513623, 1280775975169, 1363147628, 574642385274),
)
NATT_SA = replace(
    PSK_SA,
    id=26386,
    local_port=4500,
    remote="169.254.107.100",
    remote_port=4500,
    profile="DefaultL2LGroup",
    encryption=(20, 256),
    integrity=None,
    prf=7,
    group=21,
    age=26848,
    children=(NATT,),
)
COLO_CHILD = replace(
    CHILD,
    local="172.16.248.119",
    remote="8.8.8.8",
    encryption=(12, 256),
    integrity=1,
    encapsulated=True,
    local_port=4500,
    remote_port=4500,
    inbound_spi=0x32F752FF,
    outbound_spi=0x50023DDC,
    flows=(any_flow("172.16.122.32", "172.30.1.153", ("172.16.122.47", "172.30.1.153")),),
    kilobytes=4608000,
    lifetime=28800,
    age=3339,
    counters=Counters(13915315, 715847 * 1024, 23606461, 1908577 * 1024),
)
COLO = replace(
    CONNECTION,
    name="COLO-MAP",
    sequence=2,
    nameif="COLO",
    access_list="2",
    flows=COLO_CHILD.flows,
    children=(COLO_CHILD,),
)


CASES: dict[str, tuple[str, str, dict[str, object], list[Any], tuple[str, ...], tuple[str, ...]]] = {
    # file: dialect, command, slots, views, what only the device's lines begin with, what only ours begin with
    "ios-ikev2-sa-detailed": (
        "ios",
        "show.ikev2.sa",
        {"detailed": True},
        [DETAILED],
        ("IPv4", "Encr", "Dynamic", "Quantum", "PEER TYPE"),
        ("IPv4", "Encr", "Dynamic"),
    ),
    "ios-ikev2-sa-ipv6": ("ios", "show.ikev2.sa", {}, [SIX_1, SIX_2], ("PQC",), ()),
    "ios-ikev2-session-ipv6": (
        "ios",
        "show.ikev2.session",
        {},
        [replace(SIX_1, age=223, children=(SIX_CHILD,)), replace(SIX_2, age=212, children=(SIX_CHILD_2,))],
        ("PQC", "local selector"),
        ("local selector",),
    ),
    "ios-ipsec-sa-detail": (
        "ios",
        "show.ipsec.sa",
        {"detail": True},
        [TUNNEL],
        ("plaintext mtu", "conn id", "sa timing"),
        ("plaintext mtu", "conn id", "sa timing"),
    ),
    "ios-map": ("ios", "show.map", {}, [MAP], (), ("access-list 102",)),
    "ios-session-detail": (
        "ios",
        "show.session",
        {"detail": True},
        [FLEX_SA, FLEX],
        ("Peer:", "Outbound"),
        ("Peer:", "Outbound"),
    ),
    "ios-ikev2-stats": (
        "ios",
        "show.ikev2.stats",
        {},
        [STATS],
        ("System Resource", "Incoming Requests", "Total init", "SA Strength", "Sessions with", "PPK"),
        ("System Resource", "Incoming Requests"),
    ),
    "ios-ikev2-stats-exchange": (
        "ios",
        "show.ikev2.stats",
        {"exchange": True},
        [EXCHANGES],
        ("CREATE_CHILD_SA_", "INITIAL", "SET_", "NAT_", "HTTP", "DPD", "CFG", "NO_NAT", "TS_UN", "NO_PROP"),
        ("TS_UN", "NO_PROP"),
    ),
    "ios-ikev2-policy": (
        "ios",
        "show.ikev2.policy",
        {},
        [PolicyView("default", "any", (), ("default",)), PolicyView("ikev2policy", "global", (), ("ikev2proposal",))],
        (),
        (),
    ),
    "ios-ikev2-proposal": (
        "ios",
        "show.ikev2.proposal",
        {},
        [
            ProposalView("default", ((12, 256),), (14, 13), (7, 6), (19, 14, 21)),
            ProposalView("ikev2proposal", ((12, 256),), (14,), (7,), (21,)),
        ],
        ("PQC",),
        (),
    ),
    "asa-ikev2-sa": ("asa", "show.ikev2.sa", {}, [ASA_SA], (), ()),
    "asa-vpn-sessiondb-detail-l2l": (
        "asa",
        "show.vpn_sessiondb.l2l",
        {"detailed": True},
        [NATT_SA, SYSTEM],
        ("Login Time", "Duration", "Rekey Int (D)"),
        ("Login Time", "Duration", "Rekey Int (D)"),
    ),
    "asa-ipsec-sa": (
        "asa",
        "show.ipsec.sa",
        {},
        [COLO],
        ("in use", "slot", "Anti replay", "0x"),
        ("in use", "slot"),
    ),
}


def told(lines: list[str], skipped: tuple[str, ...]) -> list[str]:
    kept = [line.rstrip() for line in lines if line.strip()]
    return [line for line in kept if not line.strip().startswith(skipped or ("\0",))]


@pytest.mark.parametrize("name", CASES)
def test_a_real_devices_values_give_its_lines(name: str) -> None:
    dialect, command, slots, views, only_theirs, only_ours = CASES[name]
    ours = list(RENDERERS[dialect, command](views, slots))
    theirs = (REAL / f"{name}.txt").read_text().splitlines()
    assert told(ours, only_ours) == told(theirs, only_theirs)


def test_what_fits_into_a_packet_is_what_real_devices_say() -> None:
    lines = "\n".join(RENDERERS["ios", "show.ipsec.sa"]([TUNNEL], {}))
    assert "plaintext mtu 1442, path mtu 1500, ip mtu 1500" in lines
    assert "k/sec): (4332650/3205)" in lines
    assert "k/sec): (4332600/3205)" in lines
