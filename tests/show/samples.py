"""Views as a running appliance would give them: one IPv4 pair behind a NAT, one IPv6 pair, and what is around them."""

from __future__ import annotations

from dataclasses import replace

from ikecli.boundary.filters import PrefixListView, RouteMapView
from ikecli.boundary.lending import AuthorizationView, FlexView, PoolView, RangeView
from ikecli.boundary.machine import ArchiveView, FileView
from ikecli.boundary.outer import OuterView
from ikecli.boundary.traces import TracePhase, TraceView
from ikecli.boundary.views import (
    AccessListView,
    ChildView,
    ConnectionView,
    Counters,
    ExchangeCount,
    FlowView,
    IkeSaView,
    InterfaceView,
    IpsecProfileView,
    LogLine,
    PolicyView,
    ProfileView,
    ProposalView,
    RouteView,
    SaStatus,
    StatsView,
    SystemView,
    TransformSetView,
    TranslationView,
    TunnelView,
    UserView,
    VrfView,
)
from ikecli.boundary.watching import ProbeView, TrackedRouteView, TrackView
from ikecli.control.replies import Identified

ANY = (0, 65535)
FLOW = FlowView(0, "10.1.1.0", "10.1.1.255", ANY, "10.2.2.0", "10.2.2.255", ANY)
OTHER = FlowView(0, "10.1.5.1", "10.1.5.1", ANY, "10.2.2.0", "10.2.2.255", ANY)
FLOW_6 = FlowView(0, "2001:db8:1::", "2001:db8:1::ffff", ANY, "2001:db8:2::1", "2001:db8:2::1", ANY)

CHILD = ChildView(
    connection="VPN 10 GigabitEthernet0/0",
    interface="GigabitEthernet0/0",
    inbound_spi=0x658F7C11,
    outbound_spi=0x397C36EE,
    encryption=(12, 256),
    integrity=12,
    group=None,
    esn=False,
    transport=False,
    encapsulated=False,
    flows=(FLOW,),
    local="192.0.2.1",
    remote="198.51.100.2",
    created=1000.0,
    lifetime=3600,
    kilobytes=4608000,
    age=409,
    counters=Counters(5, 2048, 4, 1024, 1, 2, 4, 3),
)
CHILD_6 = ChildView(
    connection="SIX 20 GigabitEthernet0/1",
    interface="GigabitEthernet0/1",
    inbound_spi=0x11C,
    outbound_spi=0xDEADBEEF,
    encryption=(20, 256),
    integrity=None,
    group=19,
    esn=True,
    transport=False,
    encapsulated=True,
    flows=(FLOW_6,),
    local="2001:db8:1101::131",
    remote="2001:db8:1201::122",
    created=1000.0,
    lifetime=3600,
    kilobytes=0,
    age=100,
    local_port=4500,
    remote_port=4500,
)

