"""What each `show` looks at: topics, named as the exec grammar names them, to views."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, Final

from ikecli import __version__
from ikecli.boundary.lending import FlexView, PoolView
from ikecli.boundary.machine import FileView, RoomView
from ikecli.boundary.views import (
    ConnectionView,
    IkeSaView,
    InterfaceView,
    RouteView,
    SaStatus,
    SystemView,
    TranslationView,
)
from ikecli.boundary.watching import ProbeView, TrackView
from ikecli.config import greeting, views
from ikecli.control.messages import Option
from ikecli.daemon import joined, machine, tracing
from ikecli.daemon.appliance import Appliance
from ikecli.daemon.selection import address_of, chosen, leading
from ikecli.dataplane.base import Translating
from ikecli.errors import Rejected

Options = Mapping[str, Option]


def query(appliance: Appliance, topic: str, options: Options) -> Iterable[Any]:
    """Return the views of a topic; raises Rejected for a topic that nothing here knows."""
    try:
        find = _TOPICS[topic]
    except KeyError:
        raise Rejected(f"% Nothing is known here about {topic}") from None
    return find(appliance, options)


def _each_sa(appliance: Appliance, options: Options) -> Iterator[IkeSaView]:
    """Yield the IKE SAs as they are when they are asked for: nobody waits for the view of very many."""
    return (sa for sa in appliance.each_sa() if chosen(sa, options))


def _ipsec(appliance: Appliance, options: Options) -> Iterator[ConnectionView]:
    peer, name, interface, vrf = (options.get(word) for word in ("peer", "map", "interface", "vrf"))
    return (
        view
        for view in joined.connections(appliance)
        if (not peer or peer in view.peers or any(child.remote == peer for child in view.children))
        and name in (None, "", view.name)
        and interface in (None, "", view.interface)
        and vrf in (None, "", view.vrf)
        and (not options.get("ipv6") or ":" in view.local)
    )


def _maps(appliance: Appliance, options: Options) -> list[ConnectionView]:
    name, interface = options.get("tag"), options.get("interface")
    return [
        view
        for view in views.crypto_maps(appliance.store)
        if name in (None, "", view.name) and interface in (None, "", view.interface)
    ]


def _sessions(appliance: Appliance, options: Options) -> Iterator[IkeSaView | ConnectionView]:
    """Yield IKE SAs, each lot with the connections that it serves behind it."""
    interface, user = options.get("interface"), options.get("user")
    served: set[int] = set()
    for view in joined.sessions(appliance):
        if isinstance(view, IkeSaView):
            wanted = chosen(view, options)
            places = {child.interface for child in view.children}
            served |= {child.inbound_spi for child in view.children if wanted and user}
        else:
            wanted = _between(view, options)
            wanted = wanted and (not user or any(child.inbound_spi in served for child in view.children))
            places = {view.interface}
        if wanted and (not interface or interface in places):
            yield view


def _between(view: ConnectionView, options: Options) -> bool:
    """Tell whether a connection is between the ends, and of the profile, that options name."""
    facts = {"local": view.local, "vrf": view.vrf, "group": view.profile}
    return options.get("remote") in (None, "", *view.peers) and all(
        options.get(name) in (None, "", fact) for name, fact in facts.items()
    )


def _system(appliance: Appliance, options: Options) -> list[SystemView]:
    plane = appliance.plane
    return [
        SystemView(
            hostname=appliance.hostname,
            dialect=appliance.dialect,
            version=__version__,
            uptime=int(appliance.clock.now() - appliance.started),
            clock=appliance.clock.wall(),
            platform=f"{platform.system()} {platform.release()}",
            python=platform.python_version(),
            processor=platform.machine(),
            memory_kb=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1024,
            image=str(Path(__file__).parent.parent),
            config_file=appliance.storage.config_file,
            dataplane=plane.name,
            interfaces=tuple(view.name for view in plane.interfaces()),
            dataplane_reason=appliance.plane_reason,
        )
    ]


def _pools(appliance: Appliance, options: Options) -> list[PoolView]:
    return [view for view in appliance.engine.pools() if options.get("name") in (None, "", view.name)]


def _clients(appliance: Appliance, options: Options) -> list[FlexView]:
    """Return the FlexVPN clients, joined with the IKE SA that each has."""
    found = {child.interface: sa for sa in appliance.sas() for child in sa.children}
    rows = []
    for view in views.flexvpn_clients(appliance.store):
        sa = found.get(view.tunnel)
        view = appliance.watching.watcher.seen(view)
        if sa is not None and sa.status is SaStatus.READY:
            view = replace(view, addresses=sa.pushed, told=sa.told)
        if options.get("name") in (None, "", view.name):
            rows.append(view)
    return rows


def _tracks(appliance: Appliance, options: Options) -> list[TrackView]:
    watching = appliance.watching
    views = watching.watcher.track_views(watching.sight, appliance.clock.now())
    return [view for view in views if options.get("number") in (None, view.number)]


def _probes(appliance: Appliance, options: Options) -> list[ProbeView]:
    views = appliance.watching.watcher.probe_views(appliance.clock.now(), appliance.clock.wall())
    return [view for view in views if options.get("number") in (None, view.number)]


def _translations(appliance: Appliance) -> tuple[TranslationView, ...]:
    """Return what the plane translates, where it does."""
    if not isinstance(appliance.plane, Translating):
        raise Rejected(f"% The data plane {appliance.plane.name} translates no addresses")
    return appliance.plane.translations()


def _routes(appliance: Appliance, options: Options) -> list[RouteView]:
    return [view for view in appliance.plane.routes() if view.vrf == options.get("vrf", "")]


def _ways(appliance: Appliance, options: Options) -> list[RouteView]:
    """Return the most specific routes to an address; IPv4's default route is that to 0.0.0.0 alone."""
    to = address_of(options, "destination")
    fitting = leading(_routes(appliance, options), to)
    longest = max((length for length, _ in fitting), default=0)
    return [view for length, view in fitting if length == longest and (length or to.version == 6 or not int(to))]


