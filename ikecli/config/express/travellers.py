"""Peers that are lent an address: a router clones each an interface, a firewall has a dynamic map for all of them.

Here an intent that has the one becomes one that has the other, so that writers find what their dialect has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv6Network
from itertools import islice
from typing import Final

from ikecli.config.dhcp import TIMEOUT
from ikecli.config.express.losses import Losses
from ikecli.config.express.peers import Peers
from ikecli.config.express.policies import rest_of
from ikecli.config.express.writer import numbered
from ikecli.config.remote_asa import LOGINS
from ikecli.config.tunnels_ios import MODES, TEMPLATE
from ikecli.intent import (
    Address,
    Authorization,
    Carrier,
    Connection,
    Intent,
    Interface,
    Pool,
    Profile,
    ReverseRoute,
    Template,
    Transport,
    Tunnel,
)
from ikecli.intent.network import DEFAULT_MTU
from ikecli.intent.remote import ROUTE_TAG
from ikecli.numbers.conventions import NEARBY

MAP: Final = "TRAVELLERS"
"""The name of a dynamic map that is made of templates."""
STEP: Final = 10
SESSIONS: Final = range(300, 25_920_001)
"""How many seconds the sessions of an authorization policy may last."""
_SERVERS: Final = 2
"""Name servers of a kind that an authorization policy has."""


def lends(profile: Profile) -> bool:
    """Tell whether a profile's peers are lent an address."""
    given = profile.authorization
    return given is not None and bool(given.pools or given.dhcp)


def travelling(intent: Intent) -> frozenset[str]:
    """Return the profiles whose peers are lent an address and come by a dynamic map."""
    maps = {one.profile for one in intent.connections if one.wildcard_peer and not one.closed}
    return frozenset(one.name for one in intent.profiles if lends(one) and not one.template and maps & {None, one.name})


# Of a router's intent, what a firewall has


def as_maps(intent: Intent, losses: Losses) -> Intent:
    """Return an intent with dynamic maps in the place of templates whose peers are lent an address."""
    templates = {one.name: one for one in intent.templates}
    interfaces = {one.name: one for one in intent.network.interfaces}
    profiles, entries = [], []
    for profile in intent.profiles:
        entry = None
        if lends(profile) and profile.template in templates:
            entry = _map(profile, templates[profile.template], interfaces, losses)
        profiles.append(_mapped(profile, entry, losses))
        entries += [replace(entry, idle=0)] if entry is not None else []
    made = [replace(one, sequence=STEP * at) for at, one in enumerate(dict.fromkeys(entries), 1)]
    if len(made) > 1:
        losses.add(f"dynamic map {MAP}", "an entry for each template, and each of them for the peers of any profile")
    left = {one.template for one in profiles}
    network = replace(
        intent.network,
        interfaces=tuple(
            one for one in intent.network.interfaces if not (one.template and _gone(one.name, intent, left))
        ),
    )
    return _single_ranges(
        replace(
            intent,
            network=network,
            profiles=tuple(profiles),
            connections=(*intent.connections, *made),
            templates=tuple(one for one in intent.templates if one.name in left),
        ),
        losses,
    )


def _mapped(profile: Profile, entry: Connection | None, losses: Losses) -> Profile:
    """Return a profile whose peers come by an entry of a dynamic map, where there is one for them."""
    if entry is not None:
        profile = replace(profile, template="", template_auto=False)
    gives = profile.authorization
    if gives is None or not lends(profile) or profile.template:
        return profile
    _untold(profile.name, gives, losses)
    idle = entry.idle if entry is not None else 0
    return replace(profile, authorization=replace(gives, required=True, idle=idle or gives.idle))


def _gone(template: str, intent: Intent, left: set[str]) -> bool:
    return template not in left and any(one.template == template for one in intent.profiles)


