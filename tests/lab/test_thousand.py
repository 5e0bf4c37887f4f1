"""A thousand tunnels, of which one is changed: the others keep their SAs, in a replacement and in taking it back."""

from __future__ import annotations

import os
from typing import Final

import pytest

from ikecli.ike.requests import Initiate
from ikecli.lab.lab import VirtualLab

TUNNELS: Final = int(os.environ.get("IKECLI_TUNNELS", "1000"))
CHANGED: Final = TUNNELS // 2

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
"""


def lan(side: int, number: int) -> str:
    """Return a host behind the router of a side, one for each tunnel."""
    return f"10.{side}.{number // 250}.{number % 250 + 1}"


def configuration(side: int) -> str:
    """Return a router with a crypto map entry, so a Child SA, for each pair of hosts."""
    other = 3 - side
    lines = [f"hostname R{side}", COMMON]
    for number in range(TUNNELS):
        lines += [
            f"ip access-list extended A{number}",
            f" permit ip host {lan(side, number)} host {lan(other, number)}",
            f"crypto map M {number + 1} ipsec-isakmp",
            f" set peer 192.0.2.{other}",
            " set transform-set T",
            " set ikev2-profile P",
            f" match address A{number}",
        ]
    lines += ["interface GigabitEthernet0/0", f" ip address 192.0.2.{side} 255.255.255.0", " crypto map M"]
    lines += ["interface GigabitEthernet0/1", f" ip address 10.{side}.255.1 255.255.0.0"]
    return "\n".join([*lines, f"ip route 10.{other}.0.0 255.255.0.0 192.0.2.{other}", ""])


def tunnels(lab: VirtualLab) -> dict[str, set[tuple[int, int]]]:
    """Return the SPIs of the ESP SAs of each crypto map entry."""
    found: dict[str, set[tuple[int, int]]] = {}
    for sa in lab["R1"].appliance.sas():
        for child in sa.children:
            found.setdefault(child.connection, set()).add((child.inbound_spi, child.outbound_spi))
    return found


def initiate(lab: VirtualLab, *entries: int) -> None:
    """Have R1 set up these entries, and let it be done."""
    for entry in entries:
        lab["R1"].appliance.do(Initiate(f"M {entry} GigabitEthernet0/0"))
        lab.run(0.1)
    lab.run(10)


@pytest.mark.timeout(300)
def test_what_a_change_does_not_concern_keeps_its_sas() -> None:
    lab = VirtualLab("thousand")
    for side in (1, 2):
        assert lab.add(configuration(side), "ios")[1] == []
    initiate(lab, *range(1, TUNNELS + 1))
    before = tunnels(lab)
    assert len(before) == TUNNELS
    appliance, entry = lab["R1"].appliance, f"crypto map M {CHANGED} ipsec-isakmp\n"
    old = appliance.store.startup()
    new = old.replace(entry, f"{entry} set security-association lifetime seconds 1800\n")
    assert new != old
    for text in (new, old):
        assert appliance.archive.replace(text, "the other one")
        lab.run(1)
        held = tunnels(lab)
        assert {one for one in before if held.get(one) != before[one]} == {f"M {CHANGED} GigabitEthernet0/0"}
        initiate(lab, CHANGED)
        assert len(tunnels(lab)) == TUNNELS
    lab.close()
