"""Against strongSwan with the kernel's ESP at its end; where this kernel has none, tests/live/test_uml.py runs it."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

import pytest

from tests.live.cases import CASES, Case, theirs
from tests.live.machine import need_esp
from tests.live.peers import STRONGSWAN_5, STRONGSWAN_6, Peer, unpacked
from tests.live.strongswan import Charon
from tests.live.tunnel import Tunnel, live_through

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]
TRANSPORT = Case(name="transport mode", transport=True)
ROWS = {
    "PSK, kernel": (STRONGSWAN_5, CASES[0], "xfrm"),
    "transport mode, kernel": (STRONGSWAN_5, TRANSPORT, "xfrm"),
    "transport mode, kernel, 6": (STRONGSWAN_6, TRANSPORT, "xfrm"),
    "transport mode, userspace, 6": (STRONGSWAN_6, TRANSPORT, "userspace"),
}


@pytest.mark.parametrize(("peer", "case", "kind"), ROWS.values(), ids=ROWS)
def test_a_row_with_the_kernels_esp(peer: Peer, case: Case, kind: str) -> None:
    need_esp()
    with ExitStack() as stack:
        tunnel = Tunnel(stack, case, partial(Charon, unpacked(peer), text=theirs(case), plane=""), kind)
        if case.transport:
            tunnel.first()
            assert "in use settings ={Transport, }" in tunnel.engine.type("show crypto ipsec sa")
            assert "TRANSPORT" in tunnel.peer.control("--list-sas")
        live_through(tunnel, 300)
