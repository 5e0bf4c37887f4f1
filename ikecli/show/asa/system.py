"""`show version`, `clock`, `curpriv`, `logging` and `debug`, as an ASA lays them out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ikecli.boundary.views import LogLine, SystemView
from ikecli.control.messages import OPERATOR
from ikecli.control.replies import Identified
from ikecli.numbers.conventions import SEVERITIES
from ikecli.show import text
from ikecli.show.ios.system import buffered, form_of, keylogs
from ikecli.show.options import Slots

_MEGABYTE = 1024


def version(views: Sequence[SystemView], slots: Slots) -> Iterator[str]:
    """`show version`: what this is and runs on, in lines that tools know."""
    for view in views:
        yield (
            f"ikecli {view.version}, compatible with Cisco Adaptive Security Appliance Software Version {view.version}"
        )
        yield ""
        yield f'System image file is "{view.image}"'
        yield f'Config file at boot was "{view.config_file}"'
        yield ""
        yield f"{view.hostname} up {text.uptime(view.uptime, 'asa')}"
        yield ""
        machine = view.platform.replace(" ", "-")
        yield f"Hardware:   {machine}, {view.memory_kb // _MEGABYTE} MB RAM, CPU {view.processor}"
        yield ""
        for number, name in enumerate(view.interfaces):
            yield f"{number:>2}: Ext: {name:<19}: "


def clock(views: Sequence[SystemView], slots: Slots) -> Iterator[str]:
    """`show clock`."""
    for view in views:
        yield text.clock(view.clock)
        if slots.get("detail"):
            yield "No time source"


def curpriv(views: Sequence[Identified], slots: Slots) -> Iterator[str]:
    """`show curpriv`: this session's user and level; without a user, the one that `enable` makes."""
    for view in views:
        yield f"Username : {view.user or f'enable_{view.level}'}"
        yield f"Current privilege level : {view.level}"
        yield f"Current Mode/s : {'P_PRIV' if view.level >= OPERATOR else 'P_UNPR'}"


def logging(views: Sequence[LogLine], slots: Slots) -> Iterator[str]:
    """`show logging`: the buffered log."""
    form = form_of(slots)
    yield "Syslog logging: enabled"
    yield f"    Timestamp logging: {'enabled' if form.stamps else 'disabled'}"
    yield f"    Monitor logging: {_level(form.monitor)}"
    lines = buffered(views, form, "asa")
    yield f"    Buffer logging: {_level(form.buffered)}, {len(lines)} messages logged"
    yield from lines


def _level(number: int) -> str:
    return f"level {SEVERITIES[number]}" if number >= 0 else "disabled"


SWITCHES = {
    "ikev2": "debug crypto ikev2 protocol",
    "ikev2.packet": "debug crypto ikev2 protocol packet",
    "ikev2.error": "debug crypto ikev2 protocol error",
    "ipsec": "debug crypto ipsec",
}
"""What each debug category is called."""


def debugging(views: Sequence[str], slots: Slots) -> Iterator[str]:
    """`show debug`: takes the names of the categories that are on."""
    for name, words in SWITCHES.items():
        if name in views:
            yield f"{words} enabled"
    for place in keylogs(views):
        yield f"debug crypto ikev2 keylog of all keys in clear to {place} enabled"
