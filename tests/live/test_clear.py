"""GRE that a crypto map protects, between the gateways themselves, in network namespaces. Needs root."""

from __future__ import annotations

import re
import socket
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import pytest

from ikecli.dataplane import gre
from ikecli.dataplane.packet import udp
from tests.daemon.engines import Engine
from tests.dataplane.namespaces import into, join, namespaces, within

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

HERE, THERE = "192.0.2.1", "192.0.2.2"
TEXT: Final = """hostname {name}
crypto ikev2 keyring K
 peer OTHER
  address {there}
  pre-shared-key example
crypto ikev2 profile P
 match identity remote address {there}
 authentication remote pre-share
 authentication local pre-share
 keyring local K
crypto ipsec transform-set T esp-gcm
 mode transport
ip access-list extended GRE
 permit gre host {here} host {there}
crypto map VPN 10 ipsec-isakmp
 set peer {there}
 set transform-set T
 set ikev2-profile P
 match address GRE
interface GigabitEthernet0/0
 ip address {here} 255.255.255.0
 crypto map VPN
interface Tunnel0
 ip address 10.255.0.{at} 255.255.255.252
 tunnel source GigabitEthernet0/0
 tunnel destination {there}
end
"""


def received(engine: Engine) -> int:
    found = re.search(r"(\d+) packets input", engine.type("show interfaces Tunnel0"))
    assert found is not None
    return int(found[1])


def test_gre_that_a_crypto_map_protects_comes_by_esp_and_not_in_the_clear(tmp_path: Path) -> None:
    with namespaces("A", "B") as made:
        join(made["A"], made["B"], (f"{HERE}/24", f"{THERE}/24"), "veth0")
        engines = {
            name: Engine(
                tmp_path / name,
                TEXT.format(name=name, here=here, there=there, at=at),
                "--dataplane",
                "userspace",
                within=into(made[name]),
            )
            for name, here, there, at in (("A", HERE, THERE, 1), ("B", THERE, HERE, 2))
        }
        try:
            for engine in engines.values():
                engine.until("STARTED")
            engines["A"].show_until("ping 10.255.0.2 repeat 3 timeout 1", "!!!")
            engines["A"].end()
            before = received(engines["B"])
            inner = udp(ip_address("10.255.0.1"), 9, ip_address("10.255.0.2"), 9, b"forged")
            with within(made["A"]), socket.socket(socket.AF_INET, socket.SOCK_RAW, gre.GRE) as forger:
                for _ in range(5):
                    forger.sendto(gre.wrap(inner, None), (THERE, 0))
            engines["B"].type("ping 10.255.0.2 repeat 1 timeout 1")
            assert received(engines["B"]) == before
        finally:
            for engine in engines.values():
                engine.end()
