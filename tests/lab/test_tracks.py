"""Tracked objects and probes: what they look at, when their changes count, and the routes that follow them."""

from __future__ import annotations

import pytest

from ikecli.lab.lab import VirtualLab
from tests.lab.test_flexvpn import configure, log, show
from tests.lab.test_remote_access import lab_of

WATCHED = """hostname R
interface GigabitEthernet0/0
 ip address 192.0.2.1 255.255.255.0
interface GigabitEthernet0/1
 ip address 10.1.1.1 255.255.255.0
 ipv6 address 2001:db8:1::1/64
interface GigabitEthernet0/2
 no ip address
ipv6 unicast-routing
ip route 0.0.0.0 0.0.0.0 192.0.2.254
ip route 10.7.0.0 255.255.0.0 10.1.1.9
ip sla 1
 icmp-echo 10.1.1.9
  frequency 5
  timeout 1000
ip sla schedule 1 life forever start-time now
"""
FAR = """hostname Far
interface GigabitEthernet0/0
 ip address 198.51.100.1 255.255.255.0
ip route 0.0.0.0 0.0.0.0 198.51.100.254
"""


def router(*lines: str, far: bool = False) -> VirtualLab:
    lab = lab_of(WATCHED + "\n".join(lines), *([FAR] if far else []))
    lab.run(5)
    return lab


def state(lab: VirtualLab, number: int = 9) -> str:
    return next(line for line in show(lab, "track", "R", number=number) if " is " in line)


@pytest.mark.parametrize(
    ("what", "breaks", "before", "after"),
    [
        ("interface gi0/1 line-protocol", ["interface gi0/1", "shutdown"], "Line protocol is Up", "Down (line down)"),
        ("interface gi0/1 ip routing", ["interface gi0/1", "no ip address"], "IP routing is Up", "is Down (no addr)"),
        ("interface gi0/1 ipv6 routing", ["interface gi0/1", "no ipv6 address 2001:db8:1::1/64"], "IPv6 routing is Up",
         "is Down (no addr)"),
        ("ip route 10.7.0.0 255.255.0.0 reachability", ["no ip route 0.0.0.0 0.0.0.0", "interface gi0/1", "shutdown"],
         "Reachability is Up (static)", "Reachability is Down (no route)"),
        ("ip route 0.0.0.0 0.0.0.0 reachability", ["no ip route 0.0.0.0 0.0.0.0"], "Reachability is Up (static)",
         "Reachability is Down (no route)"),
        ("ipv6 route 2001:db8:1::/64 reachability", ["interface gi0/1", "shutdown"], "Reachability is Up (connected)",
         "Reachability is Down (no route)"),
        ("ip sla 1", ["interface gi0/1", "shutdown"], "Reachability is Up", "Reachability is Down"),
        ("ip sla 1 state", ["interface gi0/1", "shutdown"], "State is Up", "State is Down"),
    ],
)  # fmt: skip
def test_an_object_is_up_as_long_as_what_it_looks_at_is_so(
    what: str, breaks: list[str], before: str, after: str
) -> None:
    lab = router(f"track 9 {what}")
    assert state(lab).startswith(before)
    configure(lab, "R", *breaks)
    lab.run(10)
    assert state(lab).endswith(after)
    assert f"9 {what.replace('gi0/1', 'GigabitEthernet0/1').removesuffix(' state')}" in log(lab, "STATE", name="R")[-1]


def test_a_route_to_a_part_of_a_network_is_no_route_to_it() -> None:
    assert state(router("track 9 ip route 10.0.0.0 255.0.0.0 reachability")) == "Reachability is Down (no route)"


def test_a_list_follows_its_objects_and_lists_follow_lists() -> None:
    objects = ["track 1 interface gi0/0 line-protocol", "track 2 interface gi0/1 line-protocol"]
    both = ["track 3 list boolean and", "object 1", "object 2"]
    either = ["track 4 list boolean or", "object 1", "object 2"]
    neither = ["track 5 list boolean and", "object 4 not", "object 3 not"]
    lab = router(*objects, *both, *either, *neither)
    assert [state(lab, number) for number in (3, 4, 5)] == [
        "Boolean AND is Up",
        "Boolean OR is Up",
        "Boolean AND is Down",
    ]
    configure(lab, "R", "interface gi0/1", "shutdown")
    lab.run(2)
    assert [state(lab, number) for number in (3, 4, 5)] == [
        "Boolean AND is Down",
        "Boolean OR is Up",
        "Boolean AND is Down",
    ]
    configure(lab, "R", "interface gi0/0", "shutdown")
    lab.run(2)
    assert [state(lab, number) for number in (3, 4, 5)] == [
        "Boolean AND is Down",
        "Boolean OR is Down",
        "Boolean AND is Up",
    ]


