"""A failure explains itself: what was offered, what is configured here, what differs, what to type."""

from __future__ import annotations

import pytest

from ikecli.boundary.events import (
    AddressRefused,
    AuthenticationFailed,
    ChildFailed,
    Event,
    GaveUp,
    ProfileMissing,
    ProposalRefused,
    SelectorsRefused,
)
from ikecli.debug import log, render

ENDS = {"local": "192.0.2.1/500", "remote": "198.51.100.2/500"}
NO_GROUP = ProposalRefused(
    sa=1,
    session=3,
    protocol="IKE",
    offered=("AES-CBC-256 SHA256 SHA256 Group 2",),
    configured=("AES-CBC-256 SHA256 SHA256 Group 14 Group 19",),
    differing=("group",),
)
NO_HASH = ProposalRefused(
    1,
    3,
    "IKE",
    ("AES-CBC-128 SHA1 SHA96 Group 14",),
    ("AES-CBC-256 SHA256 Group 14",),
    ("encryption", "integrity", "prf"),
)
NO_ESP = ProposalRefused(1, 3, "ESP", ("AES-CBC-128 SHA96",), ("AES-CBC-256 SHA256",), ("encryption", "integrity"))
NO_PFS = ProposalRefused(1, 3, "ESP", ("AES-GCM-256 Group 19",), ("AES-GCM-256 Group 14",), ("group",))
NO_MAP = ProposalRefused(1, 3, "ESP", ("AES-CBC-128 SHA96",), (), (), **ENDS)
NO_POLICY = ProposalRefused(1, 3, "IKE", ("AES-CBC-128 SHA96",), (), (), interface="outside")
DES = ProposalRefused(1, 3, "IKE", ("DES SHA1 SHA96 Group 14",), ("AES-CBC-256 SHA1 SHA96 Group 14",), ("encryption",))
THEIRS = ProposalRefused(1, 3, "IKE", ("AES-CBC-256 SHA256 Group 2",), (), (), by_peer=True)
WRONG_KEY = AuthenticationFailed(1, 3, "PEERS", "r2.example.com", "the pre-shared keys differ", **ENDS)
REFUSED = AuthenticationFailed(1, 3, "PEERS", "r2.example.com", "AUTHENTICATION_FAILED", by_peer=True)
NO_FLOW = SelectorsRefused(1, 3, ("10.1.1.0/24 -> 10.2.2.1/32",), ("10.1.1.0/24 -> 10.3.3.0/24",))
NO_PEER = SelectorsRefused(1, 3, ("10.1.1.0/24 -> 10.2.2.0/24",), (), **ENDS)
PORTS = SelectorsRefused(
    1,
    3,
    ("10.1.1.7/32 protocol 6 port 99-99, 10.1.1.0/24 protocol 6 -> 10.2.2.1-10.2.2.9 protocol 6 port 80-80",),
    ("10.1.1.0/24 -> 10.3.3.0/24",),
)
STRANGE = SelectorsRefused(1, 3, ("nothing -> ::/0",), ("10.1.1.0/24 -> 10.3.3.0/24",))
STRANGER = ProfileMissing(1, 3, "r2.example.com", "FQDN", "198.51.100.2/500", ("PEERS: address 10.0.0.0 255.0.0.0",))
NO_CHILD = ChildFailed(1, 3, "VPN 10 GigabitEthernet0/0", "TS_UNACCEPTABLE")
NO_KEY = ChildFailed(0, 0, "VPN 10 Gi0/0", "profile P has no pre-shared key", **ENDS, lacks="key", profile="P")
NO_PROFILE = ChildFailed(0, 0, "VPN 10 Gi0/0", "profile P is not there", **ENDS, lacks="profile", profile="P")
EXHAUSTED = AddressRefused(1, 3, "RA", "ann", "no IPv4 address is free", "AUTHOR", ("POOL: 0 free",))
NOT_ASKED = AddressRefused(1, 3, "RA", "ann", "the peer asks for no inner address", "AUTHOR")
UNKNOWN = AddressRefused(1, 3, "RA", "ann", "nothing says what peers of this profile are lent")
NOT_LENT = AddressRefused(1, 3, "RA", "hub", "the peer answers INTERNAL_ADDRESS_FAILURE", by_peer=True)
SILENCE = GaveUp(1, 3, "IKE_SA_INIT", 0, 5, "198.51.100.2/500")


