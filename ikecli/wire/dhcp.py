"""DHCP messages (RFC 2131, RFC 2132), as a relay agent that is a client itself sends and reads them."""

from __future__ import annotations

from enum import IntEnum
from ipaddress import IPv4Address
from struct import Struct
from typing import Final

from ikecli.errors import Malformed
from ikecli.value import value
from ikecli.wire.reader import Reader

ENDLESS: Final = (1 << 32) - 1
"""The lease that never ends."""

_REQUEST, _REPLY = 1, 2
_HEAD: Final = Struct("!BBBBIHHIIII16s64s128s")
_COOKIE: Final = bytes((99, 130, 83, 99))
_ETHERNET, _HARDWARE_SIZE, _HOPS = 1, 6, 1
_PAD, _MASK, _WANTED, _LEASE, _KIND, _SERVER, _ASKED, _MESSAGE, _RENEW, _CLIENT = 0, 1, 50, 51, 53, 54, 55, 56, 58, 61
_RELAY, _SUBNET, _END = 82, 118, 255
_LINK: Final = 5
"""The sub-option of the relay agent that names the network wanted (RFC 3527)."""
_LEAST: Final = 300
"""Octets of the shortest message that every server takes (RFC 1542 2.1)."""
MAX_TEXT: Final = 80


class Kind(IntEnum):
    """What a message is (RFC 2132 9.6)."""

    DISCOVER = 1
    OFFER = 2
    REQUEST = 3
    DECLINE = 4
    ACK = 5
    NAK = 6
    RELEASE = 7


@value
class Sent:
    """A message to a server for one client; `link` is the network that its address is to be of, if not the relay's.

    `link_option` says how that is told: as the relay agent's link selection (RFC 3527), else as the client's subnet
    selection (RFC 3011).
    """

    kind: Kind
    xid: int
    relay: IPv4Address
    client: bytes
    hardware: bytes
    current: IPv4Address | None = None
    wanted: IPv4Address | None = None
    server: IPv4Address | None = None
    link: IPv4Address | None = None
    link_option: bool = True

    def write(self) -> bytes:
        """Return the octets."""
        none = 0
        head = _HEAD.pack(
            _REQUEST, _ETHERNET, _HARDWARE_SIZE, _HOPS, self.xid, 0, 0,
            int(self.current) if self.current else none, none, none, int(self.relay), self.hardware, b"", b"",
        )  # fmt: skip
        options = [(_KIND, bytes((self.kind,))), (_CLIENT, self.client)]
        options += [(_WANTED, self.wanted.packed)] if self.wanted else []
        options += [(_SERVER, self.server.packed)] if self.server else []
        if self.kind in (Kind.DISCOVER, Kind.REQUEST):
            options.append((_ASKED, bytes((_MASK, _LEASE, _SERVER, _RENEW))))
        if self.link is not None and not self.link_option:
            options.append((_SUBNET, self.link.packed))
        if self.link is not None and self.link_option:
            options.append((_RELAY, bytes((_LINK, len(self.link.packed))) + self.link.packed))
        body = b"".join(bytes((code, len(data))) + data for code, data in options)
        return (head + _COOKIE + body + bytes((_END,))).ljust(_LEAST, b"\0")


@value
class Received:
    """A server's message: the address for the client, for how many seconds, and from when it is to be asked again."""

    kind: Kind
    xid: int
    hardware: bytes
    address: IPv4Address
    server: IPv4Address | None
    lease: int
    renew: int
    mask: IPv4Address | None
    text: str


def read(octets: bytes) -> Received:
    """Read a server's message; raises Malformed."""
    reader = Reader(octets)
    parts = reader.unpack(_HEAD)
    op, xid, address, hardware = parts[0], parts[4], parts[8], parts[11]
    if op != _REPLY or reader.take(len(_COOKIE)) != _COOKIE:
        raise Malformed("no DHCP reply")
    options = _options(reader)
    try:
        kind = Kind(_number(options.get(_KIND, b""), 1))
    except ValueError:
        raise Malformed("no DHCP message type that is known") from None
    server, mask = options.get(_SERVER), options.get(_MASK)
    text = options.get(_MESSAGE, b"")[:MAX_TEXT]
    return Received(
        kind,
        xid,
        hardware[:_HARDWARE_SIZE],
        IPv4Address(address),
        IPv4Address(_number(server, 4)) if server is not None else None,
        _number(options[_LEASE], 4) if _LEASE in options else 0,
        _number(options[_RENEW], 4) if _RENEW in options else 0,
        IPv4Address(_number(mask, 4)) if mask is not None else None,
        "".join(chr(octet) if 0x20 <= octet < 0x7F else "?" for octet in text),
    )


def _options(reader: Reader) -> dict[int, bytes]:
    """Return the options; the parts of one that comes in several are joined (RFC 3396)."""
    found: dict[int, bytes] = {}
    while reader.left:
        code = reader.take(1)[0]
        if code == _END:
            break
        if code != _PAD:
            found[code] = found.get(code, b"") + reader.take(reader.take(1)[0])
    return found


def _number(data: bytes, size: int) -> int:
    if len(data) != size:
        raise Malformed("a DHCP option of another length than its own")
    return int.from_bytes(data, "big")
