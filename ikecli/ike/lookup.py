"""An intent compiled for looking up: which rows hold for a peer. Made once a commit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from ikecli.crypto import Keyed, key_pad
from ikecli.ike.choose import Additional, Offer, esp_offers, ike_offers
from ikecli.ike.keyed import Keys, Score, best, longest, specificity
from ikecli.ike.selectors import Pair
from ikecli.intent import (
    Address,
    Connection,
    Credential,
    Identity,
    IkeProposal,
    Intent,
    Ppk,
    Profile,
    Template,
)
from ikecli.numbers import Algorithm, IdType, PayloadType
from ikecli.secret import Secret
from ikecli.value import value
from ikecli.wire.payloads import SecurityAssociation, UnknownPayload

Key = tuple[int, bytes] | Address


@value
class IkeOffers:
    """What an IKE SA may use at a local address: the proposals and their SA payload, written.

    `additional` says that some has additional key exchanges, `plain` are those that can do without, without them.
    """

    offers: tuple[Offer, ...]
    plain: tuple[Offer, ...]
    payload: UnknownPayload
    additional: bool

    @property
    def groups(self) -> tuple[int, ...]:
        """Every group that some proposal allows, in order."""
        return tuple(dict.fromkeys(row.number for offer in self.offers for row in offer.groups))


class Lookup:
    """The rows of an intent by what they are looked up with; the most specific row wins, then the first."""

    def __init__(self, intent: Intent) -> None:
        self.intent: Final = intent
        self.profiles: Final = {row.name: row for row in intent.profiles}
        self.connections: Final = {row.label: row for row in intent.connections}
        self.flows: Final = {label: _flows(row) for label, row in self.connections.items()}
        self.clients: Final = frozenset(row.connection for row in intent.clients)
        self.quantum: Final = any(row.ppks for row in intent.profiles)
        self.some_direct: Final = not all(row.nat_traversal for row in intent.connections)
        self.encapsulating: Final = any(row.force_encapsulation for row in intent.profiles)
        self._templates: Final = {row.name: row for row in intent.templates}
        self._indexed: Final = _indexed(intent.profiles)
        self._unindexed: Final = [row for row in intent.profiles if _keys(row) is None]
        self._by_peer: Final = _by_peer(intent.connections)
        self._padded: Final[dict[tuple[int, int], tuple[Keyed, Secret]]] = {}
        self._ike: Final[dict[tuple[Address, str, bool], IkeOffers]] = {}
        self._credentials: Final[dict[int, Keys[Credential]]] = {}
        self._ppks: Final[dict[int, Keys[Ppk]]] = {}
        self._esp: Final[dict[tuple[str, tuple[Algorithm, ...], Additional], tuple[Offer, ...]]] = {}

    def template(self, name: str) -> Template | None:
        """Return what protects the interfaces of a virtual template, or None where there is none of this name."""
        return self._templates.get(name)

    def adopt(self, row: Connection) -> None:
        """Take a connection that was made for one peer; that peer's IKE SA names it, so no other finds it."""
        self.connections[row.label] = row
        self.flows[row.label] = _flows(row)

    def dismiss(self, label: str) -> None:
        """Drop a connection that was made for one peer."""
        self.connections.pop(label, None)
        self.flows.pop(label, None)

    def proposals(self, local: Address, vrf: str = "", own: bool = False) -> tuple[IkeProposal, ...]:
        """Return the IKE proposals at a local address of a routing table, for IKE SAs that we begin or that peers do.

        Those of the policies that name the address, else of those that name none.
        """
        held = [row for row in self.intent.policies if row.vrf in (None, vrf) and not (own and row.inbound)]
        here = [row for row in held if local in row.locals]
        rows = here or [row for row in held if not row.locals]
        return tuple(one for row in rows for one in row.proposals)

    def nameif(self, local: Address) -> str:
        """Return the ASA's name of the interface that has a local address, or an empty one."""
        held = (row for row in self.intent.network.interfaces if any(one.ip == local for one in row.addresses))
        return next((row.nameif for row in held), "")

    def ike_offers(self, local: Address, vrf: str = "", own: bool = False) -> IkeOffers:
        """Return what is offered (`own`) or accepted at a local address of a routing table."""
        known = self._ike.get((local, vrf, own))
        if known is None:
            offers = ike_offers(self.proposals(local, vrf, own))
            proposals = tuple(offer.proposal(at, b"") for at, offer in enumerate(offers, 1))
            payload = UnknownPayload(PayloadType.SA, SecurityAssociation(proposals).write())
            additional = any(offer.additional for offer in offers)
            plain = tuple(plain for offer in offers if (plain := offer.plain()) is not None) if additional else offers
            known = self._ike[local, vrf, own] = IkeOffers(offers, plain, payload, additional)
        return known

    def esp_offers(
        self, connection: Connection, groups: tuple[Algorithm, ...], additional: Additional = ()
    ) -> tuple[Offer, ...]:
        """Return what a connection offers and accepts for ESP."""
        key = (connection.label, groups, additional)
        known = self._esp.get(key)
        if known is None:
            known = self._esp.setdefault(key, esp_offers(connection.proposals, groups, additional))
        return known

    def key_pad(self, prf: Algorithm, secret: Secret) -> Keyed:
        """Return the PRF by which a pre-shared key makes AUTH data; it is worked out once.

        The key is kept beside it: while it is there, no other has its `id`.
        """
        known = self._padded.get((prf.number, id(secret)))
        if known is None:
            known = self._padded[prf.number, id(secret)] = key_pad(prf, secret.reveal()), secret
        return known[0]

    def profile(
        self, identity: Identity, local: Address, remote: Address, vrf: str = "", asks: bool = False
    ) -> Profile | None:
        """Return the profile that is most specifically for a peer of this identity at these addresses of a table.

        Of two for anybody, a peer that asks for no address does not get one that refuses such peers.
        """
        exact: Sequence[Profile] = ()
        meant: Sequence[Profile] = ()
        if self._indexed:
            exact = self._indexed.get((identity.type, identity.data.lower()), ())
            meant = self._indexed.get(remote, ())

        def fit(row: Profile) -> tuple[Score, int, bool, bool] | None:
            matches = [specificity(one) for one in row.remotes if one.matches(identity)]
            gateway = longest(row.gateways, remote)
            if not matches or gateway is None or (row.locals and local not in row.locals):
                return None
            if row.vrf not in (None, vrf):
                return None
            travels = row.authorization is not None and row.authorization.required
            return max(matches), gateway, bool(row.locals), asks or not travels

        for rows in (exact, meant, self._unindexed):
            if rows and (found := best(rows, fit)) is not None:
                return found
        return None

    def profile_towards(self, connection: Connection, peer: Address) -> Profile | None:
        """Return the profile for setting up a connection: the one it names, else the one that fits the address."""
        if connection.profile is not None:
            found = self.profiles.get(connection.profile)
            found = found if found is not None and found.vrf in (None, connection.vrf) else None
        else:
            found = self.profile(Identity.of(peer), connection.local, peer, connection.vrf)
        return None if found is not None and found.inbound else found

    def wants(self) -> tuple[str, ...]:
        """Return for a human what each profile is for."""
        return tuple(f"{row.name}: {', '.join(str(one) for one in row.remotes)}" for row in self.intent.profiles)

    def encapsulates(self, remote: Address) -> bool:
        """Tell whether ESP with a peer goes in UDP though there may be no NAT: a connection's profile says so."""
        rows = (*self._by_peer.get(remote, ()), *self._by_peer.get(None, ()))
        named = (self.profiles.get(row.profile or "") for row in rows)
        return any(profile.force_encapsulation for profile in named if profile is not None)

    def direct(self, remote: Address, label: str) -> bool:
        """Tell whether no translation is looked for with a peer, of which we begin the connection of this label."""
        row = self.connections.get(label)
        rows = [row] if row is not None else self._by_peer.get(remote, [])
        return bool(rows) and not any(one.nat_traversal for one in rows)

    def credential(self, profile: Profile, identity: Identity, remote: Address) -> Credential | None:
        """Return the credential for a peer: by its identity, else by its address, the most specific one."""
        rows = profile.credentials
        known = self._credentials.get(id(rows)) or self._credentials.setdefault(id(rows), Keys(rows))
        return known.find(identity, remote)

    def ppk(self, profile: Profile, identity: Identity, remote: Address) -> Ppk | None:
        """Return the PPK for a peer, found as its credential is."""
        rows = profile.ppks
        if not rows:
            return None
        known = self._ppks.get(id(rows)) or self._ppks.setdefault(id(rows), Keys(rows))
        return known.find(identity, remote)

    def candidates(self, local: Address, remote: Address, profile: str, vrf: str = "") -> list[Connection]:
        """Return the configured connections that a peer may ask Child SAs of, in order."""
        found = []
        for row in (*self._by_peer.get(remote, ()), *self._by_peer.get(None, ())):
            if row.local == local and row.vrf == vrf and row.profile in (None, profile):
                found.append(row)
        return found


