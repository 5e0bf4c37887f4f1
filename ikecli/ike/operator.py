"""What the operator deletes."""

from __future__ import annotations

from ikecli.ike.core import Core
from ikecli.ike.lifecycle import delete
from ikecli.ike.requests import DeleteChild, DeleteIke
from ikecli.ike.sa import ChildSa, State
from ikecli.ike.window import Aim, Want


def delete_ikes(core: Core, request: DeleteIke) -> None:
    """Delete the IKE SAs that fit, telling their peers."""
    for sa in list(core.sas.values()):
        if (
            request.remote in (None, sa.remote.address)
            and request.local in (None, sa.local.address)
            and request.number in (None, sa.number)
        ):
            delete(core, sa)


def delete_children(core: Core, request: DeleteChild) -> None:
    """Delete the Child SAs that fit, telling their peers."""
    for sa in list(core.sas.values()):
        if sa.state is not State.ESTABLISHED or request.remote not in (None, sa.remote.address):
            continue
        spis = tuple(spi for spi, child in sa.children.items() if _fits(child, request) and not child.deleting)
        if spis:
            core.want(sa, Want.DELETE_CHILD, Aim(spis=spis))


def shut_down(core: Core) -> None:
    """Delete everything, and begin nothing more."""
    core.closing = True
    for sa in list(core.sas.values()):
        if sa.state is State.CLOSED:
            core.remove(sa)
        else:
            delete(core, sa)


def _fits(child: ChildSa, request: DeleteChild) -> bool:
    return request.connection in (None, child.connection) and request.spi in (None, child.inbound, child.outbound)
