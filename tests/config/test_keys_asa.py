"""The key of a crypto map's entry authenticates its peers that have no tunnel group."""

from __future__ import annotations

import pytest

from ikecli.lab.lab import VirtualLab
from tests.config.reading import SAMPLES, read

ASA, ROUTER = ((SAMPLES / "site-to-site" / f"{name}.cfg").read_text() for name in ("asa", "router"))
GROUP = """tunnel-group 192.0.2.1 type ipsec-l2l
tunnel-group 192.0.2.1 ipsec-attributes
 ikev2 remote-authentication pre-shared-key cisco
 ikev2 local-authentication pre-shared-key cisco
"""
KEY = "crypto map CMAP 10 set ikev2 pre-shared-key cisco\n"
assert GROUP in ASA


@pytest.mark.parametrize("begins", ["ASA", "Router"])
def test_peers_of_an_entry_with_a_key_need_no_tunnel_group(begins: str) -> None:
    lab = VirtualLab(1)
    for text, dialect in ((ASA.replace(GROUP, KEY), "asa"), (ROUTER, "ios")):
        lab.add(text, dialect)
    ends = {"ASA": ("10.1.1.1", "10.2.2.1"), "Router": ("10.2.2.1", "10.1.1.1")}
    assert lab.ping(begins, *ends[begins]).endswith("!!!!")
    (sa,) = lab["ASA"].appliance.sas()
    assert sa.profile == "192.0.2.1"


def test_the_keys_are_the_same_as_of_a_tunnel_group() -> None:
    assert read("asa", ASA.replace(GROUP, KEY))[0].intent == read("asa", ASA)[0].intent


def test_a_tunnel_group_goes_before_the_key_and_says_so() -> None:
    store, _ = read("asa", ASA + KEY.replace("cisco", "other"))
    assert store.intent == read("asa", ASA)[0].intent
    why = "peer 192.0.2.1 has a tunnel group, whose keys go before the pre-shared key of crypto map CMAP 10"
    assert [one.message for one in store.complaints] == [why]


def test_of_two_keys_for_one_peer_the_first_holds() -> None:
    text = ASA.replace(GROUP, KEY) + "".join(
        f"crypto map CMAP 20 {line}\n"
        for line in (
            "match address VPN", "set peer 192.0.2.1", "set ikev2 ipsec-proposal Prop1",
            "set ikev2 pre-shared-key other",
        )
    )  # fmt: skip
    store, _ = read("asa", text)
    (profile,) = store.intent.profiles
    assert profile.credentials[0].local is not None
    assert profile.credentials[0].local.reveal() == b"cisco"
    assert "has another pre-shared key in an entry before" in store.complaints[0].message


def test_a_key_without_a_peer_is_told_of() -> None:
    dynamic = "crypto dynamic-map DYN 5 set ikev2"
    store, _ = read("asa", f"{ASA}{dynamic} ipsec-proposal Prop1\n{dynamic} pre-shared-key k\n")
    assert [(one.message, one.fix) for one in store.complaints] == [
        ("crypto dynamic-map DYN 5 has a pre-shared key and no peer that it is for",
         "crypto dynamic-map DYN 5 set peer A.B.C.D")
    ]  # fmt: skip


def test_the_key_is_covered_when_shown_and_sealed_when_stored() -> None:
    store, _ = read("asa", ASA.replace(GROUP, KEY))
    assert "crypto map CMAP 10 set ikev2 pre-shared-key *****" in store.running()
    stored = store.startup().splitlines()
    assert any(line.startswith("crypto map CMAP 10 set ikev2 pre-shared-key 8 ") for line in stored)
    assert not any("cisco" in line for line in stored)
    assert read("asa", stored)[0].intent == store.intent
