"""IKE SAs that take another's place, and what it carried (RFC 7296 2.8.2, 2.18, 2.25.2)."""

from __future__ import annotations

from collections.abc import Sequence

from ikecli.crypto import Suite, rekeyed_skeyseed
from ikecli.errors import Malformed
from ikecli.ike import keys
from ikecli.ike.core import Core
from ikecli.ike.lifecycle import delete, live
from ikecli.ike.limits import REPLACED_SECONDS
from ikecli.ike.rekeying import retry_at
from ikecli.ike.sa import IkeSa, State
from ikecli.ike.window import Want
from ikecli.numbers import Protocol
from ikecli.wire.payloads import Delete, Payload

_MOVED = (Want.CHILD, Want.REKEY_CHILD, Want.DELETE_CHILD, Want.INFORM)


def make(
    core: Core,
    old: IkeSa,
    initiator: bool,
    spis: tuple[bytes, bytes],
    suite: Suite,
    nonces: tuple[bytes, bytes],
    secrets: tuple[bytes, bytes],
) -> IkeSa:
    """Return a new IKE SA with keys from the old one's; it carries nothing yet.

    `spis` are ours and the peer's, `secrets` that of the key exchange and those of what followed it.
    """
    if old.suite is None or old.keys is None:
        raise Malformed("a rekey of an IKE SA without keys")
    sa = core.add_heir(old, initiator, *spis)
    sa.suite = suite
    seed = rekeyed_skeyseed(old.suite.prf, old.keys.d, *nonces, *secrets)
    sa.keys = suite.keys(seed, *nonces, sa.spi_i, sa.spi_r)
    sa.profile, sa.local_identity, sa.remote_identity = old.profile, old.local_identity, old.remote_identity
    sa.ppk = old.ppk
    sa.nat_local, sa.nat_remote, sa.confirmed = old.nat_local, old.nat_remote, initiator
    sa.established = sa.heard = core.now
    sa.established_order, sa.low_nonce, sa.quiet = core.order, min(nonces), True
    sa.first_nonce = old.first_nonce
    sa.ends = core.now + REPLACED_SECONDS
    core.by_identity.setdefault((sa.local_identity, sa.remote_identity), []).append(sa)
    keys.tell(core, sa)
    return sa


def spare(core: Core, old: IkeSa) -> IkeSa | None:
    """Return the IKE SA of the peer's rekey that crossed ours, as long as it is not decided which one stays."""
    sa = core.by_spi.get(old.heir)
    return sa if sa is not None and sa.state is State.SPARE else None


def inherit(core: Core, old: IkeSa, sa: IkeSa) -> None:
    """Have a new IKE SA stand with all that the old one carried and what waited there, between the ends it has now."""
    sa.move(State.ESTABLISHED)
    core.relocate(sa, old.local, old.remote)
    sa.until = old.until
    live(core, sa)
    sa.quiet, sa.traffic, sa.checked = False, old.traffic, old.checked
    sa.renewal, sa.grains = old.renewal, old.grains
    old.quiet, old.heir, old.soft = True, sa.own_spi, 0.0
    sa.lease, sa.routed, old.lease = old.lease, old.routed, None
    sa.access, old.access = old.access, ""
    sa.children.update(old.children)
    old.children.clear()
    for spi in sa.children:
        core.children[spi] = sa
    sa.window.queue.extend(entry for entry in old.window.queue if entry[0] in _MOVED)
    kept = [entry for entry in old.window.queue if entry[0] is Want.DELETE_IKE]
    old.window.queue.clear()
    old.window.queue.extend(kept)
    core.touch(sa)
    core.touch(old)


def leave(core: Core, sa: IkeSa) -> None:
    """Have an IKE SA wait for the peer's delete."""
    sa.move(State.REPLACED)
    sa.quiet, sa.ends, sa.soft = True, core.now + REPLACED_SECONDS, 0.0
    core.touch(sa)


def adopt(core: Core, sa: IkeSa) -> None:
    """Go over to the IKE SA of the peer's rekey."""
    old = core.by_spi.get(sa.ancestor)
    if old is None or old.state not in (State.ESTABLISHED, State.DELETING):
        return
    inherit(core, old, sa)
    if old.state is State.ESTABLISHED:
        leave(core, old)
    else:
        delete(core, sa)


def settled(core: Core, sa: IkeSa, payloads: Sequence[Payload]) -> None:
    """See from a request in a spare IKE SA that the peer has settled for it, unless it is deleted there."""
    if not any(isinstance(one, Delete) and one.protocol == Protocol.IKE for one in payloads):
        adopt(core, sa)


def answered(core: Core, old: IkeSa, ours: IkeSa) -> None:
    """Go on from our own rekey: of two that crossed the one with the lowest nonce goes, deleted by who made it."""
    other = spare(core, old)
    if old.state is State.REPLACED or (other is not None and ours.low_nonce < other.low_nonce):
        if other is not None:
            adopt(core, other)
        ours.move(State.ESTABLISHED)
        delete(core, ours)
        return
    inherit(core, old, ours)
    if other is not None:
        leave(core, other)
    if old.state is State.DELETING:
        delete(core, ours)
    else:
        delete(core, old)


def failed(core: Core, old: IkeSa) -> None:
    """Try again after a while, unless the peer's own rekey takes the place."""
    if (other := spare(core, old)) is not None:
        adopt(core, other)
    elif old.state is State.ESTABLISHED:
        old.soft = retry_at(core)
        core.touch(old)


def bequeath(core: Core, old: IkeSa) -> None:
    """Before an IKE SA goes by the peer's delete, have the one of the peer's rekey stand."""
    if (other := spare(core, old)) is not None:
        adopt(core, other)
    heir = core.by_spi.get(old.heir)
    if heir is not None and heir.state is State.ESTABLISHED and not heir.initiator:
        heir.confirmed = True
