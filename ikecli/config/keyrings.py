"""Identities, and the keys of a router's keyrings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, IPv6Interface, IPv6Network
from typing import Any, Final

from ikecli.config import ios
from ikecli.config.algorithms import network
from ikecli.config.common import Ip, Key, Matched
from ikecli.config.complaints import Complaints
from ikecli.config.hosts import addresses_of_name
from ikecli.intent import Credential, Identity, IdentityMatch, Ppk, Prefix
from ikecli.numbers import IdType
from ikecli.secret import Secret

ANYWHERE: Final[tuple[Prefix, ...]] = (IPv4Network("0.0.0.0/0"), IPv6Network("::/0"))
_TYPES: Final = {"fqdn": IdType.FQDN, "email": IdType.RFC822_ADDR, "key-id": IdType.KEY_ID}


def prefix(address: Ip | None, mask: IPv4Address | None, wide: IPv6Interface | None) -> Prefix | None:
    """Return the network that an address with a mask, or a prefix, is; 0.0.0.0 without a mask is every address."""
    if wide is not None:
        return IPv6Network(wide.network)
    if address is None:
        return None
    if isinstance(address, IPv4Address):
        return network(address, address if mask is None and address.is_unspecified else mask)
    return IPv6Network(address)


def identity_of(matched: Matched | None) -> Identity | None:
    """Return the identity that this side shows; None: its address."""
    match matched:
        case Matched(str(kind), value=str(name)) if kind in _TYPES:
            return Identity(_TYPES[kind], name.encode())
        case Matched("address", value=value) if value is not None and not isinstance(value, str):
            return Identity.of(value)
        case _:
            return None


def match_of(matched: Matched) -> IdentityMatch:
    """Return what a peer's identity is compared with."""
    if matched.kind in _TYPES:
        return IdentityMatch(_TYPES[matched.kind], str(matched.value).encode(), domain=matched.domain)
    if isinstance(matched.value, str) or matched.kind == "any":
        return IdentityMatch()
    inside = prefix(matched.value, matched.mask, matched.prefix)
    version = 4 if inside is None else inside.version
    return IdentityMatch(IdType.IPV4_ADDR if version == 4 else IdType.IPV6_ADDR, network=inside)


def usable(complaints: Complaints, where: tuple[Any, ...], what: str, key: Key | None) -> Secret | None:
    """Return a key that can be used here; complain of one that was encrypted elsewhere."""
    if key is not None and key.usable is None:
        why = f"the key of {what} was encrypted on another system"
        fix = "key config-key password-encrypt KEY with its master key, or pre-shared-key KEY with the key itself"
        complaints.error(where, "pre-shared-key-missing", why, fix)
    return key.usable if key else None


def credentials_of(complaints: Complaints, name: str, ring: ios.Keyring, draft: ios.Ios) -> tuple[Credential, ...]:
    """Return the complete peers of a keyring, those for fewer addresses first.

    A peer with an address and an identity is known by either: the address is all that we know of it when we begin.
    """
    if not ring.peers:
        complaints.error(("keyrings", name), "pre-shared-key-missing", f"keyring {name} has no peer", "peer NAME")
    found = [one for peer, held in ring.peers.items() for one in _credential(complaints, name, peer, held, draft)]
    return tuple(sorted(found, key=_narrowness))


def _credential(
    complaints: Complaints, ring: str, name: str, peer: ios.KeyringPeer, draft: ios.Ios
) -> Iterator[Credential]:
    where = ("keyrings", ring, "peers", name)
    what = f"peer {name} of keyring {ring}"
    sides = {"local": peer.key_local or peer.key, "remote": peer.key_remote or peer.key}
    if not any(sides.values()) and peer.ppk is not None:
        return
    if not any(sides.values()):
        complaints.error(where, "pre-shared-key-missing", f"{what} has no key", "pre-shared-key KEY")
        return
    for side, key in sides.items():
        if key is None:
            why = f"{what} has no {side} key"
            complaints.warn(where, "pre-shared-key-missing", why, f"pre-shared-key {side} KEY")
    held = peer.address
    at = prefix(held.address, held.mask, held.prefix) if held else None
    known = tuple(prefix(one, None, None) for one in addresses_of_name(draft, peer.hostname or ""))
    if peer.hostname and not known:
        why = f"{what} has hostname {peer.hostname}, whose address is not known"
        complaints.error(where, "no-matching-peer", why, f"ip host {peer.hostname} A.B.C.D")
    if at is None and peer.identity is None and not peer.hostname:
        why = f"{what} has no address and no identity, so no peer is known by it"
        complaints.error(where, "no-matching-peer", why, "address A.B.C.D")
        return
    local, remote = (usable(complaints, where, what, key) for key in sides.values())
    if at is not None or known:
        places = tuple(each for each in (at, *known) if each is not None)
        yield Credential(f"{ring} {name}", local, remote, places)
    if peer.identity is not None:
        yield Credential(f"{ring} {name}", local, remote, identity=match_of(peer.identity))


def ppks_of(complaints: Complaints, name: str, ring: ios.Keyring) -> tuple[Ppk, ...]:
    """Return the post-quantum preshared keys of a keyring, each for its peer by address and by identity."""
    found = [one for peer, held in ring.peers.items() for one in _ppk(complaints, name, peer, held)]
    if not found:
        complaints.error(("keyrings", name), "", f"keyring {name} has no PPK", "ppk manual id NAME key KEY")
    return tuple(found)


def _ppk(complaints: Complaints, ring: str, name: str, peer: ios.KeyringPeer) -> Iterator[Ppk]:
    line, held = peer.ppk, peer.address
    if line is None:
        return
    secret = usable(complaints, ("keyrings", ring, "peers", name), f"the PPK of peer {name}", line.key)
    if secret is None:
        return
    ppk = Ppk(line.id.encode(), secret, line.required)
    at = prefix(held.address, held.mask, held.prefix) if held else None
    if at is not None:
        yield replace(ppk, addresses=(at,))
    if peer.identity is not None:
        yield replace(ppk, identity=match_of(peer.identity))


def _narrowness(credential: Credential) -> int:
    return -max((each.prefixlen for each in credential.addresses), default=0)
