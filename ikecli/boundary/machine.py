"""What `show` reads of the machine below and of names: plain values, octets and seconds."""

from __future__ import annotations

from ikecli.value import value


@value
class MemoryView:
    """Memory of the engine's process: what it has, what it could have besides, and the least that was ever left.

    `machine` and `available` are the machine's: all of it, and what is free or can be freed.
    """

    used: int
    free: int
    lowest: int
    machine: int
    available: int

    @property
    def total(self) -> int:
        """What the process has and could have."""
        return self.used + self.free


@value
class LoadView:
    """Processor time of the engine's process: hundredths of a percent of one processor over 5, 60 and 300 seconds,
    since its start milliseconds, and how often it was run."""

    pid: int
    five_seconds: int
    minute: int
    five_minutes: int
    milliseconds: int
    runs: int


@value
class RoomView:
    """The file system that flash: lies in, 0 and 0 where that is not known."""

    total: int
    free: int


@value
class NeighbourView:
    """Who has an address on a link: `hardware` is empty while that is asked, `age` the seconds since it was last sure.

    One's own address has None.
    """

    address: str
    hardware: str
    interface: str
    age: int | None
    vrf: str = ""
    nameif: str = ""


@value
class SocketView:
    """A UDP socket of the engine, with the octets that wait in it."""

    address: str
    port: int
    waiting_in: int
    waiting_out: int


@value
class HostView:
    """A name that the configuration gives addresses."""

    name: str
    addresses: tuple[str, ...]


@value
class FileView:
    """A file of flash:, its octets, and when it was written: wall time since 1970, 0 where that is not known."""

    name: str
    octets: int
    written: float = 0


@value
class ArchiveView:
    """The archive: how its configurations are called (empty where it is off), how many are kept, the next one's name,
    and those that are stored, oldest first."""

    path: str
    maximum: int
    next: str
    names: tuple[str, ...]
