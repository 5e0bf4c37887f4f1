"""What `show` asks of the machine that the engine runs on, and of the names that its configuration has."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Final

from ikecli.boundary.machine import HostView, LoadView, MemoryView, NeighbourView, RoomView, SocketView
from ikecli.config.ios import Ios
from ikecli.control.messages import Option
from ikecli.daemon.appliance import Appliance
from ikecli.dataplane.base import OnLinks
from ikecli.errors import Rejected

Options = Mapping[str, Option]
SELF: Final = Path("/proc/self")
MACHINE: Final = Path("/proc/meminfo")
_KB: Final = 1024
_WORD: Final = 4


def memory(appliance: Appliance, options: Options) -> list[MemoryView]:
    """Return what memory the engine has (proc(5))."""
    status, machine = _table(SELF / "status"), _table(MACHINE)
    used, free = status["VmRSS"], machine["MemAvailable"]
    return [MemoryView(used, free, max(0, used + free - status["VmHWM"]), machine["MemTotal"], free)]


def _table(path: Path) -> dict[str, int]:
    """Return the rows of a table of proc(5) that are in kB, as octets."""
    return {name: int(number) * _KB for name, number in re.findall(r"^(\w+):\s+(\d+) kB", path.read_text(), re.M)}


def load(appliance: Appliance, options: Options) -> list[LoadView]:
    """Return what processor time the engine took; raises Rejected in a lab."""
    if appliance.processor is None:
        raise Rejected("% The appliances of a lab share one process: none has processor time of its own")
    return [appliance.processor.view()]


def room(appliance: Appliance, options: Options) -> list[RoomView]:
    """Return the room of flash:."""
    return [RoomView(*appliance.storage.room())]


def neighbours(appliance: Appliance, options: Options) -> list[NeighbourView]:
    """Return who is known on the links; nobody where the plane has none."""
    if not isinstance(appliance.plane, OnLinks):
        return []
    return [one for one in appliance.plane.neighbours() if _wanted(one, options)]


def _wanted(one: NeighbourView, options: Options) -> bool:
    asked: list[tuple[Option | None, str]] = [
        (options.get("address"), one.address),
        (options.get("interface"), one.interface),
        (options.get("hardware"), one.hardware),
    ]
    return one.vrf == options.get("vrf", "") and all(what in (None, "", found) for what, found in asked)


def hosts(appliance: Appliance, options: Options) -> list[HostView]:
    """Return the names that the configuration gives addresses."""
    draft = appliance.store.draft
    if not isinstance(draft, Ios):
        found = [HostView(name, (str(held.address),)) for name, held in draft.hosts.items()]
    else:
        found = [HostView(name, tuple(map(str, held.addresses))) for name, held in draft.hosts.items()]
    return [one for one in found if options.get("name") in (None, "", one.name)]


def sockets(appliance: Appliance, options: Options) -> list[SocketView]:
    """Return the UDP sockets of this process (proc(5): net/udp)."""
    ours = set(_inodes())
    return [view for name in ("udp", "udp6") for inode, view in _rows(SELF / "net" / name) if inode in ours]


def _inodes() -> Iterator[str]:
    for one in (SELF / "fd").iterdir():
        try:
            found = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(one))
        except OSError:  # closed meanwhile, as the folder that is read here
            continue
        if found:
            yield found[1]


def _rows(table: Path) -> Iterator[tuple[str, SocketView]]:
    for line in table.read_text().splitlines()[1:] if table.exists() else ():
        row = line.split()
        (address, port), (sent, received) = row[1].split(":"), row[4].split(":")
        yield row[9], SocketView(_address(address), int(port, 16), int(received, 16), int(sent, 16))


def _address(text: str) -> str:
    """Read an address that the kernel wrote as words of the machine's order."""
    octets = bytes.fromhex(text)
    words = [int.from_bytes(octets[at : at + _WORD], "big") for at in range(0, len(octets), _WORD)]
    packed = b"".join(word.to_bytes(_WORD, "little") for word in words)
    return str(IPv4Address(packed) if len(packed) == _WORD else IPv6Address(packed))
