"""Identities and what may match them (RFC 7296 3.5, RFC 4945 for their text)."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import Final

from ikecli.intent.network import Address, Prefix
from ikecli.numbers import IdType
from ikecli.value import value

_IPV4, _IPV6 = IdType.IPV4_ADDR, IdType.IPV6_ADDR

PRINT_LIMIT: Final = 128
"""Characters shown of anything that came from a peer."""


def printable(octets: bytes, limit: int = PRINT_LIMIT) -> str:
    r"""Show octets that came from a peer: printable ASCII as it is, the rest as \xNN, cut at `limit` characters."""
    text = "".join(chr(c) if 0x20 <= c < 0x7F and c != 0x5C else f"\\x{c:02x}" for c in octets[:limit])
    return text[:limit] + "..." if len(text) > limit or len(octets) > limit else text


@value
class Identity:
    """An identification payload's content: its type and octets."""

    type: int
    data: bytes

    @classmethod
    def of(cls, address: Address) -> Identity:
        """Return the identity that is an address."""
        return cls(_IPV4 if address.version == 4 else _IPV6, address.packed)

    @classmethod
    def fqdn(cls, name: str) -> Identity:
        """Return the identity that is a domain name."""
        return cls(IdType.FQDN, name.encode())

    @classmethod
    def email(cls, name: str) -> Identity:
        """Return the identity that is a mail address."""
        return cls(IdType.RFC822_ADDR, name.encode())

    @classmethod
    def key_id(cls, name: bytes | str) -> Identity:
        """Return the identity that is an opaque key id."""
        return cls(IdType.KEY_ID, name.encode() if isinstance(name, str) else name)

    @property
    def address(self) -> Address | None:
        """The address, where the identity is one of the right length."""
        if self.type == _IPV4 and len(self.data) == 4:
            return IPv4Address(self.data)
        if self.type == _IPV6 and len(self.data) == 16:
            return IPv6Address(self.data)
        return None

    def __str__(self) -> str:
        if self.type == _IPV4 and len(self.data) == 4:
            return ".".join(map(str, self.data))
        address = self.address
        return str(address) if address is not None else printable(self.data)


class _Span:
    """What an address is compared with: `network` would take longer than all else that is done with it."""

    __slots__ = ("span",)
    span: tuple[int, bytes, bytes] | None


@value
class IdentityMatch(_Span):
    """What an identity must be: any (`type` None), inside `network`, equal to `value`, or under the domain `value`.

    `span` is the network as a type of identities and the octets of the first and of the last one.
    """

    type: int | None = None
    value: bytes = b""
    network: Prefix | None = None
    domain: bool = False

    def __post_init__(self) -> None:
        network, self.span = self.network, None
        if network is not None:
            first, last = Identity.of(network.network_address), Identity.of(network.broadcast_address)
            self.span = first.type, first.data, last.data

    def matches(self, identity: Identity) -> bool:
        """Tell whether `identity` is meant; names compare without case (RFC 4343), key ids exactly."""
        if self.type is None:
            return True
        if self.span is not None:
            (type, first, last), octets = self.span, identity.data
            return identity.type == type and len(octets) == len(first) and first <= octets <= last
        if identity.type != self.type:
            return False
        if self.type == IdType.KEY_ID:
            return identity.data == self.value
        have, want = identity.data.lower(), self.value.lower()
        if not self.domain:
            return have == want
        return have.endswith((b"@" if self.type == IdType.RFC822_ADDR else b".") + want)

    def __str__(self) -> str:
        if self.type is None:
            return "any"
        if self.network is not None:
            return f"address {self.network.network_address} {self.network.netmask}"
        word = {IdType.FQDN: "fqdn", IdType.RFC822_ADDR: "email", IdType.KEY_ID: "key-id"}.get(IdType(self.type), "id")
        return f"{word} {'domain ' if self.domain else ''}{printable(self.value)}"
