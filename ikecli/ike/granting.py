"""What a connection grants a peer that asks for a Child SA: key exchanges and flows (RFC 7296 1.3.1, 2.9)."""

from __future__ import annotations

from typing import Final

from ikecli.errors import Refused
from ikecli.ike import admission, coverage
from ikecli.ike.choose import Additional, Offer, anything, no_stronger
from ikecli.ike.inner import authorization
from ikecli.ike.lease import narrowed
from ikecli.ike.limits import MAX_CHILDREN
from ikecli.ike.selectors import Pair, narrow
from ikecli.ike.talk import Talk
from ikecli.ike.transport import Ends
from ikecli.intent import Connection
from ikecli.intent.selectors import any_selector
from ikecli.numbers import BY_KEY, Algorithm, Exchange, NotifyType, TransformType
from ikecli.wire.payloads import KeyExchange, SecurityAssociation

_CREATE_CHILD: Final = Exchange.CREATE_CHILD_SA

_EVERYTHING: Final = tuple((any_selector(version), any_selector(version)) for version in (4, 6))


def group(talk: Talk, connection: Connection, public: KeyExchange | None) -> Algorithm | None:
    """Return the group a responder wants: its own, and where none is configured that of the initiator."""
    if talk.exchange != _CREATE_CHILD:
        return None
    if connection.pfs is not None or public is None:
        return connection.pfs
    return served(public.group)


def further(talk: Talk, connection: Connection, offered: SecurityAssociation) -> Additional:
    """Return the additional key exchanges a responder wants: its own, and those of the initiator where it has none."""
    if talk.exchange != _CREATE_CHILD:
        return ()
    return connection.pfs_additional if connection.pfs is not None else anything(offered.proposals)


def allowed(talk: Talk, offers: tuple[Offer, ...]) -> tuple[Offer, ...]:
    """Return what of a connection's offers may be below this IKE SA, whose cipher may have to be the stronger one."""
    suite = talk.sa.suite
    if suite is None or not talk.core.lookup.intent.strength_enforced:
        return offers
    return no_stronger(offers, suite.encryption)


def served(group: int | None) -> Algorithm | None:
    """Return a group by its number, or None for one that is not served."""
    row = BY_KEY.get((TransformType.KE, group or 0, 0))
    return row if row is not None and row.served else None


def told(talk: Talk) -> tuple[Algorithm, ...]:
    """Return the groups for PFS where the peer told us to do it, which it does without one: those of our IKE SAs.

    That of this one comes first.
    """
    sa = talk.sa
    if sa.suite is None or sa.lease is None or not sa.lease.taken.pfs:
        return ()
    offers = talk.core.lookup.ike_offers(sa.local.address, sa.vrf, sa.began).offers
    return (sa.suite.group, *(row for offer in offers for row in offer.groups))


def check_room(talk: Talk) -> None:
    """Raise Refused where a peer is to have no further Child SA."""
    standing = sum(not (one.replaced or one.deleting) for one in talk.sa.children.values())
    gives = None if talk.sa.began else authorization(talk.core, talk.sa)
    why = admission.child(talk.core)
    if len(talk.sa.children) >= MAX_CHILDREN:
        why = f"{MAX_CHILDREN} Child SAs in this IKE SA"
    elif gives is not None and 0 < gives.most_children <= standing:
        why = f"{standing} IPsec SAs of this peer, which is the limit"
    if why:
        raise Refused(f"there are {why}", NotifyType.NO_ADDITIONAL_SAS)


def grants(
    talk: Talk, candidates: list[Connection], asked: Ends, ends: Ends
) -> list[tuple[Connection, tuple[Pair, ...]]]:
    """Return what the peer gets of each connection, first of those that cover what it names first: its packet.

    `asked` are its selectors as a connection in transport mode knows them, `ends` as they are. Raises Refused where
    what it could get is more than there may be.
    """
    rows = candidates
    if len(rows) > 1:
        firsts = {mode: tuple(end[:1] for end in each) for mode, each in ((True, asked), (False, ends))}
        rows = sorted(rows, key=lambda row: not narrow(flows(talk, row), *firsts[bool(row.transport)]))
    found, full = [], None
    for row in rows:
        if pairs := coverage.granted(row, flows(talk, row), *(asked if row.transport else ends)):
            full = full or row
            if pairs := pairs[: admission.room(talk.core, row, talk.replaces)]:
                found.append((row, pairs))
    if full is not None and not found:
        why = f"there are {full.most_flows} flows of {full.label}, which is the limit"
        raise Refused(why, NotifyType.NO_ADDITIONAL_SAS)
    return found


def flows(talk: Talk, connection: Connection) -> tuple[Pair, ...]:
    """Return what a peer may have protected by a connection: of a wildcard one without flows, everything."""
    return narrowed(talk.sa, talk.core.lookup.flows[connection.label] or _EVERYTHING)
