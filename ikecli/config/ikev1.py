"""IKEv1 is not served: the lines of IKEv2 that say what a line of IKEv1 says, for one line and for a configuration."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from ipaddress import IPv4Address
from typing import Any, Final, TypeAlias

from ikecli.config import asa, ios
from ikecli.language import Inert

Path: TypeAlias = tuple[str, ...]
"""A line, behind the lines of the sections that it lies in."""
Rule: TypeAlias = tuple[re.Pattern[str], Callable[[re.Match[str]], Iterable[Path]]]
Tree: TypeAlias = dict[str, Any]
"""Lines by the line that they are below."""

NAME: Final = "IKEV1"
"""What objects are called that IKEv1 has no name for."""

_CIPHERS: Final = {"aes": "aes-cbc-128", "aes 128": "aes-cbc-128", "aes 192": "aes-cbc-192", "aes 256": "aes-cbc-256"}
_PROFILE: Final = f"crypto ikev2 profile {NAME}"
_PRE_SHARED: Final = ("authentication remote pre-share", "authentication local pre-share")
_SINGLE: Final = ("lifetime ", "identity local ", "dpd ", "encryption ", "integrity ", "group ")
"""How lines begin that replace one another: the first that is found holds."""
_DEFAULTS: Final = {"integrity": "integrity sha1", "group": "group 1"}
"""What a policy of IKEv1 has where it says nothing; its cipher is DES then."""


def _rule(pattern: str, make: Callable[[re.Match[str]], Iterable[Path]]) -> Rule:
    return re.compile(pattern, re.IGNORECASE), make


def _says(pattern: str, opener: str, *lines: str) -> Rule:
    """Return a rule that yields lines below an opener, or it alone; groups of the pattern stand in braces."""
    paths = tuple((opener, line) for line in lines) if lines else ((opener,),)

    def make(found: re.Match[str]) -> Iterator[Path]:
        return (tuple(part.format_map(found.groupdict()) for part in path) for path in paths)

    return _rule(pattern, make)


def _hash(word: str) -> str:
    return "sha1" if word == "sha" else word


def _whom(words: str) -> tuple[str, str, str]:
    """Return the name of a peer, the line of its keyring that says where it is, and the identity that it shows."""
    kind, *rest = words.split()
    if kind == "hostname":
        return rest[0], f"identity fqdn {rest[0]}", f"fqdn {rest[0]}"
    if kind == "ipv6" or ":" in kind:
        prefix = rest[0] if kind == "ipv6" else kind
        return prefix.split("/")[0], f"address {prefix}", f"address {prefix if '/' in prefix else prefix + '/128'}"
    at = [each for each in (kind, *rest) if re.fullmatch(r"[\d.]+", each)][:2] or [kind]
    mask = at[1] if len(at) > 1 else "0.0.0.0" if at[0] == "0.0.0.0" else "255.255.255.255"
    place = f"address {at[0]}" if mask == "255.255.255.255" else f"address {at[0]} {mask}"
    return ("any" if at[0] == "0.0.0.0" else at[0]), place, f"address {at[0]} {mask}"


def _keyed(ring: str, whom: str, key: str) -> Iterator[Path]:
    name, place, _ = _whom(whom)
    opener = f"crypto ikev2 keyring {ring}", f"peer {name}"
    yield (*opener, place)
    yield (*opener, f"pre-shared-key {key}")


def _isakmp_key(found: re.Match[str]) -> Iterator[Path]:
    whom = found["whom"].removeprefix("address ").removesuffix(" no-xauth")
    yield from _keyed(NAME, whom, found["key"])
    yield (_PROFILE, f"match identity remote {_whom(whom)[2]}")
    yield from ((_PROFILE, line) for line in _PRE_SHARED)
    yield (_PROFILE, f"keyring local {NAME}")


def _identity(kind: str, value: str) -> str:
    return {"user-fqdn": f"email {value}", "fqdn": f"fqdn {value}"}.get(kind, f"address {value or kind}")


def _matched(found: re.Match[str]) -> Iterator[Path]:
    opener, words = f"crypto ikev2 profile {found['p']}", found["words"].split()
    kind, rest = words[0], words[1:]
    if kind == "address" and rest:
        yield (opener, f"match identity remote {_whom(' '.join(rest))[2]}")
        if len(rest) > 2 and _is_address(rest[0]):
            yield (opener, f"match fvrf {rest[2]}")
    elif kind in ("host", "user-fqdn", "user") and rest:
        yield (opener, f"match identity remote {'fqdn' if kind == 'host' else 'email'} {' '.join(rest)}")
    elif kind == "group" and rest:
        yield (opener, f"match identity remote key-id {rest[0]}")


def _is_address(word: str) -> bool:
    try:
        IPv4Address(word)
    except ValueError:
        return False
    return True


def _self_identity(found: re.Match[str]) -> Iterator[Path]:
    if found["k"] != "address":
        yield f"crypto ikev2 profile {found['p']}", f"identity local {_identity(found['k'], found['v'] or '')}"


def _local(found: re.Match[str]) -> Iterator[Path]:
    at = found["a"] if _is_address(found["a"]) else f"interface {found['a']}"
    yield f"crypto ikev2 profile {found['p']}", f"match address local {at}"


_POLICY: Final = r"crypto isakmp policy (?P<n>\d+)"
_PROPOSAL: Final = f"crypto ikev2 proposal {NAME}-{{n}}"
_SECTION: Final = r"crypto isakmp profile (?P<p>\S+)(?: .*)? > "
_OF_SECTION: Final = "crypto ikev2 profile {p}"
IOS_RULES: Final[tuple[Rule, ...]] = (
    _says(_POLICY, _PROPOSAL),
    _rule(
        _POLICY + r" > enc\w* (?P<c>3des|des|aes(?: \d+)?)",
        lambda m: [(_PROPOSAL.format(n=m["n"]), f"encryption {_CIPHERS.get(m['c'], m['c'])}")],
    ),
    _rule(
        _POLICY + r" > ha\w* (?P<h>\S+)", lambda m: [(_PROPOSAL.format(n=m["n"]), f"integrity {_hash(m['h'])}")]
    ),
    _says(_POLICY + r" > gr\w* (?P<g>\d+)", _PROPOSAL, "group {g}"),
    _rule(_POLICY + r" > li\w* (?P<s>\d+)", lambda m: [(_PROFILE, f"lifetime {max(int(m['s']), 120)}")]),
    _says(_POLICY + r" > au\w* pre\S*", _PROFILE, *_PRE_SHARED),
    _says(
        _POLICY + r" > au\w* rsa-s\w*", _PROFILE,
        "authentication remote rsa-sig", "authentication local rsa-sig",
    ),
    _rule(r"crypto isakmp key (?P<key>(?:[06] )?\S+) (?P<whom>(?:address|hostname) .+)", _isakmp_key),
    _says(r"crypto keyring (?P<ring>\S+)(?: .*)?", "crypto ikev2 keyring {ring}"),
    _rule(
        r"crypto keyring (?P<ring>\S+)(?: .*)? > pre-shared-key (?P<whom>(?:address|hostname) .+?) key (?P<key>.+)",
        lambda m: _keyed(m["ring"], m["whom"].removeprefix("address "), m["key"]),
    ),
    _says(r"crypto isakmp profile (?P<p>\S+)(?: .*)?", _OF_SECTION, *_PRE_SHARED),
    _says(_SECTION + r"keyring (?P<ring>\S+)", _OF_SECTION, "keyring local {ring}"),
    _rule(_SECTION + r"match identity (?P<words>.+)", _matched),
    _rule(_SECTION + r"self-identity (?P<k>\S+)(?: (?P<v>\S+))?", _self_identity),
    _rule(
        _SECTION + r"keepalive (?P<i>\d+)(?: retry (?P<r>\d+))?",
        lambda m: [(f"crypto ikev2 profile {m['p']}", f"dpd {m['i']} {m['r'] or 2} periodic")],
    ),
    _says(_SECTION + r"vrf (?P<v>\S+)", _OF_SECTION, "ivrf {v}"),
    _says(_SECTION + r"virtual-template (?P<t>\d+)", _OF_SECTION, "virtual-template {t}"),
    _rule(_SECTION + r"local-address (?P<a>\S+)(?: .*)?", _local),
    _rule(
        r"crypto isakmp keepalive (?P<i>\d+)(?: (?P<r>\d+))?(?: (?P<q>periodic|on-demand))?",
        lambda m: [(f"crypto ikev2 dpd {m['i']} {m['r'] or 2} {m['q'] or 'on-demand'}",)],
    ),
    _says(
        r"crypto (?P<map>(?:map|dynamic-map) .+) > set isakmp-profile (?P<p>\S+)",
        "crypto {map}", "set ikev2-profile {p}",
    ),
    _says(r"set isakmp-profile (?P<p>\S+)", "set ikev2-profile {p}"),
)  # fmt: skip


def _proposed(found: re.Match[str]) -> Iterator[Path]:
    opener = f"crypto ipsec ikev2 ipsec-proposal {found['t']}"
    for word in found["words"].split():
        if word.endswith("-hmac"):
            check = word.removeprefix("esp-").removesuffix("-hmac")
            yield (opener, f"protocol esp integrity {'sha-1' if check == 'sha' else check}")
        elif word.startswith("esp-") and word != "esp-none":
            yield (opener, f"protocol esp encryption {word.removeprefix('esp-')}")


_ASA_POLICY: Final = r"crypto (?:ikev1|isakmp) policy (?P<n>\d+)"
_ASA_INSTEAD: Final = "crypto ikev2 policy {n}"
_ASA_KEY: Final = r"ikev1 pre-shared-key (?P<key>.+)"
_ASA_KEYS: Final = tuple(f"ikev2 {side}-authentication pre-shared-key {{key}}" for side in ("remote", "local"))
ASA_RULES: Final[tuple[Rule, ...]] = (
    _says(_ASA_POLICY, _ASA_INSTEAD),
    _says(_ASA_POLICY + r" > encryption (?P<c>\S+)", _ASA_INSTEAD, "encryption {c}"),
    _says(_ASA_POLICY + r" > ha\w* (?P<h>\S+)", _ASA_INSTEAD, "integrity {h}", "prf {h}"),
    _says(_ASA_POLICY + r" > group (?P<g>\d+)", _ASA_INSTEAD, "group {g}"),
    _says(_ASA_POLICY + r" > lifetime (?P<s>\d+|none)", _ASA_INSTEAD, "lifetime seconds {s}"),
    _says(r"crypto (?:ikev1|isakmp) enable (?P<i>\S+)", "crypto ikev2 enable {i}"),
    _rule(r"crypto ipsec (?:ikev1 )?transform-set (?P<t>\S+) (?P<words>esp-.+)", _proposed),
    _says(
        r"crypto (?P<map>(?:map|dynamic-map) \S+ \d+) set ikev1 transform-set (?P<names>.+)",
        "crypto {map} set ikev2 ipsec-proposal {names}",
    ),
    _says(r"tunnel-group (?P<g>\S+) ipsec-attributes > " + _ASA_KEY, "tunnel-group {g} ipsec-attributes", *_ASA_KEYS),
    *(_says(_ASA_KEY, line) for line in _ASA_KEYS),
)
RULES: Final = {"ios": IOS_RULES, "asa": ASA_RULES}


def instead(dialect: str, line: str, opener: str = "") -> tuple[Path, ...]:
    """Return what replaces a line of IKEv1 that lies below `opener`; nothing for what IKEv2 does not need."""
    text = " ".join(line.split())
    text = f"{opener} > {text}" if opener else text
    found = ((rule.fullmatch(text), make) for rule, make in RULES[dialect])
    return tuple(path for match, make in found if match for path in make(match))


def printed(paths: Iterable[Path]) -> Iterator[str]:
    """Yield lines below the sections that they lie in, each section once."""
    tree: Tree = {}
    for path in paths:
        _add(tree, path)
    yield from _lines(tree, 0)


def _add(tree: Tree, path: Path) -> None:
    for opener in path[:-1]:
        tree = tree.setdefault(opener, {})
    begins = next((word for word in _SINGLE if path[-1].startswith(word)), None)
    if begins is None or not any(line.startswith(begins) for line in tree):
        tree.setdefault(path[-1], {})


def _lines(tree: Tree, depth: int) -> Iterator[str]:
    for line, below in tree.items():
        yield " " * depth + line
        yield from _lines(below, depth + 1)


def converted(draft: ios.Ios | asa.Asa) -> list[str]:
    """Return the lines of IKEv2 that replace all that a configuration says of IKEv1, keys in clear."""
    return list(printed(_asa(draft) if isinstance(draft, asa.Asa) else _ios(draft)))


def _kept(dialect: str, kept: dict[str, Inert], opener: str = "") -> Iterator[Path]:
    for text, inert in kept.items():
        if not inert.negated:
            yield from instead(dialect, text, opener)
            for line in inert.lines:
                yield from instead(dialect, line, text)


def _proposals(paths: Iterable[Path]) -> dict[str, dict[str, str]]:
    """Return what each proposal says by its first word, in order; nothing of its cipher where that is never offered."""
    found: dict[str, dict[str, str]] = {}
    for path in paths:
        if path[0].startswith("crypto ikev2 proposal "):
            said = found.setdefault(path[0], {})
            word, _, value = path[-1].partition(" ")
            if len(path) > 1 and value != "des":
                said.setdefault(word, value)
    return dict(sorted(found.items(), key=lambda each: int(each[0].rsplit("-")[-1])))


def without_cipher(draft: ios.Ios | asa.Asa) -> list[str]:
    """Return a sentence for each policy of a router whose cipher is DES, as it is where a policy says nothing of it."""
    proposals = {} if isinstance(draft, asa.Asa) else _proposals(_kept("ios", draft.inert))
    offered = any("encryption" in said for said in proposals.values())
    stead = "another policy is" if offered else "crypto ikev2 proposal default is"
    return [
        f"crypto isakmp policy {proposal.rsplit('-')[-1]} has DES, which is never offered: {stead} offered instead"
        for proposal, said in proposals.items()
        if "encryption" not in said
    ]


def _ios(draft: ios.Ios) -> Iterator[Path]:
    paths = list(_kept("ios", draft.inert))
    proposals = _proposals(paths)
    for proposal, said in proposals.items():
        if not said.get("encryption"):
            continue
        yield from ((proposal,), *(path for path in paths if path[0] == proposal and len(path) > 1))
        yield from ((proposal, line) for word, line in _DEFAULTS.items() if word not in said)
        yield (f"crypto ikev2 policy {NAME}", proposal.removeprefix("crypto ikev2 "))
    keyed = any(path[0] == f"crypto ikev2 keyring {NAME}" for path in paths)
    lifetime = next((path[1] for path in paths if path[0] == _PROFILE and path[-1].startswith("lifetime")), None)
    for path in paths:
        if path[0] not in proposals and (keyed or path[0] != _PROFILE):
            yield path
    for profile in dict.fromkeys(path[0] for path in paths if path[0].startswith("crypto ikev2 profile ")):
        own = [path[1] for path in paths if path[0] == profile and len(path) > 1]
        if lifetime and (keyed or profile != _PROFILE):
            yield (profile, lifetime)
        if keyed and not any(line.startswith("keyring") for line in own) and profile != _PROFILE:
            yield (profile, f"keyring local {NAME}")
    yield from _used(draft, keyed)


def _used(draft: ios.Ios, keyed: bool) -> Iterator[Path]:
    """Yield which profile each map entry and IPsec profile has that names none of IKEv2's."""
    for name, held in draft.crypto_maps.items():
        for sequence, entry in held.entries.items():
            if entry.dynamic is None and entry.ikev2_profile is None:
                yield from _profiled(f"crypto map {name} {sequence} ipsec-isakmp", entry.inert, keyed)
    for name, dynamic in draft.dynamic_maps.items():
        for sequence, entry in dynamic.entries.items():
            if entry.ikev2_profile is None:
                yield from _profiled(f"crypto dynamic-map {name} {sequence}", entry.inert, keyed)
    for name, profile in draft.ipsec_profiles.items():
        if profile.ikev2_profile is None:
            yield from _profiled(f"crypto ipsec profile {name}", profile.inert, keyed)


