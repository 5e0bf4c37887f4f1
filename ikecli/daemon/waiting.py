"""Where IKE_SA_INIT requests wait, so that whoever has an SA already is served before who wants one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from ikecli.boundary.clock import Clock
from ikecli.boundary.effects import Datagram
from ikecli.ike.limits import MAX_OPENING
from ikecli.numbers import Exchange

TURN: Final = 4
"""Requests that are served before others have their turn: a millisecond or two."""
MOST_OCTETS: Final = 1 << 24
"""Octets of all that wait."""
_NO_SPI: Final = bytes(8)
_INIT: Final = int(Exchange.IKE_SA_INIT)
_HEADER: Final = 28
_RESPONSE: Final = 0x20


class Waiting:
    """The requests that wait, first come first served; those for which there is no room are counted and dropped."""

    def __init__(self, clock: Clock, serve: Callable[[Datagram], None], most: Callable[[], int]) -> None:
        self._clock, self._serve, self._most = clock, serve, most
        self._queue: deque[Datagram] = deque()
        self._octets = 0
        self._due = False
        self.reset()

    def __len__(self) -> int:
        return len(self._queue)

    def reset(self) -> None:
        """Count from now on."""
        self.dropped = 0
        self.peak = len(self._queue)

    def put(self, datagram: Datagram) -> None:
        """Have a request wait until `serve` is called, when what came with it has been served."""
        size = len(datagram.octets)
        if len(self._queue) >= self._most() or self._octets + size > MOST_OCTETS:
            self.dropped += 1
            return
        self._queue.append(datagram)
        self._octets += size
        self.peak = max(self.peak, len(self._queue))

    def serve(self) -> None:
        """Serve some; the others follow, after what will have come by then."""
        try:
            for _ in range(min(TURN, len(self._queue))):
                datagram = self._queue.popleft()
                self._octets -= len(datagram.octets)
                self._serve(datagram)
        finally:
            self.serve_soon()

    def serve_soon(self) -> None:
        """Serve what waits, after what will have come by then."""
        if self._queue and not self._due:
            self._due = True
            self._clock.call_at(self._clock.now(), self._serve_due)

    def _serve_due(self) -> None:
        self._due = False
        self.serve()


def begins(datagram: Datagram) -> bool:
    """Tell whether a datagram looks like an IKE_SA_INIT request."""
    octets = datagram.octets
    return (
        _HEADER <= len(octets) <= MAX_OPENING
        and octets[18] == _INIT
        and not octets[19] & _RESPONSE
        and octets[8:16] == _NO_SPI
    )
