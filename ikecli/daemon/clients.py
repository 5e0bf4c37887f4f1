"""What is done to FlexVPN clients by hand: set up, and cleared."""

from __future__ import annotations

from collections.abc import Iterator

from ikecli.config import views
from ikecli.daemon.appliance import Appliance
from ikecli.errors import Rejected
from ikecli.ike.requests import DeleteIke, Initiate


def connect(appliance: Appliance, name: str) -> None:
    """Set up the tunnel of a FlexVPN client, or with an empty name of all; raises Rejected where there is none."""
    by_hand = [one for one in _names(appliance, name) if appliance.watching.order(one, True)]
    if name in by_hand:
        return
    tunnels = set(_tunnels(appliance, name))
    labels = [row.label for row in appliance.store.intent.connections if row.interface in tunnels]
    if not labels:
        which = f"FlexVPN client {name}" if name else "FlexVPN client"
        raise Rejected(f"% No {which} is complete: show crypto ikev2 client flexvpn")
    for label in labels:
        appliance.do(Initiate(label))


def clear(appliance: Appliance, name: str) -> None:
    """Delete the IKE SA of a FlexVPN client, or of all; one that connects by itself comes back."""
    tunnels = set(_tunnels(appliance, name))
    for sa in appliance.sas():
        if any(child.interface in tunnels for child in sa.children):
            appliance.do(DeleteIke(number=sa.id))
    for one in _names(appliance, name):
        appliance.watching.order(one, False)


def _names(appliance: Appliance, name: str) -> list[str]:
    return [view.name for view in views.flexvpn_clients(appliance.store) if name in ("", view.name)]


def _tunnels(appliance: Appliance, name: str) -> Iterator[str]:
    return (view.tunnel for view in views.flexvpn_clients(appliance.store) if name in ("", view.name))
