"""Which renderer lays out which command: the table that the shell looks in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ikecli.late import Late

Renderer = Callable[[Any, Mapping[str, object]], Iterator[str]]
"""From the views of a command and its slots to lines. Views are a sequence; for PIECEMEAL anything to go through."""

PIECEMEAL: Final = frozenset(
    {
        "show.ikev2.sa",
        "show.isakmp.sa",
        "show.ikev2.session",
        "show.ipsec.sa",
        "show.ipsec.count",
        "show.session",
        "show.session.summary",
        "show.vpn_sessiondb.summary",
        "show.vpn_sessiondb.l2l",
        "show.vpn_sessiondb.remote",
        "show.vpn_sessiondb.index",
        "show.vpn_sessiondb.ratio",
    }
)
"""Commands whose renderers hold few of their views at a time."""

_IOS: Final[dict[str, str]] = {
    "show.ikev2.sa": "ios.ikev2:sa",
    "show.ikev2.session": "ios.ikev2:session",
    "show.ikev2.stats": "ios.ikev2:stats",
    "show.admission": "ios.admission:statistics",
    "show.ikev2.policy": "ios.policy:policy",
    "show.ikev2.proposal": "ios.policy:proposal",
    "show.ikev2.profile": "ios.policy:profile",
    "show.ikev2.authorization": "ios.flexvpn:authorization",
    "show.ikev2.flexvpn": "ios.flexvpn:clients",
    "show.ipsec.sa": "ios.ipsec:sa",
    "show.ipsec.count": "ios.ipsec:count",
    "show.ipsec.stats": "asa.ipsec:stats",
    "show.ipsec.lifetime": "ios.ipsec:lifetime",
    "show.ipsec.transform_set": "ios.ipsec:transform_set",
    "show.session": "ios.session:session",
    "show.session.summary": "ios.session:summary",
    "show.map": "ios.crypto_map:crypto_map",
    "show.dynamic_map": "ios.crypto_map:dynamic_map",
    "show.ipsec.profile": "ios.ipsec:profile",
    "show.interface.brief": "ios.interfaces:interface_brief",
    "show.ipv6.interface.brief": "ios.interfaces:ipv6_interface_brief",
    "show.interfaces": "ios.interfaces:interfaces",
    "show.ip.interface": "ios.interfaces:ip_interface",
    "show.vrf": "ios.interfaces:vrf",
    "show.route": "ios.network:route",
    "show.route.to": "ios.network:way",
    "show.interfaces.description": "ios.interfaces:description",
    "show.local_pool": "ios.pools:local_pool",
    "show.ipv6_local_pool": "ios.pools:ipv6_local_pool",
    "show.nat.translations": "ios.nat:translations",
    "show.ipv6.route": "ios.ipv6:route",
    "show.ipv6.route.to": "ios.ipv6:way",
    "show.ipv6.access_lists": "ios.network:access_lists",
    "show.access_lists": "ios.network:access_lists",
    "show.prefix_lists": "ios.filters:prefix_lists",
    "show.ipv6.prefix_lists": "ios.filters:prefix_lists",
    "show.route_map": "ios.filters:route_map",
    "show.version": "ios.system:version",
    "show.crypto.engine": "ios.system:crypto_engine",
    "show.archive": "ios.files:archive",
    "show.flash": "ios.machine:directory",
    "show.file_systems": "ios.machine:file_systems",
    "show.memory": "ios.machine:memory",
    "show.processes.memory": "ios.machine:processes_memory",
    "show.processes.cpu": "ios.machine:processes_cpu",
    "show.arp": "ios.machine:arp",
    "show.ipv6.neighbors": "ios.machine:ipv6_neighbors",
    "show.hosts": "ios.machine:hosts",
    "show.udp": "ios.machine:udp",
    "show.inventory": "ios.machine:inventory",
    "show.route.summary": "ios.network:summary",
    "show.ipv6.route.summary": "ios.ipv6:summary",
    "show.ipv6.interface": "ios.ipv6:interface",
    "show.interfaces.stats": "ios.interfaces:stats",
    "show.clock": "ios.system:clock",
    "show.users": "ios.system:users",
    "show.aliases": "ios.system:aliases",
    "show.banner": "ios.system:banner",
    "show.privilege": "ios.system:privilege",
    "show.logging": "ios.system:logging",
    "show.debugging": "ios.system:debugging",
}

_ASA: Final[dict[str, str]] = {
    "show.ikev2.sa": "asa.ikev2:sa",
    "show.isakmp.sa": "asa.ikev2:both_versions",
    "show.trace": "asa.tracer:trace",
    "show.ikev2.stats": "asa.ikev2:stats",
    "show.ipsec.sa": "asa.ipsec:sa",
    "show.ipsec.stats": "asa.ipsec:stats",
    "show.ipsec.df_bit": "asa.ipsec:df_bit",
    "show.ipsec.fragmentation": "asa.ipsec:fragmentation",
    "show.map": "ios.crypto_map:of_a_firewall",
    "show.vpn_sessiondb.l2l": "asa.vpn_sessiondb:l2l",
    "show.vpn_sessiondb.remote": "asa.remote_access:sessions",
    "show.local_pool": "asa.pools:local_pool",
    "show.vpn_sessiondb.summary": "asa.vpn_sessiondb:summary",
    "show.interface.brief": "asa.network:interface_brief",
    "show.interfaces": "asa.network:interfaces",
    "show.nameif": "asa.network:nameif",
    "show.interfaces.summary": "asa.network:summary",
    "show.route.to": "asa.network:way",
    "show.route.summary": "asa.network:route_summary",
    "show.ipv6.route": "asa.network:ipv6_route",
    "show.ipv6.interface.brief": "asa.network:ipv6_interface_brief",
    "show.vpn_sessiondb.index": "asa.remote_access:one",
    "show.vpn_sessiondb.ratio": "asa.ratio:ratio",
    "show.ip": "asa.network:addresses",
    "show.route": "asa.network:route",
    "show.access_lists": "asa.network:access_lists",
    "show.version": "asa.system:version",
    "show.crypto.engine": "ios.system:crypto_engine",
    "show.flash": "asa.machine:directory",
    "show.memory": "asa.machine:memory",
    "show.processes.cpu": "asa.machine:cpu",
    "show.arp": "asa.machine:arp",
    "show.inventory": "asa.machine:inventory",
    "show.clock": "asa.system:clock",
    "show.users": "ios.system:users",
    "show.curpriv": "asa.system:curpriv",
    "show.logging": "asa.system:logging",
    "show.debugging": "asa.system:debugging",
}

RENDERERS: Final[Late[tuple[str, str], Renderer]] = Late(
    "ikecli.show",
    {
        **{("ios", name): place for name, place in _IOS.items()},
        **{("asa", name): place for name, place in _ASA.items()},
    },
)
"""The renderer of each (dialect, exec command): the names are those after `!` in the exec grammar."""
