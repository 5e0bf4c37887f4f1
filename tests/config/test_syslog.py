"""Which servers log lines go to, and how sessions print them."""

from __future__ import annotations

import time
from ipaddress import ip_address

import pytest

from ikecli.boundary.views import LogForm, LogLine
from ikecli.config import greeting
from ikecli.intent import Syslog
from ikecli.show import RENDERERS, text
from tests.config.reading import read

NEAR, FAR = ip_address("192.0.2.7"), ip_address("192.0.2.8")


def test_a_routers_servers() -> None:
    lines = "logging trap errors\nlogging host 192.0.2.7 transport tcp port 6514\nlogging 192.0.2.8\n"
    store, _ = read("ios", lines)
    assert store.intent.syslog == (Syslog(NEAR, 6514, True, 3), Syslog(FAR, 514, False, 3))
    store, _ = read("ios", "logging host 192.0.2.7 transport tcp\n")
    assert store.intent.syslog == (Syslog(NEAR, 601, True, 6),)


def test_a_firewall_sends_when_it_is_told_to_and_how_much() -> None:
    lines = "interface GigabitEthernet0/0\n nameif outside\nlogging host outside 192.0.2.7 tcp/1471\n"
    for more, missing in (("", "logging enable"), ("logging enable\n", "logging trap informational")):
        store, _ = read("asa", lines + more)
        assert store.intent.syslog == ()
        assert [one.fix for one in store.complaints if "syslog" in one.message] == [missing]
    store, _ = read("asa", lines + "logging host outside 192.0.2.8 17/99999\nlogging enable\nlogging trap 4\n")
    assert store.intent.syslog == (Syslog(NEAR, 1471, True, 4),)
    assert [one.message for one in store.complaints if "syslog" in one.message] == [
        "17/99999 is no way to the syslog server 192.0.2.8"
    ]


def test_no_logging_on_sends_nothing_to_servers() -> None:
    line = "logging host 192.0.2.1"
    assert read("ios", line)[0].intent.syslog
    assert not read("ios", f"{line}\nno logging on")[0].intent.syslog
    assert read("ios", f"{line}\nno logging on\nlogging on")[0].intent.syslog


def test_how_sessions_print_the_log() -> None:
    store, outcomes = read(
        "ios",
        "service timestamps debug uptime\nservice timestamps log datetime localtime msec\n"
        "logging buffered 8192\nlogging monitor 3\nlogging buffered warnings",
    )
    assert all(one.accepted for one in outcomes)
    form = greeting.log_form(store, 60)
    assert form == LogForm(("datetime", "msec", "localtime"), ("uptime",), 4, None, 3, 60)
    assert greeting.log_form(read("ios", store.running())[0], 60) == form
    assert greeting.log_form(read("ios", "no service timestamps log\nno logging buffered")[0], 0) == LogForm(
        stamps=(), buffered=-1
    )
    off = read("ios", "no logging on")[0]
    assert greeting.log_form(off, 0) == LogForm(buffered=-1, monitor=-1)


def test_stamps_of_lines() -> None:
    at = 86400.0625
    assert text.stamp(at) == "*Jan  2 00:00:00.062"
    assert text.stamp(at, "ios", ("datetime", "year")) == "*Jan  2 1970 00:00:00"
    assert text.stamp(at, "ios", ("datetime", "msec", "show-timezone")) == "*Jan  2 00:00:00.062 UTC"
    assert text.stamp(at, "ios", ("uptime",), started=86339) == "00:01:01"
    assert text.stamp(at, "ios", ()) == ""


def test_the_time_of_the_machines_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "XST-5")
    time.tzset()
    try:
        words = ("datetime", "localtime", "show-timezone")
        assert text.stamp(86401.0, "ios", words) == "*Jan  2 05:00:01 XST"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_how_sessions_of_a_firewall_print_the_log() -> None:
    lines = "logging timestamp rfc5424\nlogging buffered warnings\nlogging buffer-size 8192\nlogging monitor 3"
    store, outcomes = read("asa", lines)
    assert all(one.accepted for one in outcomes)
    assert greeting.log_form(store, 0) == LogForm(("rfc5424",), buffered=4, octets=8192, monitor=3)
    assert set(lines.splitlines()) <= set(store.running())
    off = read("asa", "no logging timestamp\nno logging buffered\nno logging monitor")[0]
    assert greeting.log_form(off, 0) == LogForm((), buffered=-1, monitor=-1)
    assert greeting.log_form(read("asa", "logging timestamp\nlogging buffered 7")[0], 0) == LogForm()


def test_a_firewall_stamps_lines_and_shows_those_that_are_grave_enough() -> None:
    assert text.stamp(86400.0625, "asa") == "Jan 02 1970 00:00:00"
    assert text.stamp(86400.0625, "asa", ("rfc5424",)) == "1970-01-02T00:00:00Z"
    assert text.stamp(86400.0625, "asa", ()) == ""
    lines = [LogLine(0, level, "ASA", "750006", f"line {level}") for level in (3, 5)]
    shown = list(RENDERERS["asa", "show.logging"](lines, {"form": LogForm((), buffered=4)}))
    assert shown == [
        "Syslog logging: enabled",
        "    Timestamp logging: disabled",
        "    Monitor logging: level debugging",
        "    Buffer logging: level warnings, 1 messages logged",
        "%ASA-3-750006: line 3",
    ]


def test_the_buffer_shows_its_newest_lines() -> None:
    lines = [LogLine(0, 5, "SYS", "CONFIG_I", f"line {number}") for number in range(9)]
    whole = RENDERERS["ios", "show.logging"]
    shown = list(whole(lines, {"form": LogForm(octets=100)}))
    assert [line[-1] for line in shown if "line" in line] == ["7", "8"]
    assert not [line for line in whole(lines, {"form": LogForm(buffered=4)}) if "line" in line]


@pytest.mark.parametrize("line", ["service timestamps", "service timestamps log"])
def test_stamps_come_back_where_no_form_is_said(line: str) -> None:
    store, outcomes = read("ios", f"no service timestamps\n{line}")
    assert all(one.accepted for one in outcomes)
    assert greeting.log_form(store, 0).stamps == ("datetime", "msec")
