"""A tunnel between our engine at L and somebody else's daemon at R, and what an operator of either end does."""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any, Protocol

from tests.daemon.engines import Engine
from tests.dataplane.namespaces import into, ip, join, namespaces, within
from tests.live.cases import HIDDEN, INSIDE, NETWORK, OUTSIDE, Case, ours
from tests.live.machine import stream
from tests.live.translation import translate

MEGABYTE = 1 << 20
LATE = 2.0
"""Seconds that an answer may take."""


class Daemon(Protocol):
    """Somebody else's end, as its operator has it."""

    @property
    def log(self) -> str:
        """What it has logged."""

    def running(self) -> AbstractContextManager[Any]:
        """Run it."""

    def begin(self) -> None:
        """Set the tunnel up."""

    def rekey(self, ike: bool) -> None:
        """Replace the IKE SA or the Child SA."""

    def end(self) -> None:
        """Delete the IKE SA."""

    def sas(self) -> tuple[list[str], list[str]]:
        """Return its IKE SAs that stand, and the SPIs that Child SAs receive by, without those that were replaced."""


class Tunnel:
    """Both ends; `make` makes the other one of a folder and a namespace."""

    def __init__(
        self,
        stack: ExitStack,
        case: Case,
        make: Callable[[Path, str], Daemon],
        kind: str = "userspace",
    ) -> None:
        where = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self.case = case
        self.names = names = stack.enter_context(namespaces("L", "R", *(["N"] if case.nat or case.nat_there else [])))
        self._wire()
        for version, prefix in ((4, 32), (6, 128)):
            ip("-n", names["R"], "address", "add", f"{INSIDE[version]['R']}/{prefix}", "dev", "lo")
        if case.also:
            ip("-n", names["R"], "address", "add", f"{case.also}/32", "dev", "lo")
        if "nameif inside" in case.text:
            ip("-n", names["L"], "address", "add", f"{INSIDE[4]['L']}/24", "dev", "lo")
        if kind == "xfrm":
            ends = OUTSIDE[case.inner]["L"], "src", INSIDE[case.inner]["R"]
            ip("-n", names["R"], "route", "add", NETWORK[case.inner]["L"], "via", *ends)
        self.peer = make(where / "R", names["R"])
        self._peer_runs = stack.enter_context(ExitStack())
        self._peer_runs.enter_context(self.peer.running())
        self._where, self._kind = where, kind
        self.engine = self._start()
        stack.callback(lambda: self.engine.end())
        noted = [line for line in self.engine.log.read_text().splitlines() if "CONFIG" in line]
        assert [line for line in noted if "SHA-1 is deprecated" not in line] == []

    def _start(self) -> Engine:
        within = into(self.names["L"])
        return Engine(self._where / "L", ours(self.case), "--dataplane", self._kind, within=within).until("STARTED")

    def kill(self, name: str) -> None:
        """Kill one end, and start it again."""
        if name == "L":
            self.engine.process.kill()
            self.engine.process.wait()
            self.engine = self._start()
        else:
            self._peer_runs.close()
            self._peer_runs.enter_context(self.peer.running())

    def _wire(self) -> None:
        hidden = "L" if self.case.nat else "R" if self.case.nat_there else ""
        ends = [self.names["N" if name == hidden else name] for name in "LR"]
        join(*ends, (f"{OUTSIDE[4]['L']}/24", f"{OUTSIDE[4]['R']}/24"))
        for name, namespace in zip("LR", ends, strict=True):
            ip("-n", namespace, "address", "add", f"{OUTSIDE[6][name]}/64", "dev", "veth0", "nodad")
        if hidden:
            join(self.names[hidden], self.names["N"], (f"{HIDDEN}/24", "192.168.0.1/24"), "veth1")
            ip("-n", self.names[hidden], "route", "add", "default", "via", "192.168.0.1")
            translate(self.names["N"], "veth0", to=HIDDEN)

    def translate_anew(self, first: int) -> None:
        """Have the NAT forget what it translated, forward nothing any more, and give what leaves ports from `first`."""
        translate(self.names["N"], "veth0", (first, first + 99))
        for state in ("down", "up"):  # masquerade forgets what it has translated there
            ip("-n", self.names["N"], "link", "set", "veth0", state)

    def ends(self, sender: str) -> tuple[str, str, str, str]:
        """Return namespace and inside address of one end and of the other."""
        inside = (OUTSIDE if self.case.transport else INSIDE)[self.case.inner]
        receiver = {"L": "R", "R": "L"}[sender]
        return self.names[sender], inside[sender], self.names[receiver], inside[receiver]

    def pinging(self, sender: str, count: int, size: int, interval: float, to: str = "") -> Pinging:
        """Begin to ping from one end to the other."""
        namespace, source, _, destination = self.ends(sender)
        return Pinging(namespace, source, count, size, interval, to or destination)

    def first(self) -> None:
        """Ping until it is answered, as the first packets ask for the tunnel."""
        for _ in range(10):
            if self.pinging("L", 1, 56, 1).lost() == 0:
                return
        raise AssertionError(self.engine.log.read_text() + self.peer.log[-5000:])

    def told(self) -> str:
        """Return what both ends say."""
        ours = self.engine.type("show crypto ipsec sa", "show logging")
        return f"{ours}\n{self.peer.sas()}\n{self.peer.log[-5000:]}"

    def until_gone(self, stood: list[str]) -> None:
        """Wait until the peer has IKE SAs no more; it may have begun another."""
        assert stood
        deadline = time.monotonic() + 15
        while {*stood} & {*self.peer.sas()[0]}:
            assert time.monotonic() < deadline, self.peer.log[-5000:]
            time.sleep(0.1)

    def carry(self) -> None:
        """Send pings and TCP both ways, all of which must arrive."""
        for sender in ("L", "R"):
            self.first()  # the stream may have used an SA up before another was there
            assert self.pinging(sender, 3, 1000, 0.01).lost() == 0, f"from {sender}\n{self.told()}"
            assert stream(*self.ends(sender), 10 * MEGABYTE, self.case.port)
        encrypted = re.findall(r"#pkts encrypt: (\d+)", self.engine.type("show crypto ipsec sa"))
        assert sum(map(int, encrypted)) > 0
        if self.case.also:
            assert self.pinging("L", 3, 56, 0.1, self.case.also).lost() == 0


