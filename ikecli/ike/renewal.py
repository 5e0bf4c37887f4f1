"""Reauthentication: a whole new IKE SA in place of one whose authentication ends (RFC 4478, RFC 7296 2.8.3).

The new one stands, with what the old one carried, before the old one goes.
"""

from __future__ import annotations

from ikecli.ike.connect import begin
from ikecli.ike.core import Core
from ikecli.ike.limits import RENEWAL_OVERLAP_SECONDS, RENEWAL_RETRY_SECONDS
from ikecli.ike.sa import IkeSa, State
from ikecli.ike.window import Aim, Want


def renew(core: Core, sa: IkeSa) -> None:
    """Begin the IKE SA that takes another's place; if it does not come to stand, another is tried after a while."""
    labels = dict.fromkeys(child.connection for child in sa.children.values())
    connection = next((row for label in labels if (row := core.lookup.connections.get(label)) is not None), None)
    sa.renewal = core.now + RENEWAL_RETRY_SECONDS
    if connection is not None and not core.closing:
        begin(core, connection, (sa.remote.address,), Aim(connection.label), renews=sa.own_spi)


def renewed(core: Core, sa: IkeSa, renews: bytes) -> None:
    """Ask a new IKE SA for what the one that it renews carries; that ends a little later."""
    old = core.by_spi.get(renews)
    while old is not None and old.state is not State.ESTABLISHED:
        old = core.by_spi.get(old.heir)
    if old is None or old is sa:
        return
    up = {child.connection for child in sa.children.values()}
    for label in dict.fromkeys(child.connection for child in old.children.values() if child.connection not in up):
        core.want(sa, Want.CHILD, Aim(label))
    old.renewal = old.soft = 0.0
    old.ends = core.now + RENEWAL_OVERLAP_SECONDS
    for child in old.children.values():
        child.soft = 0.0
    core.touch(old)
