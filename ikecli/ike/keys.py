"""When an IKE SA gets its keys: not before they are needed, and by an Ask where that takes long."""

from __future__ import annotations

from ikecli.boundary.effects import SharedSecret, Tell
from ikecli.boundary.events import KeysDerived
from ikecli.crypto import skeyseed
from ikecli.ike.core import Core
from ikecli.ike.sa import Birth, IkeSa


def ready(core: Core, sa: IkeSa) -> bool:
    """Return whether the SA has keys, deriving them if it can; False while an Ask for them is open.

    Raises Malformed for a public value of the peer that is none.
    """
    if sa.keys is not None:
        return True
    birth, suite = sa.birth, sa.suite
    if birth is None or suite is None or birth.exchange is None or birth.ask:
        return False
    if suite.group.slow:
        question = SharedSecret(suite.group.number, birth.exchange.private, birth.peer_public)
        birth.ask = core.ask(sa, question, None)
        return False
    derive(core, sa, birth, birth.exchange.shared(birth.peer_public))
    return True


def derive(core: Core, sa: IkeSa, birth: Birth, shared: bytes) -> None:
    """Derive the SA's keys from the shared secret (RFC 7296 2.14)."""
    suite = sa.suite
    if suite is None:
        return
    seed = skeyseed(suite.prf, birth.ni, birth.nr, shared)
    sa.keys = suite.keys(seed, birth.ni, birth.nr, sa.spi_i, sa.spi_r)
    birth.exchange = None
    birth.ask = 0
    sa.low_nonce = min(birth.ni, birth.nr)
    tell(core, sa)


def tell(core: Core, sa: IkeSa) -> None:
    """Tell the keys that an SA has now, to who may hear them."""
    suite, keys = sa.suite, sa.keys
    if suite is None or keys is None or KeysDerived not in core.heard:
        return
    every = (keys.d, keys.ai, keys.ar, keys.ei, keys.er, keys.pi, keys.pr)
    algorithms = suite.encryption, suite.integrity
    core.do(Tell(KeysDerived(sa.number, sa.session, sa.spi_i, sa.spi_r, *algorithms, every)))
