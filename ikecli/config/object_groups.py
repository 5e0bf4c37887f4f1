"""Groups of objects that access lists name, and the groups inside of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, Protocol, TypeVar

DEPTH: Final = 8
"""How deep groups of objects may lie in one another."""


class _Group(Protocol):
    groups: list[str]


_G = TypeVar("_G", bound=_Group)


def unfolded(
    groups: Mapping[str, _G],
    wanted: str,
    missing: Callable[[str, bool], None],
    inside: tuple[str, ...] = (),
    seen: set[str] | None = None,
) -> Iterator[_G]:
    """Yield a group and those in it, to their end, each once.

    `missing` is told the name of one that is not there, or, with True, that is inside of itself or too deep.
    """
    seen = set() if seen is None else seen
    held = groups.get(wanted)
    if held is None or wanted in inside or len(inside) >= DEPTH:
        missing(wanted, held is not None)
        return
    if wanted in seen:
        return
    seen.add(wanted)
    yield held
    for inner in held.groups:
        yield from unfolded(groups, inner, missing, (*inside, wanted), seen)