def test_a_list_that_holds_itself_is_told_and_does_not_turn_for_ever() -> None:
    lab = router("track 1 interface gi0/0 line-protocol")
    lines = ["track 2 list boolean and", "object 3 not", "object 1", "track 3 list boolean or", "object 2"]
    said = lab["R"].appliance.load("\n".join(lines), "test")
    assert said == [
        "%Incomplete: track 2 is a list that holds itself, by object 3, which is left out: type no object 3",
        "%Incomplete: track 3 is a list that holds itself, by object 2, which is left out: type no object 2",
    ]
    lab.run(60)
    assert [state(lab, number) for number in (2, 3)] == ["Boolean AND is Up", "Boolean OR is Down"]
    assert len(log(lab, "STATE", name="R")) == 2


def test_a_change_counts_when_it_has_lasted_as_long_as_its_delay_says() -> None:
    lab = router("track 9 interface gi0/1 line-protocol", "delay down 10 up 30")
    configure(lab, "R", "interface gi0/1", "shutdown")
    lab.run(8)
    configure(lab, "R", "interface gi0/1", "no shutdown")
    lab.run(8)
    configure(lab, "R", "interface gi0/1", "shutdown")
    lab.run(8)
    assert state(lab) == "Line protocol is Up", "it was never down for ten seconds"
    lab.run(4)
    assert state(lab).startswith("Line protocol is Down")
    configure(lab, "R", "interface gi0/1", "no shutdown")
    lab.run(28)
    assert state(lab).startswith("Line protocol is Down")
    lab.run(4)
    assert state(lab) == "Line protocol is Up"


def test_a_route_is_there_while_its_object_is_up_and_a_worse_one_in_between() -> None:
    best, worse = "ip route 172.16.0.0 255.255.0.0 10.1.1.9 track 9", "ip route 172.16.0.0 255.255.0.0 192.0.2.254 200"
    lab = router("track 9 ip sla 1", best, worse)

    def gateways() -> list[str]:
        return [view.gateway for view in lab["R"].plane.routes() if view.prefix == "172.16.0.0/16"]

    assert gateways() == ["10.1.1.9"]
    configure(lab, "R", "ip sla schedule 1 start-time pending")
    lab.run(3)
    assert gateways() == ["192.0.2.254"], "a probe that was set back found nothing yet"
    configure(lab, "R", "ip sla schedule 1 life forever start-time now")
    lab.run(3)
    assert gateways() == ["10.1.1.9"]


def test_what_depends_on_an_object_that_is_not_there_says_so_and_is_down() -> None:
    lab = router()
    (said,) = lab["R"].appliance.load("ip route 172.16.0.0 255.255.0.0 10.1.1.9 track 9", "test")
    assert "the route to 172.16.0.0 depends on track 9, which is not there and so is down: type track 9" in said
    assert not [view for view in lab["R"].plane.routes() if view.prefix == "172.16.0.0/16"]


def test_a_probe_counts_answers_and_says_how_the_last_went() -> None:
    lab = router("ip sla 2", "icmp-echo 198.51.100.1", "frequency 10", "timeout 500",
                 "ip sla schedule 2 start-time after 00:00:01 life 40", far=True)  # fmt: skip
    lab.run(20)
    lines = show(lab, "ip.sla.statistics", "R", number=2)
    assert {"Number of successes: 3", "Number of failures: 0", "Latest operation return code: OK"} <= set(lines)
    configure(lab, "Far", "interface gi0/0", "shutdown")
    lab.run(10)
    lines = show(lab, "ip.sla.statistics", "R", number=2)
    assert {"Number of failures: 1", "Latest operation return code: Timeout"} <= set(lines)
    configure(lab, "R", "interface gi0/0", "shutdown")
    lab.run(30)
    assert "Number of failures: 1" in show(lab, "ip.sla.statistics", "R", number=2), "its life was over before that"
    assert show(lab, "ip.sla.summary", "R")[-1].split()[0] == "^2"


