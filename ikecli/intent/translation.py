"""Address translation between inside and outside interfaces."""

from __future__ import annotations

from dataclasses import dataclass

from ikecli.intent.network import Address
from ikecli.intent.selectors import Flow


@dataclass(frozen=True, slots=True)
class Overload:
    """What of the inside stands behind the address of an outside `interface`, told apart by ports."""

    flows: tuple[Flow, ...]
    interface: str


@dataclass(frozen=True, slots=True)
class StaticPort:
    """A way in: what comes to a port of an interface's address is for a port inside."""

    protocol: int
    local: Address
    local_port: int
    interface: str
    port: int


@dataclass(frozen=True, slots=True)
class Nat:
    """Names of the inside and the outside interfaces, and what is translated between them."""

    inside: frozenset[str] = frozenset()
    outside: frozenset[str] = frozenset()
    rules: tuple[Overload, ...] = ()
    statics: tuple[StaticPort, ...] = ()
