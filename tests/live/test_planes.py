"""Two engines in two network namespaces, whose packets go through the tunnel: with our ESP, and with the kernel's.

They need root; the kernel's ESP also a kernel that has it (tests/live/test_uml.py brings one).
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.daemon.engines import Engine, config
from tests.dataplane.namespaces import into, ip, joined, within
from tests.live.machine import differing, snapshot, stream

pytestmark = [pytest.mark.live, pytest.mark.timeout(240)]

OUTSIDE = {"L": "192.0.2.1", "R": "192.0.2.2"}
INSIDE = {"L": "10.1.1", "R": "10.2.2"}
OTHER = {"L": "R", "R": "L"}
MEGABYTE = 1 << 20
FOREIGN = ("10.99.0.0/16", "10.98.0.0/16")
"""Ends of a policy that somebody else put in."""


@contextmanager
def ends() -> Iterator[dict[str, str]]:
    """Make the namespaces of both ends, with a cable between."""
    with joined(f"{OUTSIDE['L']}/24", f"{OUTSIDE['R']}/24") as made:
        yield made


@dataclass
class Site:
    """One end: its namespace, what was there before, and its engine."""

    namespace: str
    before: dict[str, str]
    engine: Engine


def text(name: str, more: str = "") -> str:
    """The configuration of one end; its way to the other inside network leads over the other end."""
    other = OTHER[name]
    whole = config(name, OUTSIDE[name], OUTSIDE[other], INSIDE[name], INSIDE[other])
    route = f"ip route {INSIDE[other]}.0 255.255.255.0 {OUTSIDE[other]}\n"
    return whole.replace(" match address L\n", f" match address L\n{more}").replace("end\n", f"{route}end\n")


class Two:
    """Both ends."""

    def __init__(self, where: Path, kind: str, made: dict[str, str], more: str = "") -> None:
        self.where, self.kind, self.made, self.more = where, kind, made, more
        self.sites = {name: Site(made[name], snapshot(made[name]), self.start(name)) for name in made}
        for site in self.sites.values():
            site.engine.until("STARTED")

    def start(self, name: str) -> Engine:
        return Engine(self.where / name, self.text(name), "--dataplane", self.kind, within=into(self.made[name]))

    def text(self, name: str) -> str:
        """Return the configuration of an end."""
        return text(name, self.more)

    def ping(self, name: str, count: int = 3) -> str:
        """Ping as an operator does; return the line of marks."""
        other = OTHER[name]
        line = f"ping {INSIDE[other]}.1 source Loopback0 repeat {count} timeout 1"
        return self.sites[name].engine.type(line).splitlines()[3]

    def stream(self, name: str, octets: int) -> bool:
        other = OTHER[name]
        return stream(self.made[name], f"{INSIDE[name]}.1", self.made[other], f"{INSIDE[other]}.1", octets)

    def encrypted(self, name: str) -> int:
        """Return how many packets an end says it has encrypted."""
        shown = self.sites[name].engine.type("show crypto ipsec sa")
        return sum(int(number) for number in re.findall(r"#pkts encrypt: (\d+)", shown))

    def spi(self, name: str) -> str:
        """Return the SPI that an end sends with."""
        shown = self.sites[name].engine.show_until("show crypto ipsec sa", "current outbound spi: 0x")
        return shown.split("current outbound spi: ")[1].split("(")[0]

    def crash(self, name: str) -> None:
        """Kill an end and start it again; wait until pings pass from there."""
        self.sites[name].engine.process.kill()
        self.sites[name].engine.process.wait()
        self.sites[name].engine = self.start(name).until("STARTED")
        deadline = time.monotonic() + 20
        while "!" not in (marks := self.ping(name)):
            assert time.monotonic() < deadline, marks

    def end_without_a_trace(self) -> None:
        """End both, and find their namespaces as they were."""
        for site in self.sites.values():
            assert site.engine.end() == 0
        for site in self.sites.values():
            assert differing(site.before, snapshot(site.namespace)) == {}

    def end(self) -> None:
        for site in self.sites.values():
            site.engine.end()


@pytest.fixture
def two(tmp_path: Path, kind: str, request: pytest.FixtureRequest) -> Iterator[Two]:
    with ends() as made:
        both = Two(tmp_path, kind, made, getattr(request, "param", ""))
        try:
            yield both
        finally:
            both.end()


def test_packets_go_through_the_tunnel_from_either_end(two: Two, kind: str) -> None:
    assert "!!" in two.ping("L", 5)
    assert two.ping("R") == "!!!"
    before = two.encrypted("L")
    assert two.stream("L", 10 * MEGABYTE)
    assert two.stream("R", 10 * MEGABYTE)
    assert two.encrypted("L") - before > 10 * MEGABYTE // 1500
    assert f"data plane {kind}" in two.sites["L"].engine.type("show version")


def test_a_clean_stop_leaves_nothing(two: Two) -> None:
    two.ping("L")
    two.end_without_a_trace()


@pytest.mark.parametrize("two", [" set security-association lifetime kilobytes 2560\n"], indirect=True)
def test_sas_are_replaced_under_traffic(two: Two) -> None:
    two.ping("L")
    spis = [two.spi("L")]
    for _ in range(3):
        assert two.stream("L", 10 * MEGABYTE)
        spis.append(two.spi("L"))
    assert len(set(spis)) == len(spis)
    assert two.ping("L") == "!!!"


def test_an_engine_that_was_killed_begins_anew_and_finds_nothing_stale(two: Two) -> None:
    two.ping("L")
    two.crash("L")
    assert two.ping("R") == "!!!"
    two.end_without_a_trace()


def test_what_others_put_in_stays(tmp_path: Path, kind: str) -> None:
    with ends() as made:
        policy = ("src", FOREIGN[0], "dst", FOREIGN[1], "dir", "out", "action", "block")
        ip("-n", made["L"], "xfrm", "policy", "add", *policy)
        ip("-n", made["L"], "route", "add", f"{INSIDE['R']}.0/24", "via", OUTSIDE["R"])
        ip("-n", made["L"], "rule", "add", "from", FOREIGN[0], "lookup", "main", "priority", "77")
        both = Two(tmp_path, kind, made)
        try:
            assert "!!" in both.ping("L", 5)
            both.crash("L")
        finally:
            both.end()
        assert differing(both.sites["L"].before, snapshot(made["L"])) == {}


def test_what_should_be_protected_is_refused_in_the_clear(two: Two) -> None:
    two.ping("L")
    two.sites["L"].engine.end()
    with within(two.made["L"]):
        ip("address", "add", f"{INSIDE['L']}.1/32", "dev", "lo")
        ip("route", "replace", f"{INSIDE['R']}.0/24", "via", OUTSIDE["R"])
        command = ["ping", "-c", "2", "-W", "1", "-I", f"{INSIDE['L']}.1", f"{INSIDE['R']}.1"]
        ran = subprocess.run(command, capture_output=True, text=True)
    assert "0 received" in ran.stdout


def test_a_worker_that_is_killed_is_replaced_and_its_sas_go_on(two: Two, kind: str) -> None:
    if kind != "userspace":
        return  # the kernel has no worker
    two.ping("L")
    spi = two.spi("L")
    for name in two.sites:
        [worker] = workers_of(two.sites[name].engine.process.pid)
        os.kill(worker, signal.SIGKILL)
    for site in two.sites.values():
        site.engine.until("another takes its SAs over")
    deadline = time.monotonic() + 20
    while two.ping("L") != "!!!":
        assert time.monotonic() < deadline
    assert two.spi("L") == spi
    assert two.stream("L", MEGABYTE)


def workers_of(engine: int) -> list[int]:
    """Return the processes of an engine's data plane; `ip netns exec` has become the engine."""
    children = Path(f"/proc/{engine}/task/{engine}/children").read_text().split()
    return [int(one) for one in children if b"userspace.worker" in Path(f"/proc/{one}/cmdline").read_bytes()]
