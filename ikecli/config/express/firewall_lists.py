"""Lines of a firewall's access lists."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Interface
from typing import Final

from ikecli.config import asa
from ikecli.config.express.lines import PROTOCOL_WORDS, Line, ports_of
from ikecli.intent import Prefix

_PROTOCOLS: Final = PROTOCOL_WORDS | {51: "ah", 58: "icmp6"}


def access_line(line: Line) -> asa.AccessLine:
    """Return a line of an extended list."""
    protocol = _PROTOCOLS.get(line.protocol, line.protocol)
    return asa.AccessLine(
        "permit" if line.permit else "deny",
        protocol,
        _end(line.source),
        ports_of(line.source_ports, listed=False),
        _end(line.destination),
        ports_of(line.destination_ports, listed=False),
        line.icmp,
    )


def networks_list(networks: tuple[Prefix, ...]) -> asa.AccessList:
    """Return a list that permits networks: a standard one, or one by their sources where some are of IPv6."""
    if all(one.version == 4 for one in networks):
        return asa.AccessList([asa.AccessLine("permit", network=_end(one)) for one in networks])
    any_ = {4: asa.Network("any4"), 6: asa.Network("any6")}
    return asa.AccessList(
        [asa.AccessLine("permit", "ip", _end(one), destination=any_[one.version]) for one in networks]
    )


def _end(prefix: Prefix) -> asa.Network:
    if prefix.prefixlen == 0:
        return asa.Network(f"any{prefix.version}")
    if prefix.num_addresses == 1:
        return asa.Network("host", prefix.network_address)
    if isinstance(prefix, IPv4Network):
        return asa.Network(None, prefix.network_address, prefix.netmask)
    return asa.Network(prefix=IPv6Interface(prefix))
