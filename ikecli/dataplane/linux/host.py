"""What a plane on Linux is given by the process that it serves."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

from ikecli.boundary.clock import Clock
from ikecli.boundary.effects import Datagram
from ikecli.dataplane.base import Notify
from ikecli.errors import Unavailable
from ikecli.intent import Address


class Home(NamedTuple):
    """Where IKE listens: an address of ours in the routing table `vrf`, whose device is `device` (both "": global)."""

    address: Address
    vrf: str = ""
    device: str = ""


class Guest(Protocol):
    """Who shares the IKE sockets: ESP comes and goes on the same ports (RFC 3948)."""

    def opened(self, home: Home, port: int, one: socket.socket) -> bool:
        """Take note of a bound socket, the engine's port 500 or 4500; return whether the guest reads it from now on."""

    def closed(self, home: Home, port: int) -> None:
        """Take note that it is about to be closed."""


class IkeSockets(Protocol):
    """The sockets of IKE, as a plane sees them."""

    guest: Guest | None

    def listen(self, homes: Iterable[Home]) -> None:
        """Listen there and nowhere else; raises Unavailable."""

    def on_wire(self, port: int) -> int:
        """Return the port on the wire that stands for the engine's; its own inverse."""

    def deliver(self, datagram: Datagram) -> None:
        """Take an IKE datagram that the guest read."""


@dataclass(frozen=True, slots=True)
class Host:
    """The process around a plane: `state` is its directory, `devices` names a device for interfaces by name.

    `watch` calls back whenever a file can be read. `log` takes a sentence for the operator, `trouble` what an engine
    that just starts cannot go on with.
    """

    clock: Clock
    notify: Notify
    random: Callable[[int], bytes]
    sockets: IkeSockets
    state: Path
    watch: Callable[[int, Callable[[], None]], None]
    unwatch: Callable[[int], object]
    log: Callable[[str], None]
    trouble: Callable[[Unavailable], None]
    devices: Mapping[str, str] = field(default_factory=dict)
