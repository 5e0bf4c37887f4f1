"""What to type so that a failure does not come again; nothing else in debug knows commands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_network
from typing import Final

from ikecli.boundary.events import (
    AuthenticationFailed,
    ChildFailed,
    GaveUp,
    ProfileMissing,
    ProposalRefused,
    SelectorsRefused,
    Unsent,
)
from ikecli.boundary.views import FlowView
from ikecli.debug import offers
from ikecli.show import text

_HERE: Final = {"ios": "on this router", "asa": "on this ASA"}
_OFFERS: Final = {
    ("ios", True): "crypto ikev2 proposal",
    ("ios", False): "crypto ipsec transform-set",
    ("asa", True): "crypto ikev2 policy",
    ("asa", False): "crypto ipsec ikev2 ipsec-proposal",
}


def _here(dialect: str, *commands: str) -> str:
    return f"{_HERE[dialect]}: {' / '.join(commands)}"


def proposal(event: ProposalRefused, dialect: str) -> str:
    """Say which commands give both ends something in common."""
    if event.by_peer:
        return f"compare {_OFFERS[dialect, event.protocol == 'IKE']} with the peer's; its log says what it expects"
    if not event.configured:
        return _nothing_configured(event, dialect)
    commands = [line for kind in event.differing for line in _lines(event, kind, dialect)]
    head = _head(event, dialect)
    if commands:
        return _here(dialect, *([head] if head else []), *dict.fromkeys(commands))
    return f"on the peer: offer what is configured here ({'; '.join(event.configured)})"


def _nothing_configured(event: ProposalRefused, dialect: str) -> str:
    if event.protocol != "IKE":
        peer = text.host(event.remote) or "this peer"
        commands = _map(dialect, f"set peer {peer}")
    elif dialect == "ios":
        commands = ("crypto ikev2 policy ...", "proposal ...")
    else:
        commands = (f"crypto ikev2 enable {event.interface or '...'}", "crypto ikev2 policy ...")
    return f"{nothing(event, dialect)}; {_here(dialect, *commands)}"


def nothing(event: ProposalRefused, dialect: str) -> str:
    """Say why nothing is configured that could fit a peer's proposals; empty where something is."""
    if event.by_peer or event.configured:
        return ""
    if event.protocol != "IKE":
        return f"no crypto map entry is for {text.host(event.remote) or 'this peer'}"
    if dialect == "ios":
        return "no policy holds at this address"
    return f"IKEv2 is not enabled on interface {event.interface or '...'}, or has no policy"


def _map(dialect: str, line: str) -> tuple[str, ...]:
    return ("crypto map ...", line) if dialect == "ios" else (f"crypto map ... {line}",)


def _head(event: ProposalRefused, dialect: str) -> str:
    if event.protocol == "IKE":
        return f"crypto ikev2 {'proposal' if dialect == 'ios' else 'policy'} ..."
    return "crypto ipsec ikev2 ipsec-proposal ..." if dialect == "asa" and "group" not in event.differing else ""


def _lines(event: ProposalRefused, kind: str, dialect: str) -> list[str]:
    if kind.startswith(offers.FURTHER):
        return _further(event, kind, dialect)
    if kind == "strength":
        ciphers = offers.offered(event.configured, "encryption").values()
        return ["crypto ikev2 proposal ...", f"encryption {' '.join(offers.words(ciphers, dialect, 'ike'))}"]
    use = "ike" if event.protocol == "IKE" else "esp"
    rows = offers.offered(event.offered, kind).values()
    given = offers.words(rows, dialect, "ike" if kind == "group" else use)
    if use == "ike":
        return [f"{kind} {' '.join(given)}"] if given and kind in offers.KINDS else []
    if kind == "group":
        return [*_map(dialect, f"set pfs group{given[0]}")] if given else []
    if dialect == "asa":
        return [f"protocol esp {kind} {' '.join(given)}"] if given and kind != "esn" else []
    return _transform_set(event, given) if kind in ("encryption", "integrity") else []


def _further(event: ProposalRefused, kind: str, dialect: str) -> list[str]:
    """Return the lines that bring an additional key exchange which the peer offers."""
    given = offers.words(offers.offered(event.offered, kind).values(), dialect, "ake")
    if not given:
        return []
    if event.protocol != "IKE":
        return [*_map(dialect, f"set pfs ... pqc {given[0]}")] if given[0].startswith("mlkem") else []
    if dialect == "ios":
        return [f"pqc {' '.join(given)}"] if kind == f"{offers.FURTHER}1" else []
    return [f"{kind} / key-exchange-method {' '.join(given)}"]


def _transform_set(event: ProposalRefused, given: list[str]) -> list[str]:
    if not given:
        return []
    both = [
        offers.words(offers.offered(event.offered, kind).values(), "ios", "esp") for kind in ("encryption", "integrity")
    ]
    return [f"crypto ipsec transform-set ... {' '.join(found[0] for found in both if found)}"]


def authentication(event: AuthenticationFailed, dialect: str) -> str:
    """Say where the keys are that must be the same."""
    profile, whose = event.profile or "...", "local" if event.by_peer else "remote"
    if event.ppk:
        return _ppk(profile, dialect)
    if dialect == "asa":
        key = f"ikev2 {whose}-authentication pre-shared-key ..."
        return _here(dialect, f"tunnel-group {profile} ipsec-attributes", key)
    keyring = _here(dialect, "crypto ikev2 keyring ...", "peer ...", f"pre-shared-key {whose} ...")
    return f"{keyring}; which keyring: show crypto ikev2 profile {profile}"