SA = IkeSaView(
    id=1,
    session=3,
    local="192.0.2.1",
    local_port=500,
    remote="198.51.100.2",
    remote_port=500,
    vrf="",
    status=SaStatus.READY,
    initiator=True,
    local_spi="1f7b76961c3a77ed",
    remote_spi="1298fde074bd724c",
    encryption=(12, 256),
    integrity=12,
    prf=5,
    group=14,
    auth_local=2,
    auth_remote=2,
    lifetime=86400,
    age=735,
    profile="PEERS",
    local_identity="192.0.2.1",
    remote_identity="asa.example.com",
    request_id=4,
    peer_request_id=2,
    window=5,
    peer_window=5,
    dpd_interval=10,
    dpd_retry=2,
    fragmentation=False,
    nat_local=False,
    nat_remote=False,
    children=(CHILD,),
)
SA_6 = IkeSaView(
    id=2,
    session=4,
    local="2001:db8:1101::131",
    local_port=4500,
    remote="2001:db8:1201::122",
    remote_port=4500,
    vrf="",
    status=SaStatus.READY,
    initiator=False,
    local_spi="4cf87e32b25302c0",
    remote_spi="96254131fd306002",
    encryption=(20, 256),
    integrity=None,
    prf=7,
    group=21,
    auth_local=2,
    auth_remote=2,
    lifetime=86400,
    age=218,
    profile="SIX",
    local_identity="2001:db8:1101::131",
    remote_identity="branch.example.com",
    request_id=0,
    peer_request_id=3,
    window=20,
    peer_window=5,
    dpd_interval=0,
    dpd_retry=0,
    fragmentation=True,
    nat_local=True,
    nat_remote=False,
    children=(CHILD_6,),
)
NEGOTIATING = IkeSaView(
    id=7,
    session=9,
    local="192.0.2.1",
    local_port=500,
    remote="203.0.113.9",
    remote_port=500,
    vrf="",
    status=SaStatus.NEGOTIATING,
    initiator=True,
    local_spi="0102030405060708",
    remote_spi="0000000000000000",
    encryption=(0, 0),
    integrity=None,
    prf=0,
    group=0,
    auth_local=0,
    auth_remote=0,
    lifetime=86400,
    age=0,
    profile="",
    local_identity="",
    remote_identity="",
    request_id=0,
    peer_request_id=0,
    window=1,
    peer_window=1,
    dpd_interval=0,
    dpd_retry=0,
    fragmentation=False,
    nat_local=False,
    nat_remote=False,
)

CONNECTION = ConnectionView(
    name="VPN",
    sequence=10,
    interface="GigabitEthernet0/0",
    local="192.0.2.1",
    peers=("198.51.100.2", "198.51.100.3"),
    profile="PEERS",
    flows=(FLOW, OTHER),
    children=(CHILD,),
    lifetime=3600,
    kilobytes=4608000,
    pfs=14,
    transform_sets=(("TS", "esp-256-aes esp-sha256-hmac"),),
    access_list="102",
    nameif="outside",
)
CONNECTION_6 = ConnectionView(
    name="SIX",
    sequence=20,
    interface="GigabitEthernet0/1",
    local="2001:db8:1101::131",
    peers=("2001:db8:1201::122",),
    profile="SIX",
    flows=(FLOW_6,),
    children=(CHILD_6,),
    lifetime=3600,
    kilobytes=0,
    pfs=None,
    transform_sets=(("GCM", "esp-gcm 256"),),
    access_list="SIX-ACL",
    nameif="dmz",
)

