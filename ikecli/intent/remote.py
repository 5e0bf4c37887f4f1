"""Inner addresses and settings: what peers are lent and told, and what is asked of them (RFC 7296 2.19)."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Final

from ikecli.intent.identity import Identity
from ikecli.intent.network import Address, Prefix
from ikecli.numbers import IdType

MAX_BACKUPS: Final = 10
"""Further gateways that a peer is told of, or believed."""
ROUTE_TAG: Final = 1
"""The mark of routes to networks that a peer tells of, unless another is asked for."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Addresses of one IP version to lend: ranges from a first to a last one, in order, and the mask that they have.

    One that came back is for `rest` seconds lent to nobody but who had it.
    """

    name: str
    ranges: tuple[tuple[Address, Address], ...]
    netmask: IPv4Address | None = None
    rest: int = 0

    @property
    def version(self) -> int:
        """The IP version of all its addresses."""
        return self.ranges[0][0].version


@dataclass(frozen=True, slots=True)
class Dhcp:
    """DHCP servers that are asked for inner addresses of IPv4, in order, each for `timeout` seconds.

    They answer `relay`, an address of ours, and lend of its network, or of that of `link`: told by the option of relay
    agents (RFC 3527), or with `subnet` by that of clients (RFC 3011).
    """

    servers: tuple[IPv4Address, ...]
    relay: IPv4Address
    timeout: int
    link: IPv4Address | None = None
    subnet: bool = False


@dataclass(frozen=True, slots=True)
class PrefixLine:
    """A line of a list of networks: those whose address is in `prefix` and whose length lies between two bounds."""

    permit: bool
    prefix: Prefix
    least: int
    most: int

    def covers(self, network: Prefix) -> bool:
        """Tell whether the line is for a network."""
        return network.network_address in self.prefix and self.least <= network.prefixlen <= self.most


@dataclass(frozen=True, slots=True)
class Clause:
    """What is done with the networks that one of some lists permits; with all where there are none."""

    permit: bool
    lists: tuple[tuple[PrefixLine, ...], ...] = ()

    def takes(self, network: Prefix) -> bool:
        """Tell whether the clause is for a network: the first line of a list that covers it counts."""
        firsts = (next((line.permit for line in lines if line.covers(network)), False) for lines in self.lists)
        return not self.lists or any(firsts)


@dataclass(frozen=True, slots=True)
class Authorization:
    """What a profile lends and tells its peers.

    `dhcp` lends addresses of IPv4 before `pools` do: names of pools, tried in order, of both IP versions. `netmask`
    and `prefix_length` go with an address. `networks` are those behind us that the peer is to reach; none:
    everything. One that is `required` refuses peers that ask for no address. With `accepts` the networks that a
    peer tells of are believed; with `tells_own` the peer is told of our own address in the tunnel, too. Of
    `clauses` (None: none are needed) the first that is for a network says whether it is believed. Child SAs that
    carry nothing for `idle` seconds (0: for ever) go, where their connection does not say when; the IKE SA ends
    `session` seconds after its authentication (0: never). With `pfs` the peer is to do PFS; it is to leave the
    networks `excluded` out of the tunnel, NEARBY for the one that it is in, and may go to `backups`, addresses or
    names, where this end does not answer. An identity has at most `logins` IKE SAs (0: as many as any), and an IKE
    SA that a peer begins `most_children` Child SAs (0: the same). The routes to the networks that are believed have
    `distance` and `tag`; those `behind` the peer are routed to it in any case.
    """

    name: str
    pools: tuple[str, ...] = ()
    netmask: IPv4Address | None = None
    prefix_length: int = 128
    dns: tuple[Address, ...] = ()
    nbns: tuple[IPv4Address, ...] = ()
    networks: tuple[Prefix, ...] = ()
    domain: str = ""
    split_dns: tuple[str, ...] = ()
    banner: str = ""
    required: bool = False
    accepts: bool = True
    tells_own: bool = False
    clauses: tuple[Clause, ...] | None = None
    idle: int = 0
    session: int = 0
    pfs: bool = False
    excluded: tuple[IPv4Network, ...] = ()
    backups: tuple[str, ...] = ()
    logins: int = 0
    behind: tuple[Prefix, ...] = ()
    distance: int = 1
    tag: int = ROUTE_TAG
    most_children: int = 0
    dhcp: Dhcp | None = None

    def believed(self, networks: tuple[Prefix, ...]) -> tuple[Prefix, ...]:
        """Return those of the networks that a peer tells of which are believed."""
        if not self.accepts:
            return ()
        clauses = self.clauses
        if clauses is None:
            return networks
        return tuple(one for one in networks if next((each.permit for each in clauses if each.takes(one)), False))


@dataclass(frozen=True, slots=True)
class Mangler:
    """Derives a name from an identity: which part of a domain name and of a mail address it is, none where empty."""

    name: str
    fqdn: str = ""
    email: str = ""

    def derive(self, identity: Identity) -> str:
        """Return the name, or nothing for an identity that has none."""
        parts = {int(IdType.FQDN): (self.fqdn, "."), int(IdType.RFC822_ADDR): (self.email, "@")}
        part, mark = parts.get(identity.type, ("", ""))
        if not part or not identity.data.isascii():
            return ""
        text = identity.data.decode("ascii")
        before, _, after = text.partition(mark)
        return {"all": text, "domain": after}.get(part, before)


@dataclass(frozen=True, slots=True)
class Mangled:
    """Authorizations of which a peer has the one with the name that is derived from its identity."""

    mangler: Mangler
    choices: tuple[Authorization, ...]

    def of(self, identity: Identity) -> Authorization | None:
        """Return a peer's, if there is one."""
        wanted = self.mangler.derive(identity)
        return next((one for one in self.choices if wanted and one.name == wanted), None)


@dataclass(frozen=True, slots=True)
class Asking:
    """What a connection asks the peer for: an address of each IP version in `addresses`, and settings."""

    addresses: tuple[int, ...] = ()
