"""Memory, processor, files, neighbours and inventory, as an ASA lays them out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ikecli.boundary.machine import FileView, LoadView, MemoryView, NeighbourView, RoomView
from ikecli.boundary.views import SystemView
from ikecli.show import machine, text
from ikecli.show.options import Slots


def memory(views: Sequence[MemoryView], slots: Slots) -> Iterator[str]:
    """`show memory`: that of the machine."""
    for view in views:
        free = round(100 * view.available / max(1, view.machine))
        used = view.machine - view.available
        yield f"Free memory:  {view.available:>15} bytes ({free}%)"
        yield f"Used memory:  {used:>15} bytes ({100 - free}%)"
        yield "-------------     ------------------"
        yield f"Total memory: {view.machine:>15} bytes (100%)"


def cpu(views: Sequence[LoadView], slots: Slots) -> Iterator[str]:
    """`show cpu usage`: of the engine's process."""
    for view in views:
        five, minute, minutes = machine.percents(view)
        yield f"CPU utilization for 5 seconds = {five}; 1 minute: {minute}; 5 minutes: {minutes}"


def directory(views: Sequence[object], slots: Slots) -> Iterator[str]:
    """`dir`: takes the files of disk0:, and a RoomView."""
    return machine.directory(views, "disk0:/", _file, _room)


def _file(number: int, view: FileView) -> str:
    when = machine.written(view.written, lambda at: f"{at:%H:%M:%S %b} {at.day} {at.year}")
    return f"{number:<6} -rwx  {view.octets:<12} {when}  {view.name}"


def _room(room: RoomView) -> str:
    return f"{room.total} bytes total ({room.free} bytes free/{100 * room.free // room.total}% free)"


def arp(views: Sequence[NeighbourView], slots: Slots) -> Iterator[str]:
    """`show arp`: not one's own addresses, nor those that are still asked for."""
    for view in views:
        if ":" not in view.address and view.age is not None and view.hardware:
            yield f"\t{view.nameif or view.interface} {view.address} {text.dotted(view.hardware)} {view.age}"


def inventory(views: Sequence[SystemView], slots: Slots) -> Iterator[str]:
    """`show inventory`: the one part that there is; it has no serial number."""
    for view in views:
        yield f'Name: "Chassis", DESCR: "ikecli chassis, {view.platform}, {view.processor}"'
        yield f"PID: {'ikecli':<18}, VID: {view.version}  , SN: N/A"
