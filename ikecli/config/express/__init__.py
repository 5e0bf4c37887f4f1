"""`express`, the inverse of `resolve`: intent becomes a configuration of either dialect."""

from __future__ import annotations

from dataclasses import dataclass

from ikecli.config.asa import Asa
from ikecli.config.express.firewall import Firewall
from ikecli.config.express.losses import Losses
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
    losses = Losses()
    writer = Router(intent, losses) if dialect == "ios" else Firewall(intent, losses)
    return Expressed(writer.whole(), losses.all)


__all__ = ["Expressed", "express"]
