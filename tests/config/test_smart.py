"""What holds without being configured: it is told by `show running-config all`, and reading that configures nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from ikecli.config import dialect_of
from ikecli.numbers import TransformType, named
from tests.config.reading import SAMPLES, commands, read

IKE = "crypto ikev2 keyring K\n peer p\n  address 192.0.2.9\n  pre-shared-key cisco\n"
PROFILE = (
    "crypto ikev2 profile {}\n match identity remote address 192.0.2.9 255.255.255.255\n"
    " authentication local pre-share\n authentication remote pre-share\n keyring local K\n"
)
TUNNEL = (
    "interface Loopback0\n ip address 192.0.2.1 255.255.255.255\n"
    "interface Tunnel0\n ip address 10.0.0.1 255.255.255.252\n tunnel source Loopback0\n"
    " tunnel mode ipsec ipv4\n tunnel destination 192.0.2.9\n tunnel protection ipsec profile default\n"
)


@pytest.mark.parametrize("path", sorted(SAMPLES.rglob("*.cfg")), ids=lambda path: path.stem)
def test_reading_all_of_it_is_the_same_configuration(path: Path) -> None:
    dialect = dialect_of(path.read_text())
    store, _ = read(dialect, path.read_text())
    again, outcomes = read(dialect, store.running({"all": True}, clear=True))
    assert all(one.accepted for one in outcomes)
    assert again.intent == store.intent
    assert again.startup() == store.startup()


def test_a_router_tells_its_defaults() -> None:
    told = read("ios", "interface GigabitEthernet0/0\n ip address 192.0.2.1 255.255.255.0")[0].running({"all": True})
    text = "\n".join(told)
    assert "crypto ikev2 proposal default\n encryption aes-cbc-256\n integrity sha512 sha384\n" in text
    assert "crypto ikev2 policy default\n match fvrf any\n proposal default\n" in text
    assert "crypto ipsec transform-set default esp-aes esp-sha-hmac\n" in text
    assert "crypto ipsec profile default\n set transform-set default\n set ikev2-profile default\n" in text
    assert "tunnel mode" not in text


def test_a_firewall_tells_its_default_groups() -> None:
    told = read("asa", "hostname FW")[0].running({"all": True})
    wanted = (
        "tunnel-group DefaultL2LGroup type ipsec-l2l",
        "tunnel-group DefaultRAGroup type remote-access",
        "group-policy DfltGrpPolicy internal",
    )
    assert set(wanted) <= set(told)
    assert not set(wanted) & set(read("asa", "hostname FW")[0].running())


def test_the_default_proposal_keeps_what_is_not_said_of_it() -> None:
    store, _ = read("ios", "crypto ikev2 proposal default\n group 31\n")
    (policy,) = store.intent.policies
    (proposal,) = policy.proposals
    assert proposal.groups == (named(TransformType.KE, "ios", "31"),)
    assert proposal.encryption == (named(TransformType.ENCR, "ios", "aes-cbc-256"),)
    assert [line for line in commands(store) if "default" in line or "group" in line] == [
        "crypto ikev2 proposal default",
        " group 31",
    ]
    assert not store.complaints


def test_the_default_ipsec_profile_protects_by_the_default_ikev2_profile() -> None:
    store, _ = read("ios", IKE + PROFILE.format("default") + TUNNEL)
    (connection,) = store.intent.connections
    assert connection.profile == "default"
    assert [one.name for one in connection.proposals] == ["default"]


def test_the_default_ipsec_profile_lacks_an_ikev2_profile_of_that_name() -> None:
    store, _ = read("ios", IKE + PROFILE.format("P") + TUNNEL)
    assert [one.message for one in store.complaints if one.severity == "error"] == [
        "IPsec profile default names IKEv2 profile default, which is not there"
    ]


def test_the_default_policy_offers_nothing_without_the_default_proposal() -> None:
    for line, again in (
        ("no crypto ikev2 proposal default", "default crypto ikev2 proposal"),
        ("no crypto ikev2 policy default", "default crypto ikev2 policy default"),
    ):
        what = line.split()[3]
        store, _ = read("ios", IKE + PROFILE.format("P") + line)
        assert line in commands(store)
        assert store.intent.policies == ()
        assert [str(one) for one in store.complaints] == [
            f"there is no IKEv2 policy, and the default {what} is disabled: nothing is negotiated: "
            f"type default crypto ikev2 {what}"
        ]
        store, outcomes = read("ios", "\n".join([*commands(store), again]))
        assert all(one.accepted for one in outcomes)
        assert not any("default" in line for line in commands(store))
        assert [one.name for one in store.intent.policies] == ["default"]
        assert not store.complaints


def test_a_policy_of_its_own_takes_the_place_of_the_disabled_default() -> None:
    own = "crypto ikev2 policy MINE\n proposal default\n"
    store, _ = read("ios", own + "no crypto ikev2 policy default")
    assert [one.name for one in store.intent.policies] == ["MINE"]
    store, _ = read("ios", own + "no crypto ikev2 proposal default")
    assert [one.message for one in store.complaints] == ["IKEv2 policy MINE names proposal default, which is not there"]


def test_to_disable_a_default_forgets_its_own_values_and_to_configure_it_brings_it_back() -> None:
    disabled = "crypto ikev2 proposal default\n group 31\nno crypto ikev2 proposal default\n"
    assert [line for line in commands(read("ios", disabled)[0]) if "default" in line or "group" in line] == [
        "no crypto ikev2 proposal default"
    ]
    store, _ = read("ios", disabled + "crypto ikev2 proposal default\n group 14\n")
    assert [line for line in commands(store) if "default" in line or "group" in line] == [
        "crypto ikev2 proposal default",
        " group 14",
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("no crypto ipsec profile default", "interface Tunnel0 names IPsec profile default, which is not there"),
        (
            "no crypto ipsec transform-set default",
            "IPsec profile default names transform set default, which is not there",
        ),
    ],
)
def test_a_tunnel_is_incomplete_without_the_default_that_protects_it(line: str, message: str) -> None:
    store, _ = read("ios", IKE + PROFILE.format("default") + TUNNEL + line)
    assert message in [one.message for one in store.complaints]
    assert store.intent.connections == ()
    assert line in store.running({"all": True})
    assert line.removeprefix("no ") not in "\n".join(store.running({"all": True})).replace(line, "")
