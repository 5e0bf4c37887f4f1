"""Views of every kind: any numbers, any printable text, addresses that are addresses."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from hypothesis import strategies as st

from ikecli.boundary import filters, lending, machine, outer, views, watching
from ikecli.boundary.traces import TracePhase, TraceView
from ikecli.control.replies import Identified

TEXT = st.text(st.characters(codec="ascii", min_codepoint=0x20, max_codepoint=0x7E), max_size=40)
NUMBER = st.integers(0, 2**40)
SPI = st.integers(0, 2**32 - 1)
WALL = st.floats(0, 4e9)
ADDRESS = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).map(str)
CIPHER = st.tuples(st.integers(0, 40), st.sampled_from([0, 128, 192, 256, 7]))
PORTS = st.tuples(st.integers(0, 65535), st.integers(0, 65535)).map(lambda pair: (min(pair), max(pair)))


@st.composite
def spans(draw: st.DrawFn, version: int) -> tuple[str, str]:
    """Draw a first and a last address: a prefix, one address, or any range."""
    kind: type[IPv4Address] | type[IPv6Address] = IPv4Address if version == 4 else IPv6Address
    bits = 32 if version == 4 else 128
    first = draw(st.integers(0, 2**bits - 1))
    free = draw(st.integers(0, bits))
    low, high = first >> free << free, first >> free << free | (1 << free) - 1
    if draw(st.booleans()):
        low, high = first, draw(st.integers(first, 2**bits - 1))
    return str(kind(low)), str(kind(high))


@st.composite
def flows(draw: st.DrawFn) -> views.FlowView:
    """Draw a flow of one IP version."""
    version = draw(st.sampled_from([4, 6]))
    local, remote = draw(spans(version)), draw(spans(version))
    return views.FlowView(draw(st.integers(0, 255)), *local, draw(PORTS), *remote, draw(PORTS))


def _tuples(of: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(of, max_size=3).map(tuple)


COUNTERS = st.builds(views.Counters, **dict.fromkeys(views.Counters.__slots__, NUMBER))
CHILDREN = st.builds(
    views.ChildView,
    connection=TEXT,
    interface=TEXT,
    inbound_spi=SPI,
    outbound_spi=SPI,
    encryption=CIPHER,
    integrity=st.none() | st.integers(0, 20),
    group=st.none() | st.integers(0, 40),
    flows=_tuples(flows()),
    local=ADDRESS,
    remote=ADDRESS,
    created=WALL,
    lifetime=NUMBER,
    kilobytes=NUMBER,
    age=NUMBER,
    counters=COUNTERS,
    replay_window=st.integers(0, 4096),
)
PREFIXES = st.tuples(st.ip_addresses(v=4), st.integers(0, 32)).map(lambda pair: f"{pair[0]}/{pair[1]}") | st.just(
    "::/0"
)
IKE_SAS = st.builds(
    views.IkeSaView,
    local=ADDRESS,
    remote=ADDRESS,
    vrf=TEXT,
    local_spi=TEXT,
    remote_spi=TEXT,
    encryption=CIPHER,
    integrity=st.none() | st.integers(0, 20),
    auth_local=st.integers(0, 20),
    auth_remote=st.integers(0, 20),
    lifetime=NUMBER,
    age=NUMBER,
    profile=TEXT,
    local_identity=TEXT,
    remote_identity=TEXT,
    children=_tuples(CHILDREN),
    authorization=TEXT,
    assigned=_tuples(ADDRESS),
    pushed=_tuples(ADDRESS),
    remote_subnets=_tuples(PREFIXES),
)
POOLS = st.builds(
    lending.PoolView,
    name=TEXT,
    version=st.sampled_from([4, 6]),
    ranges=_tuples(st.builds(lending.RangeView, first=ADDRESS, last=ADDRESS, free=NUMBER, lent=NUMBER)),
    lent=_tuples(ADDRESS),
    available=_tuples(ADDRESS),
    netmask=ADDRESS,
)
CONNECTIONS = st.builds(
    views.ConnectionView,
    name=TEXT,
    interface=TEXT,
    local=ADDRESS,
    peers=_tuples(ADDRESS),
    profile=TEXT,
    flows=_tuples(flows()),
    children=_tuples(CHILDREN),
    lifetime=NUMBER,
    kilobytes=NUMBER,
    transform_sets=_tuples(st.tuples(TEXT, TEXT)),
    access_list=TEXT,
    mtu=st.integers(0, 65535),
    nameif=TEXT,
)
COUNTS = st.builds(views.ExchangeCount, name=TEXT)
STATS = st.builds(views.StatsView, max_sas=NUMBER, exchanges=_tuples(COUNTS), notifies=_tuples(COUNTS))
PROPOSALS = st.builds(
    views.ProposalView,
    name=TEXT,
    encryption=_tuples(CIPHER),
    integrity=_tuples(st.integers(0, 20)),
    prf=_tuples(st.integers(0, 20)),
    groups=_tuples(st.integers(0, 40)),
)
POLICIES = st.builds(views.PolicyView, name=TEXT, vrf=TEXT, locals=_tuples(ADDRESS), proposals=_tuples(TEXT))
PROFILES = st.builds(
    views.ProfileView,
    name=TEXT,
    remotes=_tuples(TEXT),
    local=TEXT,
    auth_local=TEXT,
    auth_remote=_tuples(TEXT),
    keyring=TEXT,
    dpd=TEXT,
)
TRANSFORM_SETS = st.builds(views.TransformSetView, name=TEXT, transforms=TEXT)
PREFIXED = st.one_of(
    st.ip_addresses(v=4).map(lambda address: f"{address}/24"), st.ip_addresses(v=6).map(lambda address: f"{address}/64")
)
TUNNELS = st.builds(
    views.TunnelView,
    carrier=st.sampled_from(["GRE", "IPSEC"]),
    version=st.sampled_from([4, 6]),
    source=ADDRESS,
    source_interface=TEXT,
    destination=ADDRESS,
    vrf=TEXT,
    profile=TEXT,
)
INTERFACES = st.builds(
    views.InterfaceView,
    name=TEXT,
    nameif=TEXT,
    addresses=_tuples(PREFIXED),
    description=TEXT,
    device=TEXT,
    map=TEXT,
    vrf=TEXT,
    unnumbered=TEXT,
    tunnel=st.none() | TUNNELS,
)
VRFS = st.builds(
    views.VrfView, name=TEXT, distinguisher=TEXT, versions=_tuples(st.sampled_from([4, 6])), interfaces=_tuples(TEXT)
)
IPSEC_PROFILES = st.builds(
    views.IpsecProfileView, name=TEXT, profile=TEXT, transform_sets=_tuples(st.tuples(TEXT, TEXT))
)
ROUTES = st.builds(
    views.RouteView,
    code=st.sampled_from(["C", "L", "S", "V"]),
    prefix=PREFIXES,
    gateway=st.just("") | ADDRESS,
    interface=TEXT,
)
TRANSLATIONS = st.builds(
    views.TranslationView,
    protocol=st.sampled_from(["tcp", "udp", "icmp"]),
    inside_global=TEXT,
    inside_local=TEXT,
    outside_local=TEXT,
    outside_global=TEXT,
)
OUTERS = st.builds(outer.OuterView, name=TEXT, whole=st.sampled_from([None, True, False]), late=st.booleans())
PREFIX_LISTS = st.builds(
    filters.PrefixListView,
    name=TEXT,
    version=st.sampled_from([4, 6]),
    description=TEXT,
    entries=_tuples(st.tuples(NUMBER, TEXT)),
)
ACCESS_LISTS = st.builds(
    views.AccessListView,
    name=TEXT,
    kind=st.sampled_from(["extended", "standard", "ipv6"]),
    entries=_tuples(st.tuples(NUMBER, TEXT, NUMBER)),
)
SYSTEMS = st.builds(
    views.SystemView,
    hostname=TEXT,
    version=TEXT,
    uptime=st.integers(0, 10**9),
    clock=st.floats(2e9, 4e9),
    platform=TEXT,
    python=TEXT,
    processor=TEXT,
    memory_kb=NUMBER,
    image=TEXT,
    config_file=TEXT,
    dataplane=TEXT,
    interfaces=_tuples(TEXT),
    started=TEXT,
)
USERS = st.builds(views.UserView, line=st.integers(0, 999), user=TEXT, location=TEXT, idle=NUMBER)
IDENTIFIED = st.builds(Identified, user=TEXT, hostname=TEXT, dialect=TEXT, version=TEXT)
LOG_LINES = st.builds(views.LogLine, time=WALL, severity=st.integers(0, 7), facility=TEXT, mnemonic=TEXT, text=TEXT)

PHASES = st.builds(TracePhase, type=TEXT, subtype=TEXT, allowed=st.booleans(), config=TEXT, found=TEXT)
TRACES = st.builds(
    TraceView,
    phases=st.lists(PHASES, max_size=3).map(tuple),
    input=TEXT,
    input_up=st.booleans(),
    output=TEXT,
    dropped=TEXT,
)

ROOMS = st.builds(machine.RoomView, total=NUMBER, free=NUMBER)
MEMORIES = st.builds(machine.MemoryView, **dict.fromkeys(machine.MemoryView.__slots__, NUMBER))
NEIGHBOURS = st.builds(
    machine.NeighbourView, address=ADDRESS, hardware=st.sampled_from(["", "02:fc:00:00:00:05"]), interface=TEXT,
    age=st.none() | NUMBER, nameif=TEXT,
)  # fmt: skip
SHOWN: dict[str, st.SearchStrategy[object]] = {
    "show.ikev2.sa": IKE_SAS,
    "show.isakmp.sa": IKE_SAS,
    "show.trace": TRACES,
    "show.ikev2.session": IKE_SAS,
    "show.ikev2.stats": STATS,
    "show.admission": STATS,
    "show.ikev2.diagnose": st.builds(
        views.FailuresView, st.booleans(), NUMBER, NUMBER, st.lists(st.tuples(NUMBER, TEXT), max_size=3).map(tuple)
    ),
    "show.ikev2.policy": POLICIES,
    "show.ikev2.proposal": PROPOSALS,
    "show.ikev2.profile": PROFILES,
    "show.ipsec.sa": CONNECTIONS,
    "show.ipsec.transform_set": TRANSFORM_SETS,
    "show.session": CONNECTIONS | IKE_SAS,
    "show.map": CONNECTIONS,
    "show.interface.brief": INTERFACES,
    "show.interfaces": INTERFACES,
    "show.interfaces.description": INTERFACES,
    "show.ipv6.interface.brief": INTERFACES,
    "show.vrf": VRFS,
    "show.ipsec.profile": IPSEC_PROFILES,
    "show.ipv6.route": ROUTES,
    "show.ipv6.access_lists": ACCESS_LISTS,
    "show.ipsec.df_bit": OUTERS,
    "show.ipsec.fragmentation": OUTERS,
    "show.prefix_lists": PREFIX_LISTS,
    "show.ipv6.prefix_lists": PREFIX_LISTS,
    "show.route_map": st.builds(
        filters.RouteMapView,
        name=TEXT,
        sequence=NUMBER,
        action=TEXT,
        description=TEXT,
        prefix_lists=_tuples(TEXT),
        lists=_tuples(TEXT),
        prefix_lists6=_tuples(TEXT),
        lists6=_tuples(TEXT),
    ),
    "show.nameif": INTERFACES,
    "show.route": ROUTES,
    "show.route.to": ROUTES,
    "show.crypto.route": ROUTES,
    "show.ipv6.route.to": ROUTES,
    "show.ip.interface": INTERFACES,
    "show.ip": INTERFACES,
    "show.dynamic_map": CONNECTIONS,
    "show.session.summary": IKE_SAS,
    "show.banner": TEXT,
    "show.ikev2.authorization": st.builds(
        lending.AuthorizationView,
        name=TEXT,
        pools=_tuples(TEXT),
        netmask=TEXT,
        dns=_tuples(ADDRESS),
        wins=_tuples(ADDRESS),
        domain=TEXT,
        banner=TEXT,
        routes=_tuples(PREFIXES),
    ),
    "show.route.track": st.builds(
        watching.TrackedRouteView,
        prefix=PREFIXES,
        gateway=st.just("") | ADDRESS,
        interface=TEXT,
        track=NUMBER,
        vrf=TEXT,
    ),
    "show.track": st.builds(
        watching.TrackView,
        number=NUMBER,
        kind=st.sampled_from(["interface", "ip route", "ipv6 route", "ip sla", "list"]),
        instance=TEXT,
        parameter=TEXT,
        changes=NUMBER,
        seconds=st.floats(0, 1e9),
        why=TEXT,
        vrf=TEXT,
        code=TEXT,
        rtt=st.none() | NUMBER,
        first_hop=TEXT,
        by=_tuples(TEXT),
    ),
    **dict.fromkeys(
        ("show.ip.sla.statistics", "show.ip.sla.summary", "show.sla"),
        st.builds(
            watching.ProbeView,
            number=NUMBER,
            destination=ADDRESS,
            state=st.sampled_from(["active", "inactive", "pending"]),
            code=TEXT,
            rtt=st.none() | NUMBER,
            successes=NUMBER,
            failures=NUMBER,
            ago=st.none() | st.floats(0, 1e9),
            left=st.none() | st.floats(0, 1e9),
            started=st.none() | st.floats(0, 4e9),
        ),
    ),
    "show.ikev2.flexvpn": st.builds(
        lending.FlexView,
        name=TEXT,
        state=TEXT,
        group=NUMBER,
        waits=TEXT,
        peer=ADDRESS,
        source=TEXT,
        vrf=TEXT,
        inner_vrf=TEXT,
        tunnel=TEXT,
        addresses=_tuples(ADDRESS),
    ),
    "show.local_pool": POOLS,
    "show.archive": st.builds(
        machine.ArchiveView, path=TEXT, maximum=st.integers(1, 14), next=TEXT, names=_tuples(TEXT)
    ),
    "show.flash": st.builds(machine.FileView, name=TEXT, octets=NUMBER, written=WALL) | ROOMS,
    "show.file_systems": ROOMS,
    "show.memory": MEMORIES,
    "show.processes.memory": MEMORIES,
    "show.processes.cpu": st.builds(machine.LoadView, **dict.fromkeys(machine.LoadView.__slots__, NUMBER)),
    "show.ipsec.count": IKE_SAS,
    "show.ipsec.stats": st.builds(views.IpsecTotalsView, active=NUMBER, previous=NUMBER, counters=COUNTERS),
    "show.ipsec.lifetime": st.builds(
        views.IpsecProfileView,
        name=TEXT,
        profile=TEXT,
        lifetime=NUMBER,
        kilobytes=NUMBER,
        pfs=st.none(),
        transform_sets=st.just(()),
        idle=NUMBER,
    ),
    "show.interfaces.summary": INTERFACES,
    "show.vpn_sessiondb.index": IKE_SAS | SYSTEMS,
    "show.vpn_sessiondb.ratio": IKE_SAS | STATS,
    "show.ip.vrf": VRFS,
    "show.vrf.detail": VRFS,
    "show.object_groups": st.sampled_from(["object-group network A", " host 10.0.0.1", " description x"]),
    "show.protocols": INTERFACES,
    "show.arp": NEIGHBOURS,
    "show.ipv6.neighbors": NEIGHBOURS,
    "show.hosts": st.builds(machine.HostView, name=TEXT, addresses=_tuples(ADDRESS)),
    "show.udp": st.builds(machine.SocketView, address=ADDRESS, port=NUMBER, waiting_in=NUMBER, waiting_out=NUMBER),
    "show.inventory": SYSTEMS,
    "show.route.summary": ROUTES,
    "show.ipv6.route.summary": ROUTES,
    "show.ipv6.interface": INTERFACES,
    "show.interfaces.stats": INTERFACES,
    "show.ipv6_local_pool": POOLS,
    "show.vpn_sessiondb.remote": IKE_SAS | SYSTEMS,
    "show.nat.translations": TRANSLATIONS,
    "show.access_lists": ACCESS_LISTS,
    "show.version": SYSTEMS,
    "show.crypto.engine": SYSTEMS,
    "show.clock": SYSTEMS,
    "show.users": USERS,
    "show.privilege": IDENTIFIED,
    "show.curpriv": IDENTIFIED,
    "show.logging": LOG_LINES,
    "show.aliases": st.sampled_from(["c configure terminal", "a b"]),
    "show.debugging": st.sampled_from(["ikev2", "ikev2.packet", "ikev2.error", "ipsec"]),
    "show.vpn_sessiondb.l2l": IKE_SAS | CONNECTIONS | SYSTEMS,
    "show.vpn_sessiondb.summary": IKE_SAS | CONNECTIONS | STATS,
}
"""What each command may be given."""
