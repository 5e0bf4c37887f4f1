"""Against libreswan, the kernel's ESP at both ends; where this kernel has none, tests/live/test_uml.py runs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any

import pytest

from tests.live.cases import CBC, Case
from tests.live.libreswan import Pluto, theirs
from tests.live.machine import need_esp
from tests.live.peers import LIBRESWAN, unpacked
from tests.live.tunnel import Tunnel, live_through

pytestmark = [pytest.mark.live, pytest.mark.timeout(240)]
ECP = " encryption aes-gcm-256\n prf sha384\n group 19"


def _row(name: str, **changes: Any) -> Case:
    """Return a row; libreswan wants a key exchange for each Child SA (pfs=yes is its default)."""
    suites = {"ike": ECP, "their_ike": "aes_gcm256-sha2_384;dh19", "their_esp": "aes_gcm256"}
    return Case(**{"name": name, "entry": " set pfs group19\n", **suites, **changes})


CASES = (
    _row("PSK"),
    _row(
        "AES-CBC",
        ike=CBC,
        their_ike="aes256-sha2_256;dh19",
        esp="esp-aes 256 esp-sha256-hmac",
        their_esp="aes256-sha2_256",
    ),
    _row("NAT", nat=True),
)


NARROWED = _row("narrowing", selectors=("10.2.0.0/16", "10.1.0.0/16"), connection="narrowing=yes")


@pytest.fixture
def tunnel(request: pytest.FixtureRequest) -> Iterator[Tunnel]:
    need_esp()
    with ExitStack() as stack:
        make = partial(Pluto, unpacked(LIBRESWAN), text=theirs(request.param))
        yield Tunnel(stack, request.param, make, "xfrm")


@pytest.mark.parametrize("tunnel", CASES, ids=lambda case: case.name, indirect=True)
def test_a_row_with_the_kernels_esp(tunnel: Tunnel) -> None:
    live_through(tunnel, 600)


@pytest.mark.parametrize("tunnel", [NARROWED], ids=lambda case: case.name, indirect=True)
def test_more_than_we_protect_is_narrowed(tunnel: Tunnel) -> None:
    """Theirs begins; of several selectors that we would offer it takes the first alone, which is one flow's."""
    tunnel.peer.begin()
    tunnel.engine.show_until("show crypto ikev2 sa", "READY")
    tunnel.carry()
    assert "remote ident (addr/mask/prot/port): (10.2.0.0/255.255.0.0/0/0)" not in tunnel.engine.type(
        "show crypto ipsec sa"
    )