def _map(profile: Profile, template: Template, interfaces: dict[str, Interface], losses: Losses) -> Connection | None:
    """Return an entry of a dynamic map for the peers of a template; none where these carry no IPsec by itself."""
    held = interfaces.get(template.name)
    tunnel = held.tunnel if held is not None else None
    what = f"interface {template.name}"
    if held is None or tunnel is None or tunnel.source is None:
        losses.add(what, "a tunnel needs an address to send from")
        return None
    if template.carrier is Carrier.GRE or profile.template_auto:
        losses.add(what, "GRE: a tunnel here is IPsec by itself")
        if not profile.template_auto:
            return None
    owner = tunnel.source_interface or next(
        (one.name for one in interfaces.values() if tunnel.source in {each.ip for each in one.addresses}), ""
    )
    lender = interfaces.get(owner)
    losses.note(
        what,
        (held.addresses, "an address of its own"),
        (held.mtu != DEFAULT_MTU, f"mtu {held.mtu}"),
        (lender is None or held.segments != lender.segments, "segments of TCP other than outside of the tunnel"),
    )
    row = template.connection(owner, profile.name, Carrier.IPSEC, tunnel.source, tunnel.source, tunnel.vrf)
    return replace(
        row,
        name=MAP,
        sequence=STEP,
        peers=(),
        flows=(),
        profile=None,
        reverse_route=ReverseRoute(),
        transport=Transport.NO,
    )


def _untold(name: str, gives: Authorization, losses: Losses) -> None:
    """Note what a group policy has no word for."""
    losses.note(
        f"profile {name}",
        (not gives.required, "peers that ask for no address: they are not let in here"),
        (gives.behind, "route set local: what lies behind a peer is what it tells of"),
        (gives.tells_own, "route set interface: there is no address of this side in the tunnel"),
        (gives.clauses is not None, "route accept route-map: the networks that peers tell of are all believed here"),
        ((gives.distance, gives.tag) != (1, ROUTE_TAG), "route accept any with a distance or a tag"),
        (not gives.accepts, "no route accept: the networks that peers tell of are believed here"),
        (gives.dhcp and gives.dhcp.timeout != TIMEOUT, "dhcp timeout: a server is given its usual time here"),
        (gives.networks and gives.excluded, "include-local-lan: networks are said that go through the tunnel"),
        (gives.prefix_length != IPv6Network("::/0").max_prefixlen, f"ipv6 prefix {gives.prefix_length}"),
    )


def _single_ranges(intent: Intent, losses: Losses) -> Intent:
    """Return an intent whose pools have one range each, and the masks of what is lent from them."""
    given = [one.authorization for one in intent.profiles if one.authorization is not None and lends(one)]
    pools: list[Pool] = []
    parts: dict[str, tuple[str, ...]] = {}
    for pool in intent.pools:
        masks = list(dict.fromkeys(one.netmask for one in given if pool.name in one.pools)) or [pool.netmask]
        for mask in masks[1:]:
            losses.add(f"pool {pool.name}", f"another netmask, {mask}, by another authorization policy")
        names = tuple(islice(numbered(pool.name), len(pool.ranges)))
        parts[pool.name] = names
        mask = masks[0] if pool.version == 4 else None
        pools += [Pool(name, (each,), mask) for name, each in zip(names, pool.ranges, strict=True)]
    return replace(
        intent,
        pools=tuple(pools),
        profiles=tuple(_from(one, parts) for one in intent.profiles),
    )


def _from(profile: Profile, parts: dict[str, tuple[str, ...]]) -> Profile:
    """Return a profile that lends from what its pools became."""
    gives = profile.authorization
    if gives is None:
        return profile
    names = dict.fromkeys(part for name in gives.pools for part in parts.get(name, ()))
    return replace(profile, authorization=replace(gives, pools=tuple(names)))


# Of a firewall's intent, what a router has


