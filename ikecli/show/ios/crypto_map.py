"""`show crypto map` and `dynamic-map`, as IOS lays it out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ikecli.boundary.views import ConnectionView, IpsecProfileView
from ikecli.show import suites, text
from ikecli.show.options import Slots


def crypto_map(views: Sequence[ConnectionView], slots: Slots) -> Iterator[str]:
    """`show crypto map`: each entry once, then the interfaces that carry its map."""
    yield from _maps(views, "ios")


def of_a_firewall(views: Sequence[ConnectionView], slots: Slots) -> Iterator[str]:
    """`show crypto map`, of what is in use; interfaces have their names."""
    wanted = str(slots.get("nameif") or "")
    yield from _maps([view for view in views if not wanted or view.nameif.lower() == wanted.lower()], "asa")


def _maps(views: Sequence[ConnectionView], dialect: str) -> Iterator[str]:
    entries: dict[tuple[str, int], list[ConnectionView]] = {}
    for view in views:
        entries.setdefault((view.name, view.sequence), []).append(view)
    for group in entries.values():
        yield from _entry(group[0]) if dialect == "ios" else _firewall_entry(group[0])
        yield f"\tInterfaces using crypto map {group[0].name}:"
        for interface in dict.fromkeys(_carrier(view, dialect) for view in group if view.interface):
            yield f"\t\t{interface}"
        yield ""


def _carrier(view: ConnectionView, dialect: str) -> str:
    return (view.nameif if dialect == "asa" else "") or view.interface


def _entry(view: ConnectionView) -> Iterator[str]:
    six = any(":" in flow.local_first for flow in view.flows)
    yield f'Crypto Map {"IPv6" if six else "IPv4"} "{view.name}" {view.sequence} ipsec-isakmp'
    if view.local and not view.peers:
        yield f"\tDynamic map template tag: {view.name}"
    elif not view.peers or not view.flows:
        yield "\tWARNING: This crypto map is in an incomplete state!"
        yield "\t\t(missing peer or access-list definitions)"
    if view.ipsec_profile:
        yield "\tMap is a PROFILE INSTANCE."
    for peer in view.peers:
        yield f"\tPeer = {text.address(peer)}"
    if view.profile:
        yield f"\tIKEv2 Profile: {view.profile}"
    yield "\tAccess-List SS dynamic: False"
    yield from _access_list(view, "ios")
    current = next((child.remote for child in view.children), next(iter(view.peers), ""))
    if current:
        yield f"\tCurrent peer: {text.address(current)}"
    yield from _lifetime(view)
    yield "\tDualstack (Y/N): N"
    yield ""
    yield "\tResponder-Only (Y/N): N"
    yield from terms(view)


def dynamic_map(views: Sequence[ConnectionView], slots: Slots) -> Iterator[str]:
    """`show crypto dynamic-map`."""
    for view in views:
        yield f'Crypto Map Template"{view.name}" {view.sequence}'
        if view.profile:
            yield f"\tIKEv2 Profile: {view.profile}"
        yield from _access_list(view, "ios")
        yield from (f"\tPeer = {text.address(peer)}" for peer in view.peers)
        yield from _lifetime(view)
        yield from terms(view)
        yield ""


def _lifetime(view: ConnectionView) -> Iterator[str]:
    yield f"\tSecurity association lifetime: {view.kilobytes} kilobytes/{view.lifetime} seconds"
    yield from idle_time(view)


def _firewall_entry(view: ConnectionView) -> Iterator[str]:
    yield f'Crypto Map "{view.name}" {view.sequence} ipsec-isakmp'
    yield from (f"\tPeer = {text.address(peer, 'asa')}" for peer in view.peers)
    yield from _access_list(view, "asa")
    if view.children:
        yield f"\tCurrent peer: {text.address(view.children[0].remote, 'asa')}"
    yield f"\tSecurity association lifetime: {view.kilobytes} kilobytes/{view.lifetime} seconds"
    yield f"\tPFS (Y/N): {'N' if view.pfs is None else f'Y, group{view.pfs}'}"
    yield "\tIPsec proposals={ "
    for name, transforms in view.transform_sets:
        yield f"\t\t{name}:  {{ {transforms}  }} , "
    yield "\t}"


def idle_time(view: ConnectionView | IpsecProfileView) -> Iterator[str]:
    """Yield after how long SAs without traffic go, where they do."""
    if view.idle:
        yield f"\tSecurity association idletime: {view.idle} seconds"


def terms(view: ConnectionView | IpsecProfileView) -> Iterator[str]:
    """Yield what SAs are asked for: a key exchange of their own, and transform sets."""
    yield f"\tPFS (Y/N): {'N' if view.pfs is None else 'Y'}"
    if view.pfs is not None:
        alone = suites.is_kem(view.pfs)
        yield f"\tDH group:  {'none' if alone else f'group{view.pfs}'}"
        more = (view.pfs, *view.pfs_additional) if alone else view.pfs_additional
        yield from (f"\t{line}" for line in suites.further(more, "ios"))
    both = view.mixed if isinstance(view, IpsecProfileView) else len({":" in one.local_first for one in view.flows}) > 1
    yield f"\tMixed-mode : {'Enabled' if both else 'Disabled'}"
    yield "\tTransform sets={ "
    for name, transforms in view.transform_sets:
        yield f"\t\t{name}:  {{ {transforms}  }} , "
    yield "\t}"


def _access_list(view: ConnectionView, dialect: str) -> Iterator[str]:
    if view.ipsec_profile:
        yield "\tExtended IP access list "
        for flow in view.flows:
            yield f"\t    access-list  {text.ace(flow, dialect)}"
        return
    if not view.access_list:
        yield "\tNo matching address list set."
        return
    yield f"\tExtended IP access list {view.access_list}"
    for flow in view.flows:
        yield f"\t    access-list {view.access_list} {text.ace(flow, dialect)}"
