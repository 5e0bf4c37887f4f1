"""What the configurations of both dialects have in common."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Interface
from typing import Final

from ikecli.secret import Secret

Ip = IPv4Address | IPv6Address


class Digest(Secret):
    """A password's hash, in the text form of its dialect: it may be written, never compared as a key."""


class Obscured(Digest):
    """A password of type 7, which anybody can read: its text."""


class Sealed(Secret):
    """A key that was encrypted under another system's master key: it may be written back, never used."""


@dataclass(frozen=True, slots=True)
class Key:
    """A pre-shared key. Stored ones have `key` alone: the key itself, or `Sealed`."""

    kind: str | None = None
    encoding: str | None = None
    key: Secret | None = None
    hex: Secret | None = None

    @property
    def usable(self) -> Secret | None:
        """The key, unless it cannot be read here."""
        return None if isinstance(self.key, Sealed) else self.key


@dataclass(frozen=True, slots=True)
class Password:
    """A password. Stored ones hold a `Digest`; `encoding` names its form."""

    kind: str | None = None
    encoding: str | None = None
    key: Secret | None = None


DHCP: Final = ("dhcp", "dhcp setroute")
"""What stands in the place of an address that a DHCP server gives."""


@dataclass(slots=True)
class User:
    """A user of the appliance."""

    privilege: int | None = None
    login: Password | None = None


@dataclass(frozen=True, slots=True)
class Dpd:
    """When to check that a peer is alive: seconds, and `periodic` or `on-demand`."""

    interval: int
    retry: int
    query: str


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of an access-list line: `kind` is eq, neq, gt, lt, range, or (ASA) object-group, whose `name` it is."""

    kind: str | None
    ports: tuple[int, ...] = ()
    port: int | None = None
    first: int | None = None
    last: int | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Icmp:
    """The message of an access-list line, by name or by type and code."""

    message: str | None = None
    type: int | None = None
    code: int | None = None


@dataclass(frozen=True, slots=True)
class Pfs:
    """A further key exchange; `pqc` is a post-quantum one besides it, or alone. Neither: the dialect's default."""

    group: str | None = None
    pqc: str | None = None


@dataclass(frozen=True, slots=True)
class Matched:
    """An identity, or a pattern of them: `kind` is address, fqdn, email, key-id or any."""

    kind: str | None
    value: Ip | str | None = None
    mask: IPv4Address | None = None
    prefix: IPv6Interface | None = None
    domain: bool = False


@dataclass(frozen=True, slots=True)
class Service:
    """One of a group of services: a protocol (`tcp-udp`: both), ports or an ICMP message; or an object's `name`."""

    kind: str | None = None
    protocol: str | int | None = None
    source_ports: Ports | None = None
    ports: Ports | None = None
    icmp: Icmp | None = None
    name: str | None = None
