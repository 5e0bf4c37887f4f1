"""`show crypto ikev2 authorization policy` and `client flexvpn`, as IOS lays them out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ikecli.boundary.lending import AuthorizationView, FlexView
from ikecli.show import text
from ikecli.show.options import Slots


def authorization(views: Sequence[AuthorizationView], slots: Slots) -> Iterator[str]:
    """`show crypto ikev2 authorization policy [NAME]`."""
    for view in views:
        yield f" IKEv2 Authorization Policy : {view.name}"
        yield from (f" pool : {name}" for name in view.pools)
        for word, values in (("dns", view.dns), ("wins", view.wins)):
            if values:
                yield f" {word} : {' '.join(map(text.address, values))}"
        for word, value in (("netmask", view.netmask), ("def-domain", view.domain), ("banner", view.banner)):
            if value:
                yield f" {word} : {value}"
        if view.tells_own:
            yield " route set interface"
        for route in view.routes:
            yield f" route set remote {'ipv6' if ':' in route else 'ipv4'} {text.prefix(route)}"
        if view.accepts:
            yield " route accept any tag : 1 distance : 1"


def clients(views: Sequence[FlexView], slots: Slots) -> Iterator[str]:
    """`show crypto ikev2 client flexvpn [NAME]`."""
    for view in views:
        yield f"  Profile : {view.name}"
        yield f"  Current state:{'ACTIVE' if view.active else 'NEGOTIATING'}"
        yield f"  Peer : {text.address(view.peer)}"
        yield f"  Source : {view.source}"
        yield f"  ivrf : {view.inner_vrf or 'IP DEFAULT'}"
        yield f"  fvrf : {view.vrf or 'IP DEFAULT'}"
        yield "  Backup group: Default"
        yield f"  Tunnel interface : {view.tunnel}"
        yield from (f"  Assigned IP address: {text.address(address)}" for address in view.addresses)
        yield ""
