"""What peers are lent and how they are protected, in no dialect's names, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ikecli.intent import Connection, Identity, Intent, Profile, Template
from ikecli.numbers import IdType

_NAMES = (IdType.FQDN, IdType.KEY_ID)


def travellers(intent: Intent) -> list[str]:
    """Return what each profile lends its peers and how these are protected, a line each."""
    return [repr(_traveller(intent, one, by, at)) for one in intent.profiles for by, at in _ways(intent, one)]


def _ways(intent: Intent, profile: Profile) -> Iterator[tuple[list[Template | Connection], tuple[Any, ...]]]:
    """Yield by which template, or entries of a dynamic map, a profile's peers come, and where."""
    if profile.authorization is None or not profile.authorization.pools:
        return
    tunnels = {one.name: one.tunnel for one in intent.network.interfaces if one.template}
    for template in intent.templates:
        tunnel = tunnels[template.name]
        if template.name == profile.template and tunnel is not None:
            yield [template], (tunnel.source_interface, tunnel.source)
    maps = [one for one in intent.connections if one.wildcard_peer and one.profile in (None, profile.name)]
    if maps and not profile.template:
        yield [*maps], (maps[0].interface, maps[0].local)


def _traveller(intent: Intent, profile: Profile, by: list[Template | Connection], at: tuple[Any, ...]) -> list[Any]:
    gives = profile.authorization
    assert gives is not None
    pools = {one.name: one for one in intent.pools}
    lent = [pools[name] for name in gives.pools]
    ranges = {version: [each for one in lent if one.version == version for each in one.ranges] for version in (4, 6)}
    suites = dict.fromkeys(
        (cipher.name, cipher.key_bits, check and check.name)
        for one in by
        for held in one.proposals
        for cipher in held.encryption
        for check in held.integrity or (None,)
    )
    first = by[0]
    names = sorted({one.value for one in profile.remotes if one.type in _NAMES and not one.domain})
    return [
        at, names, any(one.type is None for one in profile.remotes), ranges, gives.netmask if ranges[4] else None,
        sorted(map(str, gives.dns)), gives.nbns, sorted(map(str, gives.networks)),
        gives.dhcp, gives.session, gives.pfs, gives.excluded, gives.backups,
        gives.domain, gives.split_dns, gives.banner, gives.accepts, gives.clauses, gives.tells_own, gives.prefix_length,
        first.idle or gives.idle, list(suites), first.pfs, first.pfs_additional, first.lifetime, first.kilobytes,
        first.replay_window, first.outer, first.tfc, [[side and side.reveal() for side in (one.local, one.remote)]
        for one in profile.credentials[:1]], profile.local or Identity.of(at[1]), profile.lifetime,
        profile.nat_keepalive, profile.dpd and (profile.dpd.interval, profile.dpd.retry),
    ]  # fmt: skip
