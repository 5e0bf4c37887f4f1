"""Value kinds: what each takes and refuses, that it writes what it read, and that it never takes long."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import pytest

from ikecli.language.kinds import TABLES, kind
from ikecli.language.line import Line, NeedsLines
from ikecli.secret import Secret

TAKEN = [
    ("A.B.C.D", "010.0.0.1", "10.0.0.1"),
    ("MASK", "255.255.254.0", None),
    ("WILDCARD", "0.255.0.255", None),
    ("A.B.C.D/N", "10.0.0.1/24", None),
    ("RANGE", "10.0.0.1-10.0.0.9", None),
    ("X:X::X:X", "2001:db8:0::1", "2001:DB8::1"),
    ("X:X::X:X/N", "2001:db8::/32", "2001:DB8::/32"),
    ("<1-10>", "10", None),
    ("<1-10>", "007", "7"),
    ("N", "4294967295", None),
    ("NAME<100-199>", "101", None),
    ("TCP-PORT", "80", "www"),
    ("TCP-PORT", "500", None),
    ("UDP-PORT", "500", "isakmp"),
    ("UDP-PORT", "65535", None),
    ("HEX", "0aF", None),
    ("TIME", "23:59:00", None),
    ("FLASH", "flash:before.cfg", None),
    ("NAME", "a!b", None),
    ("HOST", "vpn.example.org", None),
    ("TEXT", '"a b"', None),
    ("TEXT", '"a"', "a"),
    ("TEXT", '""', None),
    ("PAIR", "(in,out)", None),
    ("PAREN", "(in)", None),
    ("INTERFACE", "TENG 1/0/1", "TenGigabitEthernet1/0/1"),
    ("INTERFACE", "gi0/0.5", "GigabitEthernet0/0.5"),
    ("PORT", "fa0", "FastEthernet0"),
    ("SUBINTERFACE", "gi0/0.5", "GigabitEthernet0/0.5"),
    ("LINE", "a  b ! c", None),
    ("BANNER", "^Ca\nb^C", None),
    ("BANNER", "xax", "^Ca^C"),
    ("HEX-BLOCK", "\n  0A0B0C0D 0E\n  quit", None),
]


def taken(spec: str, text: str) -> Any:
    line = Line(text)
    stop = next((at for at, letter in enumerate(text) if letter in " \n"), len(text))
    found = kind(spec).take(line, 0, stop, text[:stop])
    return found[0] if found and not line[found[1] :].strip() else None


@pytest.mark.parametrize(("spec", "text", "written"), TAKEN, ids=[f"{spec} {text!r}" for spec, text, _ in TAKEN])
def test_a_value_is_written_as_the_device_does(spec: str, text: str, written: str | None) -> None:
    value = taken(spec, text)
    assert kind(spec).write(value) == (written or text)
    assert kind(spec).holds(value)
    assert taken(spec, kind(spec).write(value)) == value


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ("A.B.C.D", "10.0.0.256"),
        ("A.B.C.D", "10.0.0"),
        ("MASK", "255.0.255.0"),
        ("A.B.C.D/N", "10.0.0.1/33"),
        ("RANGE", "10.0.0.9-10.0.0.1"),
        ("X:X::X:X", "fe80::1%eth0"),
        ("X:X::X:X/N", "::/129"),
        ("<1-10>", "11"),
        ("<1-10>", "1x"),
        ("<1-10>", "\u0663"),
        ("N", "-1"),
        ("NAME<100-199>", "200"),
        ("TCP-PORT", "isakmp"),
        ("TCP-PORT", "65536"),
        ("HEX", "0x1"),
        ("TEXT", '"a'),
        ("PAIR", "(in)"),
        ("INTERFACE", "t0"),
        ("INTERFACE", "Tunnel"),
        ("INTERFACE", "Tunnel0x"),
        ("PORT", "Tunnel0"),
        ("PORT", "gi0/0.5"),
        ("SUBINTERFACE", "gi0/0"),
        ("HEX-BLOCK", "\n0A0\nquit"),
        ("NAME(maps)!", "M"),
    ],
)
def test_what_is_no_such_value_is_refused(spec: str, text: str) -> None:
    assert taken(spec, text) is None


def test_the_firewall_writes_its_own_way() -> None:
    assert kind("TCP-PORT", "asa").write(443) == "https"
    assert kind("X:X::X:X", "asa").write(taken("X:X::X:X", "2001:DB8::1")) == "2001:db8::1"


def test_keys_are_secrets() -> None:
    assert taken("KEY", "abc") == Secret("abc")
    assert taken("KEY-LINE", "two words ") == Secret("two words")
    assert taken("HEX-KEY", "0A") == Secret("0A")


def test_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(ValueError, match="no kind of value"):
        kind("FOO")


@pytest.mark.parametrize("spec", [*TABLES["ios"], "<1-10>", "NAME(maps)", "NAME<1-99>"])
def test_long_wrong_input_is_refused_in_linear_time(spec: str) -> None:
    """60,000 characters: a quadratic pattern would take minutes."""
    for piece in ("1", "1.", "a", "0A ", ":", "(a", '"', "/1", "-", "a-1/", "255.255.", "\n0A"):
        text = piece * (60_000 // len(piece)) + "\x01?"
        line = Line(text)
        stop = next((at for at, letter in enumerate(text) if letter in " \n"), len(text))
        began = time.process_time()
        with contextlib.suppress(NeedsLines):
            kind(spec).take(line, 0, stop, text[:stop])
        assert time.process_time() - began < 1