def _derived(appliance: Appliance, options: Options) -> list[str]:
    name = options.get("interface")
    found = [one for one in appliance.engine.connections() if one.interface == name]
    profiles = {one.name: one.template for one in appliance.store.intent.profiles}
    if not found:
        raise Rejected(f"% {name} is no virtual-access interface")
    return views.derived(appliance.store, str(name), found[0], profiles[found[0].profile or ""])


def _interfaces(appliance: Appliance, options: Options) -> list[InterfaceView]:
    wanted = options.get("interface") or options.get("nameif")
    return [view for view in appliance.plane.interfaces() if wanted in (None, "", view.name, view.nameif)]


def _startup(appliance: Appliance, options: Options) -> tuple[str, ...]:
    return tuple(appliance.startup_lines())


def _flash(appliance: Appliance, options: Options) -> list[FileView | RoomView]:
    storage = appliance.storage
    return [
        *(FileView(*file, storage.written(file[0])) for file in appliance.archive.files()),
        RoomView(*storage.room()),
    ]


def _object_groups(appliance: Appliance, name: str) -> list[str]:
    """Return the lines of the object groups, or of one."""
    found, inside = [], False
    for line in appliance.store.shown():
        if line[:1] != " ":
            inside = line.startswith("object-group ") and name in ("", line.split()[-1])
        if inside and line != "!":
            found.append(line)
    return found


def _named(found: Callable[[Any], Iterable[Any]]) -> Callable[[Appliance, Options], list[Any]]:
    """Let `name` narrow the views of the configuration."""

    def narrowed(appliance: Appliance, options: Options) -> list[Any]:
        return [view for view in found(appliance.store) if options.get("name") in (None, "", view.name)]

    return narrowed


