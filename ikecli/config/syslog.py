"""Syslog servers of both dialects, and how a router's sessions print the log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final, Literal

from ikecli.config.complaints import Complaints
from ikecli.intent import Syslog
from ikecli.numbers.conventions import SEVERITIES

INFORMATIONAL: Final = 6
DEBUGGING: Final = 7
DATETIME: Final = ("datetime", "msec")
ROUTER_PORTS: Final = {False: 514, True: 601}
FIREWALL_PORTS: Final = {False: 514, True: 1470}
PROTOCOLS: Final = {"udp": False, "17": False, "tcp": True, "6": True}


@dataclass(frozen=True, slots=True)
class RouterHost:
    """`logging host` of a router; UDP and the usual port where nothing is said."""

    transport: str | None = None
    port: int | None = None


@dataclass(frozen=True, slots=True)
class FirewallHost:
    """`logging host` of a firewall: the interface's name, and `udp/514`, `tcp/1470` or the like."""

    interface: str
    way: str | None = None


@dataclass(frozen=True, slots=True)
class Stamp:
    """`service timestamps`: `datetime` with words that are there or not, or `uptime`."""

    kind: str | None
    msec: str | None = None
    localtime: str | None = None
    zone: str | None = None
    year: str | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """All of it in words."""
        return tuple(word for word in (self.kind, self.msec, self.localtime, self.zone, self.year) if word)


@dataclass(frozen=True, slots=True)
class FirewallStamp:
    """`logging timestamp`."""

    rfc5424: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """All of it in words."""
        return ("rfc5424",) if self.rfc5424 else DATETIME


@dataclass(frozen=True, slots=True)
class Shown:
    """`logging buffered` and `logging monitor`: down to which severity, how many octets; all if not said."""

    octets: int | None = None
    level: int | str | None = None


def words_of(stamp: Stamp | FirewallStamp | Literal[False] | None) -> tuple[str, ...]:
    """Return what stands before a line, in words; none for nothing."""
    return () if stamp is False else DATETIME if stamp is None else stamp.words


def lowest(shown: Shown | Literal[False] | None, enabled: bool) -> int:
    """Return the severity down to which lines are shown, -1 for none."""
    if shown is False or not enabled:
        return -1
    return DEBUGGING if shown is None or shown.level is None else severity(shown.level)


def severity(level: int | str) -> int:
    """Return the number of a level's word, or the number."""
    return SEVERITIES.index(level) if isinstance(level, str) else level


def of_router(hosts: dict[IPv4Address, RouterHost], level: int | str | None) -> Iterator[Syslog]:
    """Yield a router's servers."""
    down_to = INFORMATIONAL if level is None else severity(level)
    for address, host in hosts.items():
        tcp = host.transport == "tcp"
        yield Syslog(address, host.port or ROUTER_PORTS[tcp], tcp, down_to)


def of_firewall(
    hosts: dict[IPv4Address, FirewallHost], level: int | str | None, enabled: bool, complaints: Complaints
) -> Iterator[Syslog]:
    """Yield a firewall's servers: it sends nothing before it is told a level, and enabled."""
    for missing, command in ((not enabled, "logging enable"), (level is None, "logging trap informational")):
        if hosts and missing:
            complaints.warn(("syslog_hosts",), "", "Nothing goes to the syslog servers", command)
            return
    for address, host in hosts.items():
        protocol, _, port = (host.way or "udp").lower().partition("/")
        if protocol not in PROTOCOLS or (port and not (port.isdecimal() and 0 < int(port) < 65536)):
            text = f"{host.way} is no way to the syslog server {address}"
            complaints.warn(("syslog_hosts", address), "", text, f"logging host {host.interface} {address} udp/514")
            continue
        tcp = PROTOCOLS[protocol]
        yield Syslog(address, int(port) if port else FIREWALL_PORTS[tcp], tcp, severity(level or 0))
