"""Traffic selectors as the engine uses them: address, port and protocol ranges."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final

from ikecli.intent.network import Address, Prefix
from ikecli.value import value

ANY_PROTOCOL: Final = 0
LAST_PORT: Final = 65535


class _Numbers:
    """What a selector is compared by: addresses would take longer than all else that is done with it."""

    __slots__ = ("numbers",)
    numbers: tuple[int, int, int, int, int, int]


@value
class Selector(_Numbers):
    """One side of a flow: all addresses from `first` to `last`, one IP protocol (0: any), ports from..to.

    For ICMP the port range holds type and code (RFC 7296 3.13.1). `numbers` is the IP version, and then all of it.
    """

    first: Address
    last: Address
    protocol: int = ANY_PROTOCOL
    first_port: int = 0
    last_port: int = LAST_PORT

    @classmethod
    def of(cls, prefix: Prefix, protocol: int = ANY_PROTOCOL, ports: tuple[int, int] = (0, LAST_PORT)) -> Selector:
        """Return the selector of a whole prefix."""
        return cls(prefix.network_address, prefix.broadcast_address, protocol, *ports)

    def __post_init__(self) -> None:
        ends = self.first.version, int(self.first), int(self.last)
        self.numbers = *ends, self.protocol, self.first_port, self.last_port

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Selector) and self.numbers == other.numbers

    def __hash__(self) -> int:
        return hash(self.numbers)

    def covers(self, address: Address, protocol: int, port: int) -> bool:
        """Tell whether a packet's end lies in here; a `port` of -1 (a later fragment) needs the whole range."""
        return (
            address.version == self.first.version
            and int(self.first) <= int(address) <= int(self.last)
            and self.protocol in (ANY_PROTOCOL, protocol)
            and (self.any_port or self.first_port <= port <= self.last_port)
        )

    @property
    def any_port(self) -> bool:
        """Whether ports do not matter."""
        return self.first_port == 0 and self.last_port == LAST_PORT

    def within(self, other: Selector) -> bool:
        """Tell whether all of this lies in `other`."""
        return self.intersection(other) == self

    def intersection(self, other: Selector) -> Selector | None:
        """Return what both cover, or None (RFC 7296 2.9)."""
        if self.first.version != other.first.version:
            return None
        if ANY_PROTOCOL not in (self.protocol, other.protocol) and self.protocol != other.protocol:
            return None
        first, last = max(int(self.first), int(other.first)), min(int(self.last), int(other.last))
        low, high = max(self.first_port, other.first_port), min(self.last_port, other.last_port)
        if first > last or low > high:
            return None
        address = type(self.first)
        return Selector(address(first), address(last), self.protocol or other.protocol, low, high)

    @property
    def prefix(self) -> Prefix | None:
        """The one prefix this is, or None for another range."""
        length = self._prefix_length
        if length is None:
            return None
        network = IPv4Network if self.first.version == 4 else IPv6Network
        return network((int(self.first), length))

    @property
    def _prefix_length(self) -> int | None:
        size = int(self.last) - int(self.first) + 1
        if size & (size - 1) or int(self.first) % size:
            return None
        return self.first.max_prefixlen - size.bit_length() + 1

    def __str__(self) -> str:
        length = self._prefix_length
        text = f"{self.first}-{self.last}" if length is None else f"{self.first}/{length}"
        if self.protocol:
            text += f" protocol {self.protocol}"
        return text if self.any_port else f"{text} port {self.first_port}-{self.last_port}"


@lru_cache
def any_selector(version: int) -> Selector:
    """Return the selector of every packet of IP `version`."""
    return Selector.of(IPv4Network("0.0.0.0/0") if version == 4 else IPv6Network("::/0"))


def host_selector(address: Address | str) -> Selector:
    """Return the selector of one address."""
    one = ip_address(address)
    return Selector(one, one)


@value
class Flow:
    """What one access-list line protects, or with `permit` off leaves in the clear."""

    local: Selector
    remote: Selector
    permit: bool = True


@value
class Screen:
    """What may pass of the packets that Child SAs carry: those that came out of them, and those that are to go in.

    The first flow that a packet lies in says, its `local` end being where the packet is from; without one it does not
    pass. None stands for no such list: all pass.
    """

    into: tuple[Flow, ...] | None = None
    out: tuple[Flow, ...] | None = None

    @property
    def selectors(self) -> tuple[tuple[Selector, Selector], ...]:
        """What is looked at of packets."""
        return tuple((flow.local, flow.remote) for flow in (*(self.into or ()), *(self.out or ())))


def passes(flows: tuple[Flow, ...] | None, lies: Callable[[Selector, Selector, bool], bool]) -> bool:
    """Tell whether a packet passes; `lies` tells whether it is between two ends, a fragment without ports perhaps."""
    return flows is None or next((one.permit for one in flows if lies(one.local, one.remote, one.permit)), False)
