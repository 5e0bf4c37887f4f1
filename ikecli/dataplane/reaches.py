"""What stands in the network because of SAs: inner addresses that peers lent, routes to what lies behind peers."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_interface

from ikecli.boundary.effects import Reach
from ikecli.intent import Connection, Intent, Interface


class Reaches:
    """What holds now, by id."""

    def __init__(self) -> None:
        self._held: dict[int, Reach] = {}

    def __bool__(self) -> bool:
        return bool(self._held)

    def take(self, reach: Reach) -> Reach | None:
        """Have one hold in place of that of the same id, which is returned; one with nothing in it only ends that."""
        old = self._held.pop(reach.id, None)
        if reach.addresses or reach.routes:
            self._held[reach.id] = reach
        return old

    def into(self, intent: Intent) -> Intent:
        """Return an intent whose interfaces and routes have what holds, too."""
        if not self._held:
            return intent
        rows = {row.label: row for row in intent.connections}
        held = [(rows[one.connection], one) for one in self._held.values() if one.connection in rows]
        network = intent.network
        interfaces = tuple(_with_addresses(one, held) for one in network.interfaces)
        learned = tuple(route for _, one in held for route in one.routes)
        return replace(intent, network=replace(network, interfaces=interfaces, routes=(*network.routes, *learned)))


def _with_addresses(interface: Interface, held: list[tuple[Connection, Reach]]) -> Interface:
    own = [ip_interface(own) for row, one in held if row.interface == interface.name for own in one.addresses]
    return replace(interface, addresses=(*own, *interface.addresses)) if own else interface
