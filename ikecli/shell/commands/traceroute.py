"""`traceroute`: who answers at each place of the way to an address, as it comes; Ctrl-C or Ctrl-^ stops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ikecli.control.messages import Ping
from ikecli.control.replies import Pinged
from ikecli.errors import Rejected
from ikecli.shell.call import Call
from ikecli.show.text import address

PROBES: Final = 3
TIMEOUT: Final = 3
FIRST: Final = 1
LAST: Final = 30
SIZE: Final = 60
"""Octets of a probe."""
_ENDS: Final = ("!", "U")


@dataclass(slots=True)
class _Row:
    """What is printed of one place: `head`, then who answers and how fast; another router has a line of its own."""

    head: str
    dialect: str
    begun: bool = False
    hop: str = ""

    def add(self, reply: Pinged) -> str:
        """Return what is printed of a further answer."""
        text = "" if self.begun else self.head
        if reply.hop and reply.hop != self.hop:
            text += f"{chr(10)}{' ' * len(self.head)}" if self.hop else ""
            text += f" {address(reply.hop, self.dialect)}"
            self.hop = reply.hop
        self.begun = True
        took = f" {round(reply.milliseconds)} msec"
        return text + (took if reply.mark in ("!", "T") else " !H" if reply.mark == "U" else "  *")


async def traceroute(call: Call) -> None:
    """Send echo requests that may take one hop more each time, until the destination answers."""
    destination = str(call.slots["destination"])
    first, last = call.number("first", FIRST), call.number("last", LAST)
    if first > last:
        raise Rejected(f"% The last place {last} is before the first one {first}")
    await call.out.line("Type escape sequence to abort.")
    await call.out.line(f"Tracing the route to {destination}")
    await call.out.line("")
    sequence = 0
    for place in range(first, last + 1):
        if await _place(call, destination, place, sequence):
            return
        sequence += call.number("probe", PROBES)


async def _place(call: Call, destination: str, place: int, sequence: int) -> bool:
    """Ask at one place of the way; tell whether it is the last."""
    asa = call.shell.who.dialect == "asa"
    slots, out = call.slots, call.out
    source, vrf = str(slots["source"] or ""), str(slots.get("vrf") or "")
    timeout = float(call.number("timeout", TIMEOUT))
    row, why, ended = _Row(f"{place:>2}  " if asa else f"{place:>3}", call.shell.who.dialect), "", False
    try:
        for probe in range(call.number("probe", PROBES)):
            reply = await call.shell.ask(Ping(destination, source, SIZE, timeout, sequence + probe, vrf, ttl=place))
            assert isinstance(reply, Pinged)
            if asa and not reply.routed:
                why = f"No route to host {destination}"
            elif reply.why:
                why = reply.why
            if why:
                return True
            out.mark(row.add(reply))
            ended = ended or reply.mark in _ENDS
    finally:
        if row.begun:
            out.end_marks()
        if why:
            out.tell(why)
    return ended
