"""Which servers log lines go to."""

from __future__ import annotations

from ipaddress import ip_address

from ikecli.intent import Syslog
from tests.config.reading import read

NEAR, FAR = ip_address("192.0.2.7"), ip_address("192.0.2.8")


def test_a_routers_servers() -> None:
    text = "logging trap errors\nlogging host 192.0.2.7 transport tcp port 6514\nlogging 192.0.2.8\n"
    store, _ = read("ios", text)
    assert store.intent.syslog == (Syslog(NEAR, 6514, True, 3), Syslog(FAR, 514, False, 3))
    store, _ = read("ios", "logging host 192.0.2.7 transport tcp\n")
    assert store.intent.syslog == (Syslog(NEAR, 601, True, 6),)


def test_a_firewall_sends_when_it_is_told_to_and_how_much() -> None:
    text = "interface GigabitEthernet0/0\n nameif outside\nlogging host outside 192.0.2.7 tcp/1471\n"
    for more, missing in (("", "logging enable"), ("logging enable\n", "logging trap informational")):
        store, _ = read("asa", text + more)
        assert store.intent.syslog == ()
        assert [one.fix for one in store.complaints if "syslog" in one.message] == [missing]
    store, _ = read("asa", text + "logging host outside 192.0.2.8 17/99999\nlogging enable\nlogging trap 4\n")
    assert store.intent.syslog == (Syslog(NEAR, 1471, True, 4),)
    assert [one.message for one in store.complaints if "syslog" in one.message] == [
        "17/99999 is no way to the syslog server 192.0.2.8"
    ]