def said(event: Event, dialect: str) -> str:
    return "\n".join(render(event, dialect))


def test_a_refused_proposal_shows_both_sides_and_the_difference() -> None:
    head = "IKEv2-ERROR:(SESSION ID = 3,SA ID = 1):"
    assert said(NO_GROUP, "ios").splitlines() == [
        f"{head}Failed to find a matching policy (IKE)",
        f"{head}Received Policies: ",
        "Proposal 1:  AES-CBC-256 SHA256 SHA256 Group 2",
        f"{head}Expected Policies: ",
        "Proposal 1:  AES-CBC-256 SHA256 SHA256 Group 14 Group 19",
        f"{head}no common DH group: peer offers 2, here 14 19",
        f"{head}on this router: crypto ikev2 proposal ... / group 2",
    ]


@pytest.mark.parametrize(
    ("event", "ios", "asa"),
    [
        (NO_GROUP, "crypto ikev2 proposal ... / group 2", "crypto ikev2 policy ... / group 2"),
        (
            NO_HASH,
            "crypto ikev2 proposal ... / encryption aes-cbc-128 / integrity sha1 / prf sha1",
            "crypto ikev2 policy ... / encryption aes / integrity sha / prf sha",
        ),
        (
            NO_ESP,
            "crypto ipsec transform-set ... esp-aes esp-sha-hmac",
            "crypto ipsec ikev2 ipsec-proposal ... / protocol esp encryption aes / protocol esp integrity sha-1",
        ),
        (NO_PFS, "crypto map ... / set pfs group19", "crypto map ... set pfs group19"),
        (
            NO_MAP,
            "no crypto map entry is for 198.51.100.2; on this router: crypto map ... / set peer 198.51.100.2",
            "crypto map ... set peer 198.51.100.2",
        ),
        (
            NO_POLICY,
            "no policy holds at this address; on this router: crypto ikev2 policy ... / proposal ...",
            "interface outside, or has no policy; on this ASA: crypto ikev2 enable outside / crypto ikev2",
        ),
        (
            DES,
            "on the peer: offer what is configured here (AES-CBC-256 SHA1 SHA96 Group 14)",
            "DES is not served: DES keys are found by search within a day",
        ),
        (THEIRS, "The peer chose none of the IKE proposals sent: ", "Proposal 1:  AES-CBC-256 SHA256 Group 2"),
        (
            WRONG_KEY,
            "peer ... / pre-shared-key remote ...; which keyring: show crypto ikev2 profile PEERS",
            "tunnel-group PEERS ipsec-attributes / ikev2 remote-authentication pre-shared-key ...",
        ),
        (
            REFUSED,
            "The peer refused our authentication: profile 'PEERS'",
            "tunnel-group PEERS ipsec-attributes / ikev2 local-authentication pre-shared-key ...",
        ),
        (
            NO_FLOW,
            "ip access-list extended ... / permit ip 10.1.1.0 0.0.0.255 host 10.2.2.1",
            "access-list ... extended permit ip 10.1.1.0 255.255.255.0 host 10.2.2.1",
        ),
        (
            NO_PEER,
            "crypto map ... / set peer 198.51.100.2 / match address ...",
            "crypto map ... set peer 198.51.100.2 / crypto map ... match address ...",
        ),
        (
            PORTS,
            "permit tcp 10.1.1.0 0.0.0.255 range 10.2.2.1 10.2.2.9 eq 80",
            "extended permit tcp 10.1.1.0 255.255.255.0 range 10.2.2.1 10.2.2.9 eq 80",
        ),
        (STRANGE, "must mirror the peer's: show access-lists", "must mirror the peer's"),
        (
            STRANGER,
            "crypto ikev2 profile ... / match identity remote fqdn r2.example.com",
            "tunnel-group 198.51.100.2 type ipsec-l2l / tunnel-group 198.51.100.2 ipsec-attributes",
        ),
        (
            EXHAUSTED,
            "local pool POOL: 0 free",
            "on this ASA: ip local pool NAME FIRST-LAST mask MASK / tunnel-group RA general-attributes / address-pool",
        ),
        (
            EXHAUSTED,
            "ip local pool NAME FIRST LAST / crypto ikev2 authorization policy AUTHOR / pool",
            "no IPv4 address",
        ),
        (NOT_ASKED, "on the peer: ask for an address (ip address negotiated)", "a tunnel-group of type ipsec-l2l"),
        (UNKNOWN, "crypto ikev2 profile RA / aaa authorization group psk list", "address-pool NAME"),
        (NOT_LENT, "No inner address from the peer: the peer answers INTERNAL_ADDRESS_FAILURE", "the peer's pools"),
        (NO_CHILD, "show crypto map tag VPN", "show running-config crypto map"),
        (
            NO_KEY,
            "peer ... / address 198.51.100.2 / pre-shared-key ...; which keyring: show crypto ikev2 profile P",
            "tunnel-group P type ipsec-l2l / tunnel-group P ipsec-attributes / ikev2 remote-authentication pre-",
        ),
        (
            NO_PROFILE,
            "crypto ikev2 profile P, which needs match identity remote ..., authentication remote ...,",
            "tunnel-group P type ipsec-l2l / tunnel-group P ipsec-attributes / ikev2 remote-authentication pre-",
        ),
        (
            SILENCE,
            "on this router: ping 198.51.100.2; UDP 500 and 4500",
            "on this ASA: ping 198.51.100.2; UDP 500 and 4500",
        ),
    ],
)
def test_what_to_type(event: Event, ios: str, asa: str) -> None:
    assert ios in said(event, "ios")
    assert asa in said(event, "asa")