def as_templates(intent: Intent, losses: Losses) -> Intent:
    """Return an intent with a template for each profile whose peers are lent an address and came by a dynamic map."""
    names = travelling(intent)
    intent = _one_pool(intent, losses)
    version_of = {one.name: one.version for one in intent.pools}
    peers = Peers(intent)
    profiles: list[Profile] = []
    made: list[tuple[Template, Interface]] = []
    for profile in intent.profiles:
        given = profile.authorization
        if profile.name in names and given is not None:
            made.append(_template(f"{TEMPLATE}{len(made) + 1}", profile, intent, version_of, losses))
            profile = replace(profile, template=made[-1][0].name, authorization=_policy(profile.name, given, losses))
        profiles.append(profile)
    return replace(
        intent,
        network=replace(intent.network, interfaces=(*intent.network.interfaces, *(one for _, one in made))),
        profiles=tuple(profiles),
        templates=(*intent.templates, *(one for one, _ in made)),
        connections=tuple(
            one for one in intent.connections if not one.wildcard_peer or _for_others(one, intent, names, peers)
        ),
    )


def _for_others(one: Connection, intent: Intent, names: frozenset[str], peers: Peers) -> bool:
    """Tell whether an entry of a dynamic map is for peers that are lent nothing, too."""
    able = (each for each in intent.profiles if one.profile in (None, each.name) and each.name not in names)
    return any(not peers.used(each) for each in able)


def _template(
    name: str, profile: Profile, intent: Intent, version_of: dict[str, int], losses: Losses
) -> tuple[Template, Interface]:
    """Return a template of interfaces for a profile's peers, as the first of the entries that they may use has it."""
    given = profile.authorization
    assert given is not None
    what = f"tunnel-group {profile.name}"
    here = _entries(profile, intent, what, losses)
    first = here[0]
    lent = {version_of[each] for each in given.pools if each in version_of} | ({4} if given.dhcp else set())
    versions = tuple(sorted(lent))
    if (Carrier.IPSEC, first.local.version, versions) not in MODES.values():
        losses.add(what, f"inner addresses of IPv{versions[-1]}")
        versions = versions[:-1]
    template = Template(
        name,
        Carrier.IPSEC,
        tuple(dict.fromkeys(each for one in here for each in one.proposals)),
        first.pfs,
        first.lifetime,
        first.kilobytes,
        replay_window=first.replay_window,
        versions=versions,
        pfs_additional=first.pfs_additional,
        idle=first.idle or given.idle,
        outer=first.outer,
        reverse_route=first.reverse_route and ReverseRoute(tunnel=True),
    )
    tunnel = Tunnel(
        Carrier.IPSEC, first.local, source_interface=first.interface, profile=profile.name, versions=versions
    )
    segments = next((one.segments for one in intent.network.interfaces if one.name == first.interface), (0, 0))
    return template, Interface(name, tunnel=tunnel, unnumbered=first.interface, template=True, segments=segments)


def _entries(profile: Profile, intent: Intent, what: str, losses: Losses) -> list[Connection]:
    """Return the entries at one address of this side that a profile's peers may use; note what a template lacks."""
    rows = [one for one in intent.connections if one.wildcard_peer and one.profile in (None, profile.name)]
    rows = [one for one in rows if not one.closed]
    first = rows[0]
    here = [one for one in rows if (one.interface, one.local) == (first.interface, first.local)]
    for one in rows:
        if one not in here:
            losses.add(what, f"peers that come to {one.local}")
    if len({replace(one, name="", sequence=0, proposals=()) for one in here}) > 1:
        losses.add(what, "settings of its own in each entry of a dynamic map: those of the first hold")
    losses.note(
        what,
        (first.flows, "match address of the dynamic map: all is protected that is routed to a peer"),
        (not first.reverse_route, "no reverse-route: what a peer is lent has a route here"),
        (first.tfc, "set tfc-packets"),
        (first.transport, "mode transport"),
    )
    return here


