"""Inner addresses from DHCP servers: asked for, lent, renewed, given back, and what happens where there are none."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from ikecli.daemon import clients
from ikecli.errors import Rejected
from ikecli.ike.requests import DeleteIke
from ikecli.intent import Identity
from ikecli.lab.lab import VirtualLab
from tests.config.reading import read
from tests.lab.dhcp_server import DISCOVER, RELEASE, REQUEST, Server
from tests.lab.shows import shown
from tests.lab.test_remote_access import ASA, CLIENT, HUB, OTHER, changed, pushed, said

POOL = " pool CLIENTS\n"
DHCP = changed(HUB, (POOL, " dhcp server 10.2.2.67\n"), (" netmask 255.255.255.0\n", ""))
FIREWALL = changed(
    ASA,
    (" address-pool TRAVELLERS\n", " dhcp-server 10.2.2.67\n"),
)
ADDRESSES = ["10.9.0.50", "10.9.0.51", "10.9.0.52"]


def lab_of(*texts: str, **server: object) -> tuple[VirtualLab, Server]:
    lab = VirtualLab(1)
    one = Server(lab.fabric, "10.2.2.67", list(ADDRESSES), **server).attach()  # type: ignore[arg-type]
    for text in texts:
        _, complaints = lab.add(text, "asa" if "nameif" in text else "ios")
        assert complaints == []
    lab.run(5)
    return lab, one


@pytest.mark.parametrize("hub", [DHCP, FIREWALL], ids=["router", "firewall"])
def test_a_client_is_lent_what_the_server_lends_and_it_is_given_back_at_the_end(hub: str) -> None:
    lab, server = lab_of(CLIENT, hub)
    assert pushed(lab) == ("10.9.0.50",)
    assert server.kinds == [DISCOVER, REQUEST]
    assert {one.relay for one in server.heard} == {"10.2.2.1"}
    assert server.heard[0].options[61] == b"\0\x02client.example.net"
    assert lab.ping("Client", "10.2.2.9") == "!!!!!"
    lab["Client"].appliance.load("interface Tunnel0\n shutdown\n", "test")
    lab.run(1)
    assert server.kinds == [DISCOVER, REQUEST, RELEASE]
    assert server.heard[-1].current == "10.9.0.50"
    assert server.lent == {}


def test_the_mask_is_that_of_the_server_where_the_policy_has_none() -> None:
    lab, _ = lab_of(CLIENT, DHCP)
    (sa,) = lab["Client"].appliance.engine._core.sas.values()
    assert sa.lease is not None
    assert str(sa.lease.taken.netmask) == "255.255.255.0"
    assert " dhcp server : 10.2.2.67\n dhcp giaddr : 10.2.2.1\n" in shown(lab, "Hub", "ikev2.authorization")


def test_two_clients_have_two_addresses_and_each_comes_back_to_its_own() -> None:
    lab, server = lab_of(CLIENT, OTHER, DHCP)
    first = {name: pushed(lab, name) for name in ("Client", "Other")}
    assert sorted(one for found in first.values() for one in found) == ["10.9.0.50", "10.9.0.51"]
    server.free.reverse()
    lab["Hub"].appliance.do(DeleteIke())
    lab.run(20)
    assert len({*server.lent.values()}) == 2
    assert sorted((*pushed(lab, "Client"), *pushed(lab, "Other"))) == sorted(server.lent.values())


def test_a_lease_is_renewed_while_the_session_stands() -> None:
    lab, server = lab_of(CLIENT, DHCP, lease=600)
    lab.run(2000)
    renewals = [one for one in server.heard if one.kind == REQUEST and one.current == "10.9.0.50"]
    assert 5 <= len(renewals) <= 7
    assert pushed(lab) == ("10.9.0.50",)
    assert lab.ping("Client", "10.2.2.9") == "!!!!!"


def test_a_session_ends_when_the_server_does_not_renew_and_another_address_is_asked_for() -> None:
    lab, server = lab_of(CLIENT, DHCP, lease=600)
    server.renews = False
    lab.run(320)
    assert lab["Client"].appliance.sas()[0].age < 30, "the session is another"
    assert server.kinds.count(DISCOVER) == 2


def test_a_session_ends_when_its_lease_does_and_the_server_is_gone() -> None:
    text = changed(CLIENT, (" client connect", " connect manual\n client connect"))
    lab, server = lab_of(text, DHCP, lease=600)
    clients.connect(lab["Client"].appliance, "HUB")
    lab.run(1)
    server.address = "10.2.2.99"
    lab.run(590)
    assert pushed(lab) == ("10.9.0.50",)
    lab.run(15)
    assert not lab["Hub"].appliance.sas()
    assert not lab["Client"].appliance.sas()


@pytest.mark.parametrize(
    ("switched_off", "why"),
    [({"offers": False}, "no DHCP server answers"), ({"grants": False}, "refuses: not today"),
     ({"lease": 10}, "lends 10.9.0.50 for 10 seconds")],
)  # fmt: skip
def test_without_an_address_the_client_is_refused_and_the_hub_says_why(
    switched_off: dict[str, object], why: str
) -> None:
    lab, server = lab_of(CLIENT, DHCP, **switched_off)
    lab.run(10)
    assert any(why in text for text in said(lab, "Hub"))
    assert any("INTERNAL_ADDRESS_FAILURE" in text for text in said(lab, "Client"))
    server.offers = server.grants = True
    server.lease = 3600
    lab.run(100)
    assert pushed(lab)[0] in ADDRESSES
    assert len(server.lent) == 1


def test_the_pool_lends_where_no_server_answers_and_the_next_server_is_asked_first() -> None:
    both = changed(HUB, (POOL, POOL + " dhcp server 10.2.2.66\n dhcp server 10.2.2.67\n dhcp timeout 5\n"))
    lab, server = lab_of(CLIENT, both)
    lab.run(5)
    assert pushed(lab) == ("10.9.0.50",)
    lab["Client"].appliance.load("interface Tunnel0\n shutdown\n", "test")
    lab.run(1)
    server.offers = False
    lab["Client"].appliance.load("interface Tunnel0\n no shutdown\n", "test")
    lab.run(20)
    assert pushed(lab) == ("10.9.0.10",)


def test_a_peer_that_is_gone_before_the_server_answers_leaves_no_address_lent() -> None:
    lab, server = lab_of(changed(DHCP, (" dhcp server", " dhcp timeout 20\n dhcp server")))
    lab.add(CLIENT, "ios")
    server.offers = False
    lab.run(3)
    server.offers = True
    lab["Hub"].appliance.load("no crypto ikev2 profile CLIENTS\n", "test")
    lab.run(60)
    assert server.kinds[-2:] == [REQUEST, RELEASE]
    assert server.lent == {}


def test_such_a_session_is_not_moved_to_another_engine() -> None:
    lab, _ = lab_of(CLIENT, DHCP)
    with pytest.raises(Rejected, match="has an address of a DHCP server"):
        lab["Hub"].appliance.give(lab["Hub"].appliance.sas()[0].id)
    assert lab.ping("Client", "10.2.2.9") == "!!!!!"


@pytest.mark.parametrize(("word", "option", "relay"), [("", 82, "10.2.2.1"), ("subnet-selection ", 118, "10.2.2.1")])
def test_a_firewall_tells_the_network_that_is_to_be_lent_of(word: str, option: int, relay: str) -> None:
    text = changed(
        FIREWALL,
        (" dhcp-server 10.2.2.67", f" dhcp-server {word}10.2.2.67"),
        (" dns-server value", " dhcp-network-scope 10.9.0.0\n dns-server value"),
    )
    _, server = lab_of(CLIENT, text)
    first = server.heard[0]
    assert first.relay == relay
    assert first.options[option] == (b"\x05\x04" if option == 82 else b"") + bytes((10, 9, 0, 0))


def test_a_firewall_that_assigns_none_of_dhcp_lends_of_its_pools() -> None:
    text = changed(FIREWALL, (" dhcp-server 10.2.2.67\n", " dhcp-server 10.2.2.67\n address-pool TRAVELLERS\n"))
    lab, server = lab_of(CLIENT, text + "no vpn-addr-assign dhcp\n")
    assert pushed(lab) == ("10.9.0.1",)
    assert not server.heard


@pytest.mark.parametrize(
    ("line", "said_of_it"),
    [
        (" dhcp server nowhere\n", "asks DHCP server nowhere, whose address is not known"),
        (" dhcp server 10.77.0.1\n", "has no address of this router that DHCP servers answer"),
        (" dhcp server 10.2.2.67\n dhcp giaddr 10.9.0.77\n", "has 10.9.0.77, which is none of this router,"),
    ],
)
def test_what_a_policy_lacks_is_said(line: str, said_of_it: str) -> None:
    store, _ = read("ios", changed(HUB, (POOL, line)))
    assert any(said_of_it in each.message for each in store.complaints)


def test_a_server_may_be_named() -> None:
    text = changed(DHCP, ("dhcp server 10.2.2.67", "dhcp server lender"))
    lab, _ = lab_of(CLIENT, f"ip host lender 10.2.2.67\n{text}")
    assert pushed(lab) == ("10.9.0.50",)


@pytest.mark.parametrize(
    ("address", "what"),
    [("10.2.2.1", "an address of ours"), ("198.51.100.2", "an address of ours"),
     ("198.51.100.254", "the gateway of a route"), ("192.0.2.1", "where the peer itself is")],
)  # fmt: skip
def test_what_a_server_must_not_lend_goes_back_and_the_hub_says_why(address: str, what: str) -> None:
    lab, server = lab_of(CLIENT, DHCP)
    lab["Client"].appliance.load("interface Tunnel0\n shutdown\n", "test")
    lab.run(1)
    server.free.insert(0, address)
    lab["Client"].appliance.load("interface Tunnel0\n no shutdown\n", "test")
    lab.run(0.5)
    assert any(f"DHCP server 10.2.2.67 lends {address}, which is {what}" in text for text in said(lab, "Hub"))
    assert server.kinds[-1] == RELEASE
    assert server.lent == {}
    assert not lab["Hub"].appliance.sas()


def test_no_address_is_lent_by_a_server_and_by_a_pool_at_once() -> None:
    both = changed(HUB, (POOL, POOL + " dhcp server 10.2.2.67\n dhcp timeout 5\n"))
    lab, server = lab_of(CLIENT, both)
    assert pushed(lab) == ("10.9.0.50",)
    server.free[:] = ["10.9.0.50"]
    lab.add(OTHER, "ios")
    lab.run(10)
    assert pushed(lab, "Other") == ("10.9.0.10",)
    pools = lab["Hub"].appliance.engine._core.pools
    rest = [pools.lend(("CLIENTS",), 4, Identity.of(ip_address(at)), None) for at in range(88)]
    assert {str(loan.address) for loan in rest if loan} == {f"10.9.0.{at}" for at in range(11, 100) if at != 50}
