"""Clients that get an address from a pool, in the lab: FlexVPN hub and client, and an ASA as headend."""

from __future__ import annotations

import pytest

from ikecli.config.express import express
from ikecli.config.mask import Mask
from ikecli.config.running import body
from ikecli.daemon import clients
from ikecli.debug import logged
from ikecli.errors import Rejected
from ikecli.ike.requests import DeleteIke
from ikecli.ike.tasks.vendor import Vendor
from ikecli.lab.fabric import Weather
from ikecli.lab.lab import VirtualLab
from ikecli.language import load
from tests.config.reading import MASTER_KEY, SAMPLES, read
from tests.lab.shows import shown

REMOTE = SAMPLES / "remote-access"
HUB, CLIENT, ASA = ((REMOTE / f"{name}.cfg").read_text() for name in ("hub", "client", "asa"))
GRE = ("tunnel mode ipsec ipv4", "tunnel mode gre ip")


def changed(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


OTHER = changed(
    CLIENT,
    ("hostname Client", "hostname Other"),
    ("client.example.net", "other.example.net"),
    ("192.0.2.", "203.0.113."),
    ("10.1.1.", "10.1.2."),
)


def lab_of(*texts: str, seed: int = 1) -> VirtualLab:
    lab = VirtualLab(seed)
    for text in texts:
        _, complaints = lab.add(text, "asa" if "nameif" in text else "ios")
        assert complaints == []
    lab.run(5)
    return lab


def routes(lab: VirtualLab, name: str, interface: str) -> list[str]:
    return [route.prefix for route in lab[name].plane.routes() if route.interface == interface and route.code in "SV"]


def addresses(lab: VirtualLab, name: str, interface: str) -> tuple[str, ...]:
    return next(view.addresses for view in lab[name].plane.interfaces() if view.name == interface)


def said(lab: VirtualLab, name: str) -> list[str]:
    return [line.text for heard in lab[name].appliance.journal.kept() for line in logged(heard, "ios")]


def pushed(lab: VirtualLab, name: str = "Client") -> tuple[str, ...]:
    (sa,) = lab[name].appliance.sas()
    return sa.pushed


@pytest.mark.parametrize("mode", [(), (GRE,)], ids=["ipsec", "gre"])
def test_a_flexvpn_client_is_lent_an_address_and_each_end_reaches_what_is_behind_the_other(
    mode: tuple[tuple[str, str], ...],
) -> None:
    lab = lab_of(changed(CLIENT, *mode), changed(HUB, *mode))
    assert addresses(lab, "Client", "Tunnel0") == ("10.9.0.10/32",)
    assert routes(lab, "Client", "Tunnel0") == ["10.2.0.0/16", "10.9.0.1/32"]
    assert routes(lab, "Hub", "Virtual-Access1") == ["10.1.1.0/24", "10.9.0.10/32"]
    assert lab.ping("Client", "10.2.2.9") == "!!!!!"
    assert lab.ping("Client", "10.2.2.9", "10.1.1.1") == "!!!!!"
    assert lab.ping("Hub", "10.1.1.7", "10.2.2.1") == "!!!!!"
    (child,) = lab["Hub"].appliance.sas()[0].children
    assert child.counters.packets_in == 15


def test_all_of_it_goes_with_the_sa_and_comes_back_with_the_same_address() -> None:
    lab = lab_of(CLIENT, HUB)
    lab["Hub"].appliance.do(DeleteIke())
    lab.run(0.2)
    assert addresses(lab, "Client", "Tunnel0") == ()
    assert routes(lab, "Client", "Tunnel0") == []
    assert not [view for view in lab["Hub"].plane.interfaces() if view.name.startswith("Virtual-Access")]
    lab.run(10)
    assert pushed(lab) == ("10.9.0.10",)
    assert lab.ping("Client", "10.2.2.9") == "!!!!!"


def test_an_address_outlives_rekeys_of_the_ike_sa() -> None:
    lab = lab_of(changed(CLIENT, (" keyring local HUB", " keyring local HUB\n lifetime 120")), HUB)
    marks = "".join(lab.ping("Client", "10.2.2.9", count=1) for _ in range(60) if lab.run(10) is None)
    assert marks == "!" * 60
    assert pushed(lab) == ("10.9.0.10",)
    assert routes(lab, "Hub", "Virtual-Access1") == ["10.1.1.0/24", "10.9.0.10/32"]


def test_two_clients_of_one_hub_reach_each_other_through_it() -> None:
    inside = ("route set access-list INSIDE", "route set access-list INSIDE\n route set remote ipv4 10.0.0.0 255.0.0.0")
    lab = lab_of(CLIENT, OTHER, changed(HUB, inside))
    assert (pushed(lab), pushed(lab, "Other")) == (("10.9.0.10",), ("10.9.0.11",))
    assert lab.ping("Client", "10.1.2.9", "10.1.1.1") == "!!!!!"


def test_the_next_hub_is_tried_where_the_first_does_not_answer() -> None:
    peers = ("peer 1 198.51.100.2", "peer 1 198.51.100.77\n peer 2 198.51.100.2")
    lab = lab_of(changed(CLIENT, peers, ("address 198.51.100.2\n", "address 198.51.100.0 255.255.255.0\n")), HUB)
    lab.run(200)
    assert pushed(lab) == ("10.9.0.10",)
    assert lab.ping("Client", "10.2.2.9") == "!!!!!"


BACKUP = changed(
    HUB,
    ("hostname Hub", "hostname Backup"),
    ("ip address 198.51.100.2 ", "ip address 198.51.100.3 "),
    ("10.9.0.10 10.9.0.99", "10.9.0.110 10.9.0.199"),
)
TELLING = changed(
    HUB,
    (" def-domain", " pfs\n include-local-lan\n backup-gateway 198.51.100.3\n split-dns example.org\n def-domain"),
)
WATCHFUL = changed(
    CLIENT,
    ("  address 198.51.100.2\n", "  address 198.51.100.0 255.255.255.0\n"),
    (" match identity remote address 198.51.100.2\n", ""),
    (" keyring local HUB", " keyring local HUB\n dpd 10 2 periodic"),
)


@pytest.mark.parametrize("told", ["198.51.100.3", "backup.example.com"])
def test_a_client_goes_to_the_backup_gateway_that_its_hub_told_of_and_back_to_its_own_hub(told: str) -> None:
    hub = changed(TELLING, ("backup-gateway 198.51.100.3", f"backup-gateway {told}"))
    lab = lab_of(f"ip host Backup.example.com 198.51.100.3\n{WATCHFUL}", hub, BACKUP)
    assert pushed(lab) == ("10.9.0.10",)
    lab["Hub"].appliance.load("interface GigabitEthernet0/0\n shutdown\n", "test")
    lab.run(260)
    (sa,) = lab["Client"].appliance.sas()
    assert (sa.remote, sa.pushed) == ("198.51.100.3", ("10.9.0.110",))
    assert lab.ping("Client", "10.2.2.9") == "!!!!!"
    lab["Hub"].appliance.load("interface GigabitEthernet0/0\n no shutdown\n", "test")
    lab["Backup"].appliance.load("interface GigabitEthernet0/0\n shutdown\n", "test")
    lab.run(260)
    assert pushed(lab) == ("10.9.0.10",)


def test_what_a_hub_tells_is_shown_by_its_client() -> None:
    lab = lab_of(CLIENT, TELLING)
    lines = shown(lab, "Client", "ikev2.flexvpn").splitlines()
    assert [line.strip() for line in lines[-9:] if line.strip()] == [
        "Assigned IP address: 10.9.0.10",
        "DNS servers: 10.2.2.53",
        "Default domain: example.net",
        "Split DNS: example.org",
        "Banner: Be good",
        "Outside of the tunnel: the local network",
        "Backup gateways: 198.51.100.3",
        "PFS: rekeys have keys of their own",
    ]
    policy = shown(lab, "Hub", "ikev2.authorization").splitlines()
    for line in (" pfs", " include-local-lan", " backup-gateway : 198.51.100.3", " split-dns : example.org"):
        assert line in policy


def test_a_session_ends_when_the_policy_of_the_hub_says_so() -> None:
    lab = lab_of(
        changed(CLIENT, ("client connect", "connect manual\n client connect")),
        changed(HUB, (" def-domain", " session-lifetime 300\n def-domain")),
    )
    clients.connect(lab["Client"].appliance, "HUB")
    lab.run(295)
    assert lab["Hub"].appliance.sas()
    lab.run(15)
    assert not lab["Hub"].appliance.sas()
    assert not lab["Client"].appliance.sas()


def test_an_exhausted_pool_is_said_at_both_ends_and_the_client_tries_on() -> None:
    lab = lab_of(CLIENT, OTHER, changed(HUB, ("10.9.0.10 10.9.0.99", "10.9.0.10 10.9.0.10")))
    have = [name for name in ("Client", "Other") if lab[name].appliance.sas()]
    (left_out,) = {"Client", "Other"} - set(have)
    assert any("no IPv4 address is free" in text for text in said(lab, "Hub"))
    assert any("the peer answers INTERNAL_ADDRESS_FAILURE" in text for text in said(lab, left_out))
    lab[have[0]].appliance.load("interface Tunnel0\n shutdown\n", "test")
    lab.run(70)
    assert pushed(lab, left_out) == ("10.9.0.10",)


def test_an_asa_is_the_headend_of_a_router_with_a_tunnel() -> None:
    lab = lab_of(CLIENT, ASA)
    assert pushed(lab) == ("10.9.0.1",)
    (child,) = lab["ASA"].appliance.sas()[0].children
    (flow,) = child.flows
    assert (flow.local_first, flow.local_last, flow.remote_first, flow.remote_last) == (
        "10.2.0.0",
        "10.2.255.255",
        "10.9.0.1",
        "10.9.0.1",
    )
    assert routes(lab, "ASA", "outside") == ["0.0.0.0/0", "10.1.1.0/24", "10.9.0.1/32"]
    assert lab.ping("Client", "10.2.2.9") == "!!!!!"
    assert lab.ping("ASA", "10.9.0.1", "10.2.2.1") == "!!!!!"
    lab["Client"].appliance.do(DeleteIke())
    lab.run(0.2)
    assert routes(lab, "ASA", "outside") == ["0.0.0.0/0"]


@pytest.mark.parametrize(
    ("text", "dialect", "other", "lent"),
    [(ASA, "asa", "ios", "10.9.0.1"), (HUB, "ios", "asa", "10.9.0.10")],
    ids=["asa", "hub"],
)
def test_a_headend_in_the_other_dialect_has_the_same_client(text: str, dialect: str, other: str, lent: str) -> None:
    store, _ = read(dialect, text)
    lines = body(load(other), express(store.intent, other).draft, "clear", Mask(other, MASTER_KEY))
    back = body(load(dialect), express(read(other, lines)[0].intent, dialect).draft, "clear", Mask(dialect, MASTER_KEY))
    for each in (lines, back):
        lab = lab_of(CLIENT, "\n".join(each))
        assert pushed(lab) == (lent,)
        assert lab.ping("Client", "10.2.2.9") == "!!!!!"
        assert "10.2.0.0/16" in routes(lab, "Client", "Tunnel0")


def test_a_session_ends_when_its_time_is_over_however_often_its_ike_sa_was_rekeyed() -> None:
    limited = changed(ASA, (" banner value Be good", " vpn-session-timeout 10\n banner value Be good"))
    client = changed(CLIENT, (" keyring local HUB", " keyring local HUB\n lifetime 120"))
    lab = lab_of(client, limited)
    first = lab["ASA"].appliance.sas()[0]
    up = "Crypto tunnel v2 is UP.  Peer 192.0.2.1       Id: client.example.net"
    lab.run(585)
    assert lab["ASA"].appliance.sas()[0].local_spi != first.local_spi
    assert said(lab, "ASA") == [up]
    lab.run(20)
    down = "Crypto tunnel v2 is DOWN.  Peer 192.0.2.1:500       Reason: deleted from here"
    assert said(lab, "ASA") == [up, down, up]


def test_a_client_that_connects_by_hand_waits_for_it() -> None:
    lab = lab_of(changed(CLIENT, (" client connect Tunnel0", " connect manual\n client connect Tunnel0")), HUB)
    assert not lab["Client"].appliance.sas()
    assert lab.ping("Client", "10.2.2.9", count=1) != "!"
    assert not lab["Client"].appliance.sas()
    clients.connect(lab["Client"].appliance, "HUB")
    lab.run(1)
    assert pushed(lab) == ("10.9.0.10",)
    clients.clear(lab["Client"].appliance, "")
    lab.run(60)
    assert not lab["Client"].appliance.sas()
    with pytest.raises(Rejected, match="No FlexVPN client OTHER is complete"):
        clients.connect(lab["Client"].appliance, "OTHER")


def test_both_ip_versions_in_one_tunnel() -> None:
    client = changed(
        CLIENT,
        ("ip address negotiated", "ip address negotiated\n ipv6 address negotiated"),
        (GRE[0], "tunnel mode ipsec dual-overlay"),
    )
    hub = changed(
        HUB,
        (GRE[0], "tunnel mode ipsec dual-overlay"),
        (" pool CLIENTS\n", " pool CLIENTS\n ipv6 pool SIX\n route set remote ipv6 2001:db8:2::/48\n"),
        ("ip address 10.9.0.1 255.255.255.255", "ip address 10.9.0.1 255.255.255.255\n ipv6 address 2001:db8:9::1/128"),
        ("ip address 10.2.2.1 255.255.255.0", "ip address 10.2.2.1 255.255.255.0\n ipv6 address 2001:db8:2::1/64"),
        ("ip local pool", "ipv6 unicast-routing\nipv6 local pool SIX 2001:db8:9::10/124 128\nip local pool"),
    )
    lab = lab_of(client, hub)
    assert pushed(lab) == ("10.9.0.10", "2001:db8:9::10")
    assert lab.ping("Client", "10.2.2.9") == "!!!!!"
    assert lab.ping("Client", "2001:db8:2::7") == "!!!!!"


def test_no_storm_loses_an_address_or_lends_one_twice() -> None:
    for seed in range(6):
        lab = lab_of(
            *(changed(one, (" client connect", " connect auto\n client connect")) for one in (CLIENT, OTHER)),
            HUB,
            seed=seed,
        )
        lab.fabric.weather = Weather(loss=0.3, duplicate=0.2, jitter=0.7)
        for _ in range(8):
            lab.run(100)
            lab["Hub" if seed % 2 else "Client"].appliance.do(DeleteIke())
        lab.fabric.weather = Weather()
        lab.run(400)
        hub = lab["Hub"].appliance
        lent = sorted(address for sa in hub.sas() for address in sa.assigned)
        (pool,) = hub.engine.pools()
        assert len(set(lent)) == 2, f"seed {seed}"
        assert sorted(pool.lent) == lent, f"seed {seed}"
        assert sorted((*pushed(lab), *pushed(lab, "Other"))) == lent, f"seed {seed}"
        assert len([one for one in lab["Hub"].plane.interfaces() if one.name.startswith("Virtual-Access")]) == 2


def test_a_client_that_does_not_route_into_its_tunnel_gets_selectors_of_its_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Vendor, "write_request", lambda self, talk: ())
    lab = lab_of(CLIENT, HUB)
    for name in ("Client", "Hub"):
        (child,) = lab[name].appliance.sas()[0].children
        (flow,) = child.flows
        ends = {(flow.local_first, flow.local_last), (flow.remote_first, flow.remote_last)}
        assert ends == {("10.9.0.10", "10.9.0.10"), ("0.0.0.0", "255.255.255.255")}
    assert lab.ping("Client", "10.2.2.9") == "!!!!!"
    assert lab.ping("Hub", "10.9.0.10", "10.2.2.1") == "!!!!!"


def test_a_pool_that_was_away_for_a_moment_lends_nothing_twice() -> None:
    lab = lab_of(CLIENT, HUB)
    hub = lab["Hub"].appliance
    for line in ("no ip local pool CLIENTS", "ip local pool CLIENTS 10.9.0.10 10.9.0.40"):
        hub.load(f"{line}\n", "test")
        lab.run(1)
    lab.add(OTHER, "ios")
    lab.run(5)
    assert [sa.assigned for sa in hub.sas()] == [("10.9.0.10",), ("10.9.0.11",)]


def test_who_knows_an_identity_but_not_its_key_throws_nobody_out() -> None:
    own = " identity local fqdn hub.example.com"
    lab = lab_of(CLIENT, changed(HUB, (own, f"{own}\n initial-contact force")))
    before = [sa.local_spi for sa in lab["Hub"].appliance.sas()]
    thief = changed(OTHER, ("other.example.net", "client.example.net"), ("pre-shared-key travel", "pre-shared-key x"))
    lab.add(thief, "ios")
    lab.run(60)
    assert [sa.local_spi for sa in lab["Hub"].appliance.sas()] == before
    assert lab.ping("Client", "10.2.2.9") == "!!!!!"
