"""What a hub lends and believes by who its peer is: name-manglers, route maps and prefix lists."""

from __future__ import annotations

from ikecli.ike.requests import DeleteIke
from ikecli.lab.lab import VirtualLab
from tests.config.reading import SAMPLES, read
from tests.lab.test_remote_access import CLIENT, HUB, OTHER, addresses, changed, lab_of, routes, said

FLEX = SAMPLES / "hub-and-spoke"
SPOKES = [(FLEX / f"flex-spoke{number}.cfg").read_text() for number in (1, 2)]
MANGLED = changed(
    HUB,
    ("psk list FLEX CLIENTS\n", "psk list FLEX name-mangler WHO\n"),
    ("crypto ikev2 profile CLIENTS\n", "crypto ikev2 name-mangler WHO\n {part}\ncrypto ikev2 profile CLIENTS\n"),
    ("end\n", "crypto ikev2 authorization policy {policy}\n pool OTHERS\n route set interface\nend\n"),
    ("ip local pool", "ip local pool OTHERS 10.9.1.10 10.9.1.99\nip local pool"),
)


def lent(part: str, policy: str) -> VirtualLab:
    """Start a hub whose policy `policy` lends other addresses, and two clients, `client` and `other`.example.net."""
    return lab_of(MANGLED.format(part=part, policy=policy), CLIENT, OTHER)


def test_a_peer_has_the_policy_that_its_host_name_names_and_others_have_none() -> None:
    lab = lent("fqdn hostname", "other")
    assert addresses(lab, "Other", "Tunnel0") == ("10.9.1.10/32",)
    assert addresses(lab, "Client", "Tunnel0") == ()
    why = "name-mangler WHO derives client, and there is no policy of this name"
    assert any(why in line for line in said(lab, "Hub"))
    assert lab.ping("Other", "10.9.0.1", "Tunnel0").endswith("!!!!")


def test_peers_of_a_domain_have_one_policy() -> None:
    lab = lent("fqdn domain", "example.net")
    assert {addresses(lab, name, "Tunnel0") for name in ("Client", "Other")} == {("10.9.1.10/32",), ("10.9.1.11/32",)}


def test_an_identity_that_has_no_such_part_has_no_policy() -> None:
    lab = lent("email username", "client")
    assert addresses(lab, "Client", "Tunnel0") == ()
    assert any("name-mangler WHO derives no name from this identity" in line for line in said(lab, "Hub"))


def hub(*lines: str) -> VirtualLab:
    """Start a FlexVPN hub with further lines and its two spokes, which tell of 10.1.0.0/24 and 10.2.0.0/24."""
    text = (FLEX / "flex-hub.cfg").read_text()
    accept = "crypto ikev2 authorization policy FLEX\n route accept route-map SPOKES\nexit\n"
    return lab_of(text.replace("end\n", accept + "\n".join(lines)), *SPOKES)


def behind(lab: VirtualLab) -> set[str]:
    """The networks behind the spokes that the hub has routes to."""
    found = {prefix for number in (1, 2) for prefix in routes(lab, "Hub", f"Virtual-Access{number}")}
    return {prefix for prefix in found if prefix.endswith("/24")}


def test_a_hub_believes_what_its_route_map_permits() -> None:
    lab = hub(
        "ip prefix-list ONE permit 10.1.0.0/16 ge 24 le 24",
        "route-map SPOKES permit 10",
        " match ip address prefix-list ONE",
    )
    assert behind(lab) == {"10.1.0.0/24"}
    assert lab.ping("Hub", "10.1.0.1", "10.0.0.1").endswith("!!!!")
    assert lab.ping("Hub", "10.2.0.1", "10.0.0.1") == "....."


def test_the_first_entry_that_is_for_a_network_counts_and_what_none_is_for_is_not_believed() -> None:
    deny = ("ip access-list standard TWO", " permit 10.2.0.0 0.0.255.255", "route-map SPOKES deny 10")
    assert behind(hub(*deny, " match ip address TWO", "route-map SPOKES permit 20")) == {"10.1.0.0/24"}
    assert behind(hub(*deny, " match ip address TWO")) == set()
    exact = ("ip prefix-list P seq 5 deny 10.1.0.0/24", "ip prefix-list P seq 10 permit 10.0.0.0/8 le 24")
    assert behind(hub(*exact, "route-map SPOKES permit 10", " match ip address prefix-list P")) == {"10.2.0.0/24"}
    short = ("ip prefix-list P permit 10.0.0.0/8", "route-map SPOKES permit 10", " match ip address prefix-list P")
    assert behind(hub(*short)) == set()


def nameless(text: str) -> str:
    """Have the peers of a FlexVPN site have the policy that their host name names, which none has."""
    who = "crypto ikev2 name-mangler WHO\n fqdn hostname\ncrypto ikev2 profile FLEX\n"
    return changed(text, ("psk list FLEX FLEX", "psk list FLEX name-mangler WHO"), ("crypto ikev2 profile FLEX\n", who))


def test_a_hub_that_no_policy_is_named_for_is_believed_nothing() -> None:
    text = (FLEX / "flex-hub.cfg").read_text()
    assert routes(lab_of(text, SPOKES[0]), "Spoke1", "Tunnel0") == ["10.0.0.0/8", "10.255.0.1/32"]
    assert routes(lab_of(text, nameless(SPOKES[0])), "Spoke1", "Tunnel0") == []


def test_a_spoke_that_no_policy_is_named_for_gets_no_tunnel_though_it_asks_for_no_address() -> None:
    lab = lab_of(nameless((FLEX / "flex-hub.cfg").read_text()), SPOKES[0])
    assert not any(sa.children for sa in lab["Hub"].appliance.sas())
    assert any(
        "name-mangler WHO derives spoke1, and there is no policy of this name" in one for one in said(lab, "Hub")
    )


def test_routes_outlive_the_sa_that_an_authentication_anew_replaces() -> None:
    """For a while both SAs stand and bring the same; the end of one takes nothing from the other."""
    again = (" dpd 30 5 on-demand\n", " dpd 30 5 on-demand\n lifetime reauthentication 400\n")
    lab = lab_of(changed((FLEX / "flex-hub.cfg").read_text(), again), SPOKES[0])
    before = routes(lab, "Spoke1", "Tunnel0")
    lab.run(395)
    assert [sa.id for sa in lab["Spoke1"].appliance.sas()] == [2]
    assert routes(lab, "Spoke1", "Tunnel0") == before
    assert lab.ping("Hub", "10.1.0.1", "10.0.0.1") == "!!!!!"
    lab["Hub"].appliance.do(DeleteIke())
    lab.run(0.2)
    assert routes(lab, "Spoke1", "Tunnel0") == []


def test_more_gateways_and_servers_than_there_may_be_are_complained_of() -> None:
    lines = "".join(f" backup-gateway 198.51.100.{at}\n dhcp server 198.51.100.{at}\n" for at in range(100, 111))
    text = (SAMPLES / "remote-access" / "hub.cfg").read_text().replace(" pool CLIENTS\n", lines)
    complaints = [str(one) for one in read("ios", text)[0].complaints]
    assert any("has 11 backup-gateway: the first 10 hold" in one for one in complaints)
    assert any("has 11 dhcp server: the first 10 hold" in one for one in complaints)
