"""The configuration of an appliance: the draft that lines change, and the intent that commits freeze."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Interface
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from ikecli.config import intent_asa, intent_ios, passwords, smart, tunnels_asa
from ikecli.config.asa import Asa
from ikecli.config.common import DHCP
from ikecli.config.complaints import Complaint
from ikecli.config.ios import Ios
from ikecli.config.mask import Mask
from ikecli.config.names import Keys, Nameifs
from ikecli.config.passwords import Random
from ikecli.config.running import Form, body, kept, starred, whole
from ikecli.config.settle import Scribe
from ikecli.config.unseal import unseal
from ikecli.intent import Intent
from ikecli.language import Dialect, Mode, load
from ikecli.secret import Secret

Options: TypeAlias = Mapping[str, str | int | bool]

FORMER_PHRASES: Final = 8
"""Phrases before the present one that still open what was stored under them."""
OPERATOR: Final = 15
"""The privilege level that `enable` leads to."""


_SIGNS: Final = {
    "ios": {"error": "%Incomplete", "warning": "%Warning"},
    "asa": {"error": "INCOMPLETE", "warning": "WARNING"},
}
"""What stands before a complaint. The line itself was taken, so nothing that automation reads as a refusal."""


class Store:
    """One appliance's configuration. Keys are stored under `master_key` (32 octets); `random` makes salts.

    `phrases` are the keys of `key config-key`, the present one (empty: none) first, then those before it. `version`
    goes up with every change of the draft.
    """

    def __init__(
        self, dialect: str, master_key: bytes, random: Random = os.urandom, phrases: tuple[Secret, ...] = ()
    ) -> None:
        self.language: Final[Dialect] = load(dialect)
        self.phrases = phrases
        self._master_key: Final = master_key
        self.scribe = Scribe(dialect, Mask(dialect, master_key, phrases), random)
        self.draft: Final[Ios | Asa] = Ios() if dialect == "ios" else Asa()
        self.intent = Intent(hostname=intent_ios.HOSTNAME if dialect == "ios" else tunnels_asa.HOSTNAME)
        self.complaints: tuple[Complaint, ...] = ()
        self._names: dict[str, Keys] = {}
        self._nameifs = Nameifs({})
        self.editors = 0
        self.version = 0
        self._resolved = -1
        self._bodies: dict[Form, tuple[int, str]] = {}
        self._told: frozenset[Complaint] = frozenset()

    @property
    def dialect(self) -> str:
        """The language of the configuration: "ios" or "asa"."""
        return self.language.name

    @property
    def exec(self) -> Mode:
        """The mode that commands which configure nothing are read in."""
        return self.language.modes["exec"]

    @property
    def hostname(self) -> str:
        """The name of the appliance, as it is in the draft."""
        return self.draft.hostname or (intent_ios.HOSTNAME if self.dialect == "ios" else tunnels_asa.HOSTNAME)

    def names(self, path: str) -> Iterable[str]:
        """Return the live names at a path of the draft, as the grammar gives it: "crypto_maps", "nameif"."""
        if path == "nameif":
            interfaces: dict[str, Any] = self.draft.interfaces if isinstance(self.draft, Asa) else {}
            if self._nameifs.held is not interfaces:
                self._nameifs = Nameifs(interfaces)
            return self._nameifs
        if path == "names":
            hosts = self.draft.hosts if isinstance(self.draft, Asa) and self.draft.names_used else {}
            return [f"{name} {held.address}" for name, held in hosts.items()]
        held = getattr(self.draft, path, None)
        if not isinstance(held, dict):
            return ()
        known = self._names.get(path)
        if known is None or known.held is not held:
            known = self._names[path] = Keys(held)
        return known

    def mask_for(self, dialect: str) -> Mask:
        """Return what encrypts keys as a dialect writes them, under this appliance's master key."""
        return Mask(dialect, self._master_key, self.phrases)

    def beside(self, dialect: str = "") -> Store:
        """Return an empty configuration of the same appliance, or one of another dialect under its master key."""
        return Store(dialect or self.dialect, self._master_key, self.scribe.random, self.phrases)

    def set_phrase(self, phrase: Secret | None) -> None:
        """Store keys under this phrase from now on, or under the appliance's own key; open what it opens."""
        former = [one for one in self.phrases if len(one) and one != phrase]
        self.phrases = (phrase or Secret(""), *former[:FORMER_PHRASES])
        self.version += 1
        mask = self.mask_for(self.dialect)
        self.scribe = Scribe(self.dialect, mask, self.scribe.random)
        unseal(self.draft, mask)

    def commit(self, before: Intent | None = None) -> list[str]:
        """Freeze the draft into the intent; return complaints that were not told yet, a line each.

        Rows that are equal to those of the intent `before` (else this configuration's last one) are the same objects.
        Complaints wait until nobody is in configuration mode: what is missing may still be typed.
        """
        if not self.editors and smart.unsay(self.draft):
            self.version += 1
        if self._resolved != self.version:
            self._resolve(before or self.intent)
        if self.editors:
            return []
        sign = _SIGNS[self.dialect]
        told = [f"{sign[one.severity]}: {one}" for one in self.complaints if one not in self._told]
        self._told = frozenset(self.complaints)
        return told

    @property
    def asking(self) -> tuple[str, ...]:
        """The interfaces whose address a DHCP server gives."""
        interfaces: dict[str, Any] = {**self.draft.interfaces}
        return tuple(name for name, each in interfaces.items() if each.address in DHCP)

    def learn(self, found: Mapping[str, IPv4Interface | None]) -> None:
        """Take over which address the devices of such interfaces have now."""
        for name, address in found.items():
            if self.draft.interfaces[name].found != address:
                self.draft.interfaces[name].found = address
                self.version += 1

    def _resolve(self, before: Intent) -> None:
        self._resolved = self.version
        if isinstance(self.draft, Ios):
            intent, found = intent_ios.resolve(self.draft)
        else:
            intent, found = intent_asa.resolve(self.draft)
        self.intent = intent.after(before)
        self.complaints = tuple(found)

    def running(self, options: Options = MappingProxyType({}), *, clear: bool = False) -> list[str]:
        """Return the running-config as it is shown, or with its secrets in clear.

        `options` are the slots of `show running-config`: `all` for defaults too; `section`, `interface` and `name` for
        the lines alone that begin so, with what lies below them.
        """
        words = [options.get("section"), options.get("interface"), options.get("name")]
        if options.get("interface") and not options.get("section"):
            words.insert(0, "interface")
        section = " ".join(str(word) for word in words if word)
        if options.get("ident"):
            section = f"{section} * {options['ident']}"
        return whole(self._body("clear" if clear else "show", bool(options.get("all"))), self.dialect, section)

    def shown(self) -> list[str]:
        """Return the commands alone, as they are shown."""
        return self._body("show")

    def inherit(self, other: Store) -> None:
        """Take over what was told already of another configuration of this appliance, which this one replaces."""
        self._told = other._told

    def startup(self) -> str:
        """Return the configuration as it is stored: keys under the master key, passwords as hashes."""
        return "\n".join([*self._body("store"), ": end" if self.dialect == "asa" else "end", ""])

    def _body(self, form: Form, every: bool = False) -> list[str]:
        """Return the commands; those without defaults and without clear keys are kept until the draft changes.

        A router shows them as it stores them, where no line without effect has a secret.
        """
        if form == "clear" or every:
            draft = smart.said(self.draft) if every else self.draft
            return body(self.language, draft, form, self.scribe.mask, every)
        version, text = self._bodies.get(form, (-1, ""))
        if version != self.version:
            text = "\n".join(body(self.language, self.draft, form, self.scribe.mask))
            alike = self.dialect == "ios" and all(starred(line) == line for line in kept(self.draft))
            self._bodies.update(dict.fromkeys(("show", "store") if alike else (form,), (self.version, text)))
        return text.split("\n") if text else []

    # Who may come in

    @property
    def _enable(self) -> Secret | None:
        held = self.draft.enable_secret if isinstance(self.draft, Ios) else self.draft.enable_password
        return held.key if held else None

    @property
    def has_enable(self) -> bool:
        """Whether a password for privileged commands is set."""
        return self._enable is not None

    @property
    def enable_levels(self) -> tuple[int, ...]:
        """The levels below the operator's that have an enable password of their own."""
        return tuple(self.draft.enable_levels) if isinstance(self.draft, Ios) else ()

    def verify_enable(self, password: Secret, level: int = OPERATOR) -> bool:
        """Tell whether this is the enable password of a level, else that of all; never when none is set."""
        own = self.draft.enable_levels.get(level) if isinstance(self.draft, Ios) else None
        key = own.key if own else self._enable
        return key is not None and passwords.verified(key, password)

    @property
    def levels(self) -> tuple[str, ...]:
        """Levels of exec commands, as `language.Levels` takes them."""
        if not isinstance(self.draft, Ios):
            return ()
        rules = tuple(self.draft.privileges.items())
        return tuple(f"{'all ' if rule.every else ''}level {rule.level} {words}" for words, rule in rules)

    def verify_user(self, name: str, password: Secret) -> int | None:
        """Return the privilege level of a user whose password this is, else None."""
        user = self.draft.users.get(name)
        login = user.login if user else None
        if user is None or login is None or login.key is None or not passwords.verified(login.key, password, name):
            return None
        return 1 if user.privilege is None else min(user.privilege, OPERATOR)
