"""A firewall's tunnel interfaces and their protection become intent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import inf
from typing import Any, Final

from ikecli.config import asa
from ikecli.config.algorithms import kilobytes, pfs_rows, replay_window
from ikecli.config.complaints import Complaints
from ikecli.intent import (
    Address,
    Carrier,
    Connection,
    EspProposal,
    Flow,
    Identity,
    Initiation,
    Outer,
    ReverseRoute,
    Tunnel,
)
from ikecli.intent.peers import tunnel_flows

LIFETIME: Final = 28800
KILOBYTES: Final = 4608000
REPLAY_WINDOW: Final = 64
SEQUENCE: Final = 65280
"""The sequence number of the one entry that protects a tunnel."""

AddressOf = Callable[[str, int], Address | None]
"""Returns the address of a named interface of an IP version."""
Offers = Callable[[tuple[Any, ...], str, tuple[str, ...], str], list[EspProposal]]
"""Returns the ESP proposals of these names; complains of what lacks, with the words that begin the fix."""


HOSTNAME: Final = "ciscoasa"
_DF_BITS: Final = {"copy-df": None, "set-df": True, "clear-df": False}


def outer_of(draft: asa.Asa, nameif: str, entry: str | None = None) -> Outer:
    """Return how the header before ESP is made on a named interface, or as an `entry` says for itself."""
    held, cut = draft.df_bits.get(nameif), draft.cuts.get(nameif)
    bit = entry or (held.bit if held else None)
    return Outer(_DF_BITS[bit] if bit else None, late=cut is not None and cut.when == "after-encryption")


def path_aging(minutes: int | str | None) -> float:
    """Return the seconds of `pmtu-aging`; 0 where it is not said."""
    return inf if minutes == "infinite" else 60.0 * int(minutes or 0)


def fqdn_of(draft: asa.Asa) -> Identity:
    """Return this system's name with its domain."""
    return Identity.fqdn(".".join(filter(None, (draft.hostname or HOSTNAME, draft.domain))))


def identities_of(draft: asa.Asa) -> Iterator[tuple[Address, Identity | None]]:
    """Yield the ends of tunnels whose IPsec profile says whom this side is, with what it says (None: its address)."""
    for each in draft.interfaces.values():
        held = draft.ipsec_profiles.get(each.protection or "")
        if held is None or held.local_identity is None or each.tunnel_destination is None:
            continue
        match held.local_identity:
            case asa.LocalIdentity("hostname"):
                yield each.tunnel_destination, fqdn_of(draft)
            case asa.LocalIdentity("key-id", key_id=str(name)):
                yield each.tunnel_destination, Identity.key_id(name)
            case asa.LocalIdentity("email-id", email=str(name)):
                yield each.tunnel_destination, Identity.email(name)
            case _:
                yield each.tunnel_destination, None


def volume_of(held: asa.MapEntry | asa.IpsecProfile, draft: asa.Asa) -> int:
    """Return how many kilobytes the SAs of an entry carry; 0: any."""
    own = held.lifetime_kilobytes
    return kilobytes(draft.lifetime_kilobytes if own is None else own, KILOBYTES)


def is_tunnel(name: str) -> bool:
    """Tell by its name whether an interface is a tunnel."""
    return name.startswith("Tunnel")


def map_name(interface: str) -> str:
    """Return the name of the connection that protects a tunnel interface."""
    number = interface.removeprefix("Tunnel")
    return f"__vti-crypto-map-{number}-0-{number}"


