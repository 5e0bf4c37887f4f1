"""How a router's SAs behave beside their algorithms: of all, of an interface, of one crypto map or profile."""

from __future__ import annotations

import pytest

from tests.config.reading import SAMPLES, commands, read

ROUTER = (SAMPLES / "modern" / "left.cfg").read_text()
MAP = "crypto map VPN 10 ipsec-isakmp\n "
TUNNEL = """crypto ipsec profile P
 set transform-set GCM
 set ikev2-profile RIGHT
interface Tunnel1
 ip address 10.9.9.1 255.255.255.252
 tunnel source GigabitEthernet0/0
 tunnel destination 203.0.113.9
 tunnel mode ipsec ipv4
 tunnel protection ipsec profile P
"""
PROFILE = TUNNEL + "crypto ipsec profile P\n "


@pytest.mark.parametrize("where", [MAP, PROFILE])
def test_an_idle_time_of_its_own_goes_before_that_of_all(where: str) -> None:
    asked = {
        "": 0,
        "crypto ipsec security-association idle-time 600": 600,
        f"{where}set security-association idle-time 60": 60,
        f"crypto ipsec security-association idle-time 600\n{where}set security-association idle-time 90 default": 90,
    }
    for lines, seconds in asked.items():
        store, _ = read("ios", ROUTER + (TUNNEL if where is PROFILE else "") + lines)
        assert not store.complaints
        assert store.intent.connections[-1].idle == seconds
        assert set(lines.splitlines()) <= {*commands(store), MAP.rstrip(), *PROFILE.splitlines(), ""}
