"""What neither routes nor policies can keep out of the clear: a table of nftables of our own (linux/nf_tables.h).

The kernel sees no ports in fragments, the first neither: where a flow has some, they would leave beside it, and are
dropped on their way through. And where the machine itself asks no policy (userspace), IPv6 packets that come in the
clear to its own addresses are dropped where a flow says that they must be protected; for IPv4 rp_filter sees to that,
but not between the gateways themselves: there those of a protocol are dropped that ESP and IKE do not look like (GRE).
The same table makes the largest segment that a TCP connection's ends are told of no larger than configured (RFC 9293
3.7.1), in what comes from a device and what goes to it. The table is written anew as a whole.
"""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from ikecli.dataplane.linux.ledger import Ledger
from ikecli.dataplane.linux.netlink import ACK, CREATE, ERROR, FAMILIES, HEADER, REQUEST, Refused
from ikecli.dataplane.xfrm.cuts import prefixes
from ikecli.intent import Prefix, Selector

NETLINK_NETFILTER: Final = 12
BATCH_BEGIN, BATCH_END = 0x10, 0x11
SUBSYSTEM: Final = 10
NEW_TABLE, DELETE_TABLE, NEW_CHAIN, NEW_RULE = (SUBSYSTEM << 8 | number for number in (0, 2, 3, 6))
INET: Final = 1
HOOKS: Final = {"input": 1, "forward": 2, "output": 3}
FILTER_PRIORITY: Final = 0
EQUAL, UNEQUAL, GREATER = 0, 1, 4
NETWORK_HEADER, TRANSPORT_HEADER = 1, 2
META_IN, META_OUT, META_FAMILY, META_PROTOCOL = 6, 7, 15, 16
REGISTER: Final = 1
SOURCE_AT: Final = {4: (12, 16), 6: (8, 24)}
"""Where source and destination lie in a packet."""
FRAGMENT: Final = 44
TCP: Final = 6
SYN, FLAGS_AT = 2, 13
MAXIMUM_SEGMENT: Final = 2
TCP_OPTION: Final = 1
DROP: Final = 0
NAME_SIZE: Final = 16
BUFFER: Final = 1 << 16
SO_SNDBUFFORCE: Final = 32
Line = tuple[Selector, Selector]


class Guard:
    """The table of one engine. Without nftables in the kernel it says what is not kept out, once."""

    def __init__(self, ledger: Ledger, say: Callable[[str], None]) -> None:
        self._ledger, self._say = ledger, say
        self._rules: list[bytes] = []
        self._kept: list[bytes] = []
        self._clamps: list[bytes] = []
        self._name = ""
        for thing in ledger.kind("nft"):
            self._delete(thing[1])

    def follow(self, fragments: Iterable[Line], beside: str, own: Iterable[tuple[Selector, Selector, str]]) -> bool:
        """Drop fragments of flows with ports, but into the device `beside`, and what comes to us in the clear.

        `own` are flows, local and remote, and the device that clear packets must not come from. Returns False when the
        kernel refuses.
        """
        rules = [rule for line in fragments for rule in _fragments(*line, beside)]
        rules += [rule for line in own for rule in _clear(*line)]
        self._kept = list(dict.fromkeys(rules))
        return self.try_again()

    def clamp(self, doors: Iterable[tuple[str, tuple[int, int]]]) -> bool:
        """Bound the segments of TCP connections by device, over IPv4 and over IPv6; 0 for no bound.

        Returns False when the kernel refuses.
        """
        self._clamps = [rule for device, sizes in doors for rule in _segments(device, sizes)]
        return self.try_again()

    def can_clamp(self) -> bool:
        """Tell whether the kernel can change what segments are agreed on: it is asked for such a rule in vain."""
        rules = list(_segments("lo", (536, 0)))
        name = f"ikecli-{self._ledger.owner:04x}-try"
        try:
            _batch([*_table(name, rules), (DELETE_TABLE, 0, _text(1, name))])
        except Refused:
            return False
        return True

    def try_again(self) -> bool:
        """Have the table be as it is wanted; return whether it is."""
        wanted = [*self._kept, *self._clamps]
        if wanted == self._rules:
            return True
        if not wanted:
            self.close()
            return True
        done = self._put(wanted)
        if done:
            self._rules = wanted
        return done

    def close(self) -> None:
        """Take the table out."""
        self._kept, self._clamps = [], []
        if self._rules:
            self._rules = []
            self._delete(self._name)

    def _put(self, rules: list[bytes]) -> bool:
        self._name = self._name or f"ikecli-{self._ledger.owner:04x}"
        self._ledger.add(("nft", self._name))
        try:
            _batch(_table(self._name, rules))
        except Refused as refusal:
            if not self._rules:  # else the table before stays as it was
                self._ledger.drop(("nft", self._name))
            self._say(
                f"nftables: {refusal}; fragments of flows with ports, and IPv6 to this machine, may pass in the clear"
            )
            return False
        return True

    def _delete(self, name: str) -> None:
        try:
            _batch([(DELETE_TABLE, 0, _text(1, name))])
        except Refused as refusal:
            if refusal.code not in (errno.ENOENT, errno.EOPNOTSUPP):
                self._say(f"nftables: {refusal}")
        self._ledger.drop(("nft", name))


