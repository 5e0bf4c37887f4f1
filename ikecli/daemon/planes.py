"""Which data plane an engine gets: the one asked for, or with `auto` the kernel's ESP where it can be had."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ikecli.dataplane.base import Plane
from ikecli.dataplane.linux.host import Host
from ikecli.errors import Unavailable

CHOICES: Final = ("auto", "xfrm", "userspace", "none")
LEAST_SPI: Final = 0x100

Chosen = tuple[Plane, str]
"""A plane and why it is that one."""


def choose(wanted: str, host: Host, none: Callable[[], Plane]) -> Chosen:
    """Return the plane of a name of `CHOICES`; raises Unavailable where the machine does not have what was asked for.

    What an earlier run of this state directory left in the kernel is taken out, whichever plane that was.
    """
    if wanted == "none":
        return none(), "asked for"
    from ikecli.dataplane.linux.ledger import Ledger
    from ikecli.dataplane.xfrm.probe import missing

    ledger = Ledger(host.state, int.from_bytes(host.random(4), "big"))
    why = "asked for"
    if wanted != "userspace":
        why = missing(ledger, LEAST_SPI + int.from_bytes(host.random(3), "big"))
        if why and wanted == "xfrm":
            raise Unavailable(f"--dataplane xfrm: {why}; userspace carries packets without it")
        if not why:
            from ikecli.dataplane.xfrm.plane import XfrmPlane

            return XfrmPlane(host, ledger), "asked for" if wanted == "xfrm" else "this kernel takes ESP SAs"
    from ikecli.dataplane.userspace.plane import UserspacePlane

    return UserspacePlane(host, ledger), why
