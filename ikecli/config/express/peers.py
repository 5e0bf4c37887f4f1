"""Who a peer is, in terms that both dialects have: its address or its name, its keys, who we say we are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Final

from ikecli.intent import (
    Address,
    Connection,
    Credential,
    Identity,
    IdentityMatch,
    Intent,
    Prefix,
    Profile,
    ReverseRoute,
    Route,
)
from ikecli.numbers import IdType


class _Ring:
    """Credentials: those for one address by it, and the others."""

    def __init__(self, credentials: tuple[Credential, ...]) -> None:
        self.exact: Final = {
            prefix: one for one in reversed(credentials) for prefix in one.addresses if _single(prefix)
        }
        self.others: Final = [one for one in credentials if not all(map(_single, one.addresses)) or one.identity]


class Peers:
    """What an intent has by name or by address, looked up once: one of ten thousand tunnels has as many profiles."""

    def __init__(self, intent: Intent) -> None:
        self._profiles: Final = {one.name: one for one in intent.profiles}
        self._by_gateway: Final = {prefix: one for one in reversed(intent.profiles) for prefix in one.gateways}
        self._wide: Final = [
            one
            for one in intent.profiles
            if not one.gateways or any(prefix.num_addresses > 1 for prefix in one.gateways)
        ]
        self._rings: Final[dict[int, _Ring]] = {}
        self._learned: Final[defaultdict[tuple[str, Prefix], list[Route]]] = defaultdict(list)
        for route in intent.network.routes:
            if route.learned:
                self._learned[route.interface, route.prefix].append(route)
        self._all: Final = {peer for one in intent.connections for peer in one.peers}
        self._used: Final[defaultdict[str, list[Address]]] = defaultdict(list)
        for connection in intent.connections:
            for peer in connection.peers:
                profile = self.profile_towards(connection, peer)
                if profile is not None:
                    self._used[profile.name].append(peer)
        local = [(own.network, one.name) for one in intent.network.interfaces for own in one.addresses]
        self._interfaces: Final = {one.name: one for one in intent.network.interfaces}
        self._by_network: Final[dict[Prefix, str]] = dict(reversed(local))

    def profile_towards(self, connection: Connection, peer: Address) -> Profile | None:
        """Return the profile for one of a connection's peers: the one it names, else the one for the address."""
        if connection.profile is not None:
            return self._profiles.get(connection.profile)
        exact = self._by_gateway.get(_host(peer))
        if exact is not None:
            return exact
        own = Identity.of(peer)
        for one in self._wide:
            if any(peer in prefix for prefix in one.gateways):
                return one
        fits = (one for one in self._wide if not one.gateways and any(each.matches(own) for each in one.remotes))
        return next(fits, None)

    def credential_of(self, profile: Profile, peer: Address) -> Credential | None:
        """Return the keys that a profile has for a peer at an address: by the address, else by an identity it takes."""
        held = self._rings.get(id(profile.credentials))
        if held is None:
            held = self._rings[id(profile.credentials)] = _Ring(profile.credentials)
        found = held.exact.get(_host(peer))
        if found is not None:
            return found
        own = Identity.of(peer)
        for one in held.others:
            if any(peer in prefix for prefix in one.addresses) or (one.identity and one.identity.matches(own)):
                return one
        return next((one for one in held.others if one.identity in profile.remotes), None)

    def merged(self, connection: Connection) -> tuple[Profile, ...]:
        """Return the profiles of a connection whose peers have one each; none where it names its profile."""
        if connection.profile is not None:
            return ()
        found = (self.profile_towards(connection, peer) for peer in connection.peers)
        return tuple(dict.fromkeys(one for one in found if one is not None))

    def used(self, profile: Profile) -> list[Address]:
        """Return the peers that connections have by a profile."""
        return self._used[profile.name]

    def reverse(self, connection: Connection) -> tuple[str, ReverseRoute]:
        """Return how what lies behind a connection's peers has routes: static, dynamic (with its SAs), or empty."""
        if connection.reverse_route is not None:
            return "dynamic", connection.reverse_route
        behind = (flow.remote.prefix for flow in connection.flows if flow.permit and connection.peers and self._learned)
        routes = [route for one in behind if one is not None for route in self._learned[connection.interface, one]]
        for found in routes:
            past = found.gateway is not None and found.gateway not in self._all
            if past or found.gateway in (None, connection.peers[0]):
                way = next(iter(self._learned["", _host(connection.peers[0])]), found if past else None)
                gateway = way.gateway if way is not None else None
                return "static", ReverseRoute(found.distance, found.tag, gateway, past)
        return "", ReverseRoute()

    def egress(self, route: Route) -> tuple[str, Address | None]:
        """Return where a route goes out, and its gateway: the other end, of a network of two or else of a tunnel."""
        gateway = route.gateway
        if gateway is not None:
            return (route.interface or self._interface_at(gateway)), gateway
        held = self._interfaces.get(route.interface)
        own = [each for each in held.addresses if each.version == route.prefix.version] if held else []
        if own and own[0].network.prefixlen >= own[0].network.max_prefixlen - 2:
            gateway = next((each for each in own[0].network.hosts() if each != own[0].ip), None)
        beyond = held.tunnel.destination if held is not None and held.tunnel is not None else None
        if gateway is None and beyond is not None and beyond.version == route.prefix.version:
            gateway = beyond
        return route.interface, gateway

    def _interface_at(self, gateway: Address) -> str:
        for length in range(gateway.max_prefixlen, -1, -1):
            found = self._by_network.get(_host(gateway).supernet(new_prefix=length))
            if found is not None:
                return found
        return ""


def _single(prefix: Prefix) -> bool:
    return prefix.num_addresses == 1


def _host(address: Address) -> Prefix:
    return ip_network(address)


def alone(match: IdentityMatch) -> Address | None:
    """Return the address that an identity must be, where it is one."""
    inside = match.network
    return inside.network_address if inside is not None and inside.num_addresses == 1 else None


def names(profile: Profile) -> Iterator[str]:
    """Yield the names (of hosts, or opaque) of the peers that a profile takes."""
    for one in profile.remotes:
        if one.type in (IdType.FQDN, IdType.KEY_ID) and not one.domain:
            yield one.value.decode(errors="replace")


def shown_identity(profile: Profile, local: Address) -> Identity | None:
    """Return the identity that we show, None for the address of this side."""
    return None if profile.local == Identity.of(local) else profile.local
