"""Lines of a router's access lists, of either IP version."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Interface
from typing import Final

from ikecli.config.express.lines import PROTOCOL_WORDS, Line, ports_of
from ikecli.config.ios_lists import AccessLine, AccessLine6, AccessList, AccessList6, Endpoint, Endpoint6
from ikecli.intent import Prefix

_STEP: Final = 10
"""Between the numbers of lines."""
_PROTOCOLS: Final = PROTOCOL_WORDS | {51: "ahp"}
_PROTOCOLS6: Final = {0: "ipv6", 6: "tcp", 17: "udp", 50: "esp", 51: "ahp", 58: "icmp", 132: "sctp"}


def list4(lines: Iterable[Line]) -> AccessList:
    """Return an extended list of lines."""
    return AccessList({_STEP * at: _line4(line) for at, line in enumerate(lines, 1)})


def list6(lines: Iterable[Line]) -> AccessList6:
    """Return an IPv6 access list of lines."""
    return AccessList6({_STEP * at: _line6(line) for at, line in enumerate(lines, 1)})


def _line4(line: Line) -> AccessLine:
    return AccessLine(
        _action(line),
        _PROTOCOLS.get(line.protocol, line.protocol),
        _end4(line.source),
        ports_of(line.source_ports, listed=True),
        _end4(line.destination),
        ports_of(line.destination_ports, listed=True),
        icmp=line.icmp,
    )


def _line6(line: Line) -> AccessLine6:
    return AccessLine6(
        _action(line),
        _PROTOCOLS6.get(line.protocol, line.protocol),
        _end6(line.source),
        ports_of(line.source_ports, listed=True),
        _end6(line.destination),
        ports_of(line.destination_ports, listed=True),
    )


def _action(line: Line) -> str:
    return "permit" if line.permit else "deny"


def _end4(prefix: Prefix) -> Endpoint:
    if prefix.prefixlen == 0:
        return Endpoint("any")
    address = IPv4Address(int(prefix.network_address))
    if prefix.num_addresses == 1:
        return Endpoint("host", address)
    return Endpoint(None, address, IPv4Address(int(prefix.hostmask)))


def _end6(prefix: Prefix) -> Endpoint6:
    if prefix.prefixlen == 0:
        return Endpoint6("any")
    if prefix.num_addresses == 1:
        return Endpoint6("host", IPv6Address(int(prefix.network_address)))
    return Endpoint6(None, prefix=IPv6Interface(prefix))
