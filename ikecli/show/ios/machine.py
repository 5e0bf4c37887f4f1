"""Memory, processor, files, neighbours, names and sockets of the machine below, as IOS lays them out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ikecli.boundary.machine import FileView, HostView, LoadView, MemoryView, NeighbourView, RoomView, SocketView
from ikecli.boundary.views import SystemView
from ikecli.show import machine, text
from ikecli.show.options import Slots

_MINUTE = 60


def memory(views: Sequence[MemoryView], slots: Slots) -> Iterator[str]:
    """`show memory statistics`: the pool of the engine's process; addresses are not told, and I/O has no pool."""
    yield "                Head    Total(b)     Used(b)     Free(b)   Lowest(b)  Largest(b)"
    for view in views:
        yield f"Processor{0:>11} {view.total:>11} {view.used:>11} {view.free:>11} {view.lowest:>11} {view.free:>11}"
        yield f"      I/O{0:>11}{f' {0:>11}' * 5}"


def processes_memory(views: Sequence[MemoryView], slots: Slots) -> Iterator[str]:
    """`show processes memory`: the pool alone, since there is one process."""
    for view in views:
        yield f"Processor Pool Total: {view.total:>11} Used: {view.used:>11} Free: {view.free:>11}"


def processes_cpu(views: Sequence[LoadView], slots: Slots) -> Iterator[str]:
    """`show processes cpu`: the engine's process, which is all."""
    for view in views:
        five, minute, minutes = machine.percents(view)
        yield f"CPU utilization for five seconds: {five}/0%; one minute: {minute}; five minutes: {minutes}"
        yield " PID Runtime(ms)     Invoked      uSecs   5Sec   1Min   5Min TTY Process "
        shares = " ".join(f"{one / machine.HUNDREDTHS:5.2f}%" for one in machine.spans(view))
        each = view.milliseconds * 1000 // max(1, view.runs)
        yield f"{view.pid:>4} {view.milliseconds:>11} {view.runs:>11} {each:>10} {shares} {0:>3} ikecli engine"


def directory(views: Sequence[object], slots: Slots) -> Iterator[str]:
    """`dir`: takes the files of flash:, and a RoomView."""
    return machine.directory(views, "flash:/", _file, _room)


def _file(number: int, view: FileView) -> str:
    when = machine.written(view.written, lambda at: f"{at:%b} {at.day:>2} {at:%Y %H:%M:%S} +00:00")
    return f"{number:>5}  -rw-  {view.octets:>10}  {when}  {view.name}"


def _room(room: RoomView) -> str:
    return f"{room.total} bytes total ({room.free} bytes free)"


def file_systems(views: Sequence[RoomView], slots: Slots) -> Iterator[str]:
    """`show file systems`: that of flash:, and those without bounds of their own."""
    yield "File Systems:"
    yield ""
    yield "       Size(b)       Free(b)      Type  Flags  Prefixes"
    for view in views:
        size, free = (view.total, view.free) if view.total else ("-", "-")
        yield f"* {size:>13} {free:>13}      disk     rw   flash:"
    for kind, flags, name in (("opaque", "ro", "system:"), ("nvram", "rw", "nvram:"), ("network", "rw", "file:")):
        yield f"  {'-':>13} {'-':>13} {kind:>9}     {flags}   {name}"


def arp(views: Sequence[NeighbourView], slots: Slots) -> Iterator[str]:
    """`show ip arp`."""
    yield "Protocol  Address          Age (min)  Hardware Addr   Type   Interface"
    for view in views:
        if ":" not in view.address:
            age = "-" if view.age is None else str(view.age // _MINUTE if view.hardware else 0)
            hardware = f"{text.dotted(view.hardware):<15} ARPA" if view.hardware else f"{'Incomplete':<15} ARPA"
            yield f"Internet  {view.address:<15} {age:>9}   {hardware}   {view.interface}".rstrip()


def ipv6_neighbors(views: Sequence[NeighbourView], slots: Slots) -> Iterator[str]:
    """`show ipv6 neighbors`: not one's own addresses."""
    yield "IPv6 Address                              Age Link-layer Addr State Interface"
    for view in views:
        if ":" in view.address and view.age is not None:
            minutes = view.age // _MINUTE
            state = ("REACH" if not minutes else "STALE") if view.hardware else "INCMP"
            hardware = text.dotted(view.hardware) if view.hardware else "-"
            where = text.short_interface(view.interface)
            yield f"{text.address(view.address):<41} {minutes:>3} {hardware}  {state:<5} {where}"


def hosts(views: Sequence[HostView], slots: Slots) -> Iterator[str]:
    """`show hosts`: names of the configuration; no name server is asked."""
    yield "Default domain is not set"
    yield "Name servers are not set"
    yield "NAME  TTL  CLASS   TYPE      DATA/ADDRESS"
    yield "-----------------------------------------"
    for view in views:
        for one in view.addresses:
            yield f" {view.name}  10      IN      {'AAAA' if ':' in one else 'A':<8}{text.address(one)}"


def udp(views: Sequence[SocketView], slots: Slots) -> Iterator[str]:
    """`show udp`, `show ip sockets`: ports that the engine listens on, and octets that wait in them."""
    yield "Proto    Remote      Port      Local           Port  In Out  Stat TTY OutputIF"
    for view in views:
        proto = "17(v6)" if ":" in view.address else "17"
        local = "--any--" if view.address in ("0.0.0.0", "::") else text.address(view.address)
        waiting = f"{view.waiting_in:>3} {view.waiting_out:>3}"
        yield f"{proto:<8} --listen--           {local:<15} {view.port:>4} {waiting} {0:>5} {0:>3} "


def inventory(views: Sequence[SystemView], slots: Slots) -> Iterator[str]:
    """`show inventory`: the one part that there is; it has no serial number."""
    for view in views:
        yield f'NAME: "Chassis", DESCR: "ikecli chassis, {view.platform}, {view.processor}"'
        yield f"PID: {'ikecli':<18}, VID: {view.version}  , SN: "
