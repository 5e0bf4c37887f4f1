"""Drafts for the small grammars of these tests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Interface
from pathlib import Path
from typing import Any, Literal

from ikecli.language import Dialect, Inert, LineError, Mode, NeedsLines, apply, load_from
from ikecli.language.kinds import Pair
from ikecli.secret import Secret

HERE = Path(__file__).parent / "grammar"


@dataclass(frozen=True, slots=True)
class Key:
    encoding: str | None
    key: Secret | None
    hex: Secret | None = None


@dataclass(frozen=True, slots=True)
class Login:
    kind: str
    encoding: int | None
    key: Secret


@dataclass(slots=True)
class User:
    privilege: int | None = None
    login: Login | None = None


@dataclass(slots=True)
class Banner:
    text: str | None = None


@dataclass(frozen=True, slots=True)
class PeerAddress:
    address: IPv4Address
    mask: IPv4Address | None


@dataclass(slots=True)
class KeyringPeer:
    name: str = ""
    address: PeerAddress | None = None
    key: Key | None = None
    key_local: Key | None = None
    key_remote: Key | None = None


@dataclass(slots=True)
class Keyring:
    peers: dict[str, KeyringPeer] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Remote:
    kind: str
    value: IPv4Address | IPv6Interface | str | None
    mask: IPv4Address | None
    domain: bool


@dataclass(frozen=True, slots=True)
class Option:
    kind: str
    seconds: int | None


@dataclass(frozen=True, slots=True)
class Authentication:
    kind: str
    encoding: str | None
    key: Secret | None
    option: Option | None = None


@dataclass(frozen=True, slots=True)
class Dpd:
    interval: int
    retry: int
    mode: str


@dataclass(frozen=True, slots=True)
class Keepalive:
    seconds: int | None
    retries: int | None


@dataclass(frozen=True, slots=True)
class Timeout:
    minutes: int
    seconds: int | None


@dataclass(slots=True)
class Profile:
    description: str | None = None
    match_remote: list[Remote] = field(default_factory=list)
    authentication_local: Authentication | None = None
    authentication_remote: list[Authentication] = field(default_factory=list)
    encryption: tuple[str, ...] = ()
    dpd: Dpd | None = None
    lifetime: int | None = None
    keepalive: Keepalive | Literal[False] | None = None
    exec_timeout: Timeout | None = None
    nat_traversal: bool | None = None
    shutdown: bool | None = None


@dataclass(frozen=True, slots=True)
class Transform:
    kind: str
    bits: str | None


@dataclass(frozen=True, slots=True)
class TunnelMode:
    kind: str
    require: bool


@dataclass(slots=True)
class TransformSet:
    transforms: tuple[Transform, ...] = ()
    mode: TunnelMode | None = None


@dataclass(slots=True)
class MapEntry:
    dynamic: str | None = None
    profile: str | None = None
    peers: list[str] = field(default_factory=list)
    acl: int | str | None = None


@dataclass(slots=True)
class CryptoMap:
    local_address: str | None = None
    entries: dict[int, MapEntry] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Address:
    kind: str | None
    address: IPv4Address | None
    mask: IPv4Address | None


@dataclass(frozen=True, slots=True)
class Secondary:
    address: IPv4Address
    mask: IPv4Address


@dataclass(slots=True)
class Interface:
    description: str | None = None
    address: Address | None = None
    secondaries: list[Secondary] = field(default_factory=list)
    mtu: int | None = None
    crypto_map: str | None = None
    shutdown: bool | None = None
    inert: dict[str, Inert] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    distance: int | None
    label: str | None
    tag: int | None
    permanent: str | None
    track: int | None


@dataclass(frozen=True, slots=True)
class Endpoint:
    kind: str | None
    host: IPv4Address | None
    address: IPv4Address | None
    wildcard: IPv4Address | None


@dataclass(frozen=True, slots=True)
class Ace:
    action: str | None
    protocol: str | None
    source: Endpoint | None
    destination: Endpoint | None
    log: bool
    remark: str | None


@dataclass(slots=True)
class AccessList:
    type: str | None = None
    entries: dict[int, Ace] = field(default_factory=dict)


RouteKey = tuple[str | None, IPv4Address, IPv4Address, str | None, IPv4Address | None]


@dataclass(slots=True)
class Router:
    hostname: str | None = None
    banners: dict[str, Banner] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    keyrings: dict[str, Keyring] = field(default_factory=dict)
    profiles: dict[str, Profile] = field(default_factory=dict)
    transform_sets: dict[str, TransformSet] = field(default_factory=dict)
    crypto_maps: dict[str, CryptoMap] = field(default_factory=dict)
    interfaces: dict[str, Interface] = field(default_factory=dict)
    routes: dict[RouteKey, Route] = field(default_factory=dict)
    access_lists: dict[int | str, AccessList] = field(default_factory=dict)
    inert: dict[str, Inert] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FirewallEndpoint:
    kind: str
    host: IPv4Address | None
    group: str | None


@dataclass(frozen=True, slots=True)
class Ports:
    kind: str
    port: int | None
    group: str | None


@dataclass(frozen=True, slots=True)
class Rule:
    source: FirewallEndpoint
    source_ports: Ports | None
    destination: FirewallEndpoint
    destination_ports: Ports | None


@dataclass(slots=True)
class Rules:
    entries: list[Rule] = field(default_factory=list)


@dataclass(slots=True)
class FirewallInterface:
    nameif: str | Literal[False] | None = None
    shutdown: bool | None = None


@dataclass(frozen=True, slots=True)
class Nat:
    interfaces: Pair
    to: IPv4Address


@dataclass(slots=True)
class NetworkObject:
    host: IPv4Address | None = None
    nat: Nat | None = None


@dataclass(slots=True)
class ObjectGroup:
    type: str | None = None
    protocol: str | None = None
    hosts: list[IPv4Address] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)


@dataclass(slots=True)
class FirewallMapEntry:
    match_address: str | None = None
    peers: list[str] = field(default_factory=list)
    ipsec_proposals: tuple[str, ...] = ()


@dataclass(slots=True)
class FirewallMap:
    entries: dict[int, FirewallMapEntry] = field(default_factory=dict)
    interfaces: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class IdleTimeout:
    kind: str | None
    minutes: int | None


@dataclass(slots=True)
class Attributes:
    vpn_idle_timeout: IdleTimeout | None = None


@dataclass(slots=True)
class GroupPolicy:
    type: str | None = None
    attributes: Attributes | None = None


@dataclass(slots=True)
class Firewall:
    hostname: str | None = None
    interfaces: dict[str, FirewallInterface] = field(default_factory=dict)
    objects: dict[str, NetworkObject] = field(default_factory=dict)
    object_groups: dict[str, ObjectGroup] = field(default_factory=dict)
    access_lists: dict[str, Rules] = field(default_factory=dict)
    banner: list[str] = field(default_factory=list)
    crypto_maps: dict[str, FirewallMap] = field(default_factory=dict)
    group_policies: dict[str, GroupPolicy] = field(default_factory=dict)


def names_in(draft: Any) -> Any:
    """Look names up in a draft: `crypto_maps`, or `object_groups.service` for those of a type."""

    def names(path: str) -> Iterable[str]:
        collection, _, wanted = path.partition(".")
        entries = getattr(draft, collection, {})
        return [str(key) for key, entry in entries.items() if not wanted or entry.type == wanted]

    return names


class Typist:
    """Types configuration lines, leaving a mode for the one around it when only that takes the line."""

    def __init__(self, dialect: Dialect, draft: Any) -> None:
        self.dialect = dialect
        self.draft = draft
        self.stack: list[tuple[Mode, Any]] = [(dialect.modes["config"], draft)]

    def type(self, *lines: str) -> None:
        waiting = iter(lines)
        for line in waiting:
            if line.strip() in ("", "!"):
                continue
            while True:
                try:
                    self._type(line)
                except NeedsLines as block:
                    for more in waiting:
                        line += "\n" + more
                        if block.ends(more):
                            break
                    else:
                        raise
                else:
                    break

    def _type(self, line: str) -> None:
        refusal: LineError | None = None
        for depth in range(len(self.stack), 0, -1):
            mode, owner = self.stack[depth - 1]
            try:
                command = mode.read(line, names_in(self.draft))
            except LineError as error:
                if refusal is None or error.reach > refusal.reach:
                    refusal = error
                continue
            del self.stack[depth:]
            entered = apply(owner, command)
            if command.enters:
                self.stack.append((self.dialect.modes[command.enters], entered))
            return
        assert refusal
        raise refusal


def ios() -> Typist:
    return Typist(load_from(HERE / "ios", "ios"), Router())


def asa() -> Typist:
    return Typist(load_from(HERE / "asa", "asa"), Firewall())
