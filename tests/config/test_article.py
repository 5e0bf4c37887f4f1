"""The article's example as it stands: its HTML lost words. The broken lines are named, the rest is taken."""

from __future__ import annotations

from pathlib import Path

from tests.config.reading import commands, read, typed

HERE = Path(__file__).parent
ROUTER, ASA = ((HERE / f"article-{name}.txt").read_text() for name in ("router", "asa"))


def refused(dialect: str, text: str) -> list[str]:
    _, outcomes = read(dialect, text)
    return [line for line, outcome in zip(text.splitlines(), outcomes, strict=True) if not outcome.accepted]


def test_the_broken_lines_of_the_router_are_refused_and_no_others() -> None:
    assert refused("ios", ROUTER) == [
        "match identity remote add",
        "identity local add",
        "permit ip host host",
        "set peer",
    ]


def test_the_broken_lines_of_the_firewall_are_refused_and_no_others() -> None:
    assert refused("asa", ASA) == [
        "tunnel-group type ipsec-l2l",
        "tunnel-group ipsec-attributes",
        "ikev2 local-authentication pre-share-key cisco",
        "ikev2 remote-authentication pre-share-key cisco",
        "access-list VPN permit ip host host",
        "crypto map CMAP 10 set peer",
    ]


def test_carets_stand_under_what_is_wrong() -> None:
    screen = typed("ios", ROUTER)
    assert (
        "Router(config-ext-nacl)#permit ip host host\n"
        "                                       ^\n"
        "% Invalid input detected at '^' marker."
    ) in screen
    assert "Router(config-ikev2-profile)#match identity remote add\n% Incomplete command.\n" in screen
    screen = typed("asa", ASA)
    assert (
        "ciscoasa(config-ikev2-policy)#tunnel-group type ipsec-l2l\n"
        "                                                      ^\n"
        "ERROR: % Invalid input detected at '^' marker."
    ) in screen
    assert (
        "ciscoasa(config-ikev2-policy)#ikev2 local-authentication pre-share-key cisco\n"
        "                                                                  ^\n"
    ) in screen


def test_a_set_may_be_named_esp_aes_and_extended_may_be_left_out() -> None:
    router, _ = read("ios", ROUTER)
    assert "crypto ipsec transform-set esp-aes esp-sha-hmac" in commands(router)
    firewall, _ = read("asa", "access-list VPN permit ip host 10.2.2.1 host 10.1.1.1")
    assert "access-list VPN extended permit ip host 10.2.2.1 host 10.1.1.1" in commands(firewall)


def test_the_rest_is_taken() -> None:
    router, _ = read("ios", ROUTER)
    assert "crypto map CMAP 10 ipsec-isakmp" in commands(router)
    assert " crypto map CMAP" in commands(router)
    messages = {complaint.message for complaint in router.complaints}
    assert "crypto map CMAP 10 has no peer" in messages
    assert "peer peer2 of keyring KEY1 has no address and no identity, so no peer is known by it" in messages
    assert not router.intent.connections
