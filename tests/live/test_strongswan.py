"""Against strongSwan, our ESP in userspace at one end and its own (kernel-libipsec) at the other: a row a case."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import pytest

from tests.dataplane.namespaces import ip, within
from tests.ike.pair import LEFT, RIGHT, Pair, ike_proposal, intent
from tests.live.cases import (
    BORROWS,
    CASES,
    CHARY,
    CHILDLESS,
    DPD,
    INSIDE,
    LENDS,
    OUTSIDE,
    REBOUND,
    SHORT,
    theirs,
)
from tests.live.machine import stream
from tests.live.peers import STRONGSWAN_5, STRONGSWAN_6, Peer, unpacked
from tests.live.strongswan import Charon
from tests.live.tunnel import MEGABYTE, Pinging, Tunnel, live_through

pytestmark = [pytest.mark.live, pytest.mark.timeout(240)]


@pytest.fixture(params=[STRONGSWAN_5, STRONGSWAN_6], ids=lambda peer: peer.name)
def peer(request: pytest.FixtureRequest) -> Peer:
    assert isinstance(request.param, Peer)
    return request.param


@pytest.fixture
def tunnel(peer: Peer, request: pytest.FixtureRequest) -> Iterator[Tunnel]:
    case = request.param
    if case.only_6 and peer is STRONGSWAN_5:
        pytest.skip(f"strongSwan 5 has no {case.name}")
    make = partial(Charon, unpacked(peer), text=theirs(case), more=case.settings)
    with ExitStack() as stack:
        yield Tunnel(stack, case, make)


@pytest.mark.parametrize("tunnel", CASES, ids=lambda case: case.name, indirect=True)
def test_a_row(tunnel: Tunnel) -> None:
    live_through(tunnel)


@pytest.mark.parametrize("tunnel", [CHILDLESS], ids=lambda case: case.name, indirect=True)
def test_an_ike_sa_without_a_child_sa(tunnel: Tunnel) -> None:
    """Theirs insists on it (RFC 6023); the Child SA comes by CREATE_CHILD_SA."""
    tunnel.peer.begin()
    tunnel.engine.show_until("show crypto ikev2 sa", "READY")
    tunnel.carry()
    assert tunnel.case.log in tunnel.peer.log


@pytest.mark.parametrize("tunnel", [CHARY], ids=lambda case: case.name, indirect=True)
def test_a_cookie_is_brought_back_to_a_responder_that_is_pressed(tunnel: Tunnel) -> None:
    """Somebody's IKE_SA_INIT is half open there."""
    pair = Pair(intent(LEFT, RIGHT, proposals=(ike_proposal("aes-gcm-256", prf="sha384", groups="31"),)))
    pair.left.acquire()
    ((_, _, request),) = pair.wire
    with within(tunnel.names["L"]), socket.socket(type=socket.SOCK_DGRAM) as somebody:
        somebody.settimeout(10)
        somebody.bind((OUTSIDE[4]["L"], 5000))
        somebody.sendto(request.octets, (OUTSIDE[4]["R"], 500))
        assert somebody.recv(2000)
    live_through(tunnel)


@pytest.mark.parametrize("tunnel", REBOUND, ids=lambda case: case.name, indirect=True)
def test_traffic_follows_an_end_whose_translation_changes(tunnel: Tunnel) -> None:
    """Theirs is followed by its packets, ours by the liveness checks that it sends."""
    hidden = "L" if tunnel.case.nat else "R"
    if hidden == "R":
        tunnel.peer.begin()  # what is forwarded to it has no translation that could change
    tunnel.first()
    tunnel.translate_anew(30_000)
    deadline = time.monotonic() + 40
    while tunnel.pinging(hidden, 1, 56, 1).lost():
        assert time.monotonic() < deadline, tunnel.told()
    seen = tunnel.engine.type("show crypto ikev2 sa") if hidden == "R" else tunnel.peer.control("--list-sas")
    assert re.search(r"192\.0\.2\.2/300\d\d" if hidden == "R" else r"192\.0\.2\.1\[300\d\d\]", seen), seen
    for ike in (False, True):
        tunnel.peer.rekey(ike)
    tunnel.carry()