def test_the_log_names_profile_and_identity_of_a_wrong_key() -> None:
    ios, asa = log(WRONG_KEY, "ios", 7.0), log(WRONG_KEY, "asa", 7.0)
    assert ios is not None
    assert asa is not None
    assert (ios.time, ios.severity, ios.facility, ios.mnemonic) == (7.0, 3, "IKEV2", "NEG_ABORT")
    assert ios.text == (
        "Negotiation aborted due to ERROR: Failed to authenticate the IKE SA: profile 'PEERS', peer identity "
        "'r2.example.com': the pre-shared keys differ (peer 198.51.100.2:500)"
    )
    assert (asa.severity, asa.facility, asa.mnemonic) == (4, "ASA", "750003")
    assert asa.text == (
        "Local:192.0.2.1:500 Remote:198.51.100.2:500 Username:r2.example.com IKEv2 Negotiation aborted due to ERROR: "
        "Failed to authenticate the IKE SA: profile 'PEERS', peer identity 'r2.example.com': the pre-shared keys differ"
    )


def test_the_log_tells_once_what_two_events_tell() -> None:
    """The refused proposal or selectors are logged, not also the Child SA that this costs."""
    assert log(ChildFailed(1, 3, "VPN 10 Gi0/0", "no ESP proposal fits", told=True), "ios") is None


@pytest.mark.parametrize("dialect", ["ios", "asa"])
@pytest.mark.parametrize(
    "event", [NO_GROUP, THEIRS, REFUSED, NO_FLOW, STRANGER, NO_CHILD, SILENCE], ids=lambda event: type(event).__name__
)
def test_every_failure_is_logged_in_one_line(event: Event, dialect: str) -> None:
    line = log(event, dialect)
    assert line is not None
    assert "Negotiation aborted due to ERROR: " in line.text
    assert line.text.isprintable()
