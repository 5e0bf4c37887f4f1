"""Whether one more SA is taken on or begun: how many there are, and how many are being negotiated.

What stands is never given up for it, and a rekey is no new SA.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ikecli.boundary.events import NotAdmitted
from ikecli.ike.limits import NOT_ADMITTED_SECONDS
from ikecli.ike.window import Want
from ikecli.value import value

if TYPE_CHECKING:
    from ikecli.boundary.effects import Datagram
    from ikecli.ike.core import Core
    from ikecli.ike.sa import ChildSa, IkeSa
    from ikecli.intent import Connection


@value
class Full:
    """A bound that is reached; `negotiating` says that it is one of SAs in negotiation."""

    why: str
    negotiating: bool = False


class Begun:
    """What is being negotiated from here: IKE SAs (`sas`), and further Child SAs in IKE SAs that stand.

    The log hears of no request that there is no room for before `silent`.
    """

    __slots__ = ("_asking", "sas", "silent")

    def __init__(self) -> None:
        self.sas: dict[IkeSa, None] = {}
        self.silent = 0.0
        self._asking: dict[IkeSa, None] = {}

    def ask(self, sa: IkeSa) -> None:
        """Note that a further Child SA is asked for in an IKE SA."""
        self._asking[sa] = None

    def end(self, sa: IkeSa) -> None:
        """Let an IKE SA go that is gone."""
        self.sas.pop(sa, None)
        self._asking.pop(sa, None)

    @property
    def exchanges(self) -> int:
        """How many exchanges for further Child SAs are under way."""
        number = 0
        for sa in list(self._asking):
            open_now = sum(1 for _ in sa.window.under_way(Want.CHILD))
            number += open_now
            if not open_now:
                del self._asking[sa]
        return number


def ike(core: Core, own: bool) -> Full | None:
    """Return what keeps a further IKE SA from being begun (`own`) or taken on."""
    intent, waiting, begun = core.lookup.intent, len(core.waiting), len(core.begun.sas)
    bounds, both = intent.admission, waiting + begun
    if not own and waiting >= intent.max_half_open:
        return Full(f"{waiting} half-open IKE SAs, which is the limit", True)
    if own and 0 < bounds.beginning <= begun:
        return Full(f"{begun} IKE SAs in negotiation that were begun here, which is the limit", True)
    if 0 < bounds.negotiating <= both:
        return Full(f"{both} IKE SAs in negotiation, which is the limit", True)
    if why := _negotiating(core, both):
        return Full(why, True)
    return Full(f"{len(core.sas)} IKE SAs, which is the limit") if len(core.sas) >= intent.max_sas else None


def room(core: Core, connection: Connection, but: ChildSa | None = None) -> int | None:
    """Return how many selector pairs more a connection may have, beside those of `but`; None without a bound."""
    if not connection.most_flows:
        return None
    peers = (sa for peer in connection.peers for sa in core.by_peer.get(peer.packed, ()))
    every = (one for sa in peers for one in sa.children.values() if one.connection == connection.label)
    held = sum(len(one.pairs) for one in every if not (one is but or one.replaced or one.deleting))
    return max(0, connection.most_flows - held)


def child(core: Core, connection: Connection | None = None) -> str:
    """Return why there are enough Child SAs, or enough of a connection, or nothing; those that are asked for count."""
    if connection is not None and room(core, connection) == 0:
        return f"{connection.most_flows} flows of it, which is the limit"
    most = core.lookup.intent.admission.children
    if not most or len(core.children) + len(core.begun.sas) < most - core.begun.exchanges:
        return ""
    new = sum(sa.children[spi].replaces not in core.children for spi, sa in core.children.items())
    new += len(core.begun.sas) + core.begun.exchanges
    return f"{new} IPsec SAs, which is the limit" if new >= most else ""


def exchange(core: Core, connection: Connection) -> str:
    """Return why no exchange for a further Child SA of a connection is begun, or nothing."""
    return child(core, connection) or _negotiating(core, len(core.waiting) + len(core.begun.sas))


def turn_away(core: Core, datagram: Datagram, full: Full) -> None:
    """Drop an IKE_SA_INIT request that there is no room for; the log hears of one now and then."""
    why = full.why
    core.drop(datagram, why)
    core.counts.refuse(False, full.negotiating)
    if core.now < core.begun.silent:
        return
    core.begun.silent = core.now + NOT_ADMITTED_SECONDS
    core.tell(NotAdmitted, lambda: NotAdmitted(str(datagram.local), str(datagram.remote), why))


def _negotiating(core: Core, ikes: int) -> str:
    most = core.lookup.intent.admission.negotiating_all
    if not most:
        return ""
    number = ikes + core.begun.exchanges
    return f"{number} SAs in negotiation, which is the limit" if number >= most else ""
