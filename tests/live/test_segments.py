"""The largest segment of TCP connections, bounded by the kernel's nftables. Needs root."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ikecli.dataplane.linux.guard import Guard
from ikecli.dataplane.linux.ledger import Ledger
from tests.dataplane.namespaces import ip, join, namespaces, within
from tests.live.machine import NEEDS_NFT

pytestmark = pytest.mark.live

ENDS = {4: ("192.0.2.1", "198.51.100.1"), 6: ("2001:db8:1::1", "2001:db8:2::1")}
MIDDLES = {4: ("192.0.2.254", "198.51.100.254"), 6: ("2001:db8:1::ff", "2001:db8:2::ff")}
WIDTH = {4: 24, 6: 64}


@contextmanager
def routed() -> Iterator[dict[str, str]]:
    """L and R, and between them M, which forwards."""
    with namespaces("L", "M", "R") as made:
        with within(made["M"]):
            Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
            Path("/proc/sys/net/ipv6/conf/all/forwarding").write_text("1")
        for device, end, at in (("veth0", "L", 0), ("veth1", "R", 1)):
            for version, width in WIDTH.items():
                addresses = f"{ENDS[version][at]}/{width}", f"{MIDDLES[version][at]}/{width}"
                if version == 4:
                    join(made[end], made["M"], addresses, device)
                    continue
                for name, address in zip((end, "M"), addresses, strict=True):
                    ip("-n", made[name], "address", "add", address, "dev", device, "nodad")
            ip("-n", made["M"], "address", "add", "fe80::1/64", "dev", device, "nodad")  # to ask for neighbours from
            for version in WIDTH:
                ip("-n", made[end], f"-{version}", "route", "add", "default", "via", MIDDLES[version][at])
        yield made


def agreed(made: dict[str, str], client: tuple[str, str], server: tuple[str, str]) -> tuple[int, int]:
    """Connect from one address to another, of a namespace each; return what both ends take for the largest segment."""
    family = socket.AF_INET6 if ":" in server[1] else socket.AF_INET
    with within(made[server[0]]):
        listening = socket.create_server((server[1], 0), family=family)
    with within(made[client[0]]):
        one = socket.create_connection(listening.getsockname()[:2], 5, (client[1], 0))
    with listening, one, listening.accept()[0] as other:
        sizes = [each.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG) for each in (one, other)]
        other.settimeout(5)
        one.sendall(bytes(5000))
        assert other.makefile("rb").read(5000) == bytes(5000)
    return sizes[0], sizes[1]


@NEEDS_NFT
def test_segments_are_bounded_both_ways_and_the_table_goes(tmp_path: Path) -> None:
    with routed() as made, within(made["M"]):
        said: list[str] = []
        guard = Guard(Ledger(tmp_path, 7), said.append)
        if not guard.can_clamp():
            pytest.skip("this kernel has no nftables")
        left, right, middle = ("L", ENDS[4][0]), ("R", ENDS[4][1]), ("M", MIDDLES[4][1])
        assert min(agreed(made, left, right)) > 1400
        assert guard.clamp([("veth1", (1000, 1100))])
        bounded = range(900, 1001)
        for ends in ((left, right), (right, left), (middle, right), (right, middle)):
            sizes = agreed(made, *ends)
            assert all(size in bounded for size in sizes), (ends, sizes)
        assert min(agreed(made, left, ("M", MIDDLES[4][0]))) > 1400  # not over veth1
        over_six = agreed(made, ("L", ENDS[6][0]), ("R", ENDS[6][1]))
        assert all(1000 < size <= 1100 for size in over_six), over_six
        assert guard.clamp([("veth1", (1400, 0))])
        assert all(1300 < size <= 1400 for size in agreed(made, left, right))
        guard.close()
        assert min(agreed(made, left, right)) > 1400
        tables = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True, check=True).stdout
        assert (tables, said) == ("", [])
