"""What `show` is told of prefix lists and route maps."""

from __future__ import annotations

from ikecli.value import value


@value
class PrefixListView:
    """A prefix list of IPv4 or IPv6, its lines by sequence number as written."""

    name: str
    version: int
    description: str
    entries: tuple[tuple[int, str], ...]


@value
class RouteMapView:
    """An entry of a route map, and the lists by which it matches networks: of prefixes, and of access."""

    name: str
    sequence: int
    action: str
    description: str
    prefix_lists: tuple[str, ...]
    lists: tuple[str, ...]
    prefix_lists6: tuple[str, ...]
    lists6: tuple[str, ...]
