"""`show version`, `clock`, `users`, `privilege`, `logging` and `debugging`, as IOS lays them out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from ikecli.boundary.views import LogForm, LogLine, SystemView, UserView
from ikecli.control.replies import Identified
from ikecli.numbers.conventions import SEVERITIES
from ikecli.show import text
from ikecli.show.options import Slots

FORM: Final = LogForm()

_KINDS = {
    "GigabitEthernet": "Gigabit Ethernet",
    "TenGigabitEthernet": "Ten Gigabit Ethernet",
    "FastEthernet": "FastEthernet",
    "Ethernet": "Ethernet",
    "Loopback": "Loopback",
    "Tunnel": "Tunnel",
    "Vlan": "Virtual Ethernet",
}


def version(views: Sequence[SystemView], slots: Slots) -> Iterator[str]:
    """`show version`: what this is and runs on. The second line carries the words that clients look for."""
    for view in views:
        image = f"IKECLI-PYTHON{view.python.partition('.')[0]}-M"
        yield f"ikecli {view.version}, a command line compatible with"
        yield f"Cisco IOS Software, ikecli Software ({image}), Version {view.version}, RELEASE SOFTWARE (ikecli)"
        yield "Copyright (c) 2026-2026 the ikecli authors, Apache License 2.0"
        yield f"Python {view.python} on {view.platform}, data plane {view.dataplane}"
        yield ""
        yield f"{view.hostname} uptime is {text.uptime(view.uptime)}"
        yield f"System returned to ROM by {view.started}"
        yield f"System restarted at {text.login(view.clock - view.uptime)}"
        yield f'System image file is "{view.image}"'
        yield f'Configuration file is "{view.config_file}"'
        yield ""
        yield f"ikecli ({view.processor}) processor with {view.memory_kb}K bytes of memory."
        yield from interface_counts(view)


ENGINES = {
    "xfrm": "Linux kernel ESP (xfrm)",
    "userspace": "ikecli ESP behind a TUN device (userspace)",
    "memory": "ikecli ESP on an emulated network (memory)",
    "none": "none: IKE alone",
}
"""What carries ESP, by data plane."""


def crypto_engine(views: Sequence[SystemView], slots: Slots) -> Iterator[str]:
    """`show crypto engine brief`: what carries ESP, and why it is that."""
    for view in views:
        yield f"        crypto engine name:  {ENGINES.get(view.dataplane, view.dataplane)}"
        yield "        crypto engine type:  software"
        yield f"       crypto engine state:  {'not installed' if view.dataplane == 'none' else 'installed'}"
        if view.dataplane_reason:
            yield f"      crypto engine reason:  {view.dataplane_reason}"


def interface_counts(view: SystemView) -> Iterator[str]:
    """Count the interfaces of each kind: 2 Gigabit Ethernet interfaces."""
    kinds = Counter(name.rstrip("0123456789/.:") for name in view.interfaces)
    for kind, number in kinds.items():
        yield f"{number} {_KINDS.get(kind, kind)} interface{'' if number == 1 else 's'}"


def clock(views: Sequence[SystemView], slots: Slots) -> Iterator[str]:
    """`show clock`; the asterisk says that nothing vouches for the time."""
    for view in views:
        yield f"*{text.clock(view.clock)}"
        if slots.get("detail"):
            yield "No time source"


def users(views: Sequence[UserView], slots: Slots) -> Iterator[str]:
    """`show users`: who has a session; the asterisk is at the one that asks."""
    yield "    Line       User       Host(s)              Idle       Location"
    for view in views:
        mark = "*" if view.current else " "
        line = f"{view.line:>3} vty {view.line}"
        yield f"{mark}{line:<13} {view.user:<10} {'idle':<20} {text.hms(view.idle)} {view.location}".rstrip()
    yield ""
    yield "  Interface    User               Mode         Idle     Peer Address"


def aliases(views: Sequence[str], slots: Slots) -> Iterator[str]:
    """`show aliases`: short names and their commands."""
    if views:
        yield "Exec mode aliases:"
    for view in views:
        name, command = view.split(None, 1)
        yield f"  {name:<21} {command}"


def banner(views: Sequence[str], slots: Slots) -> Iterator[str]:
    """`show banner`: takes the texts."""
    for view in views:
        yield from view.split("\n")


def privilege(views: Sequence[Identified], slots: Slots) -> Iterator[str]:
    """`show privilege`."""
    for view in views:
        yield f"Current privilege level is {view.level}"


def log_line(line: LogLine, dialect: str, form: LogForm = FORM) -> str:
    """Print a line of the log as it goes to terminals and the buffer: IOS severity in the middle, ASA before the id."""
    stamp = text.stamp(line.time, dialect, form.stamps if line.facility else form.debug_stamps, form.started)
    head = f"{stamp}: " if stamp else ""
    if not line.facility:
        return f"{head}{line.text}"
    return f"{head}%{line.facility}-{line.severity}-{line.mnemonic}: {line.text}"


def buffered(views: Sequence[LogLine], form: LogForm, dialect: str) -> list[str]:
    """Return the lines that are grave enough, the newest as far as they fit."""
    lines = [log_line(view, dialect, form) for view in views if view.severity <= form.buffered]
    if form.octets is None:
        return lines
    fits, left = 0, form.octets
    for line in reversed(lines):
        left -= len(line) + 1
        if left < 0:
            break
        fits += 1
    return lines[len(lines) - fits :]


def form_of(slots: Slots) -> LogForm:
    """Return how the log is told, as it is told where nothing says so otherwise."""
    form = slots.get("form")
    return form if isinstance(form, LogForm) else FORM


def logging(views: Sequence[LogLine], slots: Slots) -> Iterator[str]:
    """`show logging`: the buffered log."""
    form = form_of(slots)
    lines = buffered(views, form, "ios")
    on = "disabled" if form.buffered < 0 else f" level {SEVERITIES[form.buffered]}, {len(lines)} messages logged"
    yield (
        "Syslog logging: enabled (0 messages dropped, 0 messages rate-limited, 0 flushes, 0 overruns, xml disabled, "
        "filtering disabled)"
    )
    yield ""
    yield "    Console logging: disabled"
    yield f"    Buffer logging: {on}, xml disabled,"
    yield "                    filtering disabled"
    yield ""
    yield f"Log Buffer ({sum(len(line) + 1 for line in lines)} bytes):"
    yield ""
    yield from lines


SWITCHES = {
    "ikev2": ("IKEV2", "IKEv2 default debugging"),
    "ikev2.packet": ("IKEV2", "IKEv2 packet debugging"),
    "ikev2.error": ("IKEV2", "IKEv2 error debugging"),
    "ipsec": ("Cryptographic Subsystem", "Crypto IPSEC debugging"),
}
"""What each debug category is called, and under which heading it is listed."""


def keylogs(views: Sequence[str]) -> list[str]:
    """Return where keys are written to, of what is on."""
    return [place for name, _, place in (view.partition(" ") for view in views) if name == "ikev2.keylog"]


def debugging(views: Sequence[str], slots: Slots) -> Iterator[str]:
    """`show debugging`: takes the names of the categories that are on."""
    for heading in dict.fromkeys(heading for heading, _ in SWITCHES.values()):
        on = [words for name, (under, words) in SWITCHES.items() if under == heading and name in views]
        if heading == "IKEV2":
            on += [f"IKEv2 key log of all keys in clear to {place}" for place in keylogs(views)]
        if on:
            yield f"{heading}:"
            yield from (f"  {words} is on" for words in on)
