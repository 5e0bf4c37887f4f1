"""What a proposal's text offers, by transform type, and the words a command line has for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from ikecli.numbers import ALGORITHMS, NO_KEY_EXCHANGE, Algorithm, TransformType

KINDS: Final = {
    "encryption": TransformType.ENCR,
    "integrity": TransformType.INTEG,
    "prf": TransformType.PRF,
    "group": TransformType.KE,
    "esn": TransformType.ESN,
}
"""The transform types as events name them."""

FURTHER: Final = "additional-key-exchange "
"""Begins the name of an additional key exchange; its number follows."""

TITLES: Final = {
    "group": "DH group",
    "prf": "PRF",
    "esn": "use of extended sequence numbers",
    "strength": "cipher that is no stronger than the IKE SA's",
}
"""How a transform type is called in a sentence, where not by its name."""

_TOKEN: Final = re.compile(r"ADDKE(\d+):(\S+)|Group (\d+)|([^\s/,]+)")


def _names(row: Algorithm) -> Iterator[str]:
    if row.type is TransformType.KE:
        yield str(row.number)
    else:
        yield f"{row.show}-{row.key_bits}" if row.key_bits else row.show
        yield f"{row.name}_{row.key_bits}" if row.key_bits else row.name


_METHODS: Final = {
    row.show if row.kem or row is NO_KEY_EXCHANGE else f"Group-{row.number}": row
    for row in (*ALGORITHMS, NO_KEY_EXCHANGE)
    if row.type is TransformType.KE
}
_ROWS: Final = {(row.type, name): row for row in ALGORITHMS for name in _names(row)}


def offered(texts: Iterable[str], kind: str) -> dict[str, Algorithm]:
    """Return what `texts` offer of one kind, in order: each as printed, with its row of the registry.

    A hash's name alone does not say whether it is a PRF or an integrity check, so it counts as either.
    """
    type, found = KINDS.get(kind), {}
    number = kind.removeprefix(FURTHER)
    for text in texts:
        for further, method, group, word in _TOKEN.findall(text):
            if further and further == number and method in _METHODS:
                found[method] = _METHODS[method]
            if further or type is None or bool(group) != (type is TransformType.KE):
                continue
            row = _ROWS.get((type, group or word))
            if row is not None:
                found[group or word] = row
    return found


def words(rows: Iterable[Algorithm], dialect: str, use: str) -> list[str]:
    """Return the words of `dialect` for the rows that can be configured here, for "ike", "esp" or "ake"."""
    found = (getattr(getattr(row, use), dialect) for row in rows if row.served)
    return [str(word) for word in found if word]