def _ppk(profile: str, dialect: str) -> str:
    if dialect == "asa":
        return "an ASA has no PPK: on the peer, leave the word required out of its PPK"
    key = _here(dialect, "crypto ikev2 keyring ...", "peer ...", "ppk manual id ... key ...")
    return f"{key}; the same at both ends, and in crypto ikev2 profile {profile} / keyring ppk ..."


_IDENTITIES: Final = {
    "FQDN": ("fqdn", ""),
    "RFC822_ADDR": ("email", ""),
    "KEY_ID": ("key-id", ""),
    "IPV4_ADDR": ("address", " 255.255.255.255"),
    "IPV6_ADDR": ("address", "/128"),
}


def profile(event: ProfileMissing, dialect: str) -> str:
    """Say how a profile for this identity begins."""
    if dialect == "asa":
        group = text.host(event.remote) or event.identity
        return _here(dialect, f"tunnel-group {group} type ipsec-l2l", f"tunnel-group {group} ipsec-attributes")
    word, rest = _IDENTITIES.get(event.identity_type, ("...", ""))
    return _here(dialect, "crypto ikev2 profile ...", f"match identity remote {word} {event.identity}{rest}")


def selectors(event: SelectorsRefused, dialect: str) -> str:
    """Say which access-list entry would cover what was asked for."""
    if event.by_peer:
        us = text.host(event.local) or "this address"
        return f"on the peer: a map entry for {us} whose access list mirrors this: its source is destination here"
    if not event.configured:
        peer = text.host(event.remote) or "this peer"
        commands = [line for want in (f"set peer {peer}", "match address ...") for line in _map(dialect, want)]
        return f"no crypto map entry is for {peer}; {_here(dialect, *dict.fromkeys(commands))}"
    entries = list(_entries(event.offered, dialect))
    if not entries:
        return _here(dialect, "the access list of the crypto map must mirror the peer's: show access-lists")
    if dialect == "asa":
        return _here(dialect, *(f"access-list ... extended {entry}" for entry in entries))
    return _here(dialect, "ip access-list extended ...", *entries)


_END: Final = re.compile(
    r"(?P<first>[^\s/-]+)(?:-(?P<last>\S+)|/(?P<length>\d+))?(?: protocol (?P<protocol>\d+))?"
    r"(?: port (?P<low>\d+)-(?P<high>\d+))?"
)
"""One end of a flow as events have it: 10.1.1.0/24 protocol 6 port 80-80."""

_Span = tuple[str, str, int, tuple[int, int]]


def _entries(offered: Iterable[str], dialect: str) -> Iterator[str]:
    for one in offered:
        local, _, remote = one.partition(" -> ")
        ours, theirs = _span(local), _span(remote)
        if ours is not None and theirs is not None:
            flow = FlowView(ours[2] or theirs[2], *ours[:2], ours[3], *theirs[:2], theirs[3])
            yield text.ace(flow, dialect)


def _span(listed: str) -> _Span | None:
    """Read the widest of several ends: the last, since a peer may name the packet that it waits with first."""
    found = _END.fullmatch(listed.split(", ")[-1].strip())
    if found is None:
        return None
    ports = (int(found["low"]), int(found["high"])) if found["low"] else (0, text.LAST_PORT)
    try:
        network = ip_network(f"{found['first']}/{found['length']}" if found["length"] else found["first"], strict=False)
        last = str(ip_address(found["last"])) if found["last"] else str(network.broadcast_address)
    except ValueError:
        return None
    return str(network.network_address), last, int(found["protocol"] or 0), ports


def child(event: ChildFailed, dialect: str) -> str:
    """Say where the connection that failed is configured, or what it lacks."""
    if event.lacks == "room":
        return room(dialect)
    if event.lacks:
        return _lacking(event, dialect)
    name = event.connection.partition(" ")[0]
    if dialect == "asa":
        return _here(
            dialect, f"show running-config crypto map, entries of {name}" if name else "show running-config crypto"
        )
    return _here(dialect, f"show crypto map tag {name}" if name else "show crypto map")


def _lacking(event: ChildFailed, dialect: str) -> str:
    profile = event.profile or "..."
    if dialect == "asa":
        group, keys = f"tunnel-group {event.profile or text.host(event.remote) or '...'}", "pre-shared-key ..."
        made = (f"{group} type ipsec-l2l", f"{group} ipsec-attributes")
        return _here(dialect, *made, f"ikev2 remote-authentication {keys}", f"ikev2 local-authentication {keys}")
    if event.lacks == "key":
        peer = ("peer ...", f"address {text.host(event.remote)}", "pre-shared-key ...")
        return (
            f"{_here(dialect, 'crypto ikev2 keyring ...', *peer)}; which keyring: show crypto ikev2 profile {profile}"
        )
    needs = ("match identity remote ...", "authentication remote ...", "authentication local ...", "keyring local ...")
    return f"{_here(dialect, f'crypto ikev2 profile {profile}')}, which needs {', '.join(needs)}"


def room(dialect: str) -> str:
    """Say where it is seen how many SAs there are and may be."""
    return _here(dialect, "show crypto call admission statistics" if dialect == "ios" else "show crypto ikev2 stats")


def unsent(event: Unsent, dialect: str) -> str:
    """Say where it is seen which way packets to a peer take."""
    return _here(dialect, "show ip route" if dialect == "ios" else "show route")


def silence(event: GaveUp, dialect: str) -> str:
    """Say what to look at when a peer does not answer."""
    peer = text.host(event.remote)
    there = "a crypto map or profile" if dialect == "ios" else "a crypto map entry or tunnel-group"
    return (
        f"{_here(dialect, f'ping {peer}')}; UDP 500 and 4500 must be open on the way, and the peer needs {there} for us"
    )
