"""Inner settings: to and from Configuration attributes (RFC 7296 3.15)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from itertools import islice
from typing import Final

from ikecli import __version__
from ikecli.ike.limits import MAX_NETWORKS
from ikecli.intent import Address, Asking, Authorization, Prefix
from ikecli.intent.identity import printable
from ikecli.intent.remote import MAX_BACKUPS
from ikecli.numbers import AttributeType
from ikecli.value import value
from ikecli.wire.payloads import Configuration, ConfigurationAttribute

VERSION: Final = f"ikecli {__version__}"
"""What we say in APPLICATION_VERSION."""
_A = AttributeType
_ADDRESSES: Final = {4: _A.INTERNAL_IP4_ADDRESS, 6: _A.INTERNAL_IP6_ADDRESS}
_SUBNETS: Final = {4: _A.INTERNAL_IP4_SUBNET, 6: _A.INTERNAL_IP6_SUBNET}
_DNS: Final = {4: _A.INTERNAL_IP4_DNS, 6: _A.INTERNAL_IP6_DNS}
_OWN: Final = (_A.BANNER, _A.DEFAULT_DOMAIN, _A.SPLIT_DNS, _A.BACKUP_SERVERS, _A.PFS, _A.LOCAL_LAN)
"""Cisco's own, which are told to its routers unasked."""
_ALWAYS_ASKED: Final = (_A.APPLICATION_VERSION, _A.INTERNAL_DNS_DOMAIN, *_OWN)
_V4, _V6_PREFIXED, _V6 = 4, 17, 16
_BROADCAST: Final = int(IPv4Address("255.255.255.255"))
_UNITY_NETWORK: Final = 14
"""Octets of a network in Cisco's SPLIT_INCLUDE and LOCAL_LAN: address, mask, and six of protocol and ports."""
_SIZES: Final[dict[int, int]] = {
    _A.INTERNAL_IP4_SUBNET: 2 * _V4,
    _A.INTERNAL_IP6_SUBNET: _V6_PREFIXED,
    **dict.fromkeys((_A.SPLIT_INCLUDE, _A.LOCAL_LAN), _UNITY_NETWORK),
}
_YES: Final = (1).to_bytes(2, "big")
"""PFS, which has two octets in IKEv1 and so here."""


@value
class Settings:
    """What one end is told in a Configuration payload; texts as they may be printed.

    `split_dns` are the domains whose names are asked for through the tunnel, `excluded` the networks that are to stay
    outside of it, `backups` further gateways, by address or by name; `pfs` asks for PFS.
    """

    addresses: tuple[Address, ...] = ()
    netmask: IPv4Address | None = None
    dns: tuple[Address, ...] = ()
    nbns: tuple[Address, ...] = ()
    networks: tuple[Prefix, ...] = ()
    domain: str = ""
    banner: str = ""
    version: str = ""
    split_dns: tuple[str, ...] = ()
    excluded: tuple[Prefix, ...] = ()
    backups: tuple[str, ...] = ()
    pfs: bool = False

    def gateways(self, hosts: Mapping[str, tuple[Address, ...]]) -> tuple[Address, ...]:
        """Return the further gateways that could be a host's, those by name as `hosts` knows them."""
        found = (hosts.get(text.lower()) or _host_of(text) for text in self.backups)
        return tuple(one for each in found for one in each)

    def only(self, addresses: tuple[Address, ...]) -> Settings:
        """Return the same settings with these addresses."""
        return replace(self, addresses=addresses)


def asked(asks: Asking, wishes: Iterable[Address]) -> tuple[ConfigurationAttribute, ...]:
    """Return what a request asks for; `wishes` are addresses that would be welcome."""
    rows = []
    for version in asks.addresses:
        wish = next((one for one in wishes if one.version == version), None)
        rows.append(ConfigurationAttribute(_ADDRESSES[version], _host(wish) if wish else b""))
        if version == 4:
            rows.append(ConfigurationAttribute(_A.INTERNAL_IP4_NETMASK))
    versions = asks.addresses or (4, 6)
    rows += [ConfigurationAttribute(kinds[version]) for version in versions for kinds in (_DNS, _SUBNETS)]
    if 4 in versions:
        rows.append(ConfigurationAttribute(_A.INTERNAL_IP4_NBNS))
    return (*rows, *(ConfigurationAttribute(kind) for kind in _ALWAYS_ASKED))


