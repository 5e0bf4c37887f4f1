"""Whether a long collection holds an equal value already, without a search of it for every line typed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class Members:
    """Remembers the values of the collection asked about last: lines come in runs for one and the same list.

    What others do to the collection is noticed by its size and its last value; "yes" is always made sure of.
    """

    def __init__(self) -> None:
        self._collection: Any = None
        self._size = 0
        self._last: Any = None
        self._values: set[Any] = set()
        self._highest = 0

    def hold(self, collection: list[Any] | dict[int, Any], value: Any) -> bool:
        """Whether the list, or a value of the dict, is equal to this; if not, it is put in now and `follow` called."""
        try:
            if not self._knows(collection):
                self._values = set(_values(collection))
                self._highest = max(collection, default=0) if isinstance(collection, dict) else 0
                self.follow(collection)
            known = len(self._values)
            self._values.add(value)
        except TypeError:  # it has no hash
            return value in _values(collection)
        return len(self._values) == known and value in _values(collection)

    def highest(self, collection: dict[int, Any]) -> int:
        """Return the highest key of a dict, 0 where there is none."""
        return self._highest if self._knows(collection) else max(collection, default=0)

    def follow(self, collection: list[Any] | dict[int, Any], key: int = 0) -> None:
        """Take note that the value just asked about was put into the collection, under a key if that is a dict."""
        self._collection, self._size, self._last = collection, len(collection), _last(collection)
        self._highest = max(self._highest, key)

    def _knows(self, collection: list[Any] | dict[int, Any]) -> bool:
        return collection is self._collection and len(collection) == self._size and _last(collection) is self._last


def _values(collection: list[Any] | dict[Any, Any]) -> Iterable[Any]:
    return collection.values() if isinstance(collection, dict) else collection


def _last(collection: list[Any] | dict[Any, Any]) -> Any:
    if not collection:
        return None
    return next(reversed(collection.values())) if isinstance(collection, dict) else collection[-1]