def _table(called: str, rules: list[bytes]) -> list[tuple[int, int, bytes]]:
    """Return the messages that make a table of rules, in the place of the one of this name."""
    name = _text(1, called)
    messages = [(NEW_TABLE, CREATE, name), (DELETE_TABLE, 0, name), (NEW_TABLE, CREATE, name)]
    for chain, hook in HOOKS.items():
        if any(rule.startswith(_text(2, chain)) for rule in rules):
            where = _nested(4, _number(1, hook) + _number(2, FILTER_PRIORITY))
            messages.append((NEW_CHAIN, CREATE, name + _text(3, chain) + where + _text(7, "filter")))
    return messages + [(NEW_RULE, CREATE | 0x800, name + rule) for rule in rules]


def _segments(device: str, sizes: tuple[int, int]) -> Iterator[bytes]:
    """Yield the rules that make the segment a SYN tells of no larger than a size, for IPv4 and for IPv6."""
    option = _octet(2, MAXIMUM_SEGMENT) + _number(3, 2) + _number(4, 2) + _number(6, TCP_OPTION)
    for version, size in zip(FAMILIES, sizes, strict=True):
        octets = size.to_bytes(2, "big")
        looks = _family(version) + _protocol(TCP)
        looks += _load(TRANSPORT_HEADER, FLAGS_AT, 1) + _mask(bytes((SYN,))) + _compare(EQUAL, bytes((SYN,)))
        looks += _expression("exthdr", _number(1, REGISTER) + option) + _compare(GREATER, octets)
        change = _expression("immediate", _number(1, REGISTER) + _value(2, octets))
        change += _expression("exthdr", option + _number(7, REGISTER))
        for chain, way in (("input", META_IN), ("forward", META_IN), ("forward", META_OUT), ("output", META_OUT)):
            if size:
                here = _device(way, device)
                yield _text(2, chain) + _nested(4, here + looks + change)


def _fragments(local: Selector, remote: Selector, beside: str) -> Iterator[bytes]:
    """Yield the rules that drop fragments on their way from one selector to another, but into one device."""
    version = local.first.version
    if version == 4:
        part = _load(NETWORK_HEADER, 6, 2) + _mask(b"\x3f\xff") + _compare(UNEQUAL, bytes(2))
    else:
        offset = _number(1, REGISTER) + _octet(2, FRAGMENT) + _number(3, 2) + _number(4, 2)
        part = _expression("exthdr", offset) + _mask(b"\xff\xf9") + _compare(UNEQUAL, bytes(2))
    protocol = local.protocol or remote.protocol
    for near in prefixes(local):
        for far in prefixes(remote):
            looks = _family(version) + _ends(near, far) + _protocol(protocol) + part
            if beside:
                looks += _device(META_OUT, beside, UNEQUAL)
            yield _rule("forward", looks)


def _clear(local: Selector, remote: Selector, device: str) -> Iterator[bytes]:
    """Yield the rules that drop what comes from a device in the clear, to addresses of this machine."""
    protocol = local.protocol or remote.protocol
    for near in prefixes(local):
        for far in prefixes(remote):
            looks = _device(META_IN, device)
            looks += _family(local.first.version) + _ends(far, near) + _protocol(protocol)
            for at, one in ((0, remote), (2, local)):
                if not one.any_port and one.first_port == one.last_port:
                    looks += _load(TRANSPORT_HEADER, at, 2) + _compare(EQUAL, one.first_port.to_bytes(2, "big"))
            yield _rule("input", looks)


