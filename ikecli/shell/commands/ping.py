"""`ping`: a mark an answer, as it comes; Ctrl-C or Ctrl-^ stops."""

from __future__ import annotations

from typing import Final

from ikecli.boundary.views import InterfaceView
from ikecli.control.messages import Ping, Show
from ikecli.control.replies import Pinged, Shown
from ikecli.shell.call import Call

COUNT: Final = 5
SIZE: Final = 100
TIMEOUT: Final = 2
MARKS_A_LINE: Final = 70


async def ping(call: Call) -> None:
    """Send echo requests, one after the other."""
    slots = call.slots
    destination, source = str(slots["destination"]), str(slots["source"] or "")
    vrf, whole = str(slots.get("vrf") or ""), bool(slots.get("df_bit"))
    count, size, timeout = (call.number(name, default) for name, default in _DEFAULTS)
    version = "ICMPv6" if ":" in destination else "ICMP"
    await call.out.line("Type escape sequence to abort.")
    await call.out.line(f"Sending {count}, {size}-byte {version} Echos to {destination}, timeout is {timeout} seconds:")
    if source and call.shell.who.dialect == "ios":
        await call.out.line(f"Packet sent with a source address of {await _address(call, source, destination)} ")
    times: list[float] = []
    sent, why = 0, ""
    try:
        for sequence in range(count):
            reply = await call.shell.ask(Ping(destination, source, size, float(timeout), sequence, vrf, whole))
            assert isinstance(reply, Pinged)
            sent, why = sent + 1, reply.why
            if not reply.routed and call.shell.who.dialect == "asa":
                await call.out.line(f"No route to host {destination}")
                break
            if reply.mark == "!":
                times.append(reply.milliseconds)
            call.out.mark(_mark(call, reply.mark) + ("\n" if sent % MARKS_A_LINE == 0 and sent < count else ""))
    finally:
        if sent:
            call.out.end_marks()
            call.out.tell(summary(times, sent))
            if why:
                call.out.tell(why)


_DEFAULTS: Final = (("repeat", COUNT), ("size", SIZE), ("timeout", TIMEOUT))


def _mark(call: Call, mark: str) -> str:
    return "?" if mark == "." and call.shell.who.dialect == "asa" else mark


def summary(times: list[float], sent: int) -> str:
    """Return the last line: how many were answered, and how fast."""
    text = f"Success rate is {100 * len(times) // sent} percent ({len(times)}/{sent})"
    if not times:
        return text
    low, mean, high = (max(1, round(value)) for value in (min(times), sum(times) / len(times), max(times)))
    return f"{text}, round-trip min/avg/max = {low}/{mean}/{high} ms"


async def _address(call: Call, source: str, destination: str) -> str:
    """Return the address that stands for a source: an interface's first of the destination's version."""
    reply = await call.shell.ask(Show("interfaces", {"interface": source}))
    found = reply.views if isinstance(reply, Shown) else ()
    addresses = [
        text
        for view in found
        if isinstance(view, InterfaceView)
        for text in view.addresses
        if (":" in text) == (":" in destination)
    ]
    return addresses[0].partition("/")[0] if addresses else source
