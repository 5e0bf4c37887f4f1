"""What `show` sees of interfaces and routes when they are as configured."""

from __future__ import annotations

from ipaddress import ip_network

from ikecli.boundary.views import InterfaceView, RouteView
from ikecli.intent import Intent, Interface, Network


def interface_views(intent: Intent) -> tuple[InterfaceView, ...]:
    """Return the configured interfaces; one is up unless it is shut down."""
    maps = {connection.interface: connection.name for connection in intent.connections}
    return tuple(
        InterfaceView(
            name=one.name,
            nameif=one.nameif,
            addresses=tuple(str(address) for address in one.addresses),
            shutdown=one.shutdown,
            up=not one.shutdown,
            mtu=one.mtu,
            description=one.description,
            map=maps.get(one.name, ""),
        )
        for one in intent.network.interfaces
    )


def route_views(network: Network) -> tuple[RouteView, ...]:
    """Return connected, local and static routes, by prefix."""
    rows = [row for one in network.interfaces if not one.shutdown for row in _connected(one)]
    for route in network.routes:
        gateway = str(route.gateway) if route.gateway is not None else ""
        rows.append(
            RouteView("V" if route.learned else "S", str(route.prefix), gateway, route.interface, route.distance)
        )
    return tuple(sorted(rows, key=lambda row: (ip_network(row.prefix).version, ip_network(row.prefix))))


def _connected(interface: Interface) -> list[RouteView]:
    rows = []
    for address in interface.addresses:
        name = interface.nameif or interface.name
        rows.append(RouteView("C", str(address.network), "", name, 0))
        if address.network.num_addresses > 1:
            rows.append(RouteView("L", f"{address.ip}/{address.max_prefixlen}", "", name, 0))
    return rows
