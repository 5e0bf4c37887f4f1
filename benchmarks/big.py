"""A running-config of many tunnels, as a large hub has it: one text of about twelve lines a tunnel."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import Final

TUNNELS: Final = 10_000
ROUTED: Final = 2
"""One tunnel in so many is an interface of its own; the others are entries of a crypto map."""

_FIRST: Final = IPv4Address("100.64.0.1")
_INSIDE: Final = IPv4Address("10.128.0.0")
_LINK: Final = IPv4Address("172.16.0.0")

_BEGIN: Final = """service timestamps debug datetime msec
!
hostname Hub
!
crypto ikev2 proposal P
 encryption aes-gcm-256
 prf sha384
 group 20
!
crypto ikev2 policy P
 proposal P
!
crypto ikev2 keyring K"""

_PEER: Final = """ peer site-{at}
  description Branch {at}
  address {peer}
  pre-shared-key secret-of-{at}
 !"""

_COMMON: Final = """!
crypto ikev2 profile P
 match identity remote address 0.0.0.0
 authentication remote pre-share
 authentication local pre-share
 keyring local K
!
crypto ipsec transform-set T esp-gcm 256
 mode tunnel
!
crypto ipsec profile T
 set transform-set T
 set ikev2-profile P
 responder-only
!"""

_ENTRY: Final = """crypto map M {at} ipsec-isakmp
 set peer {peer}
 set transform-set T
 set ikev2-profile P
 match address site-{at}
!"""

_TUNNEL: Final = """interface Tunnel{at}
 ip address {link} 255.255.255.254
 tunnel source GigabitEthernet0/0
 tunnel mode ipsec ipv4
 tunnel destination {peer}
 tunnel protection ipsec profile T
!"""

_OUTSIDE: Final = """interface GigabitEthernet0/0
 ip address 198.51.100.1 255.255.255.0
 crypto map M
!
ip route 0.0.0.0 0.0.0.0 198.51.100.254"""

_LIST: Final = """ip access-list extended site-{at}
 permit ip 10.0.0.0 0.63.255.255 {inside} 0.0.0.255"""


def lines(tunnels: int = TUNNELS) -> Iterator[str]:
    """Yield the lines, some at a time; half of the tunnels are crypto-map entries, half are interfaces."""
    rows = [
        {"at": at, "peer": _FIRST + at, "inside": _INSIDE + 256 * at, "link": _LINK + 2 * at}
        for at in range(1, tunnels + 1)
    ]
    mapped = [row for row in rows if int(str(row["at"])) % ROUTED]
    routed = [row for row in rows if not int(str(row["at"])) % ROUTED]
    yield _BEGIN
    yield from (_PEER.format(**row) for row in rows)
    yield _COMMON
    yield from (_ENTRY.format(**row) for row in mapped)
    yield from (_TUNNEL.format(**row) for row in routed)
    yield _OUTSIDE
    yield from (f"ip route {row['inside']} 255.255.255.0 Tunnel{row['at']}" for row in routed)
    yield from (_LIST.format(**row) for row in mapped)
    yield "!\nend\n"


def text(tunnels: int = TUNNELS) -> str:
    """Return the whole configuration."""
    return "\n".join(lines(tunnels))


if __name__ == "__main__":
    sys.stdout.write(text(int(sys.argv[1]) if len(sys.argv) > 1 else TUNNELS))
