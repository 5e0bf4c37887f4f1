"""Address translation of a router."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from ikecli.config import ios, ios_lists
from ikecli.config.complaints import Complaints
from ikecli.config.crypto_acl import flows_of, selector_of
from ikecli.config.flows import PROTOCOLS
from ikecli.intent import Flow, Nat, Overload, Selector, StaticPort


def nat_of(draft: ios.Ios, complaints: Complaints) -> Nat:
    """Return what is translated between the interfaces that are marked inside and outside."""
    inside, outside = (
        frozenset(name for name, each in draft.interfaces.items() if each.nat == word) for word in ("inside", "outside")
    )
    rules = tuple(_overloads(draft, complaints))
    statics = tuple(_statics(draft, complaints))
    for name in dict.fromkeys([row.interface for row in rules] + [row.interface for row in statics]):
        if name not in outside:
            complaints.error(
                ("interfaces", name), "", f"addresses are translated to that of interface {name}, which is not outside",
                f"ip nat outside on interface {name}",
            )  # fmt: skip
    return Nat(inside, outside, rules, statics)


def source_flows(draft: ios.Ios, name: str, complaints: Complaints) -> list[Flow]:
    """Return the flows of an access list, standard or extended."""
    held = draft.standard_lists.get(name)
    return list(_standard(name, held, complaints)) if held else flows_of(draft, name, complaints)


def _standard(name: str, held: ios_lists.StandardList, complaints: Complaints) -> Iterator[Flow]:
    anywhere = Selector.of(IPv4Network("0.0.0.0/0"))
    for sequence, line in sorted(held.entries.items()):
        if line.action is None:
            continue
        if (source := selector_of(line.source)) is None:
            complaints.error(
                ("standard_lists", name), "", f"line {sequence} of access list {name} has a wildcard with gaps",
                "one line for each network",
            )  # fmt: skip
            continue
        yield Flow(source, anywhere, line.action == "permit")


def _overloads(draft: ios.Ios, complaints: Complaints) -> Iterator[Overload]:
    for name, each in draft.nat_overloads.items():
        flows = tuple(source_flows(draft, name, complaints))
        if flows:
            yield Overload(flows, each.interface)
        else:
            complaints.error(
                ("nat_overloads", name), "access-list-missing",
                f"ip nat inside source list {name} names an access list that is not there or empty",
                f"access-list {name} permit NET WILDCARD" if name.isdigit() else f"ip access-list standard {name}",
            )  # fmt: skip


def _statics(draft: ios.Ios, complaints: Complaints) -> Iterator[StaticPort]:
    owners = {
        each.address.address: name
        for name, each in draft.interfaces.items()
        if isinstance(each.address, ios.InterfaceAddress)
    }
    for (protocol, interface, address, port), each in draft.nat_statics.items():
        name = interface or (owners.get(address) if address else None)
        if name is None:
            complaints.error(
                ("nat_statics",), "", f"ip nat inside source static names {address}, which no interface has",
                "the address of an interface outside",
            )  # fmt: skip
        else:
            yield StaticPort(PROTOCOLS[protocol], each.local, each.local_port, name, port)
