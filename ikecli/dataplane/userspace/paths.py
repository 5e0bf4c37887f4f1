"""How long packets to a peer may be, as far as the network has said so.

Anybody can say that a packet was too big. What is believed quotes one that we did send, and lately: its SPI and a
sequence number that is not far behind the last (RFC 4301 8.2.1, RFC 8201 5.1). A path is never taken for shorter than
the version of IP allows, and after a while whole packets are tried again.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Final

from ikecli.dataplane.esp import ESP_HEADER, LEAST_MTU, PATH_SECONDS
from ikecli.dataplane.userspace.sas import Sender

RECENT: Final = 1 << 20
"""How far behind the last sequence number that of a quoted packet may be."""
LEAST: Final = {4: LEAST_MTU, 6: 1280}
_NUMBERS: Final = 1 << 32


class Paths:
    """The MTUs that are less than the outgoing device's, by the peer's address; each is believed in for a while."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._seconds = PATH_SECONDS
        self._shorter: dict[str, tuple[int, float]] = {}

    def age(self, seconds: float) -> None:
        """Believe in each for so many seconds, in those that are known no longer from now on."""
        self._seconds, latest = seconds, self._now() + seconds
        self._shorter = {remote: (mtu, min(until, latest)) for remote, (mtu, until) in self._shorter.items()}

    def believe(self, sender: Sender, quoted: bytes, mtu: int) -> bool:
        """Take note that a packet of an SA was longer than `mtu`; return whether that is believed, and new."""
        sa, (remote, _) = sender.sa, sender.there
        number = int.from_bytes(quoted[4:ESP_HEADER], "big")
        if len(quoted) < ESP_HEADER or (sender.sequence - number) % _NUMBERS >= min(RECENT, sender.sequence):
            return False
        mtu = max(mtu, LEAST[sa.remote.address.version])
        old = self.of(remote, mtu + 1)
        if mtu <= old:
            self._shorter[remote] = mtu, self._now() + self._seconds
        return mtu < old

    def of(self, remote: str, mtu: int) -> int:
        """Return the MTU of the path to a peer behind a device's `mtu`."""
        known = self._shorter.get(remote)
        return min(mtu, known[0]) if known is not None else mtu

    def tried_again(self) -> set[str]:
        """Return the peers that get whole packets from now on."""
        if not self._shorter:
            return set()
        now = self._now()
        old = {remote for remote, (_, until) in self._shorter.items() if until <= now}
        for remote in old:
            del self._shorter[remote]
        return old

    def wait(self) -> float | None:
        """Return in how many seconds there will be such a peer, or None."""
        if not self._shorter:
            return None
        first = min(until for _, until in self._shorter.values())
        return None if first == inf else max(first - self._now(), 0.0)
