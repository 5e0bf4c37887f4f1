"""A hub that makes a virtual-access interface of a template for each spoke."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from ikecli.errors import Unavailable
from ikecli.ike import access
from ikecli.ike.requests import DeleteIke
from ikecli.intent import Route
from ikecli.lab.lab import VirtualLab
from tests.lab.tunnels import lab, lines, router

HUB = """interface Loopback0
 ip address 10.255.0.1 255.255.255.255
interface GigabitEthernet0/0
 ip address 192.0.2.1 255.255.255.0
interface Virtual-Template1 type tunnel
 ip unnumbered Loopback0
 tunnel source GigabitEthernet0/0
{mode} tunnel protection ipsec profile PROF
crypto ikev2 profile PROF
 virtual-template 1{auto}
ip route 0.0.0.0 0.0.0.0 192.0.2.254"""


def spoke(number: int, mode: str = "") -> str:
    return router(
        f"Spoke{number}",
        f"""interface GigabitEthernet0/0
 ip address 198.51.100.{number} 255.255.255.0
interface Tunnel0
 ip address 10.255.0.{10 + number} 255.255.255.255
 tunnel source GigabitEthernet0/0
 tunnel destination 192.0.2.1
{mode} tunnel protection ipsec profile PROF
crypto ikev2 profile PROF
 identity local fqdn spoke{number}.example
ip route 0.0.0.0 0.0.0.0 198.51.100.254
ip route 10.255.0.1 255.255.255.255 Tunnel0""",
    )


def hub(mode: str = "", auto: str = "") -> str:
    return router("Hub", HUB.format(mode=mode, auto=auto))


def reach(made: VirtualLab) -> None:
    """Have the hub reach its spokes' tunnel addresses, as a configuration payload would have it do."""
    core = made["Hub"].appliance.engine._core
    for sa in [sa for sa in core.sas.values() if sa.access]:
        last = int(str(sa.remote.address).rsplit(".", 1)[1])
        route = Route(IPv4Network(f"10.255.0.{10 + last}/32"), None, sa.access, learned=True)
        access.reach(core, sa, (route,))
        made["Hub"].plane.attach(core.accesses[sa.access])


VTI = " tunnel mode ipsec ipv4\n"


@pytest.mark.parametrize(("template", "auto", "modes"), [
    ("", "", ("", "")),
    (VTI, "", (VTI, VTI)),
    ("", " mode auto", ("", VTI)),
])  # fmt: skip
def test_each_spoke_has_an_interface_of_its_own(template: str, auto: str, modes: tuple[str, str]) -> None:
    made = lab(hub(template, auto), *(spoke(number, mode) for number, mode in enumerate(modes, 1)))
    assert lines(made, "Hub") == {
        "Loopback0": True,
        "GigabitEthernet0/0": True,
        "Virtual-Template1": False,
        "Virtual-Access1": True,
        "Virtual-Access2": True,
    }
    reach(made)
    for number in (1, 2):
        assert made.ping(f"Spoke{number}", "10.255.0.1") == "!!!!!"
        assert made.ping("Hub", f"10.255.0.{10 + number}", "10.255.0.1") == "!!!!!"


def test_the_interface_goes_with_its_ike_sa_and_its_number_is_free_again() -> None:
    made = lab(hub(), spoke(1), spoke(2))
    made["Spoke1"].appliance.shutdown()
    made.run(1)
    left = [name for name in lines(made, "Hub") if name.startswith("Virtual-Access")]
    assert len(left) == 1
    made["Hub"].appliance.do(DeleteIke())
    made.run(120)
    assert [name for name in lines(made, "Hub") if name.startswith("Virtual-Access")] == ["Virtual-Access1"]


def test_the_interface_stays_when_its_sas_are_rekeyed() -> None:
    more = "crypto ipsec security-association lifetime seconds 120\n"
    made = lab(hub() + more, spoke(1).replace("keyring local KEYS", "keyring local KEYS\n lifetime 300") + more)
    reach(made)
    before = made["Hub"].appliance.sas()[0].local_spi
    marks = ""
    for _ in range(120):
        marks += made.ping("Spoke1", "10.255.0.1", count=1)
        made.run(10)
    assert marks == "!" * 120
    assert lines(made, "Hub")["Virtual-Access1"]
    assert made["Hub"].appliance.sas()[0].local_spi != before


def test_another_template_ends_what_was_made_of_the_old_one() -> None:
    made = lab(hub(), spoke(1))
    before = made["Hub"].appliance.sas()[0].local_spi
    made["Hub"].appliance.load("interface Loopback0\n description Hub", "test")
    made.run(1)
    assert made["Hub"].appliance.sas()[0].local_spi == before
    made["Hub"].appliance.load("crypto ipsec profile PROF\n set pfs group19", "test")
    made.run(120)
    (sa,) = [sa for sa in made["Hub"].appliance.sas() if sa.children]
    assert sa.local_spi != before
    assert lines(made, "Hub")["Virtual-Access1"]


def test_a_plane_that_has_no_room_ends_the_ike_sa(monkeypatch: pytest.MonkeyPatch) -> None:
    made = lab(hub())

    def full(access: object) -> None:
        raise Unavailable("no room")

    monkeypatch.setattr(made["Hub"].plane, "attach", full)
    made.add(spoke(1), "ios")
    made.run(2)
    assert not made["Hub"].appliance.sas()
    assert not [name for name in lines(made, "Hub") if name.startswith("Virtual-Access")]
