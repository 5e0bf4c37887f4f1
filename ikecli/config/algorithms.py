"""Words of algorithms become proposals: AEAD ciphers apart from the others (RFC 7296 3.3), what is refused left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network
from typing import Final

from ikecli.config.common import Pfs
from ikecli.config.remarks import row_of
from ikecli.intent import EspProposal, IkeProposal, Transport
from ikecli.numbers import NO_KEY_EXCHANGE, Algorithm, TransformType

_E, _P, _I, _K = TransformType.ENCR, TransformType.PRF, TransformType.INTEG, TransformType.KE

Additional = tuple[tuple[Algorithm, ...], ...]
"""The methods of each additional key exchange, best first."""

DEFAULT_PFS: Final = "group14"
"""The group of `set pfs` alone."""

TRANSPORT_WORDS: Final = {
    "ios": {Transport.WANTED: "transport", Transport.REQUIRED: "transport require"},
    "asa": {Transport.WANTED: "transport", Transport.REQUIRED: "transport-require"},
}
"""How each dialect says what is not tunnel mode."""

_TRANSPORTS: Final = {word: mode for words in TRANSPORT_WORDS.values() for mode, word in words.items()}

FRAGMENT_MTUS: Final = (576, 1280)
"""The longest packet of IKE that every path carries: IPv4, IPv6 (RFC 7383 2.5.1)."""


def fragment_mtus(mtu: int | None) -> tuple[int, int]:
    """Return the longest packets of IKE, IPv4's and IPv6's."""
    return (mtu, mtu) if mtu else FRAGMENT_MTUS


def transport_of(word: str | None) -> Transport:
    """Return what the word of a mode means, in either dialect."""
    return _TRANSPORTS.get(word or "", Transport.NO)


def rows(type: TransformType, dialect: str, words: Iterable[str], use: str = "ike") -> tuple[Algorithm, ...]:
    """Return the algorithms of some words that are served, in order."""
    found = (row_of(type, dialect, word, use) for word in words)
    return tuple(dict.fromkeys(row for row in found if row and row.served))


def ike_proposals(
    name: str,
    dialect: str,
    encryption: Iterable[str],
    integrity: Iterable[str],
    prf: Iterable[str],
    groups: Iterable[str],
    additional: Additional = (),
) -> Iterator[IkeProposal]:
    """Yield one proposal for the AEAD ciphers and one for the others, where they are complete.

    The first cipher's comes first. Without a PRF the hash of the integrity is taken.
    """
    ciphers, hashes = rows(_E, dialect, encryption), tuple(integrity)
    checks, prfs, exchanges = (
        rows(_I, dialect, hashes),
        rows(_P, dialect, tuple(prf) or hashes),
        rows(_K, dialect, groups),
    )
    for aead in dict.fromkeys(row.aead for row in ciphers):
        if prfs and exchanges and (aead or checks):
            same = tuple(row for row in ciphers if row.aead == aead)
            yield IkeProposal(name, same, () if aead else checks, prfs, exchanges, additional)


def esp_proposals(
    name: str, ciphers: tuple[Algorithm, ...], checks: tuple[Algorithm, ...], esn: bool = False
) -> Iterator[EspProposal]:
    """Yield one proposal for the AEAD ciphers and one for the others; those without a hash are not offered."""
    for aead in dict.fromkeys(row.aead for row in ciphers):
        if aead or checks:
            same = tuple(row for row in ciphers if row.aead == aead)
            yield EspProposal(name, same, () if aead else checks, (esn,))


def methods(dialect: str, words: Iterable[str], optional: bool = False) -> tuple[Algorithm, ...]:
    """Return the methods of an additional key exchange, best first; `none` goes last, as it does in the choice."""
    named = tuple(words)
    none = (NO_KEY_EXCHANGE,) if optional or "none" in named else ()
    return rows(_K, dialect, named, "ake") + none


def pfs_rows(pfs: Pfs | None, dialect: str) -> tuple[Algorithm | None, Additional]:
    """Return the group of a further key exchange and those that follow it; a post-quantum one may be the only one."""
    if pfs is None:
        return None, ()
    further = row_of(_K, dialect, pfs.pqc, "ake") if pfs.pqc else None
    if further is not None and pfs.group is None:
        return further, ()
    group = row_of(_K, dialect, (pfs.group or DEFAULT_PFS).removeprefix("group"), "ike")
    return group, ((further,),) if further else ()


def kilobytes(value: int | str | None, default: int) -> int:
    """Return a lifetime by volume; words such as `disable` mean none (0)."""
    return default if value is None else value if isinstance(value, int) else 0


def replay_window(word: str | None, default: int) -> int:
    """Return how many packets a replay window remembers; none (0) where it is disabled."""
    return default if word is None else 0 if word == "disable" else int(word)


def network(address: IPv4Address, mask: IPv4Address | None) -> IPv4Network:
    """Return the network of an address; without a mask the host."""
    return IPv4Network((int(address), prefix_length(int(mask)) if mask is not None else 32), strict=False)


@lru_cache
def prefix_length(mask: int) -> int:
    """Return how long the prefix of a mask is."""
    return IPv4Network((0, str(IPv4Address(mask)))).prefixlen
