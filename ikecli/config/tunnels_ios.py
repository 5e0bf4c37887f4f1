"""A router's tunnel interfaces, their protection, and the templates of virtual-access interfaces become intent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from ipaddress import IPv4Interface
from typing import Any, Final

from ikecli.config import identities_ios, ios, ios_ipsec
from ikecli.config.algorithms import kilobytes, pfs_rows, prefix_length, replay_window
from ikecli.config.common import DHCP
from ikecli.config.complaints import Complaints
from ikecli.config.crypto_acl import flows_of
from ikecli.config.flexvpn_ios import Clients
from ikecli.config.identities_ios import only_of
from ikecli.config.reverse_ios import is_static, look_at, reverse_of, standing
from ikecli.config.smart import ipsec_profiles_of
from ikecli.intent import (
    Address,
    Carrier,
    Connection,
    EspProposal,
    Flow,
    Initiation,
    Interface,
    Outer,
    ReverseRoute,
    Route,
    Template,
    Tfc,
    Transport,
    Tunnel,
)
from ikecli.intent.network import DEFAULT_MTU
from ikecli.intent.peers import TUNNEL_SEQUENCE, tunnel_flows, tunnel_name
from ikecli.intent.watch import Client
from ikecli.numbers.conventions import GRE_HOPS

LIFETIME: Final = 3600
KILOBYTES: Final = 4608000
REPLAY_WINDOW: Final = 64
TEMPLATE: Final = "Virtual-Template"
DUMMY_OCTETS: Final = 64
"""The size of the dummy packets of `set security-association dummy`."""

MODES: Final[dict[str, tuple[Carrier, int, tuple[int, ...]]]] = {
    "gre ip": (Carrier.GRE, 4, (4, 6)),
    "gre ipv6": (Carrier.GRE, 6, (4, 6)),
    "ipsec ipv4": (Carrier.IPSEC, 4, (4,)),
    "ipsec ipv4 v6-overlay": (Carrier.IPSEC, 4, (6,)),
    "ipsec ipv6": (Carrier.IPSEC, 6, (6,)),
    "ipsec ipv6 v4-overlay": (Carrier.IPSEC, 6, (4,)),
    "ipsec dual-overlay": (Carrier.IPSEC, 4, (4, 6)),
}
"""What each mode puts packets into, the IP version outside, and those inside."""

Offers = Callable[[tuple[Any, ...], str, Any], tuple[tuple[EspProposal, ...], Transport]]
"""Returns the ESP proposals of something with transform sets, and its mode; complains."""


def addresses_of(each: ios.Interface) -> tuple[Any, ...]:
    """Return an interface's own addresses, IPv4 first."""
    own = [one for one in (each.address, *each.secondaries) if isinstance(one, ios.InterfaceAddress)]
    four = [IPv4Interface((int(one.address), prefix_length(int(one.mask)))) for one in own]
    if each.address in DHCP and each.found is not None:
        four.insert(0, each.found)
    return (*four, *each.ipv6_addresses)


def mode_of(each: ios.Interface) -> tuple[Carrier, int, tuple[int, ...]]:
    """Return how a tunnel interface carries packets, GRE over IPv4 unless it says otherwise."""
    return MODES[each.tunnel_mode or "gre ip"]


DF_BITS: Final = {"copy": None, "set": True, "clear": False}
DF_WORDS: Final = {None: None, True: "set", False: "clear"}


def is_tunnel(name: str) -> bool:
    """Tell by its name whether an interface is a tunnel, or a template of tunnels."""
    return name.startswith(("Tunnel", TEMPLATE))


def seconds_of(held: ios_ipsec.MapEntry | ios_ipsec.IpsecProfile, draft: ios.Ios) -> int:
    """Return how long the SAs of an entry live."""
    lifetime = held.lifetime or draft.lifetime
    return lifetime.whole if lifetime else LIFETIME


def volume_of(held: ios_ipsec.MapEntry | ios_ipsec.IpsecProfile, draft: ios.Ios) -> int:
    """Return how many kilobytes the SAs of an entry carry; 0: any."""
    own = held.lifetime_kilobytes
    return kilobytes(draft.lifetime_kilobytes if own is None else own, KILOBYTES)


