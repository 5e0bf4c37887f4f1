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
NAMES = Case(name="names", identities=True)
OTHER_KEY = "what-nobody-told-us-9pK-and-more"
ROWS = {
    "IKE proposal": (
        replace(PSK, their_ike="aes128-sha256-modp2048"),
        "(IKE: no common encryption, PRF, integrity, DH group)",
        "The peer chose none of our proposals (IKE): AES-GCM-256 SHA384 Group 31",
        "received proposals unacceptable",
    ),
    "key": (
        PSK,
        "profile 'P', peer identity '192.0.2.2': pre-shared key mismatch",
        "The peer refused our authentication: profile 'P'",
        "but MAC mismatched",
    ),
    "their identity": (
        replace(NAMES, local="wrong.example"),
        "No profile for peer identity 'wrong.example' of type 'FQDN'",
        "peer identity 'wrong.example': the peer shows an identity that the profile is not for",
        "received AUTHENTICATION_FAILED notify",
    ),
    "our identity": (
        replace(NAMES, remote="other.example"),
        "the peer refused our authentication",
        "The peer refused our authentication: profile 'P', peer identity 'fqdn right.example': the peer answers AUTH",
        "identity 'other.example' (ID_FQDN) required, not matched by 'left.example' (ID_FQDN)",
    ),
    "selectors": (
        replace(PSK, selectors=("10.7.0.0/24", "10.8.0.0/24")),
        "There was no IPSEC policy found for received TS: 10.8.0.0/24 -> 10.7.0.0/24",
        "The peer refused our TS: 10.1.0.0/24 -> 10.2.0.0/24",
        "=== 10.1.0.1/32[1] 10.1.0.0/24 unacceptable",
    ),
    "ESP proposal": (
        replace(PSK, their_esp="aes128-sha256"),
        "(ESP: no common encryption, integrity)",
        "The peer chose none of our proposals (ESP): AES-GCM-256 NO_ESN",
        "no acceptable proposal found",
    ),
}


@pytest.mark.parametrize(("case", "as_responder", "as_initiator", "theirs_says"), ROWS.values(), ids=ROWS)
def test_the_log_says_what_does_not_fit(case: Case, as_responder: str, as_initiator: str, theirs_says: str) -> None:
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
        assert theirs_says in tunnel.peer.log
