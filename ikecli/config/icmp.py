"""ICMP messages of access lists as the port ranges that traffic selectors hold them in (RFC 7296 3.13.1)."""

from __future__ import annotations

from typing import Final

from ikecli.config.common import Icmp

ICMP: Final = 1
ICMPV6: Final = 58
_ANY_CODE: Final = 255

_MESSAGES: Final[dict[str, tuple[int, ...]]] = {
    "echo-reply": (0,), "unreachable": (3,), "net-unreachable": (3, 0), "host-unreachable": (3, 1),
    "protocol-unreachable": (3, 2), "port-unreachable": (3, 3), "packet-too-big": (3, 4), "source-route-failed": (3, 5),
    "administratively-prohibited": (3, 13), "source-quench": (4,), "redirect": (5,), "net-redirect": (5, 0),
    "host-redirect": (5, 1), "alternate-address": (6,), "echo": (8,), "router-advertisement": (9,),
    "router-solicitation": (10,), "time-exceeded": (11,), "ttl-exceeded": (11, 0), "reassembly-timeout": (11, 1),
    "parameter-problem": (12,), "timestamp-request": (13,), "timestamp-reply": (14,), "information-request": (15,),
    "information-reply": (16,), "mask-request": (17,), "mask-reply": (18,), "traceroute": (30,),
    "conversion-error": (31,), "mobile-redirect": (32,),
}  # fmt: skip
"""What ICMP's names stand for: a type, and a code where the name means one."""

_MESSAGES6: Final[dict[str, tuple[int, ...]]] = {
    "unreachable": (1,), "administratively-prohibited": (1, 1), "port-unreachable": (1, 4), "packet-too-big": (2,),
    "time-exceeded": (3,), "ttl-exceeded": (3, 0), "reassembly-timeout": (3, 1), "parameter-problem": (4,),
    "echo": (128,), "echo-request": (128,), "echo-reply": (129,), "router-solicitation": (133,),
    "router-advertisement": (134,), "neighbor-solicitation": (135,), "neighbor-advertisement": (136,), "nd-ns": (135,),
    "nd-na": (136,), "redirect": (137,), "router-renumbering": (138,),
}  # fmt: skip


def span(message: Icmp, protocol: int) -> tuple[int, int]:
    """Return the port range of a message: type and code as one number. An unknown name is KeyError."""
    if message.message is not None:
        kind, *codes = (_MESSAGES if protocol == ICMP else _MESSAGES6)[message.message]
    else:
        kind, codes = message.type or 0, [] if message.code is None else [message.code]
    return (kind << 8) + (codes[0] if codes else 0), (kind << 8) + (codes[0] if codes else _ANY_CODE)
