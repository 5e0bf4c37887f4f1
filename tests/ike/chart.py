"""What message charts of collisions share: pairs that are up, what makes them collide, which message arrives when."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network
from typing import Final

from ikecli.boundary.effects import Datagram, Direction
from ikecli.boundary.events import MessageSent
from ikecli.boundary.notices import Expired
from ikecli.ike.choose import Additional, Offer
from ikecli.ike.limits import LINGER_SECONDS, REPLACED_SECONDS
from ikecli.ike.lookup import Lookup
from ikecli.ike.sa import IkeSa, State
from ikecli.ike.window import Aim, Want
from ikecli.intent import Connection, Flow, Intent, Selector
from ikecli.numbers import Algorithm, TransformType
from tests.ike.pair import LABEL, LEFT, RIGHT, End, Pair, connection, ike_proposal, intent, profile, row

LOW, HIGH = 1, 200
"""What nonces begin with that are to be lower than others, or higher."""
NONCES: Final = range(4)
"""Whose nonce is the lowest of the four: left's request, right's answer to it, right's request, left's answer."""
MORE_NETS: Final = {LEFT: IPv4Network("172.16.1.0/24"), RIGHT: IPv4Network("172.16.2.0/24")}
SECOND: Final = LABEL.replace("10", "20")
TEMPORARY: Final = ("NOTIFY(TEMPORARY_FAILURE)",)
NOT_FOUND: Final = ("NOTIFY(CHILD_SA_NOT_FOUND)",)
OTHER_GROUP: Final = ("NOTIFY(INVALID_KE_PAYLOAD)",)
Letter = tuple[float, End, Datagram]
"""A message that was taken off the wire."""


def intents(
    groups: str = "31", life: int = 86400, left: object = None, right: object = None, window: int = 1
) -> tuple[Intent, Intent]:
    """Return the ends' intents, each with two connections; `left` and `right` are fields of the ends' connections."""
    made = []
    for here, there, more in ((LEFT, RIGHT, left), (RIGHT, LEFT, right)):
        flow = Flow(Selector.of(MORE_NETS[here]), Selector.of(MORE_NETS[there]))
        first = connection(here, there, **(more or {}))  # type: ignore[arg-type]
        rows = first, replace(first, sequence=20, flows=(flow,))
        proposals = (ike_proposal(groups=groups),)
        profiles = (profile(there, lifetime=life),)
        made.append(intent(here, there, proposals=proposals, profiles=profiles, connections=rows, window=window))
    return made[0], made[1]


def up(seed: int = 1, **more: object) -> Pair:
    """Return a pair that is up, begun from the left; what is given goes to `intents`."""
    pair = Pair(*intents(**more), seed)  # type: ignore[arg-type]
    pair.up()
    return pair


def reconfigure(end: End, **fields: object) -> None:
    """Have an end want other IKE groups or other fields of its connections from now on, its SAs untouched."""
    core = end.engine._core
    old = core.lookup.intent
    if "groups" in fields:
        old = replace(old, policies=intents(groups=str(fields.pop("groups")))[0].policies)
    core.lookup = Lookup(replace(old, connections=tuple(replace(row, **fields) for row in old.connections)))


class SeveralGroups(Lookup):
    """What an end goes by that offers and takes several groups for its Child SAs, as other implementations do."""

    def __init__(self, intent: Intent, words: str) -> None:
        super().__init__(intent)
        self._groups = tuple(row(TransformType.KE, word) for word in words.split())

    def esp_offers(
        self, connection: Connection, groups: tuple[Algorithm, ...], additional: Additional = ()
    ) -> tuple[Offer, ...]:
        """Return offers with all groups."""
        (offer,) = super().esp_offers(connection, groups, additional)
        return (replace(offer, algorithms={**offer.algorithms, TransformType.KE: self._groups}),)


def several_groups(end: End, words: str) -> None:
    """Have an end use the first of some groups for its Child SAs, and take the others."""
    core = end.engine._core
    first = row(TransformType.KE, words.split()[0])
    rows = tuple(replace(one, pfs=first) for one in core.lookup.intent.connections)
    core.lookup = SeveralGroups(replace(core.lookup.intent, connections=rows), words)


# What collides


def want(end: End, what: Want, aim: Aim | None = None) -> None:
    """Have an end begin an exchange in its newest IKE SA."""
    core = end.engine._core
    sa = max(core.sas.values(), key=lambda one: one.established_order)
    core.want(sa, what, aim)
    end.perform(end.engine.wake(end.pair.now))


def rekey_child(end: End) -> None:
    """Have an end replace its newest Child SA."""
    sa = ([sa for sa in end.sas if sa.children] or end.sas)[-1]
    if sa.children:
        end.notice(Expired(sa.children[-1].inbound_spi, hard=False))


def rekey_ike(end: End) -> None:
    """Have an end replace its IKE SA."""
    want(end, Want.REKEY_IKE)


def ranked(end: End, low: bool) -> None:
    """Have the nonces that an end draws from now on be low or high ones."""
    end.rank = LOW if low else HIGH


def cross(pair: Pair, act: object, lowest: int) -> None:
    """Have both ends begin the same at once; set the ranks of their answers' nonces."""
    for end, own, answer in ((pair.left, 0, 3), (pair.right, 2, 1)):
        ranked(end, lowest == own)
        act(end)  # type: ignore[operator]
        ranked(end, lowest == answer)


def loser(pair: Pair, lowest: int) -> End:
    """Return the end whose exchange has the lowest of the four nonces."""
    return pair.left if lowest in (0, 1) else pair.right


# What arrives when


def hold(pair: Pair, end: End, newest: bool = False) -> Letter:
    """Take the oldest message to an end off the wire, or the newest."""
    letter = [entry for entry in pair.wire if entry[1] is end][-1 if newest else 0]
    pair.wire.remove(letter)
    return letter


def give(letter: Letter) -> None:
    """Deliver a message that was held."""
    letter[1].receive(letter[2])


def arrive(pair: Pair, *ends: End) -> None:
    """Deliver the oldest message to each of the ends in turn."""
    for end in ends:
        give(hold(pair, end))


def said(end: End) -> tuple[str, ...]:
    """Return the payloads of the message that an end wrote last."""
    return end.events(MessageSent)[-1].payloads


def rest(pair: Pair) -> None:
    """Deliver all, and let what is gone be forgotten."""
    pair.settle()
    pair.advance(REPLACED_SECONDS + LINGER_SECONDS + 1)


# What is to come of it


def spis(end: End) -> set[int]:
    """Return the inbound SPIs of an end's Child SAs."""
    return {child.inbound_spi for sa in end.sas for child in sa.children}


def sound(pair: Pair, children: int = 1, ikes: int = 1) -> None:
    """Assert that both ends have the same SAs, each with the keys of its other end, and that nothing is left over."""
    pair.agree(ikes, children)
    for end in pair.ends:
        other = pair.right if end is pair.left else pair.left
        for (direction, spi), one in end.plane.sas.items():
            if direction is Direction.OUTBOUND:
                assert other.plane.sas[Direction.INBOUND, spi].keys == one.keys
        core = end.engine._core
        assert not core.asked
        assert not pair.wire
        assert set(core.children) == spis(end)
        assert len(core.by_spi) == len(core.sas) == ikes
        for sa in core.sas.values():
            _idle(sa)


def _idle(sa: IkeSa) -> None:
    """Assert that nothing is under way in an IKE SA."""
    assert sa.state is State.ESTABLISHED
    assert not sa.window.queue
    assert not sa.window.open
    assert all(child.sends and not child.deleting and child.held is None for child in sa.children.values())
