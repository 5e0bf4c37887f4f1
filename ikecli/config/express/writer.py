"""What writers of both dialects begin with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Generic, TypeVar

from ikecli.config import asa, ios
from ikecli.config.express.losses import Losses
from ikecli.config.express.peers import Peers
from ikecli.intent import Intent

Draft = TypeVar("Draft", ios.Ios, asa.Asa)
_Held = TypeVar("_Held")


class Writer(Generic[Draft]):
    """An intent that becomes a draft; `losses` says what could not be written."""

    def __init__(self, intent: Intent, draft: Draft, losses: Losses) -> None:
        self.intent: Final = intent
        self.draft: Final[Draft] = draft
        self.losses: Final = losses
        self.peers: Final = Peers(intent)
        self.by_name: Final = {one.name: one for one in intent.network.interfaces}


def named(known: dict[str, _Held], wanted: str, held: _Held) -> str:
    """Put something where it may be already, under this name or, if that is another's, one like it; return the name."""
    name = next(each for each in numbered(wanted) if known.get(each, held) == held)
    known[name] = held
    return name


def numbered(name: str) -> Iterator[str]:
    """Yield names that may be free: this one, then it with a number."""
    yield name
    number = 2
    while True:
        yield f"{name}-{number}"
        number += 1