def window_of(held: ios_ipsec.MapEntry | ios_ipsec.IpsecProfile, draft: ios.Ios) -> int:
    """Return the replay window of the SAs of an entry."""
    return replay_window(held.replay_window or draft.replay_window, REPLAY_WINDOW)


class Addresses:
    """The addresses of a draft's interfaces, each interface's looked for once."""

    def __init__(self, draft: ios.Ios) -> None:
        self._draft = draft
        self._known: dict[str, tuple[Any, ...]] = {}

    def first(self, interface: str | None, version: int) -> Address | None:
        """Return the first address of an interface of an IP version."""
        name = interface or ""
        if name not in self._known:
            held = self._draft.interfaces.get(name)
            self._known[name] = addresses_of(held) if held else ()
        return next((one.ip for one in self._known[name] if one.version == version), None)


class Tunnels:
    """The tunnels of a draft. `profiles` are the IKEv2 profiles that are complete."""

    def __init__(self, draft: ios.Ios, complaints: Complaints, offers: Offers, profiles: set[str]) -> None:
        self.draft, self.complaints, self.offers, self.profiles = draft, complaints, offers, profiles
        self.addresses = Addresses(draft)
        self.clients = Clients(draft, complaints, self.addresses.first)
        self.ipsec_profiles = ipsec_profiles_of(draft)
        self._first: dict[tuple[Any, ...], str] = {}
        for name, one in draft.interfaces.items():
            self._first.setdefault(_ends(one), name)

    def interfaces(self) -> Iterator[Interface]:
        """Yield all interfaces, tunnels and templates among them."""
        for name, each in self.draft.interfaces.items():
            self.known_vrf(("interfaces", name), f"interface {name}", each.vrf)
            dynamic = each.address in DHCP
            unnumbered = each.address if isinstance(each.address, str) and not dynamic else ""
            lender = self.draft.interfaces.get(unnumbered)
            if unnumbered and (lender is None or not addresses_of(lender)):
                self.complaints.error(
                    ("interfaces", name), "interface-without-address",
                    f"interface {name} is to use the address of {unnumbered}, which has none",
                    f"ip address A.B.C.D MASK on interface {unnumbered}",
                )  # fmt: skip
            yield Interface(
                name,
                addresses_of(each),
                bool(each.shutdown),
                each.ip_mtu or each.mtu or DEFAULT_MTU,
                description=each.description or "",
                vrf=each.vrf or "",
                tunnel=self.tunnel(name, each) if is_tunnel(name) else None,
                unnumbered=unnumbered,
                template=name.startswith(TEMPLATE),
                segments=(each.adjust_mss or 0, each.adjust_mss6 or 0),
                dynamic=dynamic,
            )

    def known_vrf(self, where: tuple[Any, ...], what: str, vrf: str | None) -> None:
        """Complain of a routing table that is not there."""
        if vrf and vrf not in self.draft.vrfs:
            self.complaints.error(
                where, "vrf-missing", f"{what} names VRF {vrf}, which is not there", f"vrf definition {vrf}"
            )

    def tunnel(self, name: str, each: ios.Interface) -> Tunnel:
        """Return how a tunnel interface is a tunnel; it carries nothing while an end is not known."""
        carrier, version, versions = mode_of(each)
        if carrier is Carrier.IPSEC and self.is_mixed(each):
            versions = (4, 6)
        where = ("interfaces", name)
        self.known_vrf(where, f"interface {name}", each.tunnel_vrf)
        given = self.clients.source(name, each)
        source = given.address or self.addresses.first(given.interface, version)
        lender = self.draft.interfaces.get(given.interface or "")
        if not name.startswith(TEMPLATE):
            self.ends(name, each, source, version)
        if lender is not None and (lender.vrf or "") != (each.tunnel_vrf or ""):
            self.complaints.error(
                where, "tunnel-incomplete",
                f"interface {name} sends from {given.interface}, which is in {_table(lender.vrf)}",
                f"tunnel vrf {lender.vrf}" if lender.vrf else "no tunnel vrf",
            )  # fmt: skip
        if carrier is Carrier.IPSEC and (each.tunnel_ttl or each.tunnel_tos is not None):
            what = "tunnel ttl" if each.tunnel_ttl else "tunnel tos"
            self.complaints.warn(where, "", f"interface {name} is an IPsec tunnel, and {what} is of GRE", f"no {what}")
        fits = source is None or source.version == version
        there = next(iter(self.clients.destinations(name, each)), None)
        return Tunnel(
            carrier,
            source if fits else None,
            there if there is not None and there.version == version else None,
            given.interface or "",
            each.tunnel_vrf or "",
            each.tunnel_key if carrier is Carrier.GRE else None,
            self.label(name, each),
            each.protection.profile if each.protection else "",
            versions,
            each.tunnel_ttl or GRE_HOPS,
            each.tunnel_tos,
        )

    def is_mixed(self, each: ios.Interface) -> bool:
        """Tell whether a tunnel's profile has it carry both IP versions."""
        held = self.ipsec_profiles.get(each.protection.profile) if each.protection else None
        return held is not None and bool(held.mixed_mode)

    def ends(self, name: str, each: ios.Interface, source: Address | None, version: int) -> None:
        """Complain of what the ends of a tunnel lack."""
        where, family = ("interfaces", name), f"IPv{version}"
        if each.tunnel_source is None:
            self.complaints.error(
                where, "tunnel-incomplete", f"interface {name} has no tunnel source", "tunnel source INTERFACE"
            )
        elif source is None and (given := self.clients.source(name, each).interface) is None:
            self.complaints.error(
                where, "tunnel-incomplete",
                f"interface {name} sends from what its FlexVPN client says, but none with a source connects it",
                f"crypto ikev2 client flexvpn NAME, then source 1 INTERFACE and client connect {name}",
            )  # fmt: skip
        elif source is None:
            self.complaints.error(
                where, "interface-without-address",
                f"interface {name} sends from {given}, which has no {family} address",
                f"ip address A.B.C.D MASK on interface {given}",
            )  # fmt: skip
        if each.tunnel_destination is None:
            self.complaints.error(
                where, "tunnel-incomplete", f"interface {name} has no tunnel destination", "tunnel destination A.B.C.D"
            )
        there = self.clients.destinations(name, each)
        if not there and each.tunnel_destination is not None:
            self.complaints.error(
                where, "tunnel-incomplete",
                f"interface {name} goes to the peers of a FlexVPN client, but none with a peer connects it",
                f"crypto ikev2 client flexvpn NAME, then peer 1 A.B.C.D and client connect {name}",
            )  # fmt: skip
        for end in (source, *there):
            if end is not None and end.version != version:
                self.complaints.error(
                    where, "tunnel-incomplete", f"interface {name} is a tunnel over {family}, but has the end {end}",
                    "tunnel mode " + _other_mode(each, end.version),
                )  # fmt: skip
        if mode_of(each)[0] is Carrier.IPSEC and each.protection is None:
            self.complaints.error(
                where, "tunnel-incomplete", f"interface {name} is an IPsec tunnel without protection",
                f"tunnel protection ipsec profile {next(iter(self.draft.ipsec_profiles), 'NAME')}",
            )  # fmt: skip

    def label(self, name: str, each: ios.Interface) -> str:
        """Return the label of the connection that protects a tunnel; tunnels that share one have the first one's."""
        if each.protection is None:
            return ""
        first = self._first[_ends(each)] if each.protection.shared else name
        return f"{tunnel_name(first)} {TUNNEL_SEQUENCE} {first}"

    # Protection

    def connections(self, interfaces: Iterable[Interface]) -> Iterator[Connection]:
        """Yield what protects the tunnels whose ends are known."""
        for one in interfaces:
            tunnel, each = one.tunnel, self.draft.interfaces[one.name]
            if tunnel is None or one.template or each.protection is None:
                continue
            parts = self.profile(one.name, each.protection)
            own = tunnel.protection.endswith(f" {one.name}")
            if parts and own and tunnel.source and tunnel.destination and not one.shutdown:
                yield self.connection(one, tunnel, tunnel.source, tunnel.destination, *parts)

    def connection(
        self, one: Interface, tunnel: Tunnel, source: Address, destination: Address, held: ios_ipsec.IpsecProfile,
        profile: str, proposals: tuple[EspProposal, ...], transport: Transport,
    ) -> Connection:  # fmt: skip
        """Return what protects a tunnel between two ends; in GRE, whose flows name them, without backup peers."""
        gre = tunnel.carrier is Carrier.GRE
        pfs, additional = pfs_rows(held.pfs, "ios")
        return Connection(
            tunnel_name(one.name),
            TUNNEL_SEQUENCE,
            one.name,
            source,
            self.clients.destinations(one.name, self.draft.interfaces[one.name])[: 1 if gre else None],
            self.flows(one.name) or tunnel_flows(tunnel.carrier, source, destination, tunnel.versions),
            proposals,
            profile=profile,
            pfs=pfs,
            pfs_additional=additional,
            lifetime=seconds_of(held, self.draft),
            kilobytes=volume_of(held, self.draft),
            transport=transport if gre else Transport.NO,
            initiation=Initiation.NEVER if held.responder_only else Initiation.START,
            asks=self.clients.asks(one.name, profile),
            replay_window=window_of(held, self.draft),
            vrf=tunnel.vrf,
            inner_vrf=one.vrf,
            tfc=dummies(held.dummy or self.draft.dummy),
            idle=idle_time(held.idle, self.draft),
            outer=outer_of(held, self.draft.interfaces[one.name], self.draft),
            only=only_of(self.draft, held),
            reverse_route=None if gre or is_static(held) else reverse_of(held),
            most_flows=held.most_flows or 0,
        )

    def routes(self, connections: Iterable[Connection]) -> Iterator[Route]:
        """Yield the routes to what IPsec tunnels with `reverse-route static` protect."""
        for one in connections:
            each = self.draft.interfaces[one.interface]
            held = self.ipsec_profiles.get(each.protection.profile) if each.protection else None
            if held is not None and is_static(held) and mode_of(each)[0] is Carrier.IPSEC:
                yield from standing(one, reverse_of(held))

    def chosen(self, connections: Iterable[Connection]) -> Iterator[Client]:
        """Yield the clients that choose the ends of tunnels that are protected."""
        rows = {one.interface: one for one in connections}
        labels = {name: row.label for name, row in rows.items()}
        yield from self.clients.clients(labels, {name: row.local.version for name, row in rows.items()})

    def flows(self, name: str) -> tuple[Flow, ...]:
        """Return what the access list of an IPsec tunnel permits; nothing where it has none and protects everything."""
        each = self.draft.interfaces[name]
        if each.policy is None or mode_of(each)[0] is not Carrier.IPSEC:
            return ()
        found = tuple(flows_of(self.draft, each.policy, self.complaints))
        if not any(flow.permit for flow in found):
            self.complaints.error(
                ("interfaces", name), "access-list-missing",
                f"interface {name} protects what access list {each.policy} permits, which is nothing",
                f"ip access-list extended {each.policy}",
            )  # fmt: skip
        return found

    def profile(
        self, name: str, protection: ios.Protection
    ) -> tuple[ios_ipsec.IpsecProfile, str, tuple[EspProposal, ...], Transport] | None:
        """Return an interface's IPsec profile, its IKEv2 profile, proposals and mode, unless something lacks."""
        held = self.ipsec_profiles.get(protection.profile)
        if held is None:
            self.complaints.error(
                ("interfaces", name), "tunnel-incomplete",
                f"interface {name} names IPsec profile {protection.profile}, which is not there",
                f"crypto ipsec profile {protection.profile}",
            )  # fmt: skip
            return None
        where, what = ("ipsec_profiles", protection.profile), f"IPsec profile {protection.profile}"
        profile = protection.ikev2_profile or held.ikev2_profile
        if profile is None:
            fix = f"set ikev2-profile {next(iter(self.draft.profiles), 'NAME')}"
            self.complaints.error(where, "no-matching-profile", f"{what} has no IKEv2 profile", fix)
        elif profile not in self.draft.profiles:
            self.complaints.error(
                where, "no-matching-profile", f"{what} names IKEv2 profile {profile}, which is not there",
                f"crypto ikev2 profile {profile}",
            )  # fmt: skip
        look_at(where, what, held, self.complaints)
        identities_ios.look_at(where, what, held, self.draft, self.complaints)
        proposals, transport = self.offers(where, what, held)
        return (held, profile, proposals, transport) if profile in self.profiles and profile and proposals else None

    # Templates

    def template_of(self, name: str, profile: ios.Profile) -> str:
        """Return the template that an IKEv2 profile makes virtual-access interfaces of, or nothing; complain."""
        if profile.virtual_template is None:
            return ""
        wanted = f"{TEMPLATE}{profile.virtual_template.number}"
        if wanted not in self.draft.interfaces:
            self.complaints.error(
                ("profiles", name), "tunnel-incomplete",
                f"IKEv2 profile {name} names {wanted}, which is not there", f"interface {wanted} type tunnel",
            )  # fmt: skip
        return wanted

    def templates(self, interfaces: Iterable[Interface]) -> Iterator[Template]:
        """Yield what protects the interfaces that are made of each template in use."""
        used = {
            f"{TEMPLATE}{one.virtual_template.number}" for one in self.draft.profiles.values() if one.virtual_template
        }
        for one in interfaces:
            if one.name not in used or one.tunnel is None:
                continue
            protection = self.draft.interfaces[one.name].protection
            if protection is None:
                self.complaints.error(
                    ("interfaces", one.name), "tunnel-incomplete", f"interface {one.name} has no protection",
                    f"tunnel protection ipsec profile {next(iter(self.draft.ipsec_profiles), 'NAME')}",
                )  # fmt: skip
            elif parts := self.profile(one.name, protection):
                yield self.template(one, one.tunnel, parts[0], parts[2], parts[3])

    def template(
        self,
        one: Interface,
        tunnel: Tunnel,
        held: ios_ipsec.IpsecProfile,
        proposals: tuple[EspProposal, ...],
        transport: Transport,
    ) -> Template:
        """Return what protects the interfaces that are made of a template."""
        pfs, additional = pfs_rows(held.pfs, "ios")
        return Template(
            one.name,
            tunnel.carrier,
            proposals,
            pfs,
            seconds_of(held, self.draft),
            volume_of(held, self.draft),
            transport,
            window_of(held, self.draft),
            tunnel.versions,
            one.vrf,
            additional,
            dummies(held.dummy or self.draft.dummy),
            idle_time(held.idle, self.draft),
            outer_of(held, self.draft.interfaces[one.name], self.draft),
            reverse_of(held) or (None if held.rri_dvti_disable else ReverseRoute(tunnel=True)),
            held.most_flows or 0,
            only_of(self.draft, held),
        )


