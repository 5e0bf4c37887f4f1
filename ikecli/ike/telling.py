"""Events of negotiation: what was offered, what was chosen, and why not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from ikecli.boundary.effects import Tell
from ikecli.boundary.events import (
    Authenticated,
    ChildFailed,
    ChildUp,
    GroupRetried,
    NatChecked,
    ProfileChosen,
    Progress,
    ProposalChosen,
    ProposalOffered,
    ProposalRefused,
    SelectorsChosen,
    SelectorsRefused,
)
from ikecli.ike import texts
from ikecli.ike.choose import Choice, Offer, differing
from ikecli.ike.sa import ChildSa
from ikecli.ike.selectors import Pair, widest
from ikecli.ike.talk import Talk
from ikecli.intent import Connection, Identity, Profile, Selector
from ikecli.numbers import NotifyType, Protocol
from ikecli.wire.payloads import Proposal

_TOLD: Final = frozenset((NotifyType.NO_PROPOSAL_CHOSEN, NotifyType.TS_UNACCEPTABLE))
"""Refusals with an event of their own: `ProposalRefused`, `SelectorsRefused`."""


def group_retried(talk: Talk, sent: int, wanted: int, weaker: bool = False) -> None:
    """Tell that the responder wants another group than that of the public value."""
    sa = talk.sa
    if GroupRetried in talk.core.heard:
        talk.do(Tell(GroupRetried(sa.number, sa.session, sent, wanted, weaker)))


def nat_checked(talk: Talk) -> None:
    """Tell which ends are behind a NAT."""
    sa = talk.sa
    if NatChecked in talk.core.heard:
        talk.do(Tell(NatChecked(sa.number, sa.session, sa.nat_local, sa.nat_remote)))


def profile_chosen(talk: Talk, profile: Profile, identity: Identity) -> None:
    """Tell which profile is for the peer."""
    sa = talk.sa
    if ProfileChosen in talk.core.heard:
        talk.do(Tell(ProfileChosen(sa.number, sa.session, profile.name, str(identity))))


def authenticated(talk: Talk, profile: Profile, identity: Identity) -> None:
    """Tell that the peer has shown that it knows its key."""
    sa = talk.sa
    if Authenticated in talk.core.heard:
        talk.do(Tell(Authenticated(sa.number, sa.session, profile.name, str(identity), "PSK")))


def offered(talk: Talk, protocol: Protocol, offers: Sequence[Offer]) -> None:
    """Tell what we offer."""
    sa = talk.sa
    talk.core.tell(ProposalOffered, lambda: ProposalOffered(sa.number, sa.session, protocol.name, texts.offers(offers)))


def chosen(talk: Talk, choice: Choice, offers: Sequence[Offer], proposals: Sequence[Proposal] | None) -> None:
    """Tell what was agreed; `proposals` are what the peer offered, None when it chose from ours."""
    if ProposalChosen not in talk.core.heard:
        return
    sa = talk.sa

    configured = texts.offers(offers)
    theirs = configured if proposals is None else texts.proposals(proposals)
    made = texts.choice(choice)
    talk.do(Tell(ProposalChosen(sa.number, sa.session, choice.protocol.name, theirs, configured, made)))


def refused(
    talk: Talk, protocol: Protocol, offers: Sequence[Offer], proposals: Sequence[Proposal], stronger: bool = False
) -> None:
    """Tell that nothing the peer offers is configured; while strangers send more than can be told, some is not.

    With `stronger` what fits is not allowed, being stronger than the IKE SA.
    """
    sa = talk.sa
    if sa.negotiating and not talk.core.may_tell():
        return

    def event() -> ProposalRefused:
        theirs, ours = texts.proposals(proposals), texts.offers(offers)
        differ = ("strength",) if stronger else differing(offers, proposals) if offers else ()
        ends, where = (str(sa.local), str(sa.remote)), "" if offers else talk.core.lookup.nameif(sa.local.address)
        return ProposalRefused(sa.number, sa.session, protocol.name, theirs, ours, differ, *ends, False, where)

    talk.core.tell(ProposalRefused, event)


def refused_by_peer(talk: Talk, protocol: Protocol, offers: Sequence[Offer]) -> None:
    """Tell that the peer takes nothing of what we offer."""
    sa = talk.sa
    talk.core.tell(
        ProposalRefused,
        lambda: ProposalRefused(
            sa.number, sa.session, protocol.name, texts.offers(offers), (), (), str(sa.local), str(sa.remote), True
        ),
    )


def selectors(talk: Talk, local: Sequence[Selector], remote: Sequence[Selector], pairs: Sequence[Pair]) -> None:
    """Tell which traffic selectors were agreed."""
    if SelectorsChosen not in talk.core.heard:
        return
    sa = talk.sa
    talk.do(Tell(SelectorsChosen(sa.number, sa.session, texts.selectors(local, remote), texts.pairs(pairs))))


def uncovered(
    talk: Talk, candidates: Iterable[Connection], local: Sequence[Selector], remote: Sequence[Selector]
) -> None:
    """Tell that no connection covers what the peer wants; what lies inside of the rest is not repeated."""
    sa, flows = talk.sa, talk.core.lookup.flows

    def event() -> SelectorsRefused:
        offered = texts.selectors(widest(local), widest(remote))
        configured = tuple(text for row in candidates for text in texts.pairs(flows[row.label]))
        return SelectorsRefused(sa.number, sa.session, offered, configured, str(sa.local), str(sa.remote))

    talk.core.tell(SelectorsRefused, event)


def uncovered_by_peer(talk: Talk, local: Sequence[Selector], remote: Sequence[Selector]) -> None:
    """Tell that the peer covers nothing of what we want."""
    sa = talk.sa
    talk.core.tell(
        SelectorsRefused,
        lambda: SelectorsRefused(
            sa.number,
            sa.session,
            texts.selectors(widest(local), widest(remote)),
            (),
            str(sa.local),
            str(sa.remote),
            True,
        ),
    )


def child_refused_by_peer(
    talk: Talk, error: int, offers: Sequence[Offer], local: Sequence[Selector], remote: Sequence[Selector]
) -> None:
    """Tell what of a Child SA the peer refuses, as far as its error says."""
    if error == NotifyType.NO_PROPOSAL_CHOSEN:
        refused_by_peer(talk, Protocol.ESP, offers)
    elif error == NotifyType.TS_UNACCEPTABLE:
        uncovered_by_peer(talk, local, remote)


def child_failed(talk: Talk, connection: str, why: str, notify: int) -> None:
    """Tell that a Child SA was not set up; `notify` is the error that one end sends the other, or 0."""
    sa, told = talk.sa, notify in _TOLD
    talk.core.tell(
        ChildFailed,
        lambda: ChildFailed(sa.number, sa.session, connection, why, str(sa.local), str(sa.remote), told),
    )


def child_up(talk: Talk, child: ChildSa) -> None:
    """Tell that a Child SA carries traffic."""
    if ChildUp not in talk.core.heard:
        return
    sa = talk.sa

    suite = " ".join(texts.algorithm(row) for row in (child.encryption, child.integrity) if row)
    spis = child.inbound, child.outbound
    talk.do(Tell(ChildUp(sa.number, sa.session, child.connection, *spis, suite, texts.pairs(child.pairs))))


def progress(talk: Talk, text: str) -> None:
    """Tell a step that no other event says."""
    sa = talk.sa
    talk.core.tell(Progress, lambda: Progress(sa.number, sa.session, text))
