"""A router's crypto maps, static and dynamic, become connections."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from ikecli.config import identities_ios, ios
from ikecli.config.algorithms import pfs_rows
from ikecli.config.complaints import Complaints
from ikecli.config.crypto_acl import flows_of
from ikecli.config.denies import denied
from ikecli.config.hosts import addresses_of_name, peers_of
from ikecli.config.identities_ios import only_of
from ikecli.config.ios_ipsec import CryptoMap, MapEntry
from ikecli.config.reverse_ios import is_static, look_at, reverse_of, standing
from ikecli.config.routes_ios import own_addresses
from ikecli.config.tunnels_ios import dummies, idle_time, outer_of, seconds_of, volume_of, window_of
from ikecli.intent import Address, Connection, EspProposal, Flow, Initiation, Route, Screen, Transport

_MAPS: Final = {4: "crypto_maps", 6: "crypto_maps6"}
"""Where the draft has the crypto maps for packets of each IP version."""

OPTIONAL_RETRY: Final = 300
"""Seconds of `crypto ipsec optional retry`."""
Where = tuple[Any, ...]
Parts = tuple[tuple[Flow, ...], tuple[EspProposal, ...], Transport]
"""The flows and proposals of an entry, and its mode."""


class Maps:
    """The crypto maps of a draft. `offers` gives the proposals of an entry, and complains."""

    def __init__(
        self,
        draft: ios.Ios,
        complaints: Complaints,
        offers: Callable[[Where, str, Any], tuple[tuple[EspProposal, ...], Transport]],
    ) -> None:
        self.draft, self.complaints, self.offers = draft, complaints, offers

    def connections(self) -> Iterator[Connection]:
        """Yield the complete crypto-map entries, for each interface that uses them."""
        if self.draft.optional:
            why = "packets that crypto maps protect go in clear while no SA stands for them"
            self.complaints.warn(("optional",), "", why, "no crypto ipsec optional")
        for version in (4, 6):
            used: set[str] = set()
            maps = maps_of(self.draft, version)
            for name, interface in self.draft.interfaces.items():
                map_name = interface.crypto_map if version == 4 else interface.ipv6_crypto_map
                if map_name is None:
                    continue
                used.add(map_name)
                held = maps.get(map_name)
                if held is None:
                    self.complaints.error(
                        ("interfaces", name), "crypto-map-incomplete",
                        f"interface {name} uses crypto map {map_name}, which is not there",
                        f"crypto map {'ipv6 ' if version == 6 else ''}{map_name} 10 ipsec-isakmp",
                    )  # fmt: skip
                    continue
                entries = self._applied(name, interface, map_name, held, version)
                yield from denied(entries, self.draft.ipv4_deny if version == 4 else None)
            self._unapplied(maps, used, version)

    def _unapplied(self, maps: dict[str, CryptoMap], used: set[str], version: int) -> None:
        """Complain of maps that are on no interface, and of their entries."""
        for name, held in maps.items():
            if name not in used and held.entries:
                self.complaints.warn(
                    (_MAPS[version], name), "crypto-map-not-applied", f"crypto map {name} is used by no interface",
                    f"{'ipv6 ' if version == 6 else ''}crypto map {name} on the interface towards the peer",
                )  # fmt: skip
                for where, tag, sequence, entry in self._rows(name, held, version):
                    self._entry(where, tag, sequence, entry, version)

    def _rows(self, name: str, held: CryptoMap, version: int) -> Iterator[tuple[Where, str, int, MapEntry]]:
        """Yield the entries of a map in order and where they are, those of a dynamic map where it is named."""
        for sequence, entry in sorted(held.entries.items()):
            where = (_MAPS[version], name, "entries", sequence)
            if entry.dynamic is None:
                yield where, name, sequence, entry
                continue
            inner = self.draft.dynamic_maps.get(entry.dynamic)
            if inner is None:
                self.complaints.error(
                    where, "crypto-map-incomplete",
                    f"crypto map {name} {sequence} names dynamic map {entry.dynamic}, which is not there",
                    f"crypto dynamic-map {entry.dynamic} 10",
                )  # fmt: skip
                continue
            for number, one in sorted(inner.entries.items()):
                yield ("dynamic_maps", entry.dynamic, "entries", number), entry.dynamic, number, one

    def _applied(
        self, name: str, interface: ios.Interface, map_name: str, held: CryptoMap, version: int
    ) -> Iterator[Connection]:
        """Yield the entries of a map on an interface; those that are incomplete are closed."""
        source = held.local_address or name
        locals_ = own_addresses(self.draft, source)
        if not locals_:
            self.complaints.error(
                ("interfaces", name), "interface-without-address",
                f"crypto map {map_name} is on interface {name}, but {source} has no address",
                f"ip address A.B.C.D MASK on interface {source}",
            )  # fmt: skip
        if interface.shutdown:
            self.complaints.warn(
                ("interfaces", name), "", f"interface {name} uses crypto map {map_name} and is shut down", "no shutdown"
            )
        for where, tag, sequence, entry in self._rows(map_name, held, version):
            parts = self._entry(where, tag, sequence, entry, version)
            peers = peers_of(self.draft, entry)
            wanted = version if is_dynamic(where) else peers[0].version if peers else 0
            local = next((one for one in locals_ if one.version == wanted), None)
            if parts and wanted and local is None and locals_:
                what = "is dynamic" if is_dynamic(where) else f"has peer {peers[0]}"
                self.complaints.error(
                    where, "interface-without-address",
                    f"crypto map {tag} {sequence} {what}, but {source} has no IPv{wanted} address",
                    f"{'ip' if wanted == 4 else 'ipv6'} address on interface {source}",
                )  # fmt: skip
            if parts and locals_ and not interface.shutdown:
                found, proposals, transport = parts
                offered = () if local is None else proposals
                ends = name, interface, local or locals_[0]
                made = self._connection(tag, sequence, entry, *ends, found, offered, transport)
                yield replace(made, initiation=Initiation.NEVER) if is_dynamic(where) and peers else made

    def _connection(
        self, name: str, sequence: int, entry: MapEntry, carrier: str, interface: ios.Interface, local: Address,
        found: tuple[Flow, ...], proposals: tuple[EspProposal, ...], transport: Transport,
    ) -> Connection:  # fmt: skip
        """Return an entry on an interface."""
        pfs, additional = pfs_rows(entry.pfs, "ios")
        profile = self.draft.profiles.get(entry.ikev2_profile or "")
        peers = tuple(peer for peer in peers_of(self.draft, entry) if peer.version == local.version)
        return Connection(
            name,
            sequence,
            carrier,
            local,
            peers,
            found,
            proposals,
            profile=entry.ikev2_profile,
            pfs=pfs,
            pfs_additional=additional,
            lifetime=seconds_of(entry, self.draft),
            kilobytes=volume_of(entry, self.draft),
            transport=transport,
            replay_window=window_of(entry, self.draft),
            per_host=bool(entry.per_host),
            closed=not proposals,
            only=only_of(self.draft, entry),
            screen=self._screen(name, sequence, entry, local.version),
            reverse_route=None if peers and is_static(entry) else reverse_of(entry),
            tfc=dummies(entry.dummy or self.draft.dummy),
            idle=idle_time(entry.idle, self.draft),
            outer=outer_of(entry, interface, self.draft),
            optional=(self.draft.optional_retry or OPTIONAL_RETRY) if self.draft.optional else 0,
            vrf=interface.vrf or "",
            inner_vrf=(profile.ivrf if profile else None) or interface.vrf or "",
        )

    def _screen(self, name: str, sequence: int, entry: MapEntry, version: int) -> Screen:
        """Return which packets of an entry pass; a list that is not there lets all of them."""
        found: dict[str, tuple[Flow, ...]] = {}
        lists = self.draft.access_lists if version == 4 else self.draft.access_lists6
        for direction, held in entry.access_groups.items():
            if held.list in lists:
                found[direction] = tuple(flows_of(self.draft, held.list, self.complaints, version))
            else:
                what = f"crypto map {name} {sequence} filters {direction} by access list {held.list}"
                self.complaints.warn(
                    (), "access-list-missing", f"{what}, which is not there: all pass",
                    f"ip access-list extended {held.list}" if version == 4 else f"ipv6 access-list {held.list}",
                )  # fmt: skip
        return Screen(found.get("in"), found.get("out"))

    def _entry(self, where: Where, name: str, sequence: int, entry: MapEntry, version: int) -> Parts | None:
        """Return what an entry protects and how, unless it is disabled or for nothing; a dynamic one needs no peer.

        What it is for never goes in clear: one that lacks something has no proposals, and one whose profile is not
        there, or not complete, protects all the same.
        """
        dynamic = is_dynamic(where)
        what = f"crypto {'dynamic-map' if dynamic else 'map'} {name} {sequence}"
        if entry.disable:
            return None
        if not entry.peers and not entry.named_peers and not dynamic:
            self.complaints.error(where, "crypto-map-incomplete", f"{what} has no peer", "set peer A.B.C.D")
        self._unresolved(where, what, entry)
        look_at(where, what, entry, self.complaints)
        identities_ios.look_at(where, what, entry, self.draft, self.complaints)
        if entry.ikev2_profile is None and not dynamic:
            fix = f"set ikev2-profile {next(iter(self.draft.profiles), 'NAME')}"
            self.complaints.error(where, "crypto-map-incomplete", f"{what} has no IKEv2 profile", fix)
        elif entry.ikev2_profile is not None and entry.ikev2_profile not in self.draft.profiles:
            self.complaints.error(
                where, "no-matching-profile", f"{what} names IKEv2 profile {entry.ikev2_profile}, which is not there",
                f"crypto ikev2 profile {entry.ikev2_profile}",
            )  # fmt: skip
        listless = dynamic and entry.match_address is None
        found = () if listless else tuple(self._flows(where, what, entry.match_address, version))
        proposals, transport = self.offers(where, what, entry)
        whole = dynamic or (peers_of(self.draft, entry) and entry.ikev2_profile is not None)
        offered = proposals if whole else ()
        return (found, offered, transport) if found or (listless and offered) else None

    def _unresolved(self, where: Where, what: str, entry: MapEntry) -> None:
        for name in entry.named_peers:
            if not addresses_of_name(self.draft, name):
                self.complaints.error(
                    where, "crypto-map-incomplete", f"{what} has peer {name}, whose address is not known",
                    f"ip host {name} A.B.C.D",
                )  # fmt: skip

    def _flows(self, where: Where, what: str, name: str | None, version: int) -> Iterator[Flow]:
        """Yield the flows of an access list."""
        if name is None:
            self.complaints.error(where, "crypto-map-incomplete", f"{what} has no access list", "match address NAME")
            return
        found = flows_of(self.draft, name, self.complaints, version)
        if not any(flow.permit for flow in found):
            lists = self.draft.access_lists if version == 4 else self.draft.access_lists6
            why = "permits nothing" if name in lists else "is not there"
            self.complaints.error(
                where, "access-list-missing", f"{what} matches access list {name}, which {why}",
                f"ip access-list extended {name}" if version == 4 else f"ipv6 access-list {name}",
            )  # fmt: skip
            return
        yield from found

    def routes(self, connections: tuple[Connection, ...]) -> Iterator[Route]:
        """Yield the routes to what entries with `reverse-route static` protect; others have them with their SAs."""
        for one in connections:
            held = maps_of(self.draft, 4).get(one.name) or maps_of(self.draft, 6).get(one.name)
            entry = held.entries.get(one.sequence) if held else None
            if entry is not None and is_static(entry):
                yield from standing(one, reverse_of(entry))


def is_dynamic(where: Where) -> bool:
    """Tell whether an entry is one of a dynamic map."""
    return bool(where[0] == "dynamic_maps")


def maps_of(draft: ios.Ios, version: int) -> dict[str, CryptoMap]:
    """Return the crypto maps for packets of an IP version."""
    return draft.crypto_maps if version == 4 else draft.crypto_maps6
