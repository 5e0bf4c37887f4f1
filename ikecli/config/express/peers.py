"""Who a peer is, in terms that both dialects have: its address or its name, its keys, who we say we are."""

from __future__ import annotations

from collections.abc import Iterator

from ikecli.intent import Address, Connection, Credential, Identity, IdentityMatch, Intent, Profile
from ikecli.numbers import IdType


def profile_of(intent: Intent, connection: Connection) -> Profile | None:
    """Return the profile of a connection, if it has one and that is complete."""
    return next((one for one in intent.profiles if one.name == connection.profile), None)


def profile_towards(intent: Intent, connection: Connection, peer: Address) -> Profile | None:
    """Return the profile that a connection has for one of its peers: the one it names, else the one for the address."""
    if connection.profile is not None:
        return profile_of(intent, connection)
    own = Identity.of(peer)
    for one in intent.profiles:
        if any(peer in prefix for prefix in one.gateways):
            return one
    fits = (one for one in intent.profiles if not one.gateways and any(each.matches(own) for each in one.remotes))
    return next(fits, None)


def merged(intent: Intent, connection: Connection) -> tuple[Profile, ...]:
    """Return the profiles of a connection whose peers have one each; none where it names its profile."""
    if connection.profile is not None:
        return ()
    found = (profile_towards(intent, connection, peer) for peer in connection.peers)
    return tuple(dict.fromkeys(one for one in found if one is not None))


def reverse(intent: Intent, connection: Connection) -> str:
    """Return whether what lies behind the peers of a connection has routes: always, with its SAs, or (empty) not."""
    if connection.reverse_route:
        return "dynamic"
    learned = {
        route.prefix for route in intent.network.routes if route.learned and route.interface == connection.interface
    }
    behind = {flow.remote.prefix for flow in connection.flows if flow.permit and connection.peers}
    return "static" if behind & learned else ""


def credential_of(profile: Profile, peer: Address) -> Credential | None:
    """Return the keys that a profile has for a peer at an address: by the address, else by an identity it takes."""
    own = Identity.of(peer)
    for one in profile.credentials:
        if any(peer in prefix for prefix in one.addresses) or (one.identity and one.identity.matches(own)):
            return one
    for one in profile.credentials:
        if one.identity is not None and one.identity in profile.remotes:
            return one
    return None


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
