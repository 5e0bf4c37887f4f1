"""The emulated wire as a capture file, and what tshark makes of it with the keys that the appliances logged.

tshark is a judge that nobody here wrote: it reads every octet that was carried, decrypts it and checks its ICV.
"""

from __future__ import annotations

import csv
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ikecli.boundary.events import MessageReceived, MessageSent
from ikecli.control.replies import Heard
from ikecli.daemon.keylog import ESP_TABLE, IKE_TABLE
from ikecli.dataplane.packet import Packet
from ikecli.lab.lab import Lab
from ikecli.numbers import Exchange, NotifyType, PayloadType, label

NEEDS_TSHARK = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark (of Wireshark) is not installed")
FOLDER = "keys"
_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
"""The head of a pcap file of bare IP packets."""
_RECORD = struct.Struct("<IIII")
_SEALED = (PayloadType.SK, PayloadType.SKF)
_INSIDE = (2, 3)
"""What tshark numbers proposals and transforms, which are no payloads."""
_WARNING = 0x600000
_TWICE = "Wrong Sequence Number"
"""What tshark says of an ESP packet that passes a NAT, and so is captured on both its sides."""

Message = tuple[str, str, str, int, bool, tuple[str, ...]]
"""SPIs, exchange, message id, whether it is a response, and the payloads in order."""


@dataclass(frozen=True)
class Frame:
    """A packet as tshark saw it: an IKE message where it is whole, whether all of it was read and its ICVs hold."""

    number: int
    message: Message | None
    sealed: bool
    esp: bool
    inner: tuple[str, ...]
    good: bool
    complaints: tuple[str, ...]