def _policy(name: str, gives: Authorization, losses: Losses) -> Authorization:
    """Return what an authorization policy can say."""
    what = f"tunnel-group {name}"
    if gives.required:
        losses.add(what, "peers that ask for no address: they are let in here")
    if "\n" in gives.banner:
        losses.add(what, "a banner of several lines: it is one here")
    servers: list[Address] = []
    for version in (4, 6):
        mine = [one for one in gives.dns if one.version == version]
        servers += mine[:_SERVERS]
        for one in mine[_SERVERS:]:
            losses.add(what, f"the name server {one}: there are two of each IP version here")
    for each in gives.nbns[_SERVERS:]:
        losses.add(what, f"the name server {each} of Windows: there are two here")
    dhcp = gives.dhcp
    if dhcp is not None and dhcp.link is not None:
        losses.add(what, f"dhcp-network-scope {dhcp.link}: DHCP servers lend of the network of {dhcp.relay} here")
        dhcp = replace(dhcp, link=None, subnet=False)
    if gives.logins not in (0, LOGINS):
        losses.add(what, f"vpn-simultaneous-logins {gives.logins}: an identity has as many sessions here as any")
    for network in gives.excluded:
        if network != NEARBY:
            losses.add(what, f"split-tunnel-policy excludespecified: {network} goes through the tunnel here")
    session = min(max(gives.session, SESSIONS[0]), SESSIONS[-1]) if gives.session else 0
    if session != gives.session:
        losses.add(what, f"vpn-session-timeout: sessions of {gives.session} seconds are of {session} here")
    return replace(
        gives,
        required=False,
        logins=0,
        dhcp=dhcp,
        idle=0,
        session=session,
        excluded=tuple(one for one in gives.excluded if one == NEARBY),
        banner=gives.banner.replace("\n", " "),
        dns=tuple(servers),
        nbns=gives.nbns[:_SERVERS],
    )


def _one_pool(intent: Intent, losses: Losses) -> Intent:
    """Return an intent whose profiles lend from one pool of an IP version each, and whose pools a router has."""
    held = {one.name: one for one in intent.pools}
    given = [one.authorization for one in intent.profiles if one.authorization is not None]
    lists = {part: None for one in given for part in _by_version(one.pools, held)}
    joined = {}
    for names in lists:
        if len(names) > 1 and any(other != names and set(other) & set(names) for other in lists):
            for name in names[1:]:
                losses.add(
                    f"pool {names[0]}", f"{name} beside it: another group lends from one of them without the other"
                )
            joined[names] = names[:1]
        elif len(names) > 1:
            ranges = tuple(each for name in names for each in held[name].ranges)
            held[names[0]] = replace(held[names[0]], ranges=ranges)
            for name in names[1:]:
                del held[name]
            joined[names] = names[:1]
    pools = tuple(one if one.version == 4 else _aligned(one, losses) for one in held.values())
    profiles = []
    originally = {one.name: one for one in intent.pools}
    for profile in intent.profiles:
        gives = profile.authorization
        if gives is not None:
            parts = [joined.get(part, part) for part in _by_version(gives.pools, originally)]
            gives = replace(gives, pools=tuple(name for part in parts for name in part))
        profiles.append(replace(profile, authorization=gives))
    return replace(intent, pools=pools, profiles=tuple(profiles))


def _by_version(names: tuple[str, ...], held: dict[str, Pool]) -> Iterator[tuple[str, ...]]:
    for version in (4, 6):
        found = tuple(name for name in names if name in held and held[name].version == version)
        if found:
            yield found


def _aligned(pool: Pool, losses: Losses) -> Pool:
    """Return what of a pool of IPv6 is the rest of a network from its first address on."""
    first, last = pool.ranges[0]
    end = rest_of(first, last).network.broadcast_address
    if len(pool.ranges) > 1 or end != last:
        losses.add(f"pool {pool.name}", f"its addresses after {end}: a pool here ends with a network")
    return replace(pool, ranges=((first, end),))
