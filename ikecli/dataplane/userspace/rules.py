"""Routing rules that lead packets to the TUN device: one for each policy, in the policies' order (ip-rule(8)).

Some numbers below the main table's are ours: what carries our mark (IKE and ESP) goes past the rules, then come the
flows of Child SAs that no policy names, then the policies, in one of two places, so that new ones stand before old ones
go. The last rule does nothing: a deny jumps there. A packet from outside that should have been protected meets a black
hole.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any, Final

from pyroute2.netlink.rtnl import RTM_DELRULE, RTM_GETRULE, RTM_NEWROUTE, RTM_NEWRULE
from pyroute2.netlink.rtnl.fibmsg import (
    FR_ACT_BLACKHOLE,
    FR_ACT_GOTO,
    FR_ACT_NOP,
    FR_ACT_TO_TBL,
    fibmsg,
)

from ikecli.dataplane.linux.ledger import Ledger, Thing
from ikecli.dataplane.linux.netlink import CREATE, EXCL, FAMILIES, Refused, Requests
from ikecli.dataplane.linux.network import route
from ikecli.dataplane.linux.vrfs import PROTOCOL
from ikecli.dataplane.xfrm.cuts import prefixes
from ikecli.intent import Selector

FIRST: Final = 100
WINDOW: Final = 8
WINDOWS: Final = 4_000
"""Places for engines of one network namespace."""
OURS: Final = 0x1EC0_0000
"""The upper half of our table's number and of the mark that IKE and ESP carry."""
MARK, CHILDREN, LINES, OTHER_LINES, END = range(5)
RULE_PORTS: Final = (6, 17, 132)
"""Protocols whose ports a rule can look at; others are told apart by the worker alone."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what it looks at as text, for the ledger, and what it does."""

    version: int
    place: int
    action: int
    source: str = ""
    destination: str = ""
    protocol: int = 0
    source_ports: str = ""
    destination_ports: str = ""
    device: str = ""

    def thing(self, priority: int) -> Thing:
        """Return the entry of the ledger."""
        looks = (self.source, self.destination, str(self.protocol), self.source_ports, self.destination_ports)
        return "rule", str(self.version), str(priority), str(self.action), *looks, self.device


