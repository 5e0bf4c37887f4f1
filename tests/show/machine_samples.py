"""Views of a machine: a router's with two neighbours."""

from __future__ import annotations

from ikecli.boundary.machine import HostView, LoadView, MemoryView, NeighbourView, RoomView, SocketView
from ikecli.boundary.views import Counters, IpsecTotalsView

MEMORY = MemoryView(50_000_000, 3_950_000_000, 3_900_000_000, 8_000_000_000, 3_950_000_000)
LOAD = LoadView(4711, 250, 120, 40, 12_345, 6_000)
ROOM = RoomView(1_000_000, 250_000)
NEIGHBOURS = (
    NeighbourView("192.0.2.1", "02:fc:00:00:00:05", "GigabitEthernet0/0", None, nameif="outside"),
    NeighbourView("192.0.2.254", "02:fc:00:00:00:06", "GigabitEthernet0/0", 185, nameif="outside"),
    NeighbourView("192.0.2.9", "", "GigabitEthernet0/0", 2, nameif="outside"),
    NeighbourView("2001:db8::1", "02:fc:00:00:00:05", "GigabitEthernet0/0", None, nameif="outside"),
    NeighbourView("2001:db8::2", "02:fc:00:00:00:06", "GigabitEthernet0/0", 185, nameif="outside"),
)
HOSTS = (HostView("hub", ("192.0.2.254",)), HostView("six", ("2001:db8::2", "192.0.2.9")))
SOCKETS = (SocketView("192.0.2.1", 500, 0, 0), SocketView("::", 4500, 12, 0))
TOTALS = IpsecTotalsView(3, 2, Counters(5, 640, 4, 512, 1, 2, 3, 4))
OBJECT_GROUPS = (
    "object-group network NETS",
    " description of branches",
    " host 10.1.1.1",
    " 10.2.0.0 255.255.0.0",
    "object-group service SSH",
    " tcp eq 22",
)
