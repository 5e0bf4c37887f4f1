"""What each `clear` undoes: topics, named as the exec grammar names them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ikecli.control.messages import Option
from ikecli.daemon import clients
from ikecli.daemon.appliance import Appliance
from ikecli.daemon.selection import chosen
from ikecli.dataplane.base import Translating
from ikecli.errors import Rejected
from ikecli.ike.requests import DeleteChild, DeleteIke

Options = Mapping[str, Option]


def clear(appliance: Appliance, topic: str, options: Options) -> None:
    """Clear what a topic names; raises Rejected for a topic that nothing here knows."""
    try:
        act = _TOPICS[topic]
    except KeyError:
        raise Rejected(f"% Nothing is known here about {topic}") from None
    act(appliance, options)


def _ike(appliance: Appliance, options: Options) -> None:
    """Delete IKE SAs, with their Child SAs, at both ends."""
    for sa in appliance.sas():
        if chosen(sa, options):
            appliance.do(DeleteIke(number=sa.id))


def _ipsec(appliance: Appliance, options: Options) -> None:
    """Delete Child SAs at both ends; traffic sets them up again."""
    peer, name, vrf, text = (options.get(word) for word in ("peer", "map", "vrf", "spi"))
    spi = _spi(str(text)) if text else None
    for sa in appliance.sas():
        for child in sa.children:
            fits = peer in (None, "", sa.remote) and vrf in (None, "", sa.vrf) and spi in (None, child.inbound_spi)
            if fits and (not name or child.connection.split(" ")[0] == name):
                appliance.do(DeleteChild(spi=child.inbound_spi))


def _spi(text: str) -> int:
    """Return an SPI, which is written as a number, or in hex as shows have it; raises Rejected."""
    try:
        return int(text) if text.isdecimal() else int(text, 16)
    except ValueError:
        raise Rejected(f"% {text} is no SPI: 0x and hex digits, or a number") from None


def _nat(appliance: Appliance, options: Options) -> None:
    """Forget the translations that flows made."""
    if isinstance(appliance.plane, Translating):
        appliance.plane.forget_translations()


_TOPICS: Final[dict[str, Callable[[Appliance, Options], None]]] = {
    "ikev2.sa": _ike,
    "session": _ike,
    "ikev2.stats": lambda appliance, options: appliance.reset_stats(),
    "ipsec.sa": _ipsec,
    "ipsec.counters": lambda appliance, options: appliance.reset_counters(),
    "ikev2.flexvpn": lambda appliance, options: clients.clear(appliance, str(options.get("name") or "")),
    "nat": _nat,
    "logging": lambda appliance, options: appliance.journal.clear(),
}
