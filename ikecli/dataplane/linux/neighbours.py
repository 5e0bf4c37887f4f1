"""Who is known on the links: the kernel's table of neighbours (ip-neighbour(8)), with our own addresses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from pyroute2.netlink.rtnl import RTM_GETNEIGH
from pyroute2.netlink.rtnl.ndmsg import ndmsg

from ikecli.boundary.machine import NeighbourView
from ikecli.boundary.views import InterfaceView
from ikecli.dataplane.linux.netlink import Requests

ETHERNET: Final = 1
"""ARPHRD_ETHER: devices whose packets have hardware addresses."""
NOARP, PERMANENT = 0x40, 0x80
TICKS: Final = 100
"""The kernel's ticks in a second, as it tells them (USER_HZ)."""


def neighbours(requests: Requests, links: dict[str, Any], views: Iterable[InterfaceView]) -> tuple[NeighbourView, ...]:
    """Return the neighbours at some interfaces, whose devices are among the links."""
    at = {links[view.device]["index"]: view for view in views if view.device in links}
    return (*_own(at.values()), *_others(requests, at))


def _own(views: Iterable[InterfaceView]) -> Iterator[NeighbourView]:
    for view in views:
        if view.hardware and not view.shutdown:
            for one in view.addresses:
                yield NeighbourView(one.partition("/")[0], view.hardware, view.name, None, view.vrf, view.nameif)


def _others(requests: Requests, at: dict[int, InterfaceView]) -> Iterator[NeighbourView]:
    for one in requests.dump("neighbours", ndmsg(), RTM_GETNEIGH):
        view, address = at.get(one["ifindex"]), one.get_attr("NDA_DST")
        if view is not None and address and not one["state"] & NOARP:
            times = one.get_attr("NDA_CACHEINFO") or {}
            age = times.get("ndm_confirmed", 0) // TICKS
            hardware = str(one.get_attr("NDA_LLADDR") or "")
            yield NeighbourView(str(address), hardware, view.name, age, view.vrf, view.nameif)