def _keys(profile: Profile) -> list[Key] | None:
    """Return by what a profile is found: the identities it is for, or its peers' addresses; None for ranges of them."""
    keys: list[Key] = []
    for match in profile.remotes:
        if match.type is not None and match.network is None and not match.domain:
            keys.append((match.type, match.value.lower()))
        elif match.network is not None and match.network.num_addresses == 1:
            kind = IdType.IPV4_ADDR if match.network.version == 4 else IdType.IPV6_ADDR
            keys.append((int(kind), match.network.network_address.packed.lower()))
        elif profile.gateways and all(one.num_addresses == 1 for one in profile.gateways):
            return [one.network_address for one in profile.gateways]
        else:
            return None
    return keys


def _indexed(profiles: Iterable[Profile]) -> dict[Key, list[Profile]]:
    found: dict[Key, list[Profile]] = {}
    for row in profiles:
        for key in _keys(row) or ():
            found.setdefault(key, []).append(row)
    return found


def _by_peer(connections: Iterable[Connection]) -> dict[Address | None, list[Connection]]:
    found: dict[Address | None, list[Connection]] = {}
    for row in connections:
        for peer in () if row.closed else row.peers or (None,):
            found.setdefault(peer, []).append(row)
    return found


def _flows(connection: Connection) -> tuple[Pair, ...]:
    return tuple((flow.local, flow.remote) for flow in connection.flows if flow.permit)
