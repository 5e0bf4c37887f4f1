"""What a conversion could not take along."""

from __future__ import annotations

from ikecli.numbers import Algorithm


class Losses:
    """Sentences, each once, in the order they were found."""

    def __init__(self) -> None:
        self._told: dict[str, None] = {}

    def add(self, what: str, why: str) -> None:
        """Note that something of the configuration has no counterpart."""
        self._told.setdefault(f"{what}: {why}")

    def note(self, what: str, *found: tuple[object, str]) -> None:
        """Note of what lies in pairs with a sentence each what is there."""
        for present, why in found:
            if present:
                self.add(what, why)

    @property
    def all(self) -> tuple[str, ...]:
        """What was noted."""
        return tuple(self._told)

    def words(self, rows: tuple[Algorithm, ...], dialect: str, use: str, what: str) -> tuple[str, ...]:
        """Return the dialect's words of some algorithms; those without one are noted."""
        found = []
        for row in rows:
            word = getattr(getattr(row, use), dialect)
            if word:
                found.append(word)
            else:
                self.add(what, f"there is no word for {row.show}")
        return tuple(found)