def dummies(line: ios_ipsec.Dummy | None) -> Tfc | None:
    """Return the dummy packets that an SA sends: so many in a second, or one in so many seconds."""
    if line is None or line.value == 0:
        return None
    rate, interval = (line.value, 1) if line.kind == "pps" else (1, line.value)
    return Tfc(DUMMY_OCTETS, rate, interval, pads=False)


def idle_time(own: ios_ipsec.IdleTime | None, draft: ios.Ios) -> int:
    """Return after how many seconds without traffic SAs go: of their own, else of all, else never."""
    return own.seconds if own is not None else draft.idle or 0


def outer_of(own: ios_ipsec.IpsecProfile | ios_ipsec.MapEntry, interface: ios.Interface, draft: ios.Ios) -> Outer:
    """Return how the header before ESP is made: as SAs say, else their interface, else the whole configuration."""
    bit = own.df_bit or interface.df_bit or draft.df_bit
    late = (interface.esp_fragmentation or draft.esp_fragmentation) == "after-encryption"
    return Outer(DF_BITS[bit or "copy"], (own.ecn or draft.ecn) != "discard", late)


def _ends(one: ios.Interface) -> tuple[Any, ...]:
    """Return what tunnels have in common that share their protection."""
    return one.tunnel_source, one.tunnel_destination, one.tunnel_vrf, one.protection


def _table(vrf: str | None) -> str:
    return f"VRF {vrf}" if vrf else "the global routing table"


def _other_mode(each: ios.Interface, version: int) -> str:
    """Return the mode that a tunnel between ends of another IP version has."""
    carrier = mode_of(each)[0]
    return next(word for word, row in MODES.items() if row[:2] == (carrier, version))
