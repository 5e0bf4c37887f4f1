"""What is said about a line that was taken: weak algorithms, what is still missing, what has no effect here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from ikecli.config.ikev1 import instead, printed
from ikecli.config.smart import DEFAULT
from ikecli.language import Command, known, load
from ikecli.language.notation import Declaration
from ikecli.numbers import Algorithm, TransformType, named
from ikecli.secret import HIDDEN

_E, _P, _I, _K = TransformType.ENCR, TransformType.PRF, TransformType.INTEG, TransformType.KE

_WORDS: Final[Mapping[tuple[str, str], tuple[TransformType, str]]] = {
    ("ikev2-proposal", "encryption"): (_E, "ike"),
    ("ikev2-proposal", "integrity"): (_I, "ike"),
    ("ikev2-proposal", "prf"): (_P, "ike"),
    ("ikev2-proposal", "groups"): (_K, "ike"),
    ("ikev2-policy", "encryption"): (_E, "ike"),
    ("ikev2-policy", "integrity"): (_I, "ike"),
    ("ikev2-policy", "prf"): (_P, "ike"),
    ("ikev2-policy", "groups"): (_K, "ike"),
    ("ikev2-policy-ake", "methods"): (_K, "ake"),
    ("ipsec-proposal", "encryption"): (_E, "esp"),
    ("ipsec-proposal", "integrity"): (_I, "esp"),
}
"""Which slots of which mode hold words of algorithms."""

_WEAK: Final = frozenset({"encoding", "login", "transforms"})
"""Slots that may hold what is weak, in whatever command."""

_CREATED: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("ios", "crypto-map"): (
        "% NOTE: This new crypto map will remain disabled until a peer",
        "        and a valid access list have been configured.",
    ),
    ("ios", "ikev2-proposal"): (
        "IKEv2 proposal MUST either have a set of an encryption algorithm other than aes-gcm, an integrity algorithm",
        "and a DH group configured or an encryption algorithm aes-gcm, a prf algorithm and a DH group configured",
    ),
    ("ios", "ikev2-policy"): ("IKEv2 policy MUST have atleast one complete proposal attached",),
    ("ios", "ikev2-profile"): (
        "IKEv2 profile MUST have:",
        "   1. A local and a remote authentication method.",
        "   2. A match identity or a match certificate or match any statement.",
    ),
}
"""What a router says when an object is made that cannot work yet."""

_NO_EFFECT: Final[Mapping[tuple[str, str, Any], str]] = {
    ("asa", "fragmentation", "cisco"): "only IETF fragments are sent and taken (RFC 7383).",
    ("asa", "connection_type", "originate-only"): "this side begins, but it still answers the peer.",
}
"""What is kept and does not work as it says, by the field that is set and its value."""


_ROUTES: Final = ("routes", "vrf_routes", "routes6", "vrf_routes6")
_PARTLY: Final[Mapping[tuple[str, str], str]] = {
    **dict.fromkeys(((field, "permanent") for field in _ROUTES), "the route rests while its interface is down."),
    **dict.fromkeys((("entries", word) for word in ("log", "log-input")), "packets are counted and not logged."),
    **dict.fromkeys(
        (("protocols", word) for word in ("ikev1", "l2tp-ipsec", "ssl-client", "ssl-clientless")),
        "only ikev2 is served.",
    ),
    **dict.fromkeys((("interfaces", word) for word in ("point-to-point", "multipoint")), "the link is the kernel's."),
    **dict.fromkeys(((f"{ip}address_pools", "(") for ip in ("", "ipv6_")), "the pools hold on all interfaces."),
    ("authorization", "override"): "users have no entries that it could go before.",
    ("address", "standby"): "there is one unit: the address of a second one is kept alone.",
    ("ikev2_interfaces", "client-services"): "no software is served to clients: client-services is left out.",
}
"""Words of commands that are kept without effect while the rest of the command has its own, by field."""


def about(dialect: str, command: Command, created: bool) -> tuple[str, ...]:
    """Return what an operator who types a command is told."""
    if command.negated:
        return ()
    if command.operator in ("~", "~>"):
        told = f"NOTE: kept, no effect: {command.declaration.target.reason}."
        return (told, *replacement(dialect, " ".join(command.text.split())))
    messages = list(warnings(dialect, command))
    if created and command.slots.get("name") != DEFAULT:
        messages += _CREATED.get((dialect, command.enters), ())
    words = [] if "remark" in command.slots else command.text.lower().split()
    typed = {"(" if word.startswith("(") else word for word in words}
    field = command.declaration.target.path[-1].name
    messages += [f"NOTE: {why}" for (of, word), why in _PARTLY.items() if of == field and word in typed]
    if field == "privileges" and not known(load(dialect).modes["exec"], command.slots["command"].split()):
        messages.append("NOTE: kept, no effect: there is no such command here.")
    if command.operator == "=":
        for value in (None, *command.slots.values()):
            key = (dialect, field, value if isinstance(value, str) else None)
            if key in _NO_EFFECT:
                messages.append(f"NOTE: {_NO_EFFECT[key]}")
                break
    return tuple(messages)


def replacement(dialect: str, line: str, opener: str = "") -> Iterator[str]:
    """Yield what to type in the place of a line of IKEv1; secrets are covered."""
    for text in printed(instead(dialect, line, opener)):
        yield "      IKEv2: " + re.sub(r"(?<=pre-shared-key ).+", HIDDEN, text)


def warnings(dialect: str, command: Command) -> tuple[str, ...]:
    """Return a warning for each algorithm of a command that is weak, or that is never offered."""
    return tuple(_warned(dialect, command)) if _may_warn(command.declaration) else ()


def _warned(dialect: str, command: Command) -> Iterator[str]:
    sign = "%Warning" if dialect == "ios" else "WARNING"
    login = command.slots.get("login")
    if "7" in (command.slots.get("encoding"), login.get("encoding") if isinstance(login, dict) else None):
        yield f"{sign}: type 7 is weak: anybody can read it. Type secret and the password to store a hash."
    for what, row in _algorithms(dialect, command):
        if row.refused:
            yield f"{sign}: {what} is kept, but never offered: {row.refused}."
        elif row.weak:
            yield f"{sign}: {what} is weak: {row.weak}."


@lru_cache(None)
def _may_warn(declaration: Declaration) -> bool:
    """Tell whether commands of a declaration can name what is weak."""
    field = declaration.target.path[-1].name if declaration.target.path else ""
    return field == "pfs" or (declaration.mode, field) in _WORDS or bool(_WEAK & declaration.slots.keys())


def _algorithms(dialect: str, command: Command) -> Iterator[tuple[str, Algorithm]]:
    target = command.declaration.target
    if not target.path:
        return
    field = target.path[-1].name
    pfs = command.slots.get("group") if field == "pfs" else None
    if isinstance(pfs, str):
        yield pfs, named(_K, dialect, pfs.removeprefix("group"))
    for transform in command.slots.get("transforms", ()):
        word = transform_word(transform["kind"], transform.get("bits"))
        yield word, transform_row(word)
    place = _WORDS.get((command.declaration.mode, field))
    if place:
        for word in _listed(command.slots.values()):
            row = row_of(place[0], dialect, word, place[1])
            if row:
                yield (f"group {word}" if place[0] == _K else word), row


def _listed(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, list):
            yield from value


def row_of(type: TransformType, dialect: str, word: str, use: str) -> Algorithm | None:
    """Return the algorithm that a word means, or None for a word that stands for none (`null`)."""
    try:
        return named(type, dialect, word, use)
    except KeyError:
        return None


def transform_word(kind: str, bits: str | None) -> str:
    """Return the full word of a transform: `esp-aes 256`; 128 bits are those of `esp-aes` alone."""
    if kind in ("esp-192-aes", "esp-256-aes"):
        return f"esp-aes {kind[4:7]}"
    if kind in ("esp-gcm", "esp-gmac"):
        return f"{kind} {bits or 128}"
    return kind if bits in (None, "128") else f"{kind} {bits}"


def transform_row(word: str) -> Algorithm:
    """Return the algorithm of a transform's full word."""
    row = row_of(_E, "ios", word, "esp") or row_of(_I, "ios", word, "esp")
    if row is None:
        raise KeyError(word)
    return row