def test_a_late_answer_is_over_the_threshold_which_only_state_minds() -> None:
    slow = [
        "ip sla 2",
        "icmp-echo 198.51.100.1",
        "frequency 5",
        "threshold 0",
        "ip sla schedule 2 start-time now life forever",
    ]
    lab = router(*slow, "track 7 ip sla 2", "track 8 ip sla 2 state", far=True)
    assert (state(lab, 7), state(lab, 8)) == ("Reachability is Up", "State is Down")
    assert "Latest operation return code: Over threshold" in show(lab, "track", "R", number=8)


def test_a_probe_starts_when_its_schedule_says() -> None:
    lab = router("ip sla 2", "icmp-echo 10.1.1.9", "ip sla schedule 2 start-time after 00:01:00 life 70 recurring")
    lab.run(40)
    assert "Number of successes: 0" in show(lab, "ip.sla.statistics", "R", number=2)
    lab.run(20)
    assert "Number of successes: 1" in show(lab, "ip.sla.statistics", "R", number=2)
    lab.run(1000)
    assert "Number of successes: 2" in show(lab, "ip.sla.statistics", "R", number=2)
    lab.run(86400)
    assert "Number of successes: 4" in show(lab, "ip.sla.statistics", "R", number=2)


def test_probes_and_objects_as_they_were_called_once_mean_the_same() -> None:
    once = """ip sla monitor 8
 type echo protocol ipIcmpEcho 10.1.1.9 source-ipaddr 10.1.1.1
 timeout 500
 frequency 2
ip sla monitor schedule 8 life forever start-time now
track 1 rtr 8 reachability
track 2 rtr 8 state
track 3 ip route 10.7.0.0/16 reachability
"""
    now = """ip sla 8
 icmp-echo 10.1.1.9 source-ip 10.1.1.1
  timeout 500
  frequency 2
ip sla schedule 8 life forever start-time now
track 1 ip sla 8
track 2 ip sla 8 state
track 3 ip route 10.7.0.0 255.255.0.0 reachability
"""
    (before,), (after,) = ([node.appliance.intent for node in router(text).nodes] for text in (once, now))
    assert (before.probes, before.tracks) == (after.probes, after.tracks)


FIREWALL = """hostname FW
interface GigabitEthernet0/0
 nameif outside
 security-level 0
 ip address 192.0.2.1 255.255.255.0
interface GigabitEthernet0/1
 nameif backup
 security-level 0
 ip address 203.0.113.1 255.255.255.0
sla monitor 5
 type echo protocol ipIcmpEcho 198.51.100.1 interface outside
  num-packets 3
  timeout 500
  frequency 5
sla monitor schedule 5 life forever start-time now
track 1 rtr 5 reachability
route outside 198.51.100.1 255.255.255.255 192.0.2.254 1
route outside 0.0.0.0 0.0.0.0 192.0.2.254 1 track 1
route backup 0.0.0.0 0.0.0.0 203.0.113.254 254
"""


def test_a_firewall_has_its_second_way_while_the_first_does_not_lead_to_a_probe() -> None:
    lab = lab_of(FIREWALL, FAR)
    lab.run(10)

    def way() -> list[str]:
        return [view.gateway for view in lab["FW"].plane.routes() if view.prefix == "0.0.0.0/0"]

    assert way() == ["192.0.2.254"]
    configure(lab, "Far", "interface gi0/0", "shutdown")
    lab.run(10)
    assert way() == ["203.0.113.254"]
    configure(lab, "Far", "interface gi0/0", "no shutdown")
    lab.run(10)
    assert way() == ["192.0.2.254"]
    lines = [line.log.text for line in lab["FW"].appliance.journal.kept() if line.log is not None]
    assert lines[-2:] == [
        f"{what} tracked route 0.0.0.0 0.0.0.0 192.0.2.254, distance 1, table default, on interface outside"
        for what in ("Removing", "Adding")
    ]
