"""`show crypto ikev2 authorization policy` and `client flexvpn`, as IOS lays them out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ikecli.boundary.lending import AuthorizationView, FlexView, SettingsView
from ikecli.numbers.conventions import NEARBY
from ikecli.show import text
from ikecli.show.options import Slots


def authorization(views: Sequence[AuthorizationView], slots: Slots) -> Iterator[str]:
    """`show crypto ikev2 authorization policy [NAME]`."""
    for view in views:
        yield f" IKEv2 Authorization Policy : {view.name}"
        yield from (f" dhcp server : {server}" for server in view.dhcp)
        if view.relay:
            yield f" dhcp giaddr : {view.relay}"
        yield from (f" pool : {name}" for name in view.pools)
        for word, values in (("dns", view.dns), ("wins", view.wins)):
            if values:
                yield f" {word} : {' '.join(map(text.address, values))}"
        for word, value in (("netmask", view.netmask), ("def-domain", view.domain), ("banner", view.banner)):
            if value:
                yield f" {word} : {value}"
        yield from (f" {line}" for line in _policy(view))
        if view.tells_own:
            yield " route set interface"
        for side, routes in (("local", view.behind), ("remote", view.routes)):
            for route in routes:
                yield f" route set {side} {'ipv6' if ':' in route else 'ipv4'} {text.prefix(route)}"
        if view.accepts:
            yield f" route accept any tag : {view.tag} distance : {view.distance}"


def _policy(view: AuthorizationView) -> Iterator[str]:
    yield from (f"split-dns : {name}" for name in view.split_dns)
    yield from (f"backup-gateway : {text.address(name)}" for name in view.backups)
    if view.pfs:
        yield "pfs"
    if view.excluded:
        yield "include-local-lan"
    if view.session:
        yield f"session-lifetime : {view.session}"


def told(view: SettingsView) -> Iterator[str]:
    """Yield what a peer told us, a line each."""
    rows = (
        ("DNS servers", " ".join(map(text.address, view.dns))),
        ("WINS servers", " ".join(map(text.address, view.wins))),
        ("Default domain", view.domain),
        ("Split DNS", " ".join(view.split_dns)),
        ("Banner", view.banner),
        ("Outside of the tunnel", " ".join(map(_excluded, view.excluded))),
        ("Backup gateways", " ".join(map(text.address, view.backups))),
        ("PFS", "rekeys have keys of their own" if view.pfs else ""),
    )
    yield from (f"{title}: {value}" for title, value in rows if value)


def _excluded(prefix: str) -> str:
    return "the local network" if prefix == str(NEARBY) else prefix


def clients(views: Sequence[FlexView], slots: Slots) -> Iterator[str]:
    """`show crypto ikev2 client flexvpn [NAME]`."""
    for view in views:
        yield f"  Profile : {view.name}"
        yield f"  Current state:{view.state}"
        yield from (f"  Waits for : {each}" for each in view.waits.split("; ") if each)
        yield f"  Peer : {text.address(view.peer) if view.peer else 'none'}"
        yield f"  Source : {view.source}"
        yield f"  ivrf : {view.inner_vrf or 'IP DEFAULT'}"
        yield f"  fvrf : {view.vrf or 'IP DEFAULT'}"
        yield f"  Backup group: {view.group or 'Default'}"
        yield f"  Tunnel interface : {view.tunnel}"
        yield from (f"  Assigned IP address: {text.address(address)}" for address in view.addresses)
        yield from (f"  {line}" for line in told(view.told))
        yield ""
