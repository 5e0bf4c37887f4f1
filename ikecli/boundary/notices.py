"""What the machine reports to the engine."""

from __future__ import annotations

from ikecli.boundary.effects import Endpoint
from ikecli.intent import Address
from ikecli.value import value


@value
class Acquire:
    """A packet met a policy without an SA: the connection's label and the packet's own selectors."""

    connection: str
    source: Address
    destination: Address
    protocol: int = 0
    source_port: int = 0
    destination_port: int = 0


@value
class Expired:
    """An inbound SA reached a lifetime of its own: soft wants a replacement, hard means it is unusable."""

    spi: int
    hard: bool


@value
class FirstPacket:
    """The first valid packet came in on an inbound SA, so the peer uses the new keys."""

    spi: int


@value
class Mapped:
    """Valid ESP arrived from another address or port than the SA's."""

    spi: int
    remote: Endpoint


@value
class Misfit:
    """Valid ESP held a packet that the selectors of its inbound SA do not cover: its first octets."""

    spi: int
    packet: bytes


@value
class UnknownSpi:
    """ESP arrived for an SPI that is not installed."""

    spi: int
    remote: Endpoint


@value
class LinkChanged:
    """Addresses or links changed; `gone` are addresses that are ours no longer."""

    gone: tuple[Address, ...] = ()


@value
class LineChanged:
    """A tunnel's line protocol went up or down; `recursive` because its own packets would go through itself."""

    interface: str
    up: bool
    recursive: bool = False


@value
class AddressGone:
    """A DHCP server lends an inner address no longer."""

    address: Address


Notice = AddressGone | Acquire | Expired | FirstPacket | Mapped | Misfit | UnknownSpi | LinkChanged | LineChanged
