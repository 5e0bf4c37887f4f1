"""Which renderer lays out which command: the table that the shell looks in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ikecli.show.asa import ikev2 as asa_ikev2
from ikecli.show.asa import ipsec as asa_ipsec
from ikecli.show.asa import network as asa_network
from ikecli.show.asa import pools as asa_pools
from ikecli.show.asa import remote_access, tracer, vpn_sessiondb
from ikecli.show.asa import system as asa_system
from ikecli.show.ios import (
    crypto_map,
    files,
    filters,
    flexvpn,
    ikev2,
    interfaces,
    ipsec,
    ipv6,
    nat,
    network,
    policy,
    pools,
    session,
    system,
)

Renderer = Callable[[Any, Mapping[str, object]], Iterator[str]]
"""From the views of a command and its slots to lines. Views are a sequence; for PIECEMEAL anything to go through."""

PIECEMEAL: Final = frozenset(
    {
        "show.ikev2.sa",
        "show.isakmp.sa",
        "show.ikev2.session",
        "show.ipsec.sa",
        "show.session",
        "show.session.summary",
        "show.vpn_sessiondb.summary",
        "show.vpn_sessiondb.l2l",
        "show.vpn_sessiondb.remote",
    }
)
"""Commands whose renderers hold few of their views at a time."""

_IOS: Final[dict[str, Renderer]] = {
    "show.ikev2.sa": ikev2.sa,
    "show.ikev2.session": ikev2.session,
    "show.ikev2.stats": ikev2.stats,
    "show.ikev2.policy": policy.policy,
    "show.ikev2.proposal": policy.proposal,
    "show.ikev2.profile": policy.profile,
    "show.ikev2.authorization": flexvpn.authorization,
    "show.ikev2.flexvpn": flexvpn.clients,
    "show.ipsec.sa": ipsec.sa,
    "show.ipsec.transform_set": ipsec.transform_set,
    "show.session": session.session,
    "show.session.summary": session.summary,
    "show.map": crypto_map.crypto_map,
    "show.dynamic_map": crypto_map.dynamic_map,
    "show.ipsec.profile": ipsec.profile,
    "show.interface.brief": interfaces.interface_brief,
    "show.ipv6.interface.brief": interfaces.ipv6_interface_brief,
    "show.interfaces": interfaces.interfaces,
    "show.ip.interface": interfaces.ip_interface,
    "show.vrf": interfaces.vrf,
    "show.route": network.route,
    "show.route.to": network.way,
    "show.interfaces.description": interfaces.description,
    "show.local_pool": pools.local_pool,
    "show.ipv6_local_pool": pools.ipv6_local_pool,
    "show.nat.translations": nat.translations,
    "show.ipv6.route": ipv6.route,
    "show.ipv6.route.to": ipv6.way,
    "show.ipv6.access_lists": network.access_lists,
    "show.access_lists": network.access_lists,
    "show.prefix_lists": filters.prefix_lists,
    "show.ipv6.prefix_lists": filters.prefix_lists,
    "show.route_map": filters.route_map,
    "show.version": system.version,
    "show.crypto.engine": system.crypto_engine,
    "show.archive": files.archive,
    "show.flash": files.directory,
    "show.clock": system.clock,
    "show.users": system.users,
    "show.aliases": system.aliases,
    "show.banner": system.banner,
    "show.privilege": system.privilege,
    "show.logging": system.logging,
    "show.debugging": system.debugging,
}

_ASA: Final[dict[str, Renderer]] = {
    "show.ikev2.sa": asa_ikev2.sa,
    "show.isakmp.sa": asa_ikev2.both_versions,
    "show.trace": tracer.trace,
    "show.ikev2.stats": asa_ikev2.stats,
    "show.ipsec.sa": asa_ipsec.sa,
    "show.ipsec.df_bit": asa_ipsec.df_bit,
    "show.ipsec.fragmentation": asa_ipsec.fragmentation,
    "show.map": crypto_map.of_a_firewall,
    "show.vpn_sessiondb.l2l": vpn_sessiondb.l2l,
    "show.vpn_sessiondb.remote": remote_access.sessions,
    "show.local_pool": asa_pools.local_pool,
    "show.vpn_sessiondb.summary": vpn_sessiondb.summary,
    "show.interface.brief": asa_network.interface_brief,
    "show.interfaces": asa_network.interfaces,
    "show.nameif": asa_network.nameif,
    "show.ip": asa_network.addresses,
    "show.route": asa_network.route,
    "show.access_lists": asa_network.access_lists,
    "show.version": asa_system.version,
    "show.crypto.engine": system.crypto_engine,
    "show.flash": files.directory,
    "show.clock": asa_system.clock,
    "show.users": system.users,
    "show.curpriv": asa_system.curpriv,
    "show.logging": asa_system.logging,
    "show.debugging": asa_system.debugging,
}

RENDERERS: Final[dict[tuple[str, str], Renderer]] = {
    **{("ios", name): renderer for name, renderer in _IOS.items()},
    **{("asa", name): renderer for name, renderer in _ASA.items()},
}
"""The renderer of each (dialect, exec command): the names are those after `!` in the exec grammar."""
