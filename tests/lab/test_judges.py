"""Automation's parsers read what a live pair shows, and read what its engine knows."""

from __future__ import annotations

import os
import subprocess
import sys
from ast import literal_eval
from pathlib import Path
from typing import Any

import pytest
from ntc_templates.parse import parse_output

from ikecli.lab.lab import VirtualLab
from tests.lab.shows import shown

pytestmark = pytest.mark.judges
ROOT = Path(__file__).parents[2]
JUDGE = os.environ.get("IKECLI_JUDGES", sys.executable)
LIMIT = 90


@pytest.fixture(scope="module")
def pair() -> VirtualLab:
    """The article's pair after five pings and ten minutes."""
    lab = VirtualLab(3)
    for name, dialect in (("router", "ios"), ("asa", "asa")):
        lab.add((ROOT / "sample-configs" / "site-to-site" / f"{name}.cfg").read_text(), dialect)
    assert lab.ping("Router", "10.2.2.1", "10.1.1.1") == "!!!!!"
    lab.run(600)
    return lab


def ntc(platform: str, command: str, text: str) -> list[dict[str, Any]]:
    return parse_output(platform=platform, command=command, data=text)  # type: ignore[return-value]


def test_ntc_reads_the_routers_child_sa(pair: VirtualLab) -> None:
    rows = ntc("cisco_ios", "show crypto ipsec sa detail", shown(pair, "Router", "ipsec.sa", detail=True))
    [sa] = pair["Router"].appliance.sas()
    [child] = sa.children
    assert f"{child.outbound_spi:08X}" in str(rows).upper()
    assert sa.remote in str(rows)


def test_ntc_reads_the_routers_session(pair: VirtualLab) -> None:
    [row] = ntc("cisco_ios", "show crypto session detail", shown(pair, "Router", "session", detail=True))
    assert "198.51.100.2" in str(row)
    assert "UP-ACTIVE" in str(row)
    assert row["interface"] == "FastEthernet0/0"


def test_ntc_reads_the_firewalls_child_sa(pair: VirtualLab) -> None:
    rows = ntc("cisco_asa", "show crypto ipsec sa", shown(pair, "ASA", "ipsec.sa"))
    [child] = pair["ASA"].appliance.sas()[0].children
    assert f"{child.inbound_spi:08X}" in str(rows).upper()
    assert f"{child.outbound_spi:08X}" in str(rows).upper()


def test_ntc_reads_the_firewalls_session(pair: VirtualLab) -> None:
    rows = ntc("cisco_asa", "show vpn-sessiondb detail l2l", shown(pair, "ASA", "vpn_sessiondb.l2l", detail=True))
    assert "192.0.2.1" in str(rows)


GENIE = {
    "sa": ("iosxe.show_crypto", "ShowCryptoIkev2Sa", "Router", "ikev2.sa", {}),
    "detail": ("iosxe.show_crypto", "ShowCryptoIkev2SaDetail", "Router", "ikev2.sa", {"detailed": True}),
    "session": ("iosxe.show_crypto", "ShowCryptoIkev2Session", "Router", "ikev2.session", {"detailed": True}),
    "stats": ("iosxe.show_crypto", "ShowCryptoIkev2Stats", "Router", "ikev2.stats", {}),
    "ipsec": ("iosxe.show_crypto", "ShowCryptoIpsecSa", "Router", "ipsec.sa", {}),
    "crypto session": ("iosxe.show_crypto", "ShowCryptoSessionDetail", "Router", "session", {"detail": True}),
    "version": ("ios.show_platform", "ShowVersion", "Router", "version", {}),
    "asa sa": ("asa.show_crypto_ikev2_sa", "ShowCryptoIkev2Sa", "ASA", "ikev2.sa", {}),
}


def test_genie_reads_the_pair(pair: VirtualLab) -> None:
    found = subprocess.run([JUDGE, "-c", "import genie.libs.parser"], capture_output=True, timeout=LIMIT, check=False)
    if found.returncode:
        pytest.skip(f"{JUDGE} has no Genie; IKECLI_JUDGES may name a Python that has")
    asked = [
        (module, parser, {}, shown(pair, node, topic, **slots)) for module, parser, node, topic, slots in GENIE.values()
    ]
    script = ROOT / "tests" / "show" / "judge.py"
    judged = subprocess.run(
        [JUDGE, str(script)], input=repr(asked), capture_output=True, text=True, timeout=LIMIT, check=True
    )
    read = dict(zip(GENIE, literal_eval(judged.stdout), strict=True))
    for node, which in (("Router", ("sa", "detail", "session")), ("ASA", ("asa sa",))):
        [sa] = pair[node].appliance.sas()
        for name in which:
            assert "READY" in str(read[name]).upper(), name
            assert sa.remote in str(read[name]), name
    [sa] = pair["Router"].appliance.sas()
    assert sa.local_spi.upper() in str(read["detail"]).upper()
    [child] = sa.children
    assert f"{child.outbound_spi:08X}" in str(read["ipsec"]).upper()
    assert "UP-ACTIVE" in str(read["crypto session"])
    assert all(read.values())


SECTIONS = {
    "show running-config tunnel-group": ("192.0.2.1", {"section": "tunnel-group"}),
    "show running-config ipsec": ("Prop1", {"section": "ipsec"}),
    "show running-config object network": ("corp", {"section": "object", "name": "network"}),
    "show running-config object service": ("WEB", {"section": "object", "name": "service"}),
    "show object-group network": ("NETS", {"section": "object-group", "name": "network"}),
    "show running-config object-group service": ("SVC", {"section": "object-group", "name": "service"}),
    "show running-config access-group": ("OUT", {"section": "access-group"}),
    "show name": ("server", {"section": "name"}),
}
OBJECTS = """
object network corp
 subnet 10.0.0.0 255.0.0.0
object service WEB
 service tcp destination eq 443
object-group network NETS
 network-object host 10.1.1.1
object-group service SVC tcp
 port-object eq 443
access-list OUT extended permit ip any any
access-group OUT in interface outside
name 10.1.1.1 server
"""


@pytest.mark.parametrize("command", SECTIONS)
def test_ntc_reads_sections_of_a_firewalls_configuration(command: str) -> None:
    text = (ROOT / "sample-configs" / "site-to-site" / "asa.cfg").read_text()
    node, _ = VirtualLab().add(text + OBJECTS, "asa")
    name, options = SECTIONS[command]
    rows = ntc("cisco_asa", command, "\n".join(node.appliance.store.running(options)) + "\n")
    assert name in str(rows[0])
