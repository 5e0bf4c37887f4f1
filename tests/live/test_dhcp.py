"""An interface that has the address of its device, whoever gave it. Needs root."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.daemon.engines import Engine, config
from tests.dataplane.namespaces import into, ip, joined

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]


def test_a_crypto_map_is_where_the_devices_address_is_and_follows_it(tmp_path: Path) -> None:
    with joined("192.0.2.9/24", "192.0.2.2/24") as made:
        texts = {
            "L": config("L", "192.0.2.1", "192.0.2.2", "10.1.1", "10.2.2"),
            "R": config("R", "192.0.2.2", "192.0.2.1", "10.2.2", "10.1.1"),
        }
        texts["L"] = texts["L"].replace("ip address 192.0.2.1 255.255.255.0", "ip address dhcp")
        options = ("--dataplane", "userspace", "--interface", "GigabitEthernet0/0=veth0")
        both = {}
        for name, there in (("L", "10.2"), ("R", "10.1")):
            text = texts[name].replace("end\n", f"ip route {there}.0.0 255.255.0.0 GigabitEthernet0/0\nend\n")
            both[name] = Engine(tmp_path / name, text, *options, within=into(made[name]))
        left = both["L"]
        try:
            for one in both.values():
                one.until("STARTED")
            left.show_until("show ip interface brief", "192.0.2.9       YES DHCP   up")
            ip("-n", made["L"], "address", "delete", "192.0.2.9/24", "dev", "veth0")
            ip("-n", made["L"], "address", "add", "192.0.2.1/24", "dev", "veth0")
            left.show_until("show ip interface brief", "192.0.2.1       YES DHCP   up")
            left.show_until("ping 10.2.2.1 source Loopback0 repeat 3 timeout 1", "!!!")
            assert "192.0.2.1/500" in left.type("show crypto ikev2 sa")
            ip("-n", made["L"], "address", "flush", "dev", "veth0")
            left.show_until("show ip interface brief", "unassigned      YES DHCP   up")
            assert "192.0.2.1/500" not in left.type("show crypto ikev2 sa")
            assert "ip address dhcp" in left.type("show running-config interface GigabitEthernet0/0")
        finally:
            for one in both.values():
                one.end()