# Expressions


def _ends(source: Prefix, destination: Prefix) -> bytes:
    found = b""
    for at, one in zip(SOURCE_AT[source.version], (source, destination), strict=True):
        if one.prefixlen:
            size = one.max_prefixlen // 8
            found += _load(NETWORK_HEADER, at, size) + _mask(one.netmask.packed)
            found += _compare(EQUAL, one.network_address.packed)
    return found


def _family(version: int) -> bytes:
    return _meta(META_FAMILY) + _compare(EQUAL, bytes((FAMILIES[version],)))


def _device(way: int, name: str, how: int = EQUAL) -> bytes:
    return _meta(way) + _compare(how, name.encode().ljust(NAME_SIZE, b"\0"))


def _protocol(protocol: int) -> bytes:
    return _meta(META_PROTOCOL) + _compare(EQUAL, bytes((protocol,))) if protocol else b""


def _rule(chain: str, looks: bytes) -> bytes:
    verdict = _nested(2, _nested(2, _number(1, DROP)))
    return _text(2, chain) + _nested(4, looks + _expression("immediate", _number(1, 0) + verdict))


def _expression(name: str, data: bytes) -> bytes:
    return _nested(1, _text(1, name) + _nested(2, data))


def _load(base: int, offset: int, size: int) -> bytes:
    fields = _number(1, REGISTER) + _number(2, base) + _number(3, offset) + _number(4, size)
    return _expression("payload", fields)


def _meta(key: int) -> bytes:
    return _expression("meta", _number(1, REGISTER) + _number(2, key))


def _mask(mask: bytes) -> bytes:
    fields = _number(1, REGISTER) + _number(2, REGISTER) + _number(3, len(mask))
    return _expression("bitwise", fields + _value(4, mask) + _value(5, bytes(len(mask))))


def _compare(how: int, value: bytes) -> bytes:
    return _expression("cmp", _number(1, REGISTER) + _number(2, how) + _value(3, value))


# Netlink


def _attribute(kind: int, data: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


def _nested(kind: int, data: bytes) -> bytes:
    return _attribute(kind | 0x8000, data)


def _number(kind: int, number: int) -> bytes:
    return _attribute(kind, number.to_bytes(4, "big"))


def _octet(kind: int, number: int) -> bytes:
    return _attribute(kind, bytes((number,)))


def _text(kind: int, text: str) -> bytes:
    return _attribute(kind, text.encode() + b"\0")


def _value(kind: int, octets: bytes) -> bytes:
    return _nested(kind, _attribute(1, octets))


def _batch(messages: list[tuple[int, int, bytes]]) -> None:
    """Have the kernel do all of it or nothing; raises Refused."""
    whole = [_message(BATCH_BEGIN, REQUEST, 0, b"", 0, SUBSYSTEM)]
    whole += [
        _message(kind, REQUEST | flags | (ACK if at == len(messages) else 0), at, body, INET, 0)
        for at, (kind, flags, body) in enumerate(messages, 1)
    ]
    whole.append(_message(BATCH_END, REQUEST, len(messages) + 1, b"", 0, SUBSYSTEM))
    try:
        one = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, NETLINK_NETFILTER)
    except OSError as error:
        raise Refused("nf_tables", error.errno or 0) from error
    with one:
        one.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, max(BUFFER, 2 * sum(map(len, whole))))
        one.bind((0, 0))
        one.settimeout(2)
        try:
            one.send(b"".join(whole))
            _answered(one, len(messages))
        except OSError as error:
            raise Refused("nf_tables", error.errno or errno.ETIMEDOUT) from error


def _answered(one: socket.socket, last: int) -> None:
    """Wait until the last message is acknowledged; raises Refused for the first that is not."""
    while True:
        data = one.recv(BUFFER)
        while len(data) >= HEADER.size + 4:
            length, kind, _, sequence, _ = HEADER.unpack_from(data)
            if kind == ERROR:
                code = -struct.unpack_from("=i", data, HEADER.size)[0]
                if code:
                    raise Refused("nf_tables", code)
                if sequence == last:
                    return
            data = data[(length + 3) & ~3 :]


def _message(kind: int, flags: int, sequence: int, body: bytes, family: int, resource: int) -> bytes:
    general = struct.pack(">BBH", family, 0, resource)
    return HEADER.pack(HEADER.size + len(general) + len(body), kind, flags, sequence, 0) + general + body
