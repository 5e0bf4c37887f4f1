"""A thousand tunnels, of which one is changed: the others keep their SAs, by every way to change a configuration."""

from __future__ import annotations

import os
from typing import Final

from ikecli.lab.lab import VirtualLab

TUNNELS: Final = int(os.environ.get("IKECLI_TUNNELS", "1000"))
CHANGED: Final = TUNNELS // 2
SETTLED: Final = 120

COMMON: Final = """
crypto ikev2 proposal P
 encryption aes-gcm-128
 prf sha256
 group 31
crypto ikev2 policy P
 proposal P
crypto ikev2 keyring K
 peer ANY
  address 0.0.0.0 0.0.0.0
  pre-shared-key cisco
crypto ikev2 profile P
 match identity remote address 0.0.0.0 0.0.0.0
 authentication local pre-share
 authentication remote pre-share
 keyring local K
crypto ipsec transform-set T esp-gcm
 mode tunnel
crypto ipsec profile P
 set transform-set T
 set ikev2-profile P
crypto ipsec profile OTHER
 set transform-set T
 set ikev2-profile P
 set security-association lifetime seconds 1800
"""


def configuration(name: str, mine: str, remote: str, address: str, gateway: str) -> str:
    """Return a router with a tunnel from each of its loopbacks to one of the other end."""
    lines = [f"hostname {name}", COMMON]
    for number in range(TUNNELS):
        high, low = divmod(number, 250)
        lines += [
            f"interface Loopback{number}",
            f" ip address {mine}.{high}.{low + 1} 255.255.255.255",
            f"interface Tunnel{number}",
            f" ip address 10.{high}.{low}.{address[-1]} 255.255.255.252",
            f" tunnel source Loopback{number}",
            " tunnel mode ipsec ipv4",
            f" tunnel destination {remote}.{high}.{low + 1}",
            " tunnel protection ipsec profile P",
        ]
    lines += ["interface GigabitEthernet0/0", f" ip address {address} 255.255.255.0", " no shutdown"]
    return "\n".join([*lines, f"ip route 0.0.0.0 0.0.0.0 {gateway}", ""])


def tunnels(lab: VirtualLab) -> dict[str, set[tuple[int, int]]]:
    """Return the SPIs of the ESP SAs of each of Left's tunnels."""
    found: dict[str, set[tuple[int, int]]] = {}
    for sa in lab["Left"].appliance.sas():
        for child in sa.children:
            found.setdefault(child.interface, set()).add((child.inbound_spi, child.outbound_spi))
    return found


def test_what_a_change_does_not_concern_stays_up() -> None:
    lab = VirtualLab("thousand")
    assert lab.add(configuration("Left", "172.16", "172.17", "192.0.2.1", "192.0.2.2"), "ios")[1] == []
    assert lab.add(configuration("Right", "172.17", "172.16", "192.0.2.2", "192.0.2.1"), "ios")[1] == []
    for number in range(TUNNELS):
        lab.ping("Left", f"10.{number // 250}.{number % 250}.2", count=1)
    before = tunnels(lab)
    assert len(before) == TUNNELS
    appliance, name = lab["Left"].appliance, f"Tunnel{CHANGED}"
    old = appliance.store.startup()
    new = old.replace(
        f" tunnel destination 172.17.{CHANGED // 250}.{CHANGED % 250 + 1}\n tunnel protection ipsec profile P\n",
        f" tunnel destination 172.17.{CHANGED // 250}.{CHANGED % 250 + 1}\n tunnel protection ipsec profile OTHER\n",
    )
    assert new != old
    assert appliance.archive.replace(new, "the changed one")
    lab.run(SETTLED)
    assert "!" in lab.ping("Left", f"10.{CHANGED // 250}.{CHANGED % 250}.2", count=2)
    after = tunnels(lab)
    assert after.keys() == before.keys()
    assert [one for one in before if not after[one] & before[one]] == [name]
    assert appliance.archive.replace(appliance.archive.point(1), "what it was")
    assert appliance.store.startup() == old
    lab.ping("Left", f"10.{CHANGED // 250}.{CHANGED % 250}.2", count=2)
    after = tunnels(lab)
    assert [one for one in before if not after[one] & before[one]] == [name]
    lab.close()
