"""What a lab's wire carried as a capture file, and the keys beside it, so that Wireshark reads every octet.

`DIR/wire.pcap`, and `DIR/wireshark/` with its own tables: `XDG_CONFIG_HOME=DIR tshark -r DIR/wire.pcap`.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Final

from ikecli.daemon.keylog import ESP_TABLE, IKE_TABLE
from ikecli.dataplane.packet import Packet
from ikecli.errors import Unavailable
from ikecli.lab.lab import Lab, Node

WIRE: Final = "wire.pcap"
TABLES: Final = "wireshark"
MOST: Final = 256 << 20
"""Octets of a capture; what the wire carries after that is not in it."""
_FOLDER: Final = "capture"
_BARE_IP: Final = 101
_HEADER: Final = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, _BARE_IP)
_RECORD: Final = struct.Struct("<IIII")


class Capture:
    """The capture of a lab, from now until it is closed."""

    def __init__(self, lab: Lab, directory: Path) -> None:
        """Begin, with a directory that is made if need be; raises Unavailable."""
        self._lab, self._directory, self._size = lab, directory, 0
        try:
            (directory / TABLES).mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = open(directory / WIRE, "wb", buffering=0, opener=_private)  # noqa: SIM115
        except OSError as problem:
            raise Unavailable(f"{directory}: {problem.strerror}") from None
        self._put(_HEADER)
        lab.fabric.tap = self._take

    def follow(self, node: Node) -> None:
        """Have the keys of a node, too."""
        node.appliance.keylog.start(_FOLDER, "the capture")

    def close(self) -> None:
        """Write the tables of keys, and end."""
        self._lab.fabric.tap = None
        self._file.close()
        for table in (IKE_TABLE, ESP_TABLE):
            texts = [node.storage.text(f"{_FOLDER}/{table}") for node in self._lab.nodes]
            rows = dict.fromkeys(line for text in texts for line in text.splitlines())
            with open(self._directory / TABLES / table, "w", opener=_private) as file:
                file.writelines(f"{row}\n" for row in rows)

    def _take(self, packet: Packet) -> None:
        octets, now = packet.write(), self._lab.clock.wall()
        seconds = int(now)
        self._put(_RECORD.pack(seconds, int((now - seconds) * 1e6), len(octets), len(octets)) + octets)

    def _put(self, octets: bytes) -> None:
        self._size += len(octets)
        if self._size <= MOST:
            self._file.write(octets)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)
