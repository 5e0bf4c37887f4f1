"""A router that translates addresses: by nftables, else by the iptables that libreswan's packages bring."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.dataplane.namespaces import into, within
from tests.live.peers import LIBRESWAN, unpacked

IPTABLES = "/usr/sbin/iptables-legacy", "-t", "nat"
FORWARDED = ("500", "4500")


def translate(namespace: str, device: str, ports: tuple[int, int] | None = None, to: str = "") -> None:
    """Have a namespace give what leaves by a device that device's address, and UDP a port between two.

    What comes to its IKE ports goes on `to` an address. Nothing else that was translated before is so any more.
    """
    with within(namespace):
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    there = into(namespace)
    rules = _nft(device, ports, to)
    if subprocess.run([*there, "nft", "-f", "-"], input=rules, text=True, capture_output=True, check=False).returncode:
        for words in _legacy(device, ports, to):
            subprocess.run([*there, *unpacked(LIBRESWAN).command(Path("/run"), *IPTABLES, *words)], check=True)


def _nft(device: str, ports: tuple[int, int] | None, to: str) -> str:
    udp, between = ("meta l4proto udp", f"to :{ports[0]}-{ports[1]}") if ports else ("", "")
    out = f'type nat hook postrouting priority 100; oifname "{device}" {udp} masquerade {between};'
    into = f'type nat hook prerouting priority -100; iifname "{device}" udp dport {{ {", ".join(FORWARDED)} }}'
    chains = f"chain out {{ {out} }}" + (f"\nchain in {{ {into} dnat to {to}; }}" if to else "")
    return f"table ip t\ndelete table ip t\ntable ip t {{\n{chains}\n}}\n"


def _legacy(device: str, ports: tuple[int, int] | None, to: str) -> Iterator[list[str]]:
    yield ["-F"]
    between = ["--to-ports", f"{ports[0]}-{ports[1]}"] if ports else []
    yield ["-A", "POSTROUTING", "-o", device, *(["-p", "udp"] if ports else []), "-j", "MASQUERADE", *between]
    for port in FORWARDED if to else ():
        yield ["-A", "PREROUTING", "-i", device, "-p", "udp", "--dport", port, "-j", "DNAT", "--to", to]
