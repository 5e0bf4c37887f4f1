"""What the log keeps of an event, under the mnemonics and numbers that the real systems have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ikecli.boundary.events import (
    AddressRefused,
    AuthenticationFailed,
    ChildFailed,
    Event,
    GaveUp,
    IkeDown,
    IkeUp,
    LineProtocol,
    NotAdmitted,
    ProfileMissing,
    ProposalRefused,
    SelectorsRefused,
    Unsent,
)
from ikecli.boundary.views import LogLine
from ikecli.control.replies import Heard
from ikecli.debug.failures import summary
from ikecli.show.text import endpoint


def log(event: Event, dialect: str, time: float = 0) -> LogLine | None:
    """Return the log's line for an event at wall time `time`, or None for what only debug tells."""
    return _asa(event, time) if dialect == "asa" else _ios(event, time)


def logged(heard: Heard, dialect: str) -> Iterator[LogLine]:
    """Yield what was heard as lines of the log, none for what only debug tells.

    A router has those of sessions that begin and end that its configuration wanted then.
    """
    line = log(heard.event, dialect, heard.time) if heard.event is not None else heard.log
    if line is None:
        return
    if dialect == "asa" or not isinstance(heard.event, IkeUp | IkeDown):
        yield line
        return
    for kind in heard.sessions:
        yield (
            line if kind == "ikev2" else replace(line, mnemonic="SESSION_STATUS", text=line.text.replace(" v2", "", 1))
        )


def _ios(event: Event, time: float) -> LogLine | None:
    match event:
        case IkeUp():
            text = f"Crypto tunnel v2 is UP.  Peer {endpoint(event.remote)}       Id: {event.remote_identity}"
            return LogLine(time, 5, "CRYPTO", "IKEV2_SESSION_STATUS", text)
        case IkeDown():
            text = f"Crypto tunnel v2 is DOWN.  Peer {endpoint(event.remote)}       Reason: {event.why}"
            return LogLine(time, 5, "CRYPTO", "IKEV2_SESSION_STATUS", text)
        case LineProtocol(recursive=True):
            text = f"{event.interface} temporarily disabled due to recursive routing"
            return LogLine(time, 5, "TUN", "RECURDOWN", text)
        case LineProtocol():
            return LogLine(time, 5, "LINEPROTO", "UPDOWN", _line(event))
        case Unsent():
            return LogLine(time, 4, "IKEV2", "UNSENT", f"{summary(event, 'ios')}; it will be tried again")
        case NotAdmitted():
            return LogLine(time, 4, "IKEV2", "ADMISSION", summary(event, "ios"))
        case ChildFailed(told=True):
            return None
        case (
            ProposalRefused()
            | ProfileMissing()
            | AuthenticationFailed()
            | SelectorsRefused()
            | AddressRefused()
            | ChildFailed()
            | GaveUp()
        ):
            peer = f" (peer {endpoint(event.remote)})" if event.remote else ""
            return LogLine(
                time, 3, "IKEV2", "NEG_ABORT", f"Negotiation aborted due to ERROR: {summary(event, 'ios')}{peer}"
            )
    return None


def _asa(event: Event, time: float) -> LogLine | None:
    match event:
        case IkeUp():
            text = (
                f"{_ends(event.local, event.remote, event.remote_identity)} SA UP. Reason: New Connection Established"
            )
            return LogLine(time, 5, "ASA", "750006", text)
        case IkeDown():
            return LogLine(time, 5, "ASA", "750007", f"{_ends(event.local, event.remote)} SA DOWN. Reason: {event.why}")
        case LineProtocol():
            return LogLine(time, 4, "ASA", "411001" if event.up else "411002", _line(event))
        case Unsent():
            text = f"{_ends(event.local, event.remote)} {summary(event, 'asa')}; it will be tried again"
            return LogLine(time, 4, "ASA", "750003", text)
        case NotAdmitted():
            return LogLine(time, 4, "ASA", "750003", f"{_ends(event.local, event.remote)} {summary(event, 'asa')}")
        case ChildFailed(told=True):
            return None
        case (
            ProposalRefused()
            | ProfileMissing()
            | AuthenticationFailed()
            | SelectorsRefused()
            | AddressRefused()
            | ChildFailed()
            | GaveUp()
        ):
            identity = (
                event.identity if isinstance(event, ProfileMissing | AuthenticationFailed | AddressRefused) else ""
            )
            ends = _ends(event.local, event.remote, identity)
            return LogLine(
                time, 4, "ASA", "750003", f"{ends} Negotiation aborted due to ERROR: {summary(event, 'asa')}"
            )
    return None


def _line(event: LineProtocol) -> str:
    return f"Line protocol on Interface {event.interface}, changed state to {'up' if event.up else 'down'}"


def _ends(local: str, remote: str, identity: str = "") -> str:
    ends = f"Local:{endpoint(local, 'asa') or 'Unknown'} Remote:{endpoint(remote, 'asa') or 'Unknown'}"
    return f"{ends} Username:{identity or 'Unknown'} IKEv2"
