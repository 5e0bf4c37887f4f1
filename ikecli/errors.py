"""The exceptions of ikecli.

- IkecliError
    - ProtocolError: what arrived is not IKEv2 as it must be; carries the Notify it is answered with
        - Malformed: octets that do not parse (INVALID_SYNTAX)
        - Unauthentic: octets whose check value does not match (no answer, no effect)
        - Refused: well formed, but not acceptable here (NO_PROPOSAL_CHOSEN, TS_UNACCEPTABLE, ...)
    - Rejected: a command or configuration the operator must change, in the operator's words
    - Unavailable: something of the machine is missing (a file, a socket, a permission)
"""

from __future__ import annotations

from typing import Final

from ikecli.numbers import NotifyType


class IkecliError(Exception):
    """The root of every exception that ikecli raises on purpose."""


class ProtocolError(IkecliError):
    """A peer's message that cannot be followed; `notify` is what it is answered with, `data` that notify's octets."""

    notify: NotifyType | None = None

    def __init__(self, why: str, notify: NotifyType | None = None, data: bytes = b"") -> None:
        super().__init__(why)
        self.why: Final = why
        self.data: Final = data
        if notify is not None:
            self.notify = notify


class Malformed(ProtocolError):
    """Octets that are not a message or payload of the form RFC 7296 section 3 gives."""

    notify = NotifyType.INVALID_SYNTAX


class Unauthentic(ProtocolError):
    """Protected octets that the holder of the keys did not send; never answered."""


class Refused(ProtocolError):
    """A sound message whose content is not acceptable; raised with the Notify that says why."""


class Rejected(IkecliError):
    """A command or a piece of configuration that cannot stand; the text says what to change."""


class Unavailable(IkecliError):
    """The machine lacks something: a file, a port, a permission; the text names it."""
