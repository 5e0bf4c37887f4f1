"""Commands as they are stored: keys opened, passwords hashed, names and numbers in one form.

What a line says of a secret is turned into its stored form before it reaches the draft.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address
from typing import Any, Final

from ikecli.config import asa, asa_remote, ios, smart
from ikecli.config.common import Digest, Obscured, Sealed
from ikecli.config.mask import Mask
from ikecli.config.passwords import Random, hashed, is_hash, obscured, unobscured
from ikecli.config.remarks import row_of, transform_row, transform_word
from ikecli.errors import Rejected
from ikecli.language import Command, in_full, load, tree
from ikecli.language.kindtables import PORT_TYPES
from ikecli.language.notation import Declaration
from ikecli.language.target import Step
from ikecli.numbers import TransformType
from ikecli.secret import HIDDEN, Secret

_PASSWORDS: Final = frozenset({"enable_secret", "enable_levels", "enable_password", "users"})
"""Fields that hold passwords; every other secret is a pre-shared key."""

_LISTS: Final = frozenset({"access_lists", "standard_lists"})
_REPHRASED: Final = frozenset({"interfaces", "routes", "route_maps", "privileges"})

FIRST_ENTRY: Final = 10
"""The entry of a route map that is meant where no number is typed."""

TRUSTED: Final = 100
"""The security level of an interface named inside."""

_SPELLED: Final = {f"esp-{bits}-aes": {"kind": "esp-aes", "bits": bits} for bits in ("192", "256")}
"""Older words of transforms."""

_UNSERVED: Final = {"ah": "ESP protects packets, take an esp- hash", "comp": "packets are not compressed"}
"""How transforms that nothing here computes begin, and why."""

ENCRYPTED: Final = {"ios": "6", "asa": "8"}
"""The encoding of a key under the master key."""


@dataclass(frozen=True, slots=True)
class Scribe:
    """What it takes to bring secrets into their stored form."""

    dialect: str
    mask: Mask
    random: Random

    def settle(self, command: Command, *, obscuring: bool = False) -> Command:
        """Return the command with its slots in stored form. Raises Rejected in the operator's words.

        With `obscuring` a `password` is stored as type 7 and not as a hash.
        """
        if not _concerned(command.declaration):
            return command
        target = command.declaration.target
        if target.refused and not command.negated:
            raise self._refusal(target.reason)
        if not target.path or not command.slots:
            return command
        slots = dict(command.slots)
        if target.path[0].name in _LISTS and isinstance(slots.get("name"), int):
            slots["name"] = str(slots["name"])
        if command.negated == "no" and target.path[-1].name == "interfaces" and len(target.path) == 1:
            self._virtual(slots.get("name"))
        if not command.negated:
            password = target.path[-1].name in _PASSWORDS
            slots = self._secrets(slots, password, obscuring and (target.hidden or "login" in slots))
            self._consistent(slots)
            self._lengths(slots)
            self._served(slots)
        if target.path[0].name == "privileges":
            slots["command"] = in_full(load("ios").modes["exec"], slots["command"])
        if target.path[0].name == "route_maps" and target.operator == ">":
            slots["action"] = slots.get("action") or "permit"
            slots["sequence"] = FIRST_ENTRY if slots.get("sequence") is None else slots["sequence"]
        if self.dialect == "asa" and target.path[-1].name == "routes":
            _route(slots, bool(command.negated) or target.operator == "-")
        return Command(command.declaration, slots, command.negated, command.text)

    def _secrets(self, slots: dict[str, Any], password: bool, obscuring: bool) -> dict[str, Any]:
        settled = {
            name: self._secrets(value, password, obscuring) if isinstance(value, dict) else value
            for name, value in slots.items()
        }
        if isinstance(settled.get("key"), Secret) or isinstance(settled.get("hex"), Secret):
            return self._password(settled, obscuring) if password else self._key(settled)
        return settled

    def _key(self, raw: dict[str, Any]) -> dict[str, Any]:
        rest = {name: value for name, value in raw.items() if name not in ("encoding", "key", "hex")}
        if "hex" in raw:
            rest.pop("kind", None)
            digits = raw["hex"].reveal().decode()
            if len(digits) % 2:
                raise self._refusal("a key in hexadecimal has two digits an octet: one is missing")
            return {**rest, "key": Secret(bytes.fromhex(digits))}
        key: Secret = raw["key"]
        if key.reveal() == HIDDEN.encode():
            raise self._refusal(f"{HIDDEN} stands for a key that was not shown: type the key itself")
        if raw.get("encoding") == ENCRYPTED[self.dialect]:
            opened = self.mask.open(key.reveal())
            key = Sealed(key.reveal()) if opened is None else Secret(opened)
        return {**rest, "key": key}

    def _password(self, raw: dict[str, Any], obscuring: bool) -> dict[str, Any]:
        settled = dict(raw)
        encoding, key = raw.get("encoding"), raw["key"]
        if encoding == "7" and unobscured(key.reveal().decode()) is None:
            raise self._refusal("this is no password of type 7: leave the type out to give the password itself")
        if encoding == "7" or (obscuring and encoding in (None, "0") and raw.get("kind") != "secret"):
            text = key.reveal() if encoding == "7" else obscured(key, self.random)
            return {**settled, "encoding": "7", "key": Obscured(text)}
        if settled.get("kind") == "password" and self.dialect == "ios":
            settled["kind"] = "secret"
        if encoding in (None, "0"):
            settled["encoding"] = "9" if self.dialect == "ios" else "pbkdf2"
            settled["key"] = Digest(hashed(self.dialect, key, self.random))
        elif is_hash(encoding, key.reveal().decode()):
            settled["key"] = Digest(key.reveal())
        else:
            raise self._refusal(f"this is no hash of type {encoding}: leave the type out to give the password itself")
        return settled

    def _consistent(self, slots: dict[str, Any]) -> None:
        if "transforms" in slots:
            slots["transforms"] = [_SPELLED.get(each["kind"], each) for each in slots["transforms"]]
        for each in slots.get("transforms", ()):
            if (why := _UNSERVED.get(each["kind"].split("-")[0])) or each["kind"] == "esp-seal":
                raise self._refusal(f"{each['kind']} is not served: {why or 'SEAL is used by nobody'}")
        rows = [transform_row(transform_word(each["kind"], each.get("bits"))) for each in slots.get("transforms", ())]
        ciphers = [row for row in rows if row.type == TransformType.ENCR]
        if len(ciphers) > 1 or len(rows) - len(ciphers) > 1:
            raise self._refusal("a transform set has one cipher and one hash at most: make another set")
        if len(rows) > 1 and any(row.aead for row in ciphers):
            word = next(each["kind"] for each in slots["transforms"] if "-hmac" not in each["kind"])
            raise self._refusal(f"{word} protects integrity itself: leave the hash out")

    def _lengths(self, slots: Mapping[str, Any]) -> None:
        """Refuse a line of a prefix list whose bounds no network in its prefix can have."""
        bounds = [bound for name in ("least", "most") if (bound := slots.get(name)) is not None]
        if bounds and not (slots["prefix"].network.prefixlen < bounds[0] <= bounds[-1]):
            why = f"invalid prefix range for {slots['prefix'].network}, make sure: len < ge-value <= le-value"
            raise self._refusal(why)

    def _virtual(self, name: object) -> None:
        """Refuse to remove an interface that is a part of the machine."""
        if isinstance(name, str) and name.startswith(PORT_TYPES) and "." not in name:
            raise self._refusal("removal of physical interfaces is not permitted: type default interface " + name)

    def _served(self, slots: Mapping[str, Any]) -> None:
        """Refuse a key exchange that nothing here computes."""
        words = slots.get("pqc") or slots.get("methods") or ()
        for word in (words,) if isinstance(words, str) else words:
            row = row_of(TransformType.KE, self.dialect, word, "ake")
            if row is not None and row.refused:
                raise self._refusal(f"key exchange {word} is not served: {row.refused}")

    def _refusal(self, text: str) -> Rejected:
        return Rejected(f"% {text[0].upper()}{text[1:]}" if self.dialect == "ios" else f"ERROR: {text}")


_SETTLED: Final = frozenset({"key", "hex", "transforms", "pqc", "methods", "least"})
"""Slots whose values are looked at before they are stored."""


@lru_cache(None)
def _concerned(declaration: Declaration) -> bool:
    """Tell whether something of a command may be other than it is stored, or whether it is refused."""
    steps = {step.name for step in declaration.target.path}
    return bool(
        declaration.target.refused or steps & _LISTS or steps & _REPHRASED or _names(declaration.pattern) & _SETTLED
    )


def _names(node: tree.Node) -> set[str]:
    """Return the names of all slots of a pattern, those in records too."""
    own = {node.slot} if isinstance(node, tree.Word | tree.Value | tree.Record) and node.slot else set()
    return own.union(*map(_names, tree.parts(node)))


def consequences(draft: Any, command: Command) -> tuple[str, ...]:
    """Carry out what a line brings with it beyond what it says, and return what the system says of that.

    On an ASA an interface gets its security level with its name, and the default groups never go.
    """
    inert = getattr(draft, "inert", None)
    if inert and (words := command.text.split())[0] == "no":
        _forget(inert, " ".join(words[1:]))
    match draft:
        case ios.Ios():
            smart.settle(draft, command)
            if command.declaration.target.path[:1] == (Step("timestamps"),):
                draft.debug_stamps = draft.log_stamps = False
        case asa.Asa():
            for name in (asa.DEFAULT_GROUP, asa.DEFAULT_RA_GROUP):
                if name not in draft.tunnel_groups:
                    draft.tunnel_groups[name] = asa.TunnelGroup()
            if asa.DEFAULT_POLICY not in draft.group_policies:
                draft.group_policies[asa.DEFAULT_POLICY] = asa_remote.GroupPolicy()
        case asa.Interface() if draft.nameif and draft.security_level is None and not command.negated:
            draft.security_level = TRUSTED if draft.nameif == "inside" else 0
            return (f'INFO: Security level for "{draft.nameif}" set to {draft.security_level} by default.',)
    return ()


def outranked(draft: Any, command: Command) -> bool:
    """Tell whether a line is a router's `enable password` beside an enable secret, which holds then."""
    target = command.declaration.target
    if command.negated or not target.hidden or not isinstance(draft, ios.Ios):
        return False
    levels = draft.enable_levels.get(command.slots.get("level", 0))
    held = {"enable_secret": draft.enable_secret, "enable_levels": levels}.get(target.path[0].name)
    return held is not None and not isinstance(held.key, Obscured)


def _forget(inert: dict[str, Any], text: str) -> None:
    """Take back what is kept without effect and begins so: a command that works may have read its `no`."""
    for line in [line for line in inert if line == text or line.startswith(f"{text} ")]:
        del inert[line]


def _route(slots: dict[str, Any], removes: bool) -> None:
    for name in ("network", "mask"):
        if slots.get(name) == "0":
            slots[name] = IPv4Address(0)
    if not removes:
        slots.setdefault("distance", 1)
