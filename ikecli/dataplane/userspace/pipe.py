"""What engine and worker tell each other: one value a message, of the few classes named here.

The values are pickled, and nothing but these classes is read, so that neither end can make the other run anything.
"""

from __future__ import annotations

import io
import pickle
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from ikecli.boundary import effects, notices
from ikecli.dataplane.userspace.wrapping import Gre
from ikecli.intent import Address, Outer, Selector, Tfc

LARGEST: Final = 1 << 18
"""Octets of the longest message."""
MOST_FILES: Final = 2
BUFFER: Final = 1 << 22
LINES_A_MESSAGE: Final = 500
SO_SNDBUFFORCE: Final = 32


@dataclass(frozen=True, slots=True)
class Listen:
    """A socket to use, which comes along: ESP leaves from and comes to this address of ours (UDP, or raw ESP).

    It is in the routing table `vrf`.
    """

    address: Address
    udp: bool
    vrf: str = ""


@dataclass(frozen=True, slots=True)
class Leave:
    """A socket is closed and must not be used any more."""

    address: Address
    udp: bool
    vrf: str = ""


@dataclass(frozen=True, slots=True)
class Lines:
    """The policies in order: ends, and the connection's label or nothing. They hold once the `last` part is there."""

    rows: tuple[tuple[Selector, Selector, str], ...]
    last: bool


@dataclass(frozen=True, slots=True)
class Put:
    """An SA to put in; its counters are at `slot`, and `mtu` is that of the way to the peer.

    One that `goes_on` keeps its counters, has its last `sequence` number and inbound the bitmap of what was `seen`, and
    was `used` and `warned` of already.
    """

    sa: effects.Install
    slot: int
    mtu: int
    sequence: int = 0
    seen: int = 0
    goes_on: bool = False
    used: bool = False
    warned: bool = False


@dataclass(frozen=True, slots=True)
class Open:
    """A tunnel interface, whose TUN device comes along: what goes in is for the connection `label`, in GRE or without.

    For GRE without a connection a raw socket comes along, too. It takes packets of some `versions` of IP. One that is
    open already is so from now on.
    """

    name: str
    label: str
    gre: Gre | None
    versions: tuple[int, ...]
    segments: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Clamp:
    """How large the segments of TCP connections may be that crypto maps protect, over IPv4 and over IPv6."""

    segments: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Aging:
    """For how many seconds a shorter path to a peer is believed in."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Shut:
    """A tunnel interface is no more."""

    name: str


@dataclass(frozen=True, slots=True)
class Give:
    """Take out both directions of Child SAs, by inbound SPI, and say how far they are."""

    spis: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Hide:
    """Send the dummy packets of one burst from an SA that sends, by the inbound SPI."""

    spi: int


@dataclass(frozen=True, slots=True)
class Given:
    """How far SAs are that were taken out: outbound or not, inbound SPI, sequence number, bitmap, used, warned."""

    states: tuple[tuple[bool, int, int, int, bool, bool], ...]


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker is there."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What the worker cannot do, for the operator."""

    text: str


_CLASSES: Final = {
    *((__name__, name) for name in ("Listen", "Leave", "Lines", "Put", "Ready", "Trouble")),
    *((__name__, name) for name in ("Open", "Shut", "Give", "Given", "Hide", "Clamp", "Aging")),
    (Gre.__module__, "Gre"),
} | {
    *((effects.__name__, name) for name in ("Install", "Update", "Remove", "Datagram", "Endpoint", "Direction")),
    *((effects.__name__, name) for name in ("EspKeys", "Lifetime")),
    *((notices.__name__, name) for name in ("Acquire", "Expired", "FirstPacket", "Mapped", "Misfit", "UnknownSpi")),
    *(("ipaddress", name) for name in ("IPv4Address", "IPv6Address")),
    *(("ikecli.intent.selectors", name) for name in ("Selector", "Flow", "Screen")),
    (Tfc.__module__, "Tfc"), (Outer.__module__, "Outer"),
    *(("ikecli.numbers.algorithms", name) for name in ("Algorithm", "Words")),
    ("ikecli.numbers.registries", "TransformType"),
}  # fmt: skip


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _CLASSES:
            raise pickle.UnpicklingError(f"{module}.{name} is no message")
        return super().find_class(module, name)


class Pipe:
    """One end."""

    def __init__(self, one: socket.socket) -> None:
        self.socket: Final = one
        one.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, BUFFER)

    def send(self, message: object, files: Sequence[int] = ()) -> None:
        """Send a message; raises OSError, BlockingIOError from an end that does not wait."""
        octets = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        if files:
            socket.send_fds(self.socket, [octets], list(files))
        else:
            self.socket.send(octets)

    def receive(self, flags: int = 0) -> tuple[object, list[int]] | None:
        """Return a message and the files that came along, None at the end; raises OSError, pickle.UnpicklingError."""
        octets, files, _flags, _address = socket.recv_fds(self.socket, LARGEST, MOST_FILES, flags)
        return (_Reader(io.BytesIO(octets)).load(), files) if octets else None
