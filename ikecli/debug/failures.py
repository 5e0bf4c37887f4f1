"""What a failure says: once at length for debug, with what differs and what to type, and once in a line for the log."""

from __future__ import annotations

from collections.abc import Iterator

from ikecli.boundary.events import (
    AddressRefused,
    AuthenticationFailed,
    ChildFailed,
    GaveUp,
    NotAdmitted,
    ProfileMissing,
    ProposalRefused,
    SelectorsRefused,
    Unsent,
)
from ikecli.debug import advice, inner, offers
from ikecli.show import text

Failure = (
    ProposalRefused
    | ProfileMissing
    | AuthenticationFailed
    | SelectorsRefused
    | AddressRefused
    | ChildFailed
    | Unsent
    | GaveUp
    | NotAdmitted
)
Lines = tuple[str, ...]
"""A line of debug and those that belong below it."""


def _numbered(title: str, offered: tuple[str, ...]) -> Lines:
    return (title, *(f"Proposal {number}:  {offer}" for number, offer in enumerate(offered, start=1)))


def proposal(event: ProposalRefused, dialect: str) -> Iterator[Lines]:
    """Yield what was offered, what is configured here, and what has no value in common."""
    if event.by_peer:
        yield _numbered(f"The peer chose none of the {event.protocol} proposals sent: ", event.offered)
    else:
        yield (f"Failed to find a matching policy ({event.protocol})",)
        yield _numbered("Received Policies: ", event.offered)
        if event.configured:
            yield _numbered("Expected Policies: ", event.configured)
        for kind in event.differing:
            yield (_difference(event, kind),)
    yield (advice.proposal(event, dialect),)


def _difference(event: ProposalRefused, kind: str) -> str:
    title = offers.TITLES.get(kind, kind)
    theirs, ours = (" ".join(offers.offered(texts, kind)) for texts in (event.offered, event.configured))
    if not theirs and not ours:
        return f"no common {title}"
    refused = [
        f"{name} is not served: {row.refused}"
        for name, row in offers.offered(event.offered, kind).items()
        if row.refused
    ]
    return "; ".join([f"no common {title}: peer offers {theirs or 'none'}, here {ours or 'none'}", *refused])


def profile(event: ProfileMissing, dialect: str) -> Iterator[Lines]:
    """Yield the identity that nobody expected, and what is expected."""
    what = "profile" if dialect == "ios" else "tunnel-group"
    who = f"peer identity '{event.identity}' of type '{event.identity_type}' from {text.host(event.remote)}"
    yield (f"No {what} for {who}",)
    yield (f"looked at: {'; '.join(event.profiles)}" if event.profiles else f"there is no {what} at all",)
    yield (advice.profile(event, dialect),)


def authentication(event: AuthenticationFailed, dialect: str) -> Iterator[Lines]:
    """Yield whose proof failed, under which profile."""
    yield (summary(event, dialect),)
    yield (advice.authentication(event, dialect),)


def selectors(event: SelectorsRefused, dialect: str) -> Iterator[Lines]:
    """Yield what was asked to be protected, and what is configured."""
    yield (
        "The peer refused our traffic selectors"
        if event.by_peer
        else "There was no IPSEC policy found for received TS",
    )
    yield ("Received: " if not event.by_peer else "Sent: ", *(f"   {one}" for one in event.offered))
    if not event.by_peer:
        yield ("Configured here: ", *(f"   {one}" for one in event.configured or ("none",)))
    yield (advice.selectors(event, dialect),)


def child(event: ChildFailed, dialect: str) -> Iterator[Lines]:
    """Yield which Child SA failed."""
    yield (summary(event, dialect),)
    yield (advice.child(event, dialect),)


def unsent(event: Unsent, dialect: str) -> Iterator[Lines]:
    """Yield what did not leave."""
    yield (summary(event, dialect),)
    yield (advice.unsent(event, dialect),)


def turned_away(event: NotAdmitted, dialect: str) -> Iterator[Lines]:
    """Yield what there is no room for."""
    yield (summary(event, dialect),)
    yield (advice.room(dialect),)


def silence(event: GaveUp, dialect: str) -> Iterator[Lines]:
    """Yield who did not answer what."""
    yield (summary(event, dialect),)
    yield (advice.silence(event, dialect),)


def summary(event: Failure, dialect: str) -> str:
    """Return a failure as one line without advice."""
    match event:
        case ProposalRefused(by_peer=True):
            return f"The peer chose none of our proposals ({event.protocol}): {'; '.join(event.offered)}"
        case ProposalRefused():
            kinds = ", ".join(offers.TITLES.get(kind, kind) for kind in event.differing)
            why = f"no common {kinds}" if kinds else advice.nothing(event, dialect)
            return f"Failed to find a matching policy ({event.protocol}{why and f': {why}'})"
        case ProfileMissing():
            return f"No profile for peer identity '{event.identity}' of type '{event.identity_type}'"
        case AuthenticationFailed():
            who = "The peer refused our authentication" if event.by_peer else "Failed to authenticate the IKE SA"
            return f"{who}: profile '{event.profile}', peer identity '{event.identity}': {event.why}"
        case SelectorsRefused():
            who = "The peer refused our TS" if event.by_peer else "There was no IPSEC policy found for received TS"
            return f"{who}: {'; '.join(event.offered)}"
        case AddressRefused():
            return inner.refusal(event)
        case ChildFailed():
            what = f"Child SA for '{event.connection}'" if event.connection else "Child SA"
            return f"{what} was not set up: {event.why}"
        case Unsent():
            return f"{event.exchange} request {event.message_id} was not sent: {event.why}"
        case NotAdmitted():
            return f"IKE_SA_INIT request of {text.host(event.remote)} not admitted: there are {event.why}"
        case GaveUp():
            request = f"{event.exchange} request {event.message_id} after {event.attempts} attempts"
            peer = text.host(event.remote)
            return f"Maximum number of retransmissions reached: no answer from {peer} to {request}"