@pytest.mark.parametrize("tunnel", [SHORT], ids=lambda case: case.name, indirect=True)
def test_lifetimes_of_ours_end_without_a_lost_packet(tunnel: Tunnel) -> None:
    tunnel.first()
    ike, spis = tunnel.peer.sas()
    pings = [tunnel.pinging(sender, 1300, 200, 0.1) for sender in ("L", "R")]
    assert [ping.lost() for ping in pings] == [0, 0]
    new_ike, new_spis = tunnel.peer.sas()
    assert len(new_ike) == len(new_spis) == 1
    assert not {*ike, *spis} & {*new_ike, *new_spis}
    assert "DOWN" not in tunnel.engine.log.read_text()


@pytest.mark.parametrize("tunnel", [DPD], ids=lambda case: case.name, indirect=True)
def test_either_end_notices_that_the_link_is_cut_and_traffic_comes_back_with_it(tunnel: Tunnel) -> None:
    tunnel.first()
    stood = tunnel.peer.sas()[0]
    ip("-n", tunnel.names["R"], "link", "set", "veth0", "down")
    tunnel.engine.until("DOWN", 40)
    tunnel.until_gone(stood)
    ip("-n", tunnel.names["R"], "link", "set", "veth0", "up")
    tunnel.first()
    assert [len(one) for one in tunnel.peer.sas()] == [1, 1]
    assert tunnel.engine.type("show crypto ikev2 sa").count("READY") == 1
    assert stream(*tunnel.ends("R"), MEGABYTE)


@pytest.mark.parametrize("tunnel", [LENDS, BORROWS], ids=lambda case: case.name, indirect=True)
def test_an_address_that_one_end_lends_carries_traffic_over_rekeys(tunnel: Tunnel) -> None:
    """A firewall with a pool lends to strongSwan; strongSwan lends to a FlexVPN client."""
    if tunnel.case is LENDS:
        tunnel.peer.begin()
    tunnel.engine.show_until("show crypto ikev2 sa", "READY")
    borrower, lender = ("R", "L") if tunnel.case is LENDS else ("L", "R")
    ends = (tunnel.names[borrower], "10.9.0.1"), (tunnel.names[lender], INSIDE[4][lender])
    for sender, receiver in (ends, ends[::-1]):
        assert stream(*sender, *receiver, 10 * MEGABYTE)
    pings = [Pinging(*sender, 300, 1000, 0.01, receiver[1]) for sender, receiver in (ends, ends[::-1])]
    for ike in (False, True):
        time.sleep(1)
        tunnel.peer.rekey(ike)
    assert [ping.lost() for ping in pings] == [0, 0]
    assert [len(one) for one in tunnel.peer.sas()] == [1, 1]


def renumber(tunnel: Tunnel) -> None:
    """Take our address away and give it back."""
    ip("-n", tunnel.names["L"], "address", "delete", "192.0.2.1/24", "dev", "veth0")
    tunnel.engine.until("its local address is gone")
    ip("-n", tunnel.names["L"], "address", "add", "192.0.2.1/24", "dev", "veth0")


FAULTS = {
    "ours was killed": lambda one: one.kill("L"),
    "theirs was killed": lambda one: one.kill("R"),
    "address": renumber,
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("tunnel", [DPD], ids=lambda case: case.name, indirect=True)
def test_traffic_is_back_after_a_fault_and_nothing_stale_stays(tunnel: Tunnel, fault: str) -> None:
    tunnel.first()
    FAULTS[fault](tunnel)
    deadline = time.monotonic() + 40
    while tunnel.pinging("L", 1, 56, 1).lost():
        assert time.monotonic() < deadline, tunnel.engine.log.read_text() + tunnel.peer.log[-3000:]
    assert stream(*tunnel.ends("L"), MEGABYTE)
    assert stream(*tunnel.ends("R"), MEGABYTE)
    assert [len(one) for one in tunnel.peer.sas()] == [1, 1]
    assert tunnel.engine.type("show crypto ikev2 sa").count("READY") == 1
    assert tunnel.engine.type("show crypto ipsec sa").count("inbound esp sas") == 1
