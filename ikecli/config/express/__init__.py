"""`express`, the inverse of `resolve`: intent becomes a configuration of either dialect."""

from __future__ import annotations

from dataclasses import dataclass

from ikecli.config.asa import Asa
from ikecli.config.express.firewall import Firewall
from ikecli.config.express.router import Router
from ikecli.config.ios import Ios
from ikecli.intent import Intent


@dataclass(frozen=True, slots=True)
class Expressed:
    """A draft that means an intent, and what of the intent it does not say."""

    draft: Ios | Asa
    lost: tuple[str, ...]


def express(intent: Intent, dialect: str) -> Expressed:
    """Return an intent as a configuration of a dialect ("ios" or "asa")."""
    writer = Router(intent) if dialect == "ios" else Firewall(intent)
    return Expressed(writer.whole(), writer.losses.all)


__all__ = ["Expressed", "express"]
