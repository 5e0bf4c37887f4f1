"""A firewall's group policy says which packets of its peers pass: travellers' and sites', in both directions."""

from __future__ import annotations

import pytest

from ikecli.lab.lab import VirtualLab
from tests.config.reading import SAMPLES, read
from tests.lab.test_remote_access import ASA, CLIENT, changed, lab_of


def travellers(*lines: str) -> str:
    listed = "".join(f"access-list PASSING extended {line}\n" for line in lines)
    return changed(ASA, (" vpn-tunnel-protocol", " vpn-filter value PASSING\n vpn-tunnel-protocol")) + listed


@pytest.mark.parametrize(
    ("lines", "passes"),
    [
        (("permit icmp 10.9.0.0 255.255.255.0 10.2.2.0 255.255.255.0",), True),
        (("deny icmp any host 10.2.2.9", "permit ip any any"), False),
        (("permit tcp any any",), False),
        (("permit ip 10.9.0.0 255.255.255.128 10.2.2.9 255.255.255.255",), True),
    ],
)
def test_what_a_traveller_sends_passes_as_the_list_says(lines: tuple[str, ...], passes: bool) -> None:
    lab = lab_of(CLIENT, travellers(*lines))
    assert lab.ping("Client", "10.2.2.9") == ("!!!!!" if passes else ".....")
    (sa,) = lab["ASA"].appliance.sas()
    assert sa.children, "the SA stands, whatever passes"


@pytest.mark.parametrize(
    ("line", "passes"),
    [
        ("permit icmp host 10.9.0.1 any", True),
        ("permit icmp any host 10.2.2.1", True),
        ("permit icmp any host 10.2.2.9", False),
    ],
)
def test_what_is_sent_to_a_traveller_passes_by_the_same_lines_turned_round(line: str, passes: bool) -> None:
    lab = lab_of(CLIENT, travellers(line))
    assert lab.ping("ASA", "10.9.0.1", "10.2.2.1") == ("!!!!!" if passes else ".....")


def test_another_list_holds_for_new_sas() -> None:
    lab = lab_of(CLIENT, travellers("permit icmp any any"))
    assert lab.ping("Client", "10.2.2.9") == "!!!!!"
    assert not lab["ASA"].appliance.load("access-list PASSING line 1 extended deny icmp any any\n", "test")
    lab.run(10)
    assert lab.ping("Client", "10.2.2.9") == "....."


def test_a_list_that_is_not_there_lets_all_pass_and_is_complained_of() -> None:
    store, _ = read("asa", travellers())
    assert any("filters by access list PASSING, which is not there: all pass" in str(one) for one in store.complaints)


SITES = "site-to-site", "route-based"


@pytest.mark.parametrize("kind", SITES)
@pytest.mark.parametrize(("line", "passes"), [("permit icmp any any", True), ("permit tcp any any", False)])
def test_sites_are_filtered_too_by_map_and_by_tunnel(kind: str, line: str, passes: bool) -> None:
    router, firewall = ((SAMPLES / kind / f"{name}.cfg").read_text() for name in ("router", "asa"))
    peer = "192.0.2.1"
    more = f"""group-policy SITES internal
group-policy SITES attributes
 vpn-filter value PASSING
tunnel-group {peer} general-attributes
 default-group-policy SITES
access-list PASSING extended {line}
"""
    lab = VirtualLab(1)
    lab.add(router, "ios")
    lab.add(firewall.replace(": end\n", more), "asa")
    lab.run(5)
    there, here = ("10.2.2.1", "10.1.1.1") if kind == "site-to-site" else ("10.2.0.9", "10.1.0.1")
    assert ("!" in lab.ping("Router", there, here)) is passes
    assert lab["ASA"].appliance.sas()[0].children
