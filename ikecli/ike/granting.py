"""What a connection grants a peer that asks for a Child SA: key exchanges and flows (RFC 7296 1.3.1, 2.9)."""

from __future__ import annotations

from typing import Final

from ikecli.ike.choose import Additional, Offer, anything, no_stronger
from ikecli.ike.lease import narrowed
from ikecli.ike.sa import IkeSa
from ikecli.ike.selectors import Pair
from ikecli.ike.talk import Talk
from ikecli.intent import Connection
from ikecli.intent.selectors import any_selector
from ikecli.numbers import BY_KEY, Algorithm, Exchange, TransformType
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


def told(sa: IkeSa) -> Algorithm | None:
    """Return the group of an IKE SA whose peer told us to do PFS, without saying by which group."""
    return sa.suite.group if sa.suite is not None and sa.lease is not None and sa.lease.taken.pfs else None


def flows(talk: Talk, connection: Connection) -> tuple[Pair, ...]:
    """Return what a peer may have protected by a connection: of a wildcard one without flows, everything."""
    return narrowed(talk.sa, talk.core.lookup.flows[connection.label] or _EVERYTHING)