STATS = StatsView(
    incoming_active=2,
    incoming_negotiating=1,
    outgoing_active=3,
    outgoing_negotiating=4,
    incoming_accepted=13,
    incoming_rejected=5,
    outgoing_accepted=14,
    outgoing_rejected=6,
    dropped=7,
    max_sas=1000,
    max_half_open=40,
    exchanges=(ExchangeCount("IKE_SA_INIT", 84, 19343, 20740, 83), ExchangeCount("INFORMATIONAL", 1, 2, 3, 4)),
    notifies=(ExchangeCount("NO_PROPOSAL_CHOSEN", 0, 53, 0, 0), ExchangeCount("INITIAL_CONTACT", 82, 0, 1, 0)),
    peak=6,
    cookies_accepted=8,
    cookies_rejected=2,
    cookies_missing=9,
)
PROPOSALS = (
    ProposalView("default", ((12, 256),), (14, 13), (7, 6), (19, 14, 21)),
    ProposalView("GCM", ((20, 256), (20, 128)), (), (6,), (31,)),
)
POLICIES = (
    PolicyView("default", "any", (), ("default",)),
    PolicyView("MINE", "global", (), ("GCM",)),
)
PROFILES = (
    ProfileView(
        name="PEERS",
        remotes=("address 198.51.100.2 255.255.255.255",),
        local="",
        auth_local="pre-share",
        auth_remote=("pre-share",),
        keyring="KEYS",
        lifetime=86400,
        dpd="interval 10, retry-interval 2, periodic",
        complete=True,
    ),
    ProfileView("HALF", (), "fqdn r1.example.com", "", ("pre-share",), "", 86400, "", False),
    ProfileView(
        "FLEX",
        ("any",),
        "",
        "pre-share",
        ("pre-share",),
        "KEYS",
        3600,
        "",
        True,
        2,
        "INTERNET",
        "RED",
        ("192.0.2.1", "Loopback0"),
        "1",
    ),
)
TRANSFORM_SETS = (TransformSetView("TS", "esp-256-aes esp-sha256-hmac"), TransformSetView("T", "esp-gcm 256", True))
INTERFACES = (
    InterfaceView(
        "GigabitEthernet0/0",
        "outside",
        ("192.0.2.1/24",),
        False,
        True,
        1500,
        "to ISP",
        "eth0",
        "VPN",
        7,
        8,
        hardware="02:fc:00:00:00:05",
    ),
    InterfaceView("GigabitEthernet0/1", "inside", ("10.1.1.1/24", "2001:db8::1/64"), False, False, 1400, ""),
    InterfaceView("GigabitEthernet0/2", "", (), True, False, 1500, ""),
)
TUNNELS = (
    InterfaceView(
        "Tunnel0", "", ("172.16.0.1/30", "2001:db8:f::1/64"), False, True, 1476, "to R2", packets_in=3, line=False,
        tunnel=TunnelView(
            "GRE", 4, (4, 6), "192.0.2.1", "GigabitEthernet0/0", "198.51.100.2", "INTERNET", 7, "PROF", 1472
        ),
    ),
    InterfaceView(
        "Virtual-Access1", "", ("10.255.0.1/32",), False, True, 1500, "", vrf="RED", unnumbered="Loopback0",
        tunnel=TunnelView("IPSEC", 6, (6,), "2001:db8::1", "", "2001:db8::2", "", None, "PROF", 1460),
    ),
    InterfaceView(
        "Virtual-Template1", "", (), False, True, 1500, "", line=False,
        tunnel=TunnelView("IPSEC", 4, (4,), "", "", "", "", None, "", 1480),
    ),
)  # fmt: skip
VRFS = (
    VrfView("INTERNET", "", (4,), ("GigabitEthernet0/0",)),
    VrfView("RED", "65000:1", (4, 6), ("GigabitEthernet0/1", "Tunnel0", "Virtual-Template1")),
    VrfView("EMPTY", "", (4,), ()),
)
IPSEC_PROFILES = (
    IpsecProfileView("default", "", 3600, 4608000, False, None, (("default", "esp-aes esp-sha-hmac"),)),
    IpsecProfileView("PROF", "PEERS", 1800, 0, True, 19, (("GCM", "esp-gcm 256"),)),
)
ROUTES_6 = (
    RouteView("S", "::/0", "2001:db8:1::ffff", "", 1),
    RouteView("C", "2001:db8:1::/64", "", "GigabitEthernet0/0", 0),
    RouteView("L", "2001:db8:1::1/128", "", "GigabitEthernet0/0", 0),
    RouteView("S", "2001:db8:2::/64", "", "Tunnel0", 5),
)
ACCESS_LISTS_6 = (AccessListView("SIX", "ipv6", ((10, "permit ipv6 any 2001:db8::/32", 3),)),)
ROUTES = (
    RouteView("S", "0.0.0.0/0", "192.0.2.254", "", 1),
    RouteView("C", "10.1.1.0/24", "", "GigabitEthernet0/1", 0),
    RouteView("L", "10.1.1.1/32", "", "GigabitEthernet0/1", 0),
    RouteView("S", "10.2.0.0/16", "192.0.2.254", "GigabitEthernet0/0", 5),
    RouteView("V", "10.9.0.2/32", "", "outside", 1),
    RouteView("S", "172.16.1.0/24", "192.0.2.253", "", 1),
    RouteView("S", "172.16.2.0/24", "192.0.2.253", "", 1),
    RouteView("C", "192.0.2.0/24", "", "GigabitEthernet0/0", 0),
    RouteView("S", "198.51.100.0/24", "192.0.2.252", "", 1),
    RouteView("C", "2001:db8::/64", "", "GigabitEthernet0/1", 0),
)
REVERSE_ROUTES = (
    RouteView("V", "10.9.0.2/32", "", "Virtual-Access1", 1, tag=1),
    RouteView("V", "10.20.0.0/16", "203.0.113.2", "GigabitEthernet0/0", 20, tag=4711),
    RouteView("V", "203.0.113.2/32", "192.0.2.9", "", 20),
    RouteView("V", "2001:db8:20::/48", "", "Tunnel0", 1, "RED"),
)
TRANSLATIONS = (
    TranslationView("udp", "198.51.100.1:4500", "172.16.0.2:4500", "", ""),
    TranslationView("udp", "203.0.113.1:4500", "192.168.0.11:4500", "198.51.100.1:4500", "198.51.100.1:4500"),
    TranslationView("udp", "203.0.113.1:1024", "192.168.0.12:4500", "198.51.100.1:4500", "198.51.100.1:4500"),
    TranslationView("icmp", "203.0.113.1:7", "192.168.0.12:7", "198.51.100.1:7", "198.51.100.1:7"),
)
OUTERS = (OuterView("outside"), OuterView("dmz", True, True), OuterView("lab", False))
PREFIX_LISTS = (PrefixListView("BRANCH", 4, "of branches", ((5, "permit 10.0.0.0/8 le 24"), (10, "deny 0.0.0.0/0"))),)
PREFIX_LISTS_6 = (PrefixListView("SIX", 6, "", ((5, "permit 2001:db8::/32 ge 48"),)),)
ROUTE_MAPS = (
    RouteMapView("BELIEVED", 10, "permit", "of branches", ("BRANCH",), (), ("SIX",), ("SIX",)),
    RouteMapView("BELIEVED", 20, "deny", "", (), ("10", "TEN"), (), ()),
)
ACCESS_LISTS = (
    AccessListView(
        "102",
        "extended",
        ((10, "permit ip 10.1.1.0 0.0.0.255 10.2.2.0 0.0.0.255", 12), (20, "deny tcp any host 10.3.3.3", 0)),
    ),
    AccessListView("1", "standard", ((10, "permit 10.1.1.0 0.0.0.255", 1), (20, "deny any", 0))),
)
ASA_ACCESS_LISTS = (
    AccessListView(
        "VPN",
        "extended",
        (
            (1, "remark to the router", 0),
            (2, "extended permit ip 10.1.1.0 255.255.255.0 10.2.2.0 255.255.255.0", 12),
        ),
    ),
)
SYSTEM = SystemView(
    hostname="R1",
    dialect="ios",
    version="0.1.0",
    uptime=2 * 86400 + 3 * 3600 + 4 * 60 + 5,
    clock=1476730564.554,
    platform="Linux 6.1.0",
    python="3.11.7",
    processor="x86_64",
    memory_kb=2048000,
    image="/usr/lib/python3/ikecli",
    config_file="/var/lib/ikecli/startup-config",
    dataplane="memory",
    interfaces=("GigabitEthernet0/0", "GigabitEthernet0/1", "Loopback0"),
)
ENGINE = replace(SYSTEM, dataplane="userspace", dataplane_reason="this kernel is built without ESP")
USERS = (UserView(0, "admin", "unix:/run/ikecli/control", 75), UserView(1, "", "10.0.0.9", 0, True))
IDENTIFIED = Identified(15, "admin", "R1", "ios", "0.1.0", True)
LOG = (
    LogLine(1476730564.554, 5, "IKEV2", "SA_UP", "SA UP"),
    LogLine(1476730574.0, 5, "SYS", "CONFIG_I", "Configured from console by admin on vty0"),
)

