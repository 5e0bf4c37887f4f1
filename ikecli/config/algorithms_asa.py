"""The words of a firewall for algorithms, and for what hides how much is sent, become proposals."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from ikecli.config import asa
from ikecli.config.algorithms import Additional, esp_proposals, ike_proposals, methods, rows
from ikecli.intent import EspProposal, IkeProposal, Tfc
from ikecli.language import defaults, load
from ikecli.numbers import TransformType

AUTO: Final = Tfc(512, 1, 30)
"""What hides traffic where nothing is said of it."""


@lru_cache(1)
def policy_defaults() -> dict[str, Any]:
    """Return what an IKEv2 policy holds where nothing is said."""
    return defaults(load("asa").modes["ikev2-policy"], asa.IkePolicy)


def offers_of(priority: int, policy: asa.IkePolicy) -> list[IkeProposal]:
    """Return the proposals of an IKEv2 policy."""
    unset = policy_defaults()
    encryption, integrity, prf, groups = (
        getattr(policy, name) or unset[name] for name in ("encryption", "integrity", "prf", "groups")
    )
    return list(ike_proposals(str(priority), "asa", encryption, integrity, prf, groups, additional_of(policy)))


def additional_of(policy: asa.IkePolicy) -> Additional:
    """Return the additional key exchanges of a policy, by number; one that is not there has no methods."""
    held = policy.additional
    return tuple(
        methods("asa", held[number].methods) if number in held else () for number in range(1, max(held, default=0) + 1)
    )


def esp_offers_of(name: str, proposal: asa.IpsecProposal) -> Iterator[EspProposal]:
    """Yield the ESP proposals of an ipsec-proposal."""
    ciphers = rows(TransformType.ENCR, "asa", proposal.encryption, "esp")
    yield from esp_proposals(name, ciphers, rows(TransformType.INTEG, "asa", proposal.integrity, "esp"))


def hiding(tfc: asa.Tfc) -> Tfc:
    """Return what `set tfc-packets` means; AUTO stands in for `auto` and for what is not said."""
    said = (tfc.size, AUTO.size), (tfc.burst, AUTO.burst), (tfc.timeout, AUTO.interval)
    size, burst, interval = (value if isinstance(value, int) else auto for value, auto in said)
    return Tfc(size, burst, interval)