class Pinging:
    """A ping that runs.

    ping(8) counts an answer as lost that takes longer than two round trips of the others (but for the first, -W is not
    heeded), so late ones are asked of the kernel.
    """

    def __init__(self, namespace: str, source: str, count: int, size: int, interval: float, destination: str) -> None:
        self._namespace = namespace
        self._before = answers(namespace)
        command = [*into(namespace), "ping", "-q", "-I", source, "-c", str(count), "-s", str(size)]
        command += ["-i", str(interval), "-W", "2", destination]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def lost(self) -> int:
        """Wait for it to end; return how many packets are missing."""
        said = self._process.communicate()[0]
        found = re.search(r"(\d+) packets transmitted, (\d+) received", said)
        assert found, said
        assert "duplicates" not in said, said
        deadline = time.monotonic() + LATE
        while (missing := int(found[1]) - max(int(found[2]), answers(self._namespace) - self._before)) > 0:
            if time.monotonic() > deadline:
                break
            time.sleep(0.02)
        return missing


def answers(namespace: str) -> int:
    """Return how many echo replies have come into a namespace."""
    with within(namespace):
        names, numbers = re.findall("^IcmpMsg: (.*)", Path("/proc/thread-self/net/snmp").read_text(), re.M) or ("", "")
        six = re.findall(r"^Icmp6InType129\s+(\d+)", Path("/proc/thread-self/net/snmp6").read_text(), re.M)
    four = dict(zip(names.split(), numbers.split(), strict=True))
    return int(four.get("InType0", 0)) + sum(map(int, six))


def end_and_begin(tunnel: Tunnel) -> None:
    """Theirs ends what stands and begins anew; ours ends that."""
    engine, peer = tunnel.engine, tunnel.peer
    peer.end()
    engine.until("DOWN")
    assert "READY" not in engine.type("show crypto ikev2 sa")
    peer.begin()
    engine.show_until("show crypto ikev2 sa", "READY")
    assert tunnel.pinging("R", 3, 56, 0.1).lost() == 0
    stood = peer.sas()[0]
    engine.type("clear crypto ikev2 sa")
    tunnel.until_gone(stood)


def live_through(tunnel: Tunnel, packets: int = 2000, rekeys: tuple[bool, ...] = (False, True, False)) -> None:
    """Ours begins; theirs rekeys under traffic, nothing is lost; theirs ends it, begins anew; ours ends that.

    Ours rekeys the Child SA by kilobytes, in the middle of a stream.
    """
    peer = tunnel.peer
    tunnel.first()
    tunnel.carry()
    before = peer.sas()[1]
    pings = [tunnel.pinging(sender, packets, 1300, 6 / packets) for sender in ("L", "R")]
    for ike in rekeys:
        time.sleep(1)
        peer.rekey(ike)
    assert [ping.lost() for ping in pings] == [0, 0]
    after = peer.sas()[1]
    assert len(after) == 1 == len({*after} - {*before}), after

    end_and_begin(tunnel)
    assert tunnel.case.log in peer.log
