"""What a conversion leaves out, since nothing uses it or the other system has no word for it, is named line by line."""

from __future__ import annotations

from ikecli.config import other_dialect
from ikecli.config.express import express
from tests.config.reading import SAMPLES, read
from tests.config.test_express import OTHER


def test_what_a_firewall_does_not_watch_is_named_line_by_line() -> None:
    text = (SAMPLES / "backup-hubs" / "branch.cfg").read_text()
    manual = text.replace(" peer reactivate\n", " peer reactivate\n connect manual\n backup group 7\n")
    lost = express(read("ios", manual)[0].intent, "asa").lost
    for line in (
        "ip sla 1: a way of its own: it leaves by outside",
        "track 1: a delay before a change counts",
        "track 11: objects follow whether a probe is answered, and have numbers to 500",
        "the route to 0.0.0.0/0: it is there always, not only while track 11 is up",
        "FlexVPN client HUB: a choice among hubs (198.51.100.2, 198.51.100.130): a tunnel goes to one",
        "FlexVPN client HUB: hubs that are tried while an object is up or down",
        "FlexVPN client HUB: peer reactivate",
        "FlexVPN client HUB: a choice among sources (GigabitEthernet0/0, GigabitEthernet0/2): a tunnel sends from one",
        "FlexVPN client HUB: connect manual: a tunnel is set up at once",
        "FlexVPN client HUB: backup group 7: clients at different hubs",
        "interface Tunnel0: a tunnel needs an address of its own and an interface to send from",
    ):
        assert line in lost, lost


def said_of(dialect: str, lines: str) -> list[str]:
    """Return what stands before the conversion of a configuration."""
    text = (SAMPLES / "site-to-site" / ("router.cfg" if dialect == "ios" else "asa.cfg")).read_text()
    store, outcomes = read(dialect, text.replace("\nend\n", "\n") + lines)
    assert all(one.accepted for one in outcomes)
    return [line[4:] for line in other_dialect.converted(store, OTHER[dialect]) if line.startswith("!   ")]


def test_what_nothing_uses_and_what_is_no_part_of_a_tunnel_is_named() -> None:
    lines = (
        "banner motd #\nKeep out\n#\nalias exec si show ip interface brief\nlogging buffered 64000\n"
        "crypto ipsec transform-set OLD esp-aes esp-sha256-hmac\ncrypto ipsec profile UNUSED\n set transform-set OLD\n"
        "ip access-list extended SPARE\n remark of old\n permit ip any any\n"
        "ip access-list extended VPN\n remark both sites\n"
    )
    assert {one for one in said_of("ios", lines) if one.startswith("left out")} == {
        "left out: banner motd ^C",
        "left out: alias exec si show ip interface brief",
        "left out: logging buffered 64000",
        "left out: crypto ipsec transform-set OLD esp-aes esp-sha256-hmac",
        "left out: crypto ipsec profile UNUSED",
        "left out: ip access-list extended VPN: remark both sites",
        "left out: ip access-list extended SPARE",
    }


def test_a_firewalls_objects_that_nothing_uses_are_named() -> None:
    lines = (
        "object network SPARE\n host 10.9.9.9\nobject-group network ALL\n network-object object SPARE\nbanner motd hi\n"
    )
    told = [one for one in said_of("asa", lines) if one.startswith("left out")]
    assert sorted(told) == [
        "left out: banner motd hi",
        "left out: object network SPARE",
        "left out: object-group network ALL",
    ]


def test_a_policy_for_one_address_of_several_is_named() -> None:
    text = (SAMPLES / "site-to-site" / "router.cfg").read_text()
    router, _ = read("ios", text + "\ncrypto ikev2 policy OTHER\n match address local 192.0.2.99\n proposal default\n")
    assert (
        "crypto ikev2 policy OTHER: match address local: a policy holds at every address"
        in express(router.intent, "asa").lost
    )
