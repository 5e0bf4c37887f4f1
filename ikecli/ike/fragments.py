"""Messages put together from fragments, each of which is authentic before it is kept (RFC 7383 2.6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ikecli.crypto import IkeKeys
from ikecli.errors import Malformed, Unauthentic
from ikecli.ike.limits import FRAGMENT_COST, MAX_ASSEMBLED, MAX_ASSEMBLED_IN_ALL, MAX_FRAGMENTS
from ikecli.ike.window import Arrival
from ikecli.wire import Header, Sealed, cut, read_message

if TYPE_CHECKING:
    from ikecli.ike.core import Core
    from ikecli.ike.sa import IkeSa

_OUTSIDE: Final = Arrival.OUTSIDE


@dataclass(slots=True)
class Assembly:
    """A message that is being put together: `opening` is fragment 1 as it came, `first` the kind of its payloads.

    `longest` are the octets of the longest fragment as it came.
    """

    total: int
    first: int = 0
    opening: bytes = b""
    parts: dict[int, bytes] = field(default_factory=dict)
    size: int = 0
    longest: int = 0


class Assemblies:
    """All messages that are being put together: in each IKE SA those of the windows."""

    __slots__ = ("_open", "_size")

    def __init__(self) -> None:
        self._open: dict[tuple[IkeSa, bool], dict[int, Assembly]] = {}
        self._size = 0

    def __len__(self) -> int:
        return sum(map(len, self._open.values()))

    @property
    def size(self) -> int:
        """The octets that all of them take."""
        return self._size

    def at(self, sa: IkeSa, header: Header) -> Assembly | None:
        """Return what there is of a message."""
        return self._open.get((sa, header.response), {}).get(header.message_id)

    def begin(self, sa: IkeSa, header: Header, total: int) -> Assembly:
        """Begin a message anew, in place of the one before."""
        self.end(sa, header)
        messages = self._open.setdefault((sa, header.response), {})
        return messages.setdefault(header.message_id, Assembly(total))

    def grow(self, assembly: Assembly, size: int) -> None:
        """Count a fragment; where there are too many octets in all, give up the oldest other message."""
        cost = size + FRAGMENT_COST
        assembly.size += cost
        self._size += cost
        while self._size > MAX_ASSEMBLED_IN_ALL:
            self._end(*next((key, at) for key, some in self._open.items() for at in some if some[at] is not assembly))

    def end(self, sa: IkeSa, header: Header) -> None:
        """Let a message go, done or not."""
        if self._open:
            self._end((sa, header.response), header.message_id)

    def forget(self, sa: IkeSa) -> None:
        """Let an IKE SA's messages go."""
        for key in ((sa, False), (sa, True)):
            for message_id in list(self._open.get(key, ())):
                self._end(key, message_id)

    def _end(self, key: tuple[IkeSa, bool], message_id: int) -> None:
        messages = self._open.get(key, {})
        gone = messages.pop(message_id, None)
        self._size -= gone.size if gone is not None else 0
        if not messages:
            self._open.pop(key, None)


def whole(core: Core, sa: IkeSa, octets: bytes, header: Header, sealed: Sealed) -> tuple[bytes, Sealed] | None:
    """Return a message with its content: one that came whole as it is, one in fragments when the last has come.

    The octets are then those of fragment 1, by which the peer's repetition is known. A fragment that adds nothing is
    dropped without being opened. Raises Unauthentic for one that the peer did not send, Malformed for one that must
    not be.
    """
    table = core.assemblies
    if not sealed.fragments:
        return octets, sealed
    known = table.at(sa, header)
    _check(sa, sealed, known)
    chain = _open(sa, octets, sealed, sa.keys)
    if known is None or sealed.fragments > known.total:
        known = table.begin(sa, header, sealed.fragments)
    known.parts[sealed.fragment] = chain
    known.longest = max(known.longest, len(octets))
    table.grow(known, len(chain))
    if sealed.fragment == 1:
        known.opening, known.first = octets, sealed.first
    if known.size - FRAGMENT_COST * len(known.parts) > MAX_ASSEMBLED:
        table.end(sa, header)
        raise Malformed(f"fragments of more than {MAX_ASSEMBLED} octets")
    if len(known.parts) < known.total:
        return None
    table.end(sa, header)
    if not header.response:
        sa.path = min(sa.path or MAX_ASSEMBLED, known.longest)
    content = b"".join(known.parts[number] for number in range(1, known.total + 1))
    return known.opening, Sealed(known.first, 0, chain=content)


def again(sa: IkeSa, arrival: Arrival, octets: bytes, header: Header, sealed: Sealed) -> bool:
    """Tell whether a request that is answered came again in other fragments, by the first; raises Unauthentic."""
    if arrival is not _OUTSIDE or sealed.fragment != 1 or not sa.fragmentation:
        return False
    answer = sa.window.answered(header.message_id)
    if answer is None or not answer.response or read_message(cut(answer.response)[0]).sealed is None:
        return False
    _open(sa, octets, sealed, sa.keys_of(header.message_id))
    return True


def _check(sa: IkeSa, sealed: Sealed, known: Assembly | None) -> None:
    """Raise Malformed for a fragment that is not wanted, whoever sent it."""
    number, total = sealed.fragment, sealed.fragments
    if not sa.fragmentation:
        raise Malformed("a fragment where fragments were not agreed on")
    if total > MAX_FRAGMENTS:
        raise Malformed(f"a message of {total} fragments")
    if (number == 1) is (sealed.first == 0):
        raise Malformed(f"fragment {number} begins with payload {sealed.first}")
    if known is not None and total < known.total:
        raise Malformed(f"a fragment of {total} where there are {known.total}")
    if known is not None and total == known.total and number in known.parts:
        raise Malformed(f"fragment {number} once more")


def _open(sa: IkeSa, octets: bytes, sealed: Sealed, keys: IkeKeys | None) -> bytes:
    if sa.suite is None or keys is None:
        raise Unauthentic("a fragment before there are keys")
    return sa.suite.open(keys, not sa.initiator, octets, sealed.at)
