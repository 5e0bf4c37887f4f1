"""A tunnel with a policy protects what its access list permits, and nothing else goes through it."""

from __future__ import annotations

from ikecli.lab.lab import VirtualLab
from tests.config.reading import SAMPLES
from tests.lab.shows import shown

ROUTER, ASA = ((SAMPLES / "route-based" / f"{name}.cfg").read_text() for name in ("router", "asa"))
PROFILE = " tunnel protection ipsec profile"


def test_what_the_list_does_not_permit_does_not_pass() -> None:
    router = ROUTER.replace(PROFILE, f" tunnel protection ipsec policy ipv4 ONLY\n{PROFILE}").replace("\nend\n", "\n")
    router += "ip access-list extended ONLY\n permit ip 10.1.0.0 0.0.255.255 host 10.2.0.1\n"
    asa = ASA.replace(PROFILE, f" tunnel protection ipsec policy ONLY\n{PROFILE}")
    asa += "access-list ONLY extended permit ip host 10.2.0.1 10.1.0.0 255.255.0.0\n"
    lab = VirtualLab(1)
    for text, dialect in ((router, "ios"), (asa, "asa")):
        assert lab.add(text, dialect)[1] == []
    lab.run(5)
    assert lab.ping("Router", "10.2.0.1", "10.1.0.1") == "!!!!!"
    assert lab.ping("Router", "10.2.0.9", "10.1.0.1") == "....."
    (sa,) = lab["ASA"].appliance.sas()
    (child,) = sa.children
    assert [(flow.local_first, flow.remote_last) for flow in child.flows] == [("10.2.0.1", "10.1.255.255")]


def test_a_firewall_s_tunnel_has_routes_to_what_its_list_permits() -> None:
    router = ROUTER.replace(PROFILE, f" tunnel protection ipsec policy ipv4 ONLY\n{PROFILE}").replace("\nend\n", "\n")
    router += "ip access-list extended ONLY\n permit ip 10.1.0.0 0.0.0.255 10.2.0.0 0.0.0.255\n"
    asa = ASA.replace(PROFILE, f" tunnel protection ipsec policy ONLY\n{PROFILE}")
    asa += "access-list ONLY extended permit ip 10.2.0.0 255.255.255.0 10.1.0.0 255.255.255.0\n"
    asa += "no route vti 10.1.0.0 255.255.255.0 172.16.0.1 1\n"
    for line, passes in (("", False), ("crypto ipsec profile VTI\n set reverse-route\n", True)):
        lab = VirtualLab(1)
        for text, dialect in ((router, "ios"), (asa + line, "asa")):
            assert lab.add(text, dialect)[1] == []
        lab.run(5)
        assert lab.ping("ASA", "10.1.0.1", "10.2.0.1") == ("!!!!!" if passes else ".....")
        assert (
            "V        10.1.0.0 255.255.255.0 connected by VPN (advertised), vti\n" in shown(lab, "ASA", "route")
        ) is passes
