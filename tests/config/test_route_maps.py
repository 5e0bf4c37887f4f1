"""Route maps, prefix lists and name-manglers of a router: read, written, and complained of where something lacks."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from ikecli.intent import Clause, Identity, Mangler, PrefixLine
from tests.config.reading import SAMPLES, commands, read

HUB = (SAMPLES / "remote-access" / "hub.cfg").read_text()
ACCEPT = "crypto ikev2 authorization policy CLIENTS\n route accept route-map R\n"
LINES = """ip prefix-list P description Networks of branches
ip prefix-list P seq 5 deny 10.1.0.0/24
ip prefix-list P seq 10 permit 10.0.0.0/8 ge 16 le 24
ipv6 prefix-list P6 seq 5 permit 2001:DB8::/32 le 64
route-map R permit 10
 match ip address prefix-list P
 match ip address 7
 match ipv6 address prefix-list P6
route-map R deny 20
access-list 7 permit 192.0.2.0 0.0.0.255
"""


def test_a_route_map_becomes_clauses_and_is_written_as_it_was() -> None:
    store, _ = read("ios", HUB + ACCEPT + LINES)
    assert not store.complaints
    given = store.intent.profiles[0].authorization
    assert given is not None
    lists = (
        (
            PrefixLine(False, ip_network("10.1.0.0/24"), 24, 24),
            PrefixLine(True, ip_network("10.0.0.0/8"), 16, 24),
        ),
        (PrefixLine(True, ip_network("2001:db8::/32"), 32, 64),),
        (PrefixLine(True, ip_network("192.0.2.0/24"), 0, 32),),
    )
    assert given.clauses == (Clause(True, lists), Clause(False))
    asked = tuple(map(ip_network, ("10.1.0.0/24", "10.2.0.0/24", "10.0.0.0/8", "192.0.2.8/29", "2001:db8:1::/48")))
    assert given.believed(asked) == (asked[1], asked[3], asked[4])
    written = commands(store)
    assert [line for line in written if "prefix-list P" in line and line.startswith("ip")] == LINES.splitlines()[:4]
    assert read("ios", store.startup())[0].intent == store.intent


def test_lines_of_a_prefix_list_are_numbered_by_fives_and_go_one_by_one() -> None:
    text = "ip prefix-list P permit 10.1.0.0/16\nip prefix-list P permit 10.2.0.0/16\n"
    text += "no ip prefix-list P seq 5 permit 10.1.0.0/16\n"
    assert commands(read("ios", text)[0])[-1] == "ip prefix-list P seq 10 permit 10.2.0.0/16"
    assert not read("ios", text + "no ip prefix-list P\n")[0].draft.prefix_lists


@pytest.mark.parametrize(
    ("lines", "fix"),
    [
        (ACCEPT, "route-map R permit 10"),
        (ACCEPT + "route-map R permit 10\n match ip address prefix-list P\n", "ip prefix-list P permit A.B.C.D/N"),
        (ACCEPT + "route-map R permit 10\n match ip address NOBODY\n", "ip access-list standard NOBODY"),
        ("crypto ikev2 profile CLIENTS\n aaa authorization group psk list FLEX name-mangler M\n",
         "crypto ikev2 name-mangler M"),
        ("crypto ikev2 name-mangler M\ncrypto ikev2 profile CLIENTS\n"
         " aaa authorization group psk list FLEX name-mangler M\n",
         "crypto ikev2 name-mangler M, then fqdn hostname"),
    ],
)  # fmt: skip
def test_what_lacks_is_told_and_nothing_is_believed_or_lent(lines: str, fix: str) -> None:
    store, _ = read("ios", HUB + lines)
    assert fix in [each.fix for each in store.complaints]
    given = store.intent.profiles[0].authorization
    assert given is None or not given.believed((ip_network("10.1.0.0/24"),))


def test_an_entry_that_also_matches_what_no_network_has_is_for_none() -> None:
    lines = ACCEPT + "route-map R permit 10\n match tag 5\nroute-map R permit 20\n match ip address 7\n"
    store, _ = read("ios", HUB + lines + "access-list 7 permit 192.0.2.0 0.0.0.255\n")
    told = [(each.message, each.fix) for each in store.complaints]
    assert told == [("route-map R permit 10 is for no network: match tag 5 is not looked at", "no match tag 5")]
    given, asked = store.intent.profiles[0].authorization, tuple(map(ip_network, ("10.1.0.0/24", "192.0.2.0/24")))
    assert given is not None
    assert given.believed(asked) == asked[1:]


@pytest.mark.parametrize("bounds", ["ge 4", "ge 8", "ge 24 le 16", "le 8", "le 7"])
@pytest.mark.parametrize("prefix", ["ip prefix-list P permit 10.0.0.0/8", "ipv6 prefix-list P permit 2000::/8"])
def test_lengths_that_no_network_of_the_prefix_has_are_refused(prefix: str, bounds: str) -> None:
    store, outcomes = read("ios", f"{prefix} {bounds}")
    assert outcomes[0].messages[0].startswith("% Invalid prefix range for")
    assert not store.draft.prefix_lists
    assert not store.draft.prefix_lists6


@pytest.mark.parametrize(
    ("mangler", "identity", "name"),
    [
        (Mangler("M", "hostname"), Identity.fqdn("r1.example.net"), "r1"),
        (Mangler("M", "domain"), Identity.fqdn("r1.example.net"), "example.net"),
        (Mangler("M", "all"), Identity.fqdn("r1.example.net"), "r1.example.net"),
        (Mangler("M", email="username"), Identity.email("ann@example.net"), "ann"),
        (Mangler("M", email="domain"), Identity.email("ann@example.net"), "example.net"),
        (Mangler("M", "hostname"), Identity.email("ann@example.net"), ""),
        (Mangler("M", "hostname", "all"), Identity.key_id("ann"), ""),
        (Mangler("M", "all"), Identity(2, b"\xff\xfe"), ""),
    ],
)
def test_a_name_is_derived_of_the_part_that_is_said(mangler: Mangler, identity: Identity, name: str) -> None:
    assert mangler.derive(identity) == name