def _profiled(opener: str, inert: dict[str, Inert], keyed: bool) -> Iterator[Path]:
    named = [line.split()[2] for line in inert if line.startswith("set isakmp-profile ")]
    if named or keyed:
        yield (opener, f"set ikev2-profile {named[0] if named else NAME}")


def _asa(draft: asa.Asa) -> Iterator[Path]:
    paths = list(_kept("asa", draft.inert))
    yield from (path for path in paths if path[0].startswith(("crypto ipsec", "crypto ikev2")))
    yield from (path for path in paths if not path[0].startswith(("crypto ipsec", "crypto ikev2")))
    for name, group in draft.tunnel_groups.items():
        if group.ipsec is not None:
            found = list(_kept("asa", group.ipsec.inert, f"tunnel-group {name} ipsec-attributes"))
            if found and group.type:
                yield (f"tunnel-group {name} type {group.type}",)
            yield from found
    for name, policy in draft.group_policies.items():
        if policy.attributes and "ikev1" in policy.attributes.protocols and "ikev2" not in policy.attributes.protocols:
            others = (word for word in policy.attributes.protocols if word != "ikev1")
            yield (f"group-policy {name} internal",)
            yield (f"group-policy {name} attributes", " ".join(("vpn-tunnel-protocol ikev2", *others)))
