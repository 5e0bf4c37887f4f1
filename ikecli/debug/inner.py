"""Debug lines of Configuration payloads, and what to type where a peer is lent no address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ikecli.boundary.events import AddressRefused, SettingsTold

Lines = tuple[str, ...]

_KINDS: Final = {
    "CFG_REQUEST": "Config-request",
    "CFG_REPLY": "Config-reply",
    "CFG_SET": "Config-set",
    "CFG_ACK": "Config-ack",
}
_WORDS: Final = {
    "INTERNAL_IP4_ADDRESS": "ipv4-addr",
    "INTERNAL_IP4_NETMASK": "ipv4-netmask",
    "INTERNAL_IP4_DNS": "ipv4-dns",
    "INTERNAL_IP4_NBNS": "ipv4-nbns",
    "INTERNAL_IP4_DHCP": "ipv4-dhcp",
    "INTERNAL_IP4_SUBNET": "ipv4-subnet",
    "INTERNAL_IP6_ADDRESS": "ipv6-addr",
    "INTERNAL_IP6_DNS": "ipv6-dns",
    "INTERNAL_IP6_DHCP": "ipv6-dhcp",
    "INTERNAL_IP6_SUBNET": "ipv6-subnet",
    "APPLICATION_VERSION": "app-version",
    "SUPPORTED_ATTRIBUTES": "supported-attributes",
    "BANNER": "banner",
    "DEFAULT_DOMAIN": "def-domain",
    "SPLIT_DNS": "split-dns",
    "SPLIT_INCLUDE": "split-include",
    "BACKUP_SERVERS": "backup-gateway",
    "LOCAL_LAN": "include-local-lan",
    "PFS": "pfs",
    "INTERNAL_DNS_DOMAIN": "dns-domain",
}


def settings(event: SettingsTold, dialect: str) -> Iterator[Lines]:
    """Yield a Configuration payload's attributes."""
    yield ("Config data to send:" if event.sent else "Config data received:",)
    yield (f"Config-type: {_KINDS.get(event.kind, event.kind)} ",)
    for attribute in event.attributes:
        name, _, rest = attribute.partition(" ")
        length, _, value = rest.partition(" ")
        yield (f"Attrib type: {_WORDS.get(name, name)}, length: {length}{f', data: {value}' if value else ''}",)


def address(event: AddressRefused, dialect: str) -> Iterator[Lines]:
    """Yield why an address was not lent, by whom, and what changes that."""
    yield (refusal(event),)
    for pool in event.pools:
        yield (f"   local pool {pool}",)
    yield (_advice(event, dialect),)


def refusal(event: AddressRefused) -> str:
    """Return the failure as one line."""
    if event.by_peer:
        return f"No inner address from the peer: {event.why}"
    return f"No inner address for peer identity '{event.identity}' (profile '{event.profile}'): {event.why}"


def _advice(event: AddressRefused, dialect: str) -> str:
    if event.by_peer:
        return "compare the peer's pools with how many sessions it has; its log says what it lacks"
    if dialect == "asa":
        return _asa(event)
    if not event.authorization:
        line = f"crypto ikev2 profile {event.profile} / aaa authorization group psk list NAME POLICY"
        return f"on this router: {line}"
    policy = f"crypto ikev2 authorization policy {event.authorization}"
    if "asks for" in event.why:
        return "on the peer: ask for an address (ip address negotiated)"
    return f"on this router: ip local pool NAME FIRST LAST / {policy} / pool NAME"


def _asa(event: AddressRefused) -> str:
    group = f"tunnel-group {event.profile} general-attributes"
    if "asks for" in event.why:
        return f"on the peer: ask for an inner address; sites belong in a tunnel-group of type ipsec-l2l ({group})"
    return f"on this ASA: ip local pool NAME FIRST-LAST mask MASK / {group} / address-pool NAME"