class Rules:
    """The rules of one engine."""

    def __init__(self, requests: Requests, ledger: Ledger) -> None:
        self._requests, self._ledger = requests, ledger
        self._placed: list[Rule] = []
        self._children: dict[int, list[Rule]] = {}
        self._lines = LINES
        self._first = self._window()

    @property
    def mark(self) -> int:
        """The number of our table, and the mark that IKE and ESP carry."""
        return OURS | self._ledger.owner

    def begin(self, index: int) -> None:
        """Have everything in our table go to the device of an index, and what carries our mark pass."""
        for version in FAMILIES:
            for place, action in ((END, FR_ACT_NOP), (MARK, FR_ACT_GOTO)):
                self._add(Rule(version, place, action))
            everywhere = ip_network("0.0.0.0/0" if version == 4 else "::/0")
            try:
                route(self._requests, everywhere, RTM_NEWROUTE, CREATE, "", index, self.mark)
            except Refused as refusal:
                if version == 4 or refusal.code not in (errno.EACCES, errno.EOPNOTSUPP, errno.ENODEV):
                    raise

    def follow(self, lines: Iterable[tuple[Selector, Selector, bool, str]]) -> None:
        """Put in the policies: ends, whether to protect, and the device that clear packets must not come from."""
        new = OTHER_LINES if self._lines == LINES else LINES
        wanted = [rule for line in lines for rule in _rules(*line, new)]
        for rule in dict.fromkeys(wanted):
            self._add(rule)
        for rule in [rule for rule in self._placed if rule.place == self._lines]:
            self._delete(rule)
        self._lines = new

    def child(self, spi: int, flows: Iterable[tuple[Selector, Selector]]) -> None:
        """Lead the flows of a Child SA to the device, though no policy names them."""
        held = {rule for some in self._children.values() for rule in some}
        rules = [rule for pair in flows for rule in _rules(*pair, True, "", CHILDREN)]
        self._children[spi] = rules
        for rule in dict.fromkeys(rules):
            if rule not in held:
                self._add(rule)

    def childless(self, spi: int) -> None:
        """Take a Child SA's flows back."""
        rules = self._children.pop(spi, [])
        held = {rule for some in self._children.values() for rule in some}
        for rule in dict.fromkeys(rules):
            if rule not in held:
                self._delete(rule)

    def close(self) -> None:
        """Take out all rules; the routes go with the device."""
        for rule in reversed(self._placed[:]):
            self._delete(rule)

    def _window(self) -> int:
        """Take out what an earlier run left, and find numbers that nobody uses."""
        theirs = set()
        for version, family in FAMILIES.items():
            for one in self._dump(family):
                priority = one.get_attr("FRA_PRIORITY") or 0
                thing = _seen(one, version, priority)
                if thing in self._ledger and one.get_attr("FRA_PROTOCOL") == PROTOCOL:
                    self._change(_rule(thing), priority, RTM_DELRULE, table=one.get_attr("FRA_TABLE"))
                else:
                    theirs.add((priority - FIRST) // WINDOW)
        for thing in self._ledger.kind("rule"):
            self._ledger.drop(thing)
        chosen = self._ledger.owner % WINDOWS
        while chosen in theirs:
            chosen = (chosen + 1) % WINDOWS
        return FIRST + WINDOW * chosen

    def _dump(self, family: int) -> list[Any]:
        message = fibmsg()
        message["family"] = family
        return self._requests.dump("rules", message, RTM_GETRULE)

    def _add(self, rule: Rule) -> None:
        priority = self._first + rule.place
        self._ledger.add(rule.thing(priority))
        try:
            self._change(rule, priority, RTM_NEWRULE, CREATE | EXCL)
        except Refused:
            self._ledger.drop(rule.thing(priority))
            raise
        self._placed.append(rule)

    def _delete(self, rule: Rule) -> None:
        priority = self._first + rule.place
        try:
            self._change(rule, priority, RTM_DELRULE)
        except Refused as refusal:
            if refusal.code != errno.ENOENT:
                raise
        self._placed.remove(rule)
        self._ledger.drop(rule.thing(priority))

    def _change(self, rule: Rule, priority: int, kind: int, flags: int = 0, table: int = 0) -> None:
        message = fibmsg()
        message["family"], message["action"] = FAMILIES[rule.version], rule.action
        attributes: list[tuple[str, object]] = [("FRA_PRIORITY", priority), ("FRA_PROTOCOL", PROTOCOL)]
        for name, text in (("FRA_SRC", rule.source), ("FRA_DST", rule.destination)):
            if text:
                address, _, length = text.partition("/")
                attributes.append((name, address))
                message["src_len" if name == "FRA_SRC" else "dst_len"] = int(length)
        if rule.protocol:
            attributes.append(("FRA_IP_PROTO", rule.protocol))
        for name, ports in (("FRA_SPORT_RANGE", rule.source_ports), ("FRA_DPORT_RANGE", rule.destination_ports)):
            if ports:
                attributes.append((name, ports))
        if rule.device:
            attributes.append(("FRA_IIFNAME", rule.device))
        if rule.action == FR_ACT_TO_TBL:
            attributes.append(("FRA_TABLE", table or self.mark))
        elif rule.action == FR_ACT_GOTO:
            attributes.append(("FRA_GOTO", priority - rule.place + END))
            if rule.place == MARK:
                attributes += [("FRA_FWMARK", self.mark), ("FRA_FWMASK", 0xFFFFFFFF)]
        message["attrs"] = attributes
        self._requests.change(f"rule {priority}", message, kind, flags)


def _rules(local: Selector, remote: Selector, protect: bool, outside: str, place: int) -> list[Rule]:
    """Return the rules of one policy: packets on their way out, and those that came in the clear from `outside`."""
    protocol = local.protocol or remote.protocol
    ports = [_ports(one) if protocol in RULE_PORTS else "" for one in (local, remote)]
    version = local.first.version
    rules = []
    for near in prefixes(local):
        for far in prefixes(remote):
            action = FR_ACT_TO_TBL if protect else FR_ACT_GOTO
            if outside:
                back = FR_ACT_BLACKHOLE if protect else FR_ACT_GOTO
                rules.append(Rule(version, place, back, str(far), str(near), protocol, ports[1], ports[0], outside))
            rules.append(Rule(version, place, action, str(near), str(far), protocol, ports[0], ports[1]))
    return rules


def _ports(one: Selector) -> str:
    return "" if one.any_port else f"{one.first_port}:{one.last_port}"


def _seen(one: Any, version: int, priority: int) -> Thing:
    """Return the ledger's entry for a rule of the kernel."""

    def prefix(name: str, length: int) -> str:
        address = one.get_attr(name)
        if address is None and length == 0:
            return ""
        return f"{address}/{length}"

    def ports(name: str) -> str:
        found = one.get_attr(name)
        return f"{found['start']}:{found['end']}" if found else ""

    return Rule(
        version,
        0,
        one["action"],
        prefix("FRA_SRC", one["src_len"]),
        prefix("FRA_DST", one["dst_len"]),
        one.get_attr("FRA_IP_PROTO") or 0,
        ports("FRA_SPORT_RANGE"),
        ports("FRA_DPORT_RANGE"),
        one.get_attr("FRA_IIFNAME") or "",
    ).thing(priority)


def _rule(thing: Thing) -> Rule:
    _, version, priority, action, source, destination, protocol, near, far, device = thing
    place = (int(priority) - FIRST) % WINDOW
    return Rule(int(version), place, int(action), source, destination, int(protocol), near, far, device)
