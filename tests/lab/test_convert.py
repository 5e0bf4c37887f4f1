"""One end of a tunnel is replaced by its conversion into the other dialect, and the tunnel still comes up."""

from __future__ import annotations

import pytest

from ikecli.config import dialect_of
from ikecli.config.other_dialect import converted
from ikecli.lab.lab import VirtualLab
from tests.config.reading import SAMPLES, read

OTHER = {"ios": "asa", "asa": "ios"}


def translated(text: str) -> str:
    """Return a configuration in the other dialect, its keys in clear so that any node reads them."""
    store, _ = read(dialect_of(text), text)
    there, outcomes = read(OTHER[store.dialect], converted(store, OTHER[store.dialect]))
    assert [outcome.messages for outcome in outcomes if not outcome.accepted] == []
    return "\n".join(there.running(clear=True))


@pytest.mark.parametrize("changed", [0, 1], ids=["first", "second"])
@pytest.mark.parametrize(
    ("files", "ping"),
    [
        (("site-to-site/router", "site-to-site/asa"), ("Router", "10.2.2.1", "10.1.1.1")),
        (("route-based/router", "route-based/asa"), ("Router", "10.2.0.9", "10.1.0.1")),
        (("post-quantum/router", "post-quantum/asa"), ("Router", "10.2.2.1", "10.1.1.1")),
        (("hub-and-spoke/hub", "hub-and-spoke/spoke1"), ("Spoke1", "10.0.0.9", "10.1.0.1")),
    ],
    ids=lambda row: row[0] if isinstance(row, tuple) else "",
)
def test_a_converted_end_does_the_same(files: tuple[str, str], ping: tuple[str, str, str], changed: int) -> None:
    lab = VirtualLab(1)
    for at, name in enumerate(files):
        text = (SAMPLES / f"{name}.cfg").read_text()
        text = translated(text) if at == changed else text
        lab.add(text, dialect_of(text))
    lab.run(5)
    assert lab.ping(*ping) == "!!!!!"
    assert any(child.counters.packets_out for sa in lab[ping[0]].appliance.sas() for child in sa.children)


def test_each_peer_of_a_firewalls_entry_has_its_own_tunnel_group() -> None:
    lab = VirtualLab(1)
    firewall = (SAMPLES / "site-to-site" / "asa.cfg").read_text()
    first = "tunnel-group 192.0.2.9 type ipsec-l2l\ntunnel-group 192.0.2.9 ipsec-attributes\n"
    keys = " ikev2 remote-authentication pre-shared-key a\n ikev2 local-authentication pre-shared-key a\n"
    lab.add(firewall.replace("set peer 192.0.2.1", "set peer 192.0.2.9 192.0.2.1") + first + keys, "asa")
    lab.add((SAMPLES / "site-to-site" / "router.cfg").read_text(), "ios")
    assert lab.ping("Router", "10.2.2.1", "10.1.1.1") == "!!!!!"