_TOPICS: Final[dict[str, Callable[[Appliance, Options], Iterable[Any]]]] = {
    "ikev2.sa": _each_sa,
    "isakmp.sa": _each_sa,
    "trace": tracing.trace,
    "ikev2.session": _each_sa,
    "ikev2.stats": lambda appliance, options: [appliance.stats()],
    "ikev2.diagnose": lambda appliance, options: appliance.journal.remembered(),
    "admission": lambda appliance, options: [appliance.stats()],
    "ikev2.proposal": _named(views.proposals),
    "ikev2.policy": _named(views.policies),
    "ikev2.profile": _named(views.profiles),
    "ipsec.sa": _ipsec,
    "ipsec.count": _each_sa,
    "ipsec.stats": lambda appliance, options: [appliance.totals.view()],
    "ipsec.lifetime": lambda appliance, options: views.security_association(appliance.store),
    "ipsec.df_bit": _named(views.outers),
    "ipsec.fragmentation": _named(views.outers),
    "ipsec.transform_set": _named(views.transform_sets),
    "map": _maps,
    "session": _sessions,
    "vpn_sessiondb.l2l": lambda appliance, options: chain(_system(appliance, options), _each_sa(appliance, options)),
    "vpn_sessiondb.index": lambda appliance, options: chain(_system(appliance, options), _each_sa(appliance, options)),
    "vpn_sessiondb.ratio": lambda appliance, options: chain([appliance.engine.stats()], _each_sa(appliance, options)),
    "vpn_sessiondb.remote": lambda appliance, options: chain(_system(appliance, options), _each_sa(appliance, options)),
    "ikev2.authorization": _named(views.authorizations),
    "ikev2.flexvpn": _clients,
    "track": _tracks,
    "route.track": lambda appliance, options: appliance.watching.watcher.route_views(),
    "ip.sla.statistics": _probes,
    "sla": _probes,
    "ip.sla.summary": _probes,
    "local_pool": _pools,
    "ipv6_local_pool": _pools,
    "vpn_sessiondb.summary": lambda appliance, options: chain([appliance.stats()], _each_sa(appliance, options)),
    "running": lambda appliance, options: appliance.store.running(options),
    "startup": _startup,
    "archive": lambda appliance, options: [appliance.archive.view()],
    "flash": _flash,
    "file_systems": machine.room,
    "memory": machine.memory,
    "processes.memory": machine.memory,
    "processes.cpu": machine.load,
    "arp": machine.neighbours,
    "ipv6.neighbors": machine.neighbours,
    "hosts": machine.hosts,
    "udp": machine.sockets,
    "inventory": _system,
    "route.summary": _routes,
    "ipv6.route.summary": _routes,
    "interfaces.stats": _interfaces,
    "protocols": _interfaces,
    "ipv6.interface": _interfaces,
    "interface.brief": _interfaces,
    "interfaces": _interfaces,
    "ipv6.interface.brief": _interfaces,
    "vrf": _named(views.vrfs),
    "ip.vrf": _named(views.vrfs),
    "vrf.detail": _named(views.vrfs),
    "object_groups": lambda appliance, options: _object_groups(appliance, str(options.get("name") or "")),
    "ipsec.profile": _named(views.ipsec_profiles),
    "derived": _derived,
    "nameif": lambda appliance, options: appliance.plane.interfaces(),
    "nat.translations": lambda appliance, options: _translations(appliance),
    "route": _routes,
    "crypto.route": lambda appliance, options: [view for view in appliance.plane.routes() if view.code == "V"],
    "ipv6.route": _routes,
    "route.to": _ways,
    "ipv6.route.to": _ways,
    "ip": _interfaces,
    "interfaces.summary": _interfaces,
    "ip.interface": _interfaces,
    "dynamic_map": _named(views.dynamic_maps),
    "session.summary": lambda appliance, options: (sa for sa in _each_sa(appliance, options) if sa.authorization),
    "interfaces.description": _interfaces,
    "access_lists": _named(views.access_lists),
    "prefix_lists": lambda appliance, options: [
        view for view in _named(views.prefix_lists)(appliance, options) if view.version == 4
    ],
    "ipv6.prefix_lists": lambda appliance, options: [
        view for view in _named(views.prefix_lists)(appliance, options) if view.version == 6
    ],
    "route_map": _named(views.route_maps),
    "ipv6.access_lists": lambda appliance, options: [
        view for view in _named(views.access_lists)(appliance, options) if view.kind == "ipv6"
    ],
    "version": _system,
    "crypto.engine": _system,
    "clock": _system,
    "logging": lambda appliance, options: appliance.journal.kept(),
    "banner": lambda appliance, options: greeting.banners(
        appliance.store, (str(options["which"]),) if options.get("which") else greeting.ORDER
    ),
    "banners": lambda appliance, options: greeting.banners(appliance.store),
    "aliases": lambda appliance, options: greeting.aliases(appliance.store),
    "debugging": lambda appliance, options: [*sorted(appliance.journal.debugs), *appliance.keylog.switches],
}