def wanted(request: Configuration) -> dict[int, Address | None]:
    """Return of which IP versions a request wants an address, each with the one that would be welcome."""
    wants: dict[int, Address | None] = {}
    for version, kind in _ADDRESSES.items():
        values = [one.value for one in request.attributes if one.type == kind]
        if values:
            wish = next((address for value in values if (address := _address(value)) is not None), None)
            wants[version] = wish if wish is not None and int(wish) else None
    return wants


def replied(
    request: Configuration, gives: Authorization, addresses: Sequence[Address], cisco: bool = False
) -> tuple[ConfigurationAttribute, ...]:
    """Return the reply to a request: what was asked for, as far as there is such, and to Cisco's routers their own."""
    kinds = dict.fromkeys((*(one.type for one in request.attributes), *(_OWN if cisco else ())))
    values = _values(gives, addresses)
    return tuple(
        ConfigurationAttribute(kind, value) for kind in kinds if kind in values for value in values[kind] if value
    )


def told(networks: Iterable[Prefix]) -> tuple[ConfigurationAttribute, ...]:
    """Return what a set tells of: the networks behind us."""
    rows = [ConfigurationAttribute(_SUBNETS[one.version], _network(one)) for one in networks]
    return (*rows, ConfigurationAttribute(_A.APPLICATION_VERSION, VERSION.encode()))


def read(attributes: Iterable[ConfigurationAttribute]) -> Settings:
    """Return what attributes say; those of another length than theirs are passed over."""
    found: dict[int, list[bytes]] = {}
    for one in attributes:
        found.setdefault(one.type, []).append(one.value)

    def each(kinds: Iterable[int]) -> Iterator[Address]:
        for kind in kinds:
            for octets in found.get(kind, [])[:MAX_NETWORKS]:
                if (address := _address(octets)) is not None:
                    yield address

    def first(kind: int) -> str:
        return next((printable(value) for value in found.get(kind, []) if value), "")

    def each_prefix(*kinds: int) -> tuple[Prefix, ...]:
        values = (part for kind in kinds for value in found.get(kind, []) for part in _prefixes(kind, value))
        return tuple(islice(dict.fromkeys(values), MAX_NETWORKS))

    def texts(kind: int, limit: int) -> tuple[str, ...]:
        values = (printable(value) for value in found.get(kind, []) if value)
        return tuple(islice(dict.fromkeys(values), limit))

    masks = [IPv4Address(value) for value in found.get(_A.INTERNAL_IP4_NETMASK, []) if len(value) == _V4]
    return Settings(
        addresses=tuple(dict.fromkeys(each(_ADDRESSES.values()))),
        netmask=masks[0] if masks else None,
        dns=tuple(dict.fromkeys(each(_DNS.values()))),
        nbns=tuple(dict.fromkeys(each((_A.INTERNAL_IP4_NBNS,)))),
        networks=each_prefix(*_SUBNETS.values(), _A.SPLIT_INCLUDE),
        domain=first(_A.DEFAULT_DOMAIN),
        banner=first(_A.BANNER),
        version=first(_A.APPLICATION_VERSION),
        split_dns=texts(_A.SPLIT_DNS, MAX_NETWORKS) or texts(_A.INTERNAL_DNS_DOMAIN, MAX_NETWORKS),
        excluded=each_prefix(_A.LOCAL_LAN),
        backups=tuple(islice((_gateway(one) for one in found.get(_A.BACKUP_SERVERS, []) if one), MAX_BACKUPS)),
        pfs=any(any(value) for value in found.get(_A.PFS, [])),
    )


def hosts(addresses: Iterable[Address]) -> tuple[Prefix, ...]:
    """Return addresses as networks."""
    return tuple(map(ip_network, addresses))


def shown(one: ConfigurationAttribute) -> str:
    """Return an attribute's value as a human reads it, or nothing where it asks."""
    if not one.value:
        return ""
    reader = _SHOWN.get(one.type)
    value = reader(one) if reader else one.value
    return printable(value) if isinstance(value, bytes) else str(value) if value is not None else one.value.hex()