class Capture:
    """Writes down what a lab carries, and the keys of all its appliances, from now on."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._packets: list[tuple[float, bytes]] = []
        self.sent: set[Message] = set()
        lab.fabric.tap = self._tap
        for node in lab.nodes:
            node.appliance.keylog.start(FOLDER, "the test")
            node.appliance.journal.switch("ikev2.packet", True)
            node.appliance.journal.listen(self._hear)

    def frames(self, where: Path) -> list[Frame]:
        """Return what tshark sees of each packet."""
        file = where / "wire.pcap"
        records = (_RECORD.pack(int(t), int(t % 1 * 1e6), len(one), len(one)) + one for t, one in self._packets)
        file.write_bytes(_HEADER + b"".join(records))
        return frames(file, self._rows(IKE_TABLE), self._rows(ESP_TABLE), where)

    def _tap(self, packet: Packet) -> None:
        self._packets.append((self._lab.clock.now(), packet.write()))

    def _hear(self, heard: Heard) -> None:
        event = heard.event
        if isinstance(event, MessageSent) and not isinstance(event, MessageReceived):
            spis = event.initiator_spi.lower(), event.responder_spi.lower()
            self.sent.add((*spis, event.exchange, event.message_id, event.response, event.payloads))

    def _rows(self, table: str) -> list[str]:
        texts = (node.storage.text(f"{FOLDER}/{table}") for node in self._lab.nodes)
        return list(dict.fromkeys(line for text in texts for line in text.splitlines()))


def frames(file: Path, ike: list[str], esp: list[str], where: Path) -> list[Frame]:
    """Return what tshark sees of each packet of a capture, under the generation of keys that it was sealed with.

    `ike` and `esp` are the rows of the key log; files that tshark needs are made in `where`.
    """
    generations: dict[tuple[str, ...], list[str]] = {}
    for line in ike:
        generations.setdefault(tuple(next(csv.reader([line]))[:2]), []).append(line)
    seen: dict[int, Frame] = {}
    for number in range(max(map(len, generations.values()), default=1)):
        rows = [some[min(number, len(some) - 1)] for some in generations.values()]
        for frame in _read(file, where / str(number), rows, esp):
            if frame.number not in seen or (frame.good and not seen[frame.number].good):
                seen[frame.number] = frame
    return [seen[number] for number in sorted(seen)]


def _read(file: Path, home: Path, ike: list[str], esp: list[str]) -> Iterator[Frame]:
    folder = home / "wireshark"
    folder.mkdir(parents=True)
    for table, rows in ((IKE_TABLE, ike), (ESP_TABLE, esp)):
        (folder / table).write_text("".join(f"{row}\n" for row in rows))
    options = ["esp.enable_encryption_decode:TRUE", "esp.enable_authentication_check:TRUE"]
    command = ["tshark", "-r", str(file), "-T", "pdml", *(word for one in options for word in ("-o", one))]
    environment = {**os.environ, "XDG_CONFIG_HOME": str(home), "HOME": str(home)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "Error loading" not in done.stderr, done.stderr
    for packet in ElementTree.fromstring(done.stdout).iter("packet"):
        yield _frame(packet)


def _frame(packet: ElementTree.Element) -> Frame:
    protocols = [one.get("name", "") for one in packet.iter("proto")]
    ike = packet.find("proto[@name='isakmp']")
    esp = packet.find("proto[@name='esp']")
    inner = tuple(protocols[protocols.index("esp") + 1 :]) if esp is not None else ()
    frame = packet.find("proto[@name='geninfo']/field[@name='num']")
    assert frame is not None
    number = int(frame.get("show", "0"))
    sealed = ike is not None and any(int(_shown(one)) in _SEALED for one in _named(ike, "isakmp.typepayload"))
    message = _message(ike) if ike is not None else None
    good = _holds(ike, "isakmp.enc.icd") if sealed and ike is not None else True
    if esp is not None:
        good = _holds(esp, "esp.icv") and bool(inner)
    return Frame(number, message, sealed, esp is not None, inner, good, tuple(_complaints(packet)))


def _message(ike: ElementTree.Element) -> Message | None:
    """Return an IKE message; None for a part of one that tshark did not put together there."""
    payloads = [one for one in _named(ike, "isakmp.typepayload") if int(_shown(one)) not in (*_SEALED, *_INSIDE)]
    sealed = [one for one in _named(ike, "isakmp.typepayload") if int(_shown(one)) in _SEALED]
    if any(int(_shown(one)) == PayloadType.SKF for one in sealed) and not payloads:
        return None
    names = []
    for one in payloads:
        kind = label(PayloadType, int(_shown(one)))
        notify = next(_named(one, "isakmp.notify.msgtype"), None)
        names.append(kind if notify is None else f"{kind}({label(NotifyType, int(_shown(notify)))})")
    spis = (next(_named(ike, name)).get("value", "") for name in ("isakmp.ispi", "isakmp.rspi"))
    exchange = label(Exchange, int(_shown(next(_named(ike, "isakmp.exchangetype")))))
    message_id = int(_shown(next(_named(ike, "isakmp.messageid"))), 0)
    response = _shown(next(_named(ike, "isakmp.flag_r"))) in ("1", "True")
    initiator, responder = spis
    return initiator, responder, exchange, message_id, response, tuple(names)


def _holds(tree: ElementTree.Element, name: str) -> bool:
    found = list(_named(tree, name))
    return bool(found) and all("[correct]" in one.get("showname", "") for one in found)


def _complaints(packet: ElementTree.Element) -> Iterator[str]:
    if packet.find(".//proto[@name='_ws.malformed']") is not None:
        yield "malformed"
    for one in _named(packet, "_ws.expert"):
        severity = next(_named(one, "_ws.expert.severity"))
        text = one.get("showname", "")
        if int(_shown(severity), 0) >= _WARNING and not (_TWICE in text and text.endswith("repeated")):
            yield text


def _named(tree: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    return (one for one in tree.iter("field") if one.get("name") == name)


def _shown(field: ElementTree.Element) -> str:
    return field.get("show", "")


__all__ = ["FOLDER", "NEEDS_TSHARK", "Capture", "Frame", "Message", "frames"]
