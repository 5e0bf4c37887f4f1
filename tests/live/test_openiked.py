"""Against OpenIKED, the kernel's ESP at both ends; where this kernel has none, tests/live/test_uml.py runs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

import pytest

from tests.live.cases import CBC, Case
from tests.live.machine import need_esp
from tests.live.openiked import Iked, theirs
from tests.live.peers import OPENIKED, unpacked
from tests.live.tunnel import Tunnel, end_and_begin

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]
IKE = "enc aes-256 auth hmac-sha2-256 prf hmac-sha2-256 group ecp256"
SHA_512 = "esp-aes 256 esp-sha512-hmac", "enc aes-256 auth hmac-sha2-512"
SHA_1 = "esp-aes 256 esp-sha-hmac", "enc aes-256 auth hmac-sha1"
PSK = Case(name="PSK", ike=CBC, their_ike=IKE, esp=SHA_512[0], their_esp=SHA_512[1])
GCM = replace(PSK, name="another ESP", esp="esp-gcm 256")
SHORT = replace(PSK, name="short lives", connection="ikelifetime 40 lifetime 20")
NAMES = Case(name="names", ike=CBC, their_ike=IKE, esp=SHA_1[0], their_esp=SHA_1[1], identities=True)


@pytest.fixture
def tunnel(request: pytest.FixtureRequest) -> Iterator[Tunnel]:
    need_esp()
    with ExitStack() as stack:
        make = partial(Iked, unpacked(OPENIKED), text=theirs(request.param))
        yield Tunnel(stack, request.param, make, "xfrm")


@pytest.mark.parametrize("tunnel", [PSK, NAMES], ids=lambda case: case.name, indirect=True)
def test_either_begins_and_either_ends(tunnel: Tunnel) -> None:
    """Ours replaces the Child SA by kilobytes, in the middle of a stream."""
    tunnel.first()
    tunnel.carry()
    end_and_begin(tunnel)


@pytest.mark.parametrize("tunnel", [GCM], ids=lambda case: case.name, indirect=True)
def test_a_handshake_that_it_ends_for_the_child_sa_is_told_as_such(tunnel: Tunnel) -> None:
    """Its IKE_AUTH response is the error and nothing else; RFC 7296 1.2 would have the IKE SA stand."""
    assert tunnel.pinging("L", 1, 56, 1).lost() == 1
    tunnel.engine.until("The peer chose none of our proposals (ESP): AES-GCM-256 NO_ESN")
    tunnel.engine.until("was not set up: the peer answers NO_PROPOSAL_CHOSEN and sets up no IKE SA without it")
    assert "refused our authentication" not in tunnel.engine.log.read_text()


@pytest.mark.parametrize("tunnel", [SHORT], ids=lambda case: case.name, indirect=True)
def test_its_lifetimes_end_without_a_lost_packet(tunnel: Tunnel) -> None:
    """It replaces Child SA, IKE SA and Child SA again, those that it began."""
    tunnel.peer.begin()
    tunnel.engine.show_until("show crypto ikev2 sa", "READY")
    tunnel.first()  # ours may be up before its own is
    before = tunnel.peer.sas()
    pings = [tunnel.pinging(sender, 1800, 1000, 0.05) for sender in ("L", "R")]
    for ike in (False, True, False):
        tunnel.peer.rekey(ike)
    assert [ping.lost() for ping in pings] == [0, 0]
    after = tunnel.peer.sas()
    assert [len(one) for one in after] == [1, 1]
    assert not {*before[0], *before[1]} & {*after[0], *after[1]}
    assert "DOWN" not in tunnel.engine.log.read_text()