def _values(gives: Authorization, addresses: Sequence[Address]) -> dict[int, Iterable[bytes]]:
    def version(rows: Iterable[Address], number: int) -> list[bytes]:
        return [one.packed for one in rows if one.version == number]

    v6 = bytes((gives.prefix_length,))
    values: dict[int, Iterable[bytes]] = {
        _A.INTERNAL_IP4_ADDRESS: version(addresses, 4),
        _A.INTERNAL_IP6_ADDRESS: [address + v6 for address in version(addresses, 6)],
        _A.INTERNAL_IP4_NETMASK: [gives.netmask.packed] if gives.netmask and version(addresses, 4) else [],
        _A.INTERNAL_IP4_DNS: version(gives.dns, 4),
        _A.INTERNAL_IP6_DNS: version(gives.dns, 6),
        _A.INTERNAL_IP4_NBNS: version(gives.nbns, 4),
        _A.INTERNAL_IP4_SUBNET: [_network(one) for one in gives.networks if one.version == 4],
        _A.INTERNAL_IP6_SUBNET: [_network(one) for one in gives.networks if one.version == 6],
        _A.APPLICATION_VERSION: [VERSION.encode()],
        _A.BANNER: [gives.banner.encode()],
        _A.DEFAULT_DOMAIN: [gives.domain.encode()],
        _A.SPLIT_DNS: [name.encode() for name in gives.split_dns],
        _A.SPLIT_INCLUDE: [_network(one) + bytes(6) for one in gives.networks if one.version == 4],
        _A.LOCAL_LAN: [_network(one) + bytes(6) for one in gives.excluded],
        _A.PFS: [_YES] if gives.pfs else [],
        _A.BACKUP_SERVERS: [one.encode() for one in gives.backups],
        _A.INTERNAL_DNS_DOMAIN: [name.encode() for name in gives.split_dns if gives.dns],
    }
    supported = b"".join(kind.to_bytes(2, "big") for kind in (*values, _A.SUPPORTED_ATTRIBUTES))
    return {**values, _A.SUPPORTED_ATTRIBUTES: [supported]}


def _host(address: Address) -> bytes:
    return address.packed if address.version == 4 else address.packed + b"\x80"


def _network(prefix: Prefix) -> bytes:
    """Return a network as INTERNAL_IP4_SUBNET or INTERNAL_IP6_SUBNET holds it."""
    last = prefix.netmask.packed if prefix.version == 4 else bytes((prefix.prefixlen,))
    return prefix.network_address.packed + last


def _gateway(value: bytes) -> str:
    """Return a gateway as text; who says it in the four octets of an address is understood, too."""
    is_text = all(0x20 < octet < 0x7F for octet in value)
    return printable(value) if is_text or len(value) != _V4 else str(IPv4Address(value))


def _host_of(text: str) -> tuple[Address, ...]:
    try:
        address = ip_address(text)
    except ValueError:
        return ()
    nobody = address.is_multicast or address.is_unspecified or address.is_loopback or int(address) == _BROADCAST
    return () if nobody or address.is_link_local else (address,)


def _address(value: bytes) -> Address | None:
    if len(value) == _V4:
        return IPv4Address(value)
    return IPv6Address(value[:_V6]) if len(value) in (_V6, _V6_PREFIXED) else None


def _prefixes(kind: int, value: bytes) -> Iterator[Prefix]:
    """Yield the network that an attribute holds, and of Cisco's all: none where its length is not that of such."""
    size = _SIZES[kind]
    if len(value) != size and (size != _UNITY_NETWORK or len(value) % size):
        return
    for at in range(0, len(value), size):
        try:
            if kind == _A.INTERNAL_IP6_SUBNET:
                yield IPv6Network((value[:_V6], value[_V6]), strict=False)
            else:
                yield _masked(value[at : at + size])
        except ValueError:
            continue


def _masked(value: bytes) -> IPv4Network:
    mask = IPv4Address(value[_V4 : 2 * _V4])
    return IPv4Network((value[:_V4], str(mask)), strict=False)


def _of_address(one: ConfigurationAttribute) -> Address | None:
    return _address(one.value)


def _of_networks(one: ConfigurationAttribute) -> str | None:
    return " ".join(map(str, islice(_prefixes(one.type, one.value), MAX_NETWORKS))) or None


def _of_number(one: ConfigurationAttribute) -> int:
    return int.from_bytes(one.value[:_V4], "big")


_SHOWN: Final[dict[int, Callable[[ConfigurationAttribute], Address | str | int | None]]] = {
    **dict.fromkeys((*_ADDRESSES.values(), *_DNS.values(), _A.INTERNAL_IP4_NETMASK, _A.INTERNAL_IP4_NBNS), _of_address),
    **dict.fromkeys(_SIZES, _of_networks),
    _A.PFS: _of_number,
}
