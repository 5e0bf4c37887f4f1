"""Live names of a draft, found without a look at all of them for each line that has one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from operator import attrgetter
from typing import Any, Final

from ikecli.language.line import Known

_NAMEIF: Final = attrgetter("nameif")


class Keys(Known):
    """The names that are keys of a collection. What was put into it or taken out is noticed by its size and its end."""

    def __init__(self, held: dict[Any, Any]) -> None:
        self.held: Final = held
        self._folded: dict[str, str] = {}
        self._size = 0
        self._last: Any = None

    def __iter__(self) -> Iterator[str]:
        return (name for name in self.held if isinstance(name, str))

    def find(self, name: str, caseless: bool) -> str | None:
        """Return a name as it is in the collection."""
        if name in self.held:
            return name
        if not caseless:
            return None
        self._look()
        return self._folded.get(name.casefold())

    def _look(self) -> None:
        """Have the names of the collection as it is now: one more is most often all that is new."""
        last, *before = islice(reversed(self.held), 2) if self.held else (None,)
        if len(self.held) == self._size and last is self._last:
            return
        if len(self.held) == self._size + 1 and (before or [None])[0] is self._last:
            new: Iterator[str] = (name for name in (last,) if isinstance(name, str))
        else:
            self._folded.clear()
            new = iter(self)
        for name in new:
            self._folded.setdefault(name.casefold(), name)
        self._size, self._last = len(self.held), last


class Nameifs(Known):
    """The names that a firewall's interfaces have by `nameif`. One that was found is looked at again first."""

    def __init__(self, interfaces: dict[str, Any]) -> None:
        self.held: Final = interfaces
        self._folded: dict[str, str] = {}
        self._seen: list[str | None] = []

    def __iter__(self) -> Iterator[str]:
        return (name for one in self.held.values() if isinstance(name := getattr(one, "nameif", None), str))

    def find(self, name: str, caseless: bool) -> str | None:
        """Return a name as its interface has it."""
        folded = name.casefold()
        found = self._at(folded)
        if found is None:
            self._look()
            found = self._at(folded)
        return found if found is None or caseless or found == name else None

    def _look(self) -> None:
        """Have the names as they are now: those of further interfaces are most often all that is new."""
        names = [*map(_NAMEIF, self.held.values())]
        known = len(self._seen)
        if names[:known] != self._seen:
            self._folded.clear()
            known = 0
        for key, name in islice(zip(self.held, names, strict=True), known, None):
            if name:
                self._folded.setdefault(name.casefold(), key)
        self._seen = names

    def _at(self, folded: str) -> str | None:
        name = getattr(self.held.get(self._folded.get(folded, "")), "nameif", None)
        return name if isinstance(name, str) and name.casefold() == folded else None
