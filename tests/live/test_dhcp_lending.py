"""A FlexVPN hub that lends what dnsmasq lends: each in a network namespace. Needs root, and dnsmasq of Debian."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.config.reading import SAMPLES
from tests.daemon.engines import Engine
from tests.dataplane.namespaces import into, ip, join, namespaces, within
from tests.live.peers import Peer, unpacked

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

DNSMASQ: Final = Peer("dnsmasq", "bookworm", ("dnsmasq-base",))
WORDS: Final = (
    "/usr/sbin/dnsmasq", "--keep-in-foreground", "--port=0", "--conf-file=/dev/null", "--user=root", "--pid-file=",
    "--dhcp-authoritative", "--dhcp-leasefile=/run/leases", "--log-dhcp", "--log-facility=/run/log", "--no-ping",
    "--dhcp-range=10.9.0.50,10.9.0.59,255.255.255.0,1h",
)  # fmt: skip
LENDING: Final = " dhcp server 10.2.2.67\n dhcp giaddr 10.9.0.1\n"


def test_a_client_is_lent_what_a_server_of_others_lends_and_it_goes_back(tmp_path: Path) -> None:
    server = unpacked(DNSMASQ)
    run = tmp_path / "dnsmasq"
    (run / "etc").mkdir(parents=True)
    (run / "etc" / "passwd").write_text("root:x:0:0::/:/bin/sh\n")
    (run / "etc" / "group").write_text("root:x:0:\n")
    with namespaces("Client", "M", "Hub", "Server") as made:
        join(made["Client"], made["M"], ("192.0.2.1/24", "192.0.2.254/24"), "veth0")
        join(made["M"], made["Hub"], ("198.51.100.254/24", "198.51.100.2/24"), "veth1")
        join(made["Hub"], made["Server"], ("10.2.2.1/24", "10.2.2.67/24"), "veth2")
        ip("-n", made["Server"], "route", "add", "default", "via", "10.2.2.1")
        with within(made["M"]):
            Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
        texts = {name: (SAMPLES / "remote-access" / f"{name.lower()}.cfg").read_text() for name in ("Client", "Hub")}
        texts["Hub"] = texts["Hub"].replace(" pool CLIENTS\n", LENDING).replace(" netmask 255.255.255.0\n", "")
        lender = subprocess.Popen([*into(made["Server"]), *server.command(run, *WORDS)])
        engines = {}
        for name in ("Hub", "Client"):
            options = ("--dataplane", "userspace", *(("--interface", "GigabitEthernet0/1=lo") * (name == "Client")))
            engines[name] = Engine(tmp_path / name, texts[name], *options, within=into(made[name]))
        hub, client = engines["Hub"], engines["Client"]
        try:
            for engine in engines.values():
                engine.until("STARTED")
            client.show_until("show crypto ikev2 client flexvpn", "Assigned IP address: 10.9.0.")
            address = client.type("show crypto ikev2 client flexvpn").partition("Assigned IP address: ")[2].split()[0]
            assert f"Assigned host addr: {address}" in hub.type("show crypto ikev2 sa detailed")
            leases = (run / "leases").read_text()
            assert address in leases
            assert b"client.example.net".hex(":") in leases, "the peer's identity is the client's identifier"
            client.show_until("ping 10.2.2.67 repeat 3 timeout 1", "!!!")
            client.type("clear crypto ikev2 client flexvpn")
            client.show_until("show crypto ikev2 client flexvpn", f"Assigned IP address: {address}")
        finally:
            for engine in (client, hub):
                engine.end()
            lender.terminate()
            lender.wait(10)
        said = (run / "log").read_text()
        assert said.count("DHCPACK") >= 2
        assert "DHCPRELEASE" in said
        assert (run / "leases").read_text().strip() == "", "the hub gave back what it had when it ended"