class Tunnels:
    """The tunnels of a draft. `group` finds the tunnel group that authenticates a peer."""

    def __init__(
        self,
        draft: asa.Asa,
        complaints: Complaints,
        address_of: AddressOf,
        offers: Offers,
        group: Callable[[tuple[Any, ...], str, Address], str | None],
        flows: Callable[[tuple[Any, ...], str, str | None], Iterator[Flow]],
        idle: Callable[[str | None], int],
    ) -> None:
        self.draft, self.complaints, self.address_of = draft, complaints, address_of
        self.named = {one.nameif: name for name, one in reversed(draft.interfaces.items()) if one.nameif}
        self.offers, self.group, self.flows, self.idle = offers, group, flows, idle

    def tunnel(self, name: str, each: asa.Interface) -> Tunnel:
        """Return how a tunnel interface is a tunnel; it carries nothing while an end is not known."""
        where, version = ("interfaces", name), 6 if each.tunnel_mode == "ipv6" else 4
        source = self.address_of(each.tunnel_source or "", version)
        there = each.tunnel_destination
        for lacks, what, fix in (
            (each.tunnel_mode is None, "tunnel mode", "tunnel mode ipsec ipv4"),
            (each.tunnel_source is None, "tunnel source", "tunnel source interface NAMEIF"),
            (there is None, "tunnel destination", "tunnel destination A.B.C.D"),
            (each.protection is None, "protection", "tunnel protection ipsec profile NAME"),
            (each.nameif is None, "name", "nameif NAME"),
        ):
            if lacks:
                self.complaints.error(where, "tunnel-incomplete", f"interface {name} has no {what}", fix)
        if each.tunnel_source is not None and source is None:
            why = f"interface {name} sends from {each.tunnel_source}, which has no IPv{version} address"
            self.complaints.error(where, "interface-without-address", why, "ip address A.B.C.D MASK there")
        if there is not None and there.version != version:
            why = f"interface {name} is a tunnel over IPv{version}, but has the end {there}"
            self.complaints.error(where, "tunnel-incomplete", why, f"tunnel mode ipsec ipv{there.version}")
            there = None
        lender = self.named.get(each.tunnel_source or "", "")
        label = f"{map_name(name)} {SEQUENCE} {name}"
        profile = each.protection or ""
        return Tunnel(Carrier.IPSEC, source, there, lender, protection=label, profile=profile, versions=(version,))

    def connections(self) -> Iterator[Connection]:
        """Yield what protects the tunnels that are whole."""
        for name, each in self.draft.interfaces.items():
            if not is_tunnel(name) or each.protection is None:
                continue
            held = self.draft.ipsec_profiles.get(each.protection)
            if held is None:
                self.complaints.error(
                    ("interfaces", name), "tunnel-incomplete",
                    f"interface {name} names IPsec profile {each.protection}, which is not there",
                    f"crypto ipsec profile {each.protection}",
                )  # fmt: skip
                continue
            yield from self.protected(name, each, held)

    def protected(self, name: str, each: asa.Interface, held: asa.IpsecProfile) -> Iterator[Connection]:
        """Yield what protects a tunnel, if it is whole."""
        where, version = ("ipsec_profiles", each.protection), 6 if each.tunnel_mode == "ipv6" else 4
        what = f"IPsec profile {each.protection}"
        proposals = self.offers(where, what, held.ipsec_proposals, "set ikev2 ipsec-proposal")
        source, there = self.address_of(each.tunnel_source or "", version), each.tunnel_destination
        enabled = each.tunnel_source in self.draft.ikev2_interfaces
        if each.tunnel_source and not enabled:
            why = f"interface {name} sends from {each.tunnel_source}, but IKEv2 is not enabled there"
            self.complaints.error(
                ("interfaces", name), "ikev2-not-enabled", why, f"crypto ikev2 enable {each.tunnel_source}"
            )
        group = self.group(("interfaces", name), f"interface {name}", there) if there is not None else None
        if not (proposals and group and enabled and source and there) or there.version != version or each.shutdown:
            return
        flows = tunnel_flows(Carrier.IPSEC, source, there, (version,))
        if each.policy is not None:
            flows = tuple(self.flows(("interfaces", name), f"interface {name}", each.policy))
        seconds = held.lifetime_seconds
        pfs, additional = pfs_rows(held.pfs, "asa")
        yield Connection(
            map_name(name),
            SEQUENCE,
            name,
            source,
            (there,),
            flows,
            tuple(proposals),
            profile=group,
            pfs=pfs,
            pfs_additional=additional,
            lifetime=0 if seconds == "unlimited" else int(seconds or self.draft.lifetime_seconds or LIFETIME),
            kilobytes=volume_of(held, self.draft),
            initiation=Initiation.NEVER if held.responder_only else Initiation.START,
            replay_window=replay_window(self.draft.replay_window, REPLAY_WINDOW),
            idle=self.idle(group),
            outer=outer_of(self.draft, each.tunnel_source or ""),
            reverse_route=ReverseRoute(tunnel=True) if held.reverse_route else None,
        )
