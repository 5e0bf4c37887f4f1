"""What our log says when strongSwan begins with something that does not fit, and when it refuses what we begin with."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from functools import partial

import pytest

from tests.live.cases import CASES, KEY, Case, theirs
from tests.live.peers import STRONGSWAN_6, unpacked
from tests.live.strongswan import Charon
from tests.live.tunnel import Tunnel

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]
PSK = CASES[0]
OTHER_KEY = "what-nobody-told-us-9pK-and-more"
ROWS = {
    "IKE proposal": (
        replace(PSK, their_ike="aes128-sha256-modp2048"),
        "(IKE: no common encryption, PRF, integrity, DH group)",
        "The peer chose none of our proposals (IKE)",
    ),
    "key": (
        PSK,
        "profile 'P', peer identity '192.0.2.2': pre-shared key mismatch",
        "The peer refused our authentication: profile 'P'",
    ),
    "selectors": (
        replace(PSK, selectors=("10.7.0.0/24", "10.8.0.0/24")),
        "There was no IPSEC policy found for received TS: 10.8.0.0/24 -> 10.7.0.0/24",
        "The peer refused our TS: 10.1.0.0/24 -> 10.2.0.0/24",
    ),
    "ESP proposal": (
        replace(PSK, their_esp="aes128-sha256"),
        "(ESP: no common encryption, integrity)",
        "The peer chose none of our proposals (ESP)",
    ),
}


@pytest.mark.parametrize(("case", "as_responder", "as_initiator"), ROWS.values(), ids=ROWS)
def test_the_log_says_what_does_not_fit(case: Case, as_responder: str, as_initiator: str) -> None:
    text = theirs(case)
    if case is PSK:
        text = text.replace(KEY, OTHER_KEY)
    with ExitStack() as stack:
        tunnel = Tunnel(stack, case, partial(Charon, unpacked(STRONGSWAN_6), text=text))
        with pytest.raises(AssertionError, match="initiate"):
            tunnel.peer.begin()
        tunnel.engine.until(as_responder)
        tunnel.engine.type("clear crypto ikev2 sa")
        assert tunnel.pinging("L", 1, 56, 1).lost() == 1
        tunnel.engine.until(as_initiator)
