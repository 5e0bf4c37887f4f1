"""How many requests each end takes at once (RFC 7296 2.3, 3.10.1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ikecli.errors import Malformed
from ikecli.ike.limits import MAX_WINDOW
from ikecli.ike.talk import Incoming, Outcome, Talk
from ikecli.ike.tasks.base import Task
from ikecli.ike.window import Want
from ikecli.numbers import NotifyType
from ikecli.wire.payloads import Notify, Payload

_SIZE_NOTIFY: Final = NotifyType.SET_WINDOW_SIZE

_SIZE: Final = 4


class WindowSize(Task):
    """Announces our window and notes the peer's. In a rekey of the IKE SA that is the new one's, which begins at 1.

    A window never shrinks in an IKE SA: the peer may have used it.
    """

    __slots__ = ("_own",)
    notifies = frozenset({NotifyType.SET_WINDOW_SIZE})
    kept = int

    def __init__(self) -> None:
        self._own = 1

    def write_request(self, talk: Talk) -> Iterable[Payload]:
        """Return our window, unless it is the one that need not be said; it holds from here on."""
        self._own = talk.core.lookup.intent.window
        if talk.want is not Want.REKEY_IKE:
            self._open(talk)
        return self._announced()

    def read_response(self, talk: Talk, message: Incoming) -> Outcome:
        """Note how many requests the peer takes."""
        self._read(talk, message)
        if talk.heir is not None:
            self._open(talk)
        return None

    def read_request(self, talk: Talk, message: Incoming) -> Outcome:
        """Note how many requests the peer takes."""
        self._read(talk, message)
        return None

    def write_response(self, talk: Talk) -> Iterable[Payload]:
        """Return our window, where the exchange makes an IKE SA."""
        own = talk.core.lookup.intent.window
        if own == 1 or (not talk.sa.negotiating and talk.heir is None):
            return ()
        self._own = own
        self._open(talk)
        return self._announced()

    def keep(self) -> int:
        """Return the window that was announced."""
        return self._own

    def recall(self, talk: Talk, kept: int) -> None:
        """Go on with it."""
        self._own = kept

    def _announced(self) -> tuple[Payload, ...]:
        return (Notify(_SIZE_NOTIFY, self._own.to_bytes(_SIZE, "big")),) if self._own > 1 else ()

    def _open(self, talk: Talk) -> None:
        window = (talk.heir or talk.sa).window
        window.own = max(window.own, self._own)

    def _read(self, talk: Talk, message: Incoming) -> None:
        notify = message.notify(_SIZE_NOTIFY)
        if notify is None or (talk.want is Want.REKEY_IKE and talk.heir is None):
            return
        size = int.from_bytes(notify.data, "big")
        if len(notify.data) != _SIZE or not size:
            raise Malformed(f"a window of {size} in {len(notify.data)} octets")
        window = (talk.heir or talk.sa).window
        window.size = max(window.size, min(size, MAX_WINDOW))
        talk.core.touch(talk.heir or talk.sa)