AUTHORIZATIONS = (
    AuthorizationView("default", (), "", (), (), "", "", True, (), True),
    AuthorizationView(
        "CLIENTS",
        ("FOUR", "SIX"),
        "255.255.255.0",
        ("10.2.2.53", "2001:db8::53"),
        ("10.2.2.42",),
        "example.net",
        "Be good",
        False,
        ("10.2.0.0/16", "2001:db8:2::/48"),
        False,
    ),
)
CLIENTS = (
    FlexView("HUB", "ACTIVE", "198.51.100.2", "GigabitEthernet0/0", "", "BLUE", "Tunnel0", ("10.9.0.10",)),
    FlexView("SPARE", "NEGOTIATING", "2001:db8::2", "GigabitEthernet0/1", "RED", "", "Tunnel1", (), 7),
    FlexView("WAITS", "TRACK_WAIT", "", "", "", "", "Tunnel2", (), 0, "track 1 to be up (peer 1); a source that is up"),
)
TRACKS = (
    TrackView(1, "interface", "GigabitEthernet0/0", "line-protocol", True, 1, 3725.5, by=("Static IP Routing 0",)),
    TrackView(2, "interface", "Tunnel0", "ip routing", False, 3, 12, "no addr"),
    TrackView(
        3, "ip route", "10.16.0.0 255.255.0.0", "reachability", True, 2, 60, "static", "RED", first_hop="Tunnel0"
    ),
    TrackView(4, "ipv6 route", "2001:db8::/32", "reachability", False, 1, 4, "no route", delay_down=1),
    TrackView(5, "ip sla", "7", "state", False, 2, 9, delay_up=20, delay_down=5, code="Over threshold", rtt=4),
    TrackView(
        6, "list", "boolean", "and", False, 1, 100, members=((1, False, True), (2, True, False)), by=("FlexVPN HUB",)
    ),
)
TRACKED_ROUTES = (
    TrackedRouteView("0.0.0.0/0", "192.0.2.254", "", 11, True),
    TrackedRouteView("10.7.0.0/16", "", "Tunnel0", 12, False, "RED"),
    TrackedRouteView("2001:db8::/32", "2001:db8:1::9", "", 3, True),
)
PROBES = (
    ProbeView(1, "198.51.100.2", "active", "OK", 4, 10, 1, 2.5, None, True, 1_767_225_600.0),
    ProbeView(2, "2001:db8::2", "active", "Timeout", None, 0, 3, 1.0, 3000.0, False, 1_767_225_601.0),
    ProbeView(30, "203.0.113.9", "pending", "Unknown", None, 0, 0, None, None, False),
)
ARCHIVES = (
    ArchiveView(
        "flash:before",
        3,
        "flash:before-<timestamp>-5",
        ("flash:before-Nov-26-13-00-05.123-3", "flash:before-Nov-26-13-01-00.000-4"),
    ),
)
FILES = (FileView("before-Nov-26-13-00-05.123-3", 1234), FileView("a.cfg", 20, 1795698005.0))
POOLS = (
    PoolView(
        "TRAVELLERS",
        4,
        (RangeView("10.9.0.1", "10.9.0.3", 2, 1), RangeView("10.9.1.1", "10.9.1.1", 1, 0)),
        ("10.9.0.2",),
        ("10.9.0.1", "10.9.0.3", "10.9.1.1"),
        "255.255.255.0",
    ),
    PoolView("SIX", 6, (RangeView("2001:db8:9::1", "2001:db8:9::ff", 255, 0),), ()),
)
HUB_SA = replace(SA, authorization="TRAVEL", assigned=("10.9.0.2", "2001:db8:9::2"), profile="RA")
SPOKE_SA = replace(SA, pushed=("10.9.0.2",), remote_subnets=("10.0.0.0/8", "2001:db8:2::/48"), initiator=True)
SAS = (SA, SA_6, NEGOTIATING)
CONNECTIONS = (CONNECTION, CONNECTION_6)
LONG = {"detailed": True, "detail": True}

TRACE = TraceView(
    (
        TracePhase("ROUTE-LOOKUP", "Resolve Egress Interface", True, found="Found egress ifc  outside"),
        TracePhase("VPN", "encrypt", False, "crypto map CMAP 10", "No IPsec SA stands for it yet"),
    ),
    "inside", True, "outside", True, "(ipsec-no-sa) No IPsec SA stands for it yet",
)  # fmt: skip
