"""What a router lends and tells peers: pools, authorization policies, and the templates of their interfaces."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Interface, IPv6Network
from typing import Final

from ikecli.config import ios, ios_remote
from ikecli.config.dhcp import TIMEOUT
from ikecli.config.express.writer import named
from ikecli.config.tunnels_ios import TEMPLATE
from ikecli.intent import Address, Authorization, Intent, Prefix, Profile
from ikecli.intent.remote import ROUTE_TAG
from ikecli.numbers.conventions import NEARBY

METHODS: Final = "LOCAL"
"""The name of the list that says that authorization policies are looked up here."""
_ADDRESS: Final = 128


def rest_of(first: Address, last: Address) -> IPv6Interface:
    """Return the largest network of IPv6 that ends at or before an address, with the one in it that begins."""
    runs = (IPv6Interface((int(first), length)) for length in range(_ADDRESS + 1))
    return next(one for one in runs if int(one.network.broadcast_address) <= int(last))


def write_pools(draft: ios.Ios, intent: Intent) -> None:
    """Write the pools; one of IPv6 is the rest of a network from its first address on."""
    for pool in intent.pools:
        if pool.version == 4:
            ends = [(IPv4Address(first), IPv4Address(last)) for first, last in pool.ranges]
            spans = [ios_remote.Span(first, None if last == first else last) for first, last in ends]
            draft.ip_pools[pool.name] = ios_remote.IpPool(spans)
            continue
        draft.ipv6_pools[pool.name] = ios_remote.Ipv6Pool(rest_of(*pool.ranges[0]), _ADDRESS)
        draft.ipv6_routing = True


def write_policy(draft: ios.Ios, profile: Profile, gives: Authorization, held: ios.Profile) -> None:
    """Write what the peers of a profile are lent and told, and name it and the template in the profile."""
    name = named(draft.authorizations, gives.name, _policy(draft, gives))
    draft.aaa_new_model = True
    draft.aaa_networks[METHODS] = ios_remote.AaaNetwork(local=True)
    held.authorization = ios_remote.GroupAuthorization(False, METHODS, name)
    held.virtual_template = ios.VirtualTemplate(int(profile.template.removeprefix(TEMPLATE)))


def _policy(draft: ios.Ios, gives: Authorization) -> ios_remote.AuthorizationPolicy:
    accepts = ios_remote.RouteAccept(
        gives.tag if gives.tag != ROUTE_TAG else None, gives.distance if gives.distance > 1 else None
    )
    dns = [[one for one in gives.dns if one.version == version] for version in (4, 6)]
    return ios_remote.AuthorizationPolicy(
        pool=next((one for one in gives.pools if one in draft.ip_pools), None),
        ipv6_pool=next((one for one in gives.pools if one in draft.ipv6_pools), None),
        dns=ios_remote.Servers(*dns[0]) if dns[0] else None,
        ipv6_dns=ios_remote.Servers(*dns[1]) if dns[1] else None,
        wins=ios_remote.Servers(*gives.nbns) if gives.nbns else None,
        netmask=gives.netmask,
        domain=gives.domain or None,
        split_dns=list(gives.split_dns),
        dhcp_servers=[str(one) for one in gives.dhcp.servers] if gives.dhcp else [],
        dhcp_relay=gives.dhcp.relay if gives.dhcp else None,
        dhcp_timeout=gives.dhcp.timeout if gives.dhcp and gives.dhcp.timeout != TIMEOUT else None,
        pfs=gives.pfs or None,
        local_lan=NEARBY in gives.excluded or None,
        backups=list(gives.backups),
        session=gives.session or None,
        most_children=gives.most_children or None,
        banner=gives.banner or None,
        route_remotes=[_network(one) for one in gives.networks],
        route_locals=[_network(one) for one in gives.behind],
        route_accept=accepts if accepts != ios_remote.RouteAccept() else None,
    )


def _network(prefix: Prefix) -> ios_remote.RemoteNetwork:
    if isinstance(prefix, IPv6Network):
        return ios_remote.RemoteNetwork("ipv6", prefix=IPv6Interface(prefix))
    return ios_remote.RemoteNetwork("ipv4", prefix.network_address, prefix.netmask)
