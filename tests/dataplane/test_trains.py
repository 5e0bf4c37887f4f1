"""What is done for many packets in one go gives what each of them gives by itself."""

from __future__ import annotations

import io
import os
import random
import socket
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from ikecli.boundary.effects import Endpoint
from ikecli.boundary.notices import Expired
from ikecli.dataplane.packet import Packet, checksum
from ikecli.dataplane.userspace.chooser import Chooser
from ikecli.dataplane.userspace.coalesce import GSO, Coalescer
from ikecli.dataplane.userspace.columns import MOST, Columns, agreeing, counting
from ikecli.dataplane.userspace.counts import Counts
from ikecli.dataplane.userspace.doors import Door
from ikecli.dataplane.userspace.inbound import Inbound
from ikecli.dataplane.userspace.outbound import UDP_SEGMENT, Outbound
from ikecli.dataplane.userspace.pipe import Put
from ikecli.dataplane.userspace.ports import UDP_GRO, Ports
from ikecli.dataplane.userspace.sas import Receiver, Sender
from ikecli.dataplane.userspace.tun import PLAIN
from ikecli.esp import InboundSa, OutboundSa
from ikecli.intent import Tfc
from tests.dataplane.pairs import CHACHA, GCM, LABEL, Pair, keys
from tests.dataplane.test_userspace import segment

OUT = replace(Pair.sa("L", GCM, None, 1), encapsulated=True)
INTO = Pair.inbound(OUT, "R")
PORT = Endpoint(ip_address("192.0.2.2"), 4500)
IPV4 = 4


class Trains:
    """A socket that has trains, each with the size of its packets."""

    def __init__(self, trains: Iterator[tuple[bytes, int]], kind: int = 0) -> None:
        self.trains, self.kind = trains, kind

    def recvmsg_into(self, views: Any, _size: int) -> tuple[int, list[Any], int, tuple[str, int]]:
        train, size = next(self.trains, (b"", 0))
        if not train:
            raise BlockingIOError
        views[0][: len(train)] = train
        cmsg = [
            (socket.IPPROTO_UDP, UDP_GRO, size.to_bytes(4, "little")),
            (socket.IPPROTO_IP, socket.IP_TOS, bytes((self.kind,))),
        ]
        return len(train), cmsg, 0, ("192.0.2.1", OUT.local.port)


class Opening:
    """An SA that receives trains into a device; what came out, as the segments that it was made of."""

    def __init__(self, sa: Any = INTO, top: int = 0) -> None:
        self.reading, self.writing = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.writing.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
        self.receivers: dict[int, Receiver] = {}
        self.inbound = Inbound(self.receivers, lambda said: None, lambda: 100.0, lambda: None)
        device = Coalescer(self.writing.fileno(), self.inbound.plain)
        door = Door(io.FileIO(self.writing.fileno(), "w", closefd=False), Chooser(print, lambda: 100.0), device)
        self.counts = Counts()
        self.receiver = self.receivers[sa.spi] = Receiver(Put(sa, 0, 1500, sequence=top), self.counts, door)
        self.whole: list[bytes] = []

    def __enter__(self) -> Opening:
        return self

    def __exit__(self, *_: object) -> None:
        self.reading.close()
        self.writing.close()

    def take(self, trains: list[tuple[bytes, int]], kind: int = 0) -> None:
        for train in trains:
            self.inbound.drain_udp(Trains(iter([train]), kind), PORT)  # type: ignore[arg-type]

    def came(self) -> list[bytes]:
        """Return the packets that the kernel would see, those of a joined row apart again."""
        self.writing.close()
        found = []
        while octets := self.reading.recv(1 << 17):
            _, kind, header, size, _, _ = GSO.unpack_from(octets)
            packet = octets[GSO.size :]
            self.whole.append(packet)
            found += list(apart(packet, header, size)) if kind else [packet]
        return found


def apart(packet: bytes, header: int, size: int) -> Iterator[bytes]:
    """Segment as the kernel does; PSH goes with the last one."""
    start = int.from_bytes(packet[24:28], "big")
    for at in range(header, len(packet), size):
        flags = packet[33] if at + size >= len(packet) else packet[33] & ~8
        ends = str(ip_address(packet[12:16])), str(ip_address(packet[16:20]))
        yield segment((start + at - header) % (1 << 32), packet[at : at + size], flags, ends)


def stream(dice: random.Random, count: int, size: int = 200) -> list[bytes]:
    """Return segments of one flow, some with PSH, with another flow's and other packets between them now and then."""
    packets, at = [], 1000
    for _ in range(count):
        flags = 0x18 if dice.random() < 0.1 else 0x10
        what = dice.random()
        if what < 0.03:
            packets.append(segment(7, dice.randbytes(size), ends=("10.1.0.9", "10.2.0.1")))
        elif what < 0.06:
            packets.append(
                Packet(ip_address("10.1.0.1"), ip_address("10.2.0.1"), 17, dice.randbytes(size + 32)).write()
            )
        else:
            packets.append(segment(at, dice.randbytes(size), flags))
            at += size
    return packets


def flat(packets: list[bytes]) -> list[bytes]:
    """Return packets without PSH and what it changes: it may move within a row."""
    return [one[:33] + bytes((one[33] & ~8,)) + one[34:36] + one[38:] if one[9] == 6 else one for one in packets]


@pytest.mark.parametrize("esn", [False, True], ids=["", "esn"])
@pytest.mark.parametrize("encryption", [GCM, CHACHA], ids=["gcm", "chacha"])
@pytest.mark.parametrize("start", [0, (1 << 32) - 100])
def test_a_train_opened_in_one_go_gives_what_its_packets_give_one_by_one(
    encryption: Any, esn: bool, start: int
) -> None:
    if start and not esn:
        return
    dice = random.Random(f"{encryption.name} {esn} {start}")
    key = bytes(range(encryption.key_octets))
    change = {"encryption": encryption, "keys": replace(OUT.keys, encryption=key), "esn": esn}
    out, into = replace(OUT, **change), replace(INTO, **change)
    sealer = OutboundSa(keys(out), os.urandom)
    sealer.sequence = start
    packets = stream(dice, 300)
    sealed = [sealer.seal(packet, IPV4) for packet in packets]
    for _ in range(3):
        at = dice.randrange(len(sealed))
        sealed[at] = sealed[at][:-1] + bytes((sealed[at][-1] ^ 1,))
    for _ in range(4):
        sealed[dice.randrange(200)] = sealed[dice.randrange(200)]
    size = len(sealed[0])
    assert {len(one) for one in sealed} == {size}
    with Opening(into, start) as many, Opening(into, start) as each:
        many.take([(b"".join(sealed[at : at + 40]), size) for at in range(0, 300, 40)])
        each.take([(one, size) for one in sealed])
        assert many.counts.read(0) == each.counts.read(0)
        assert 0 not in many.counts.read(0)[2:4]
        windows = [(one.receiver.window.top, one.receiver.window.bitmap) for one in (many, each)]
        assert windows[0] == windows[1]
        assert flat(many.came()) == flat(each.came())


@pytest.mark.parametrize("start", [(1 << 32) - 1000, (1 << 32) - 100, (1 << 32) - 200, 0])
def test_a_stream_whose_numbers_begin_anew_goes_on(start: int) -> None:
    sealer = OutboundSa(keys(OUT), os.urandom)
    packets = [segment((start + 200 * at) % (1 << 32), bytes(200)) for at in range(20)]
    sealed = [sealer.seal(one, IPV4) for one in packets]
    with Opening() as opening:
        opening.take([(b"".join(sealed), len(sealed[0]))])
        assert opening.counts.read(0)[0] == 20
        assert b"".join(one[52:] for one in opening.came()) == bytes(4000)


def test_segments_of_one_stream_go_in_as_few_packets_as_hold_them_though_some_have_psh() -> None:
    sealer = OutboundSa(keys(OUT), os.urandom)
    packets = [segment(1000 + 200 * at, bytes(200), 0x18 if at in (11, 39) else 0x10) for at in range(40)]
    sealed = [sealer.seal(one, IPV4) for one in packets]
    with Opening() as opening:
        opening.take([(b"".join(sealed), len(sealed[0]))])
        opening.came()
    assert opening.whole == [segment(1000, bytes(8000), 0x18)]


@pytest.mark.parametrize(("kind", "written"), [(0, 1), (2, 1), (3, 20)], ids=["", "able", "congested"])
def test_a_train_that_met_congestion_is_marked_packet_by_packet(kind: int, written: int) -> None:
    sealer = OutboundSa(keys(OUT), os.urandom)
    packets = [bytearray(segment(1000 + 200 * at, bytes(200))) for at in range(20)]
    for packet in packets:
        packet[1] |= 2
        packet[10:12] = bytes(2)
        packet[10:12] = checksum(bytes(packet[:20])).to_bytes(2, "big")
    sealed = [sealer.seal(bytes(one), IPV4) for one in packets]
    with Opening() as opening:
        opening.take([(b"".join(sealed), len(sealed[0]))], kind)
        opening.came()
    assert {one[1] for one in opening.whole} == {3 if kind == 3 else 2}
    assert sum(len(one) - 52 for one in opening.whole) == 4000
    assert len(opening.whole) <= written


class Sent:
    """A socket that keeps the packets of the trains that leave by it."""

    def __init__(self) -> None:
        self.packets: list[bytes] = []
        self.trains: list[int] = []

    def sendmsg(self, octets: Any, extra: Any, _flags: int, _there: Any) -> None:
        whole = bytes(octets[0])
        size = next((int.from_bytes(data, "little") for _, name, data in extra if name == UDP_SEGMENT), len(whole))
        cut = [whole[at : at + size] for at in range(0, len(whole), size)]
        self.packets += cut
        self.trains.append(len(cut))


class Sealing:
    """A device whose packets leave by an SA."""

    def __init__(self, sa: Any = OUT, sequence: int = 0) -> None:
        writing, device = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.writing = writing
        writing.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
        device.setblocking(False)
        self.told: list[object] = []
        self.sent, ports = Sent(), Ports()
        ports.sending = lambda here: self.sent  # type: ignore[method-assign, assignment, return-value]
        self.door = Door(
            io.FileIO(device.detach(), "r+b"), Chooser(print, lambda: 100.0, LABEL), Coalescer(-1, bytearray(4))
        )
        self.sender = Sender(Put(sa, 0, 1500, sequence=sequence), Counts())
        self.door.chooser.add(self.sender)
        self.outbound = Outbound(self.door, ports, self.told.append)

    def __enter__(self) -> Sealing:
        return self

    def __exit__(self, *_: object) -> None:
        self.door.tun.close()
        self.writing.close()

    def send(self, packets: list[bytes]) -> None:
        for packet in packets:
            self.writing.send(PLAIN + packet)
        for _ in range(len(packets) // 200 + 1):
            self.outbound.drain(self.door)

    def opened(self, sa: Any = OUT, top: int = 0) -> list[bytes]:
        opener = InboundSa(keys(sa))
        opener.window.top = top
        return [opener.open(one)[0] for one in self.sent.packets]


@pytest.mark.parametrize("esn", [False, True], ids=["", "esn"])
@pytest.mark.parametrize("start", [0, (1 << 32) - 150])
def test_packets_that_leave_as_trains_are_those_that_came_in_their_order(esn: bool, start: int) -> None:
    if start and not esn:
        return
    dice = random.Random(f"{esn} {start}")
    packets = []
    for size in (200, 201, 202, 203, 1300):
        packets += stream(dice, 70, size)
        packets += [segment(5, dice.randbytes(dice.randrange(900))) for _ in range(10)]
    sa = replace(OUT, esn=esn)
    with Sealing(sa, start) as sealing:
        sealing.send(packets)
    assert sealing.opened(sa, start) == packets
    assert sealing.sender.sequence == start + len(packets)
    assert max(sealing.sent.trains) > 20


def test_numbers_that_run_out_end_an_sa_in_the_middle_of_a_stream() -> None:
    first = (1 << 32) - 1 - 5 * MOST
    with Sealing(sequence=first) as sealing:
        sealing.send([segment(200 * at, bytes(200)) for at in range(6 * MOST)])
    assert Expired(OUT.peer_spi, hard=True) in sealing.told
    assert sealing.sender.dead
    numbers = [int.from_bytes(one[4:8], "big") for one in sealing.sent.packets]
    assert numbers == list(range(first + 1, first + 1 + len(numbers)))
    assert len(numbers) >= 4 * MOST


def test_a_packet_that_was_refused_leaves_nothing_in_the_next_one() -> None:
    whole = bytearray(segment(1, b"\xff" * 1600))
    whole[6] |= 0x40
    short = segment(1, bytes(1000))
    with Sealing() as sealing:
        sealing.send([short])
        sealing.send([bytes(whole)])
        sealing.send([short])
    assert sealing.opened() == [short, short]


def test_padding_against_traffic_analysis_is_not_carried_over_to_the_next_packets() -> None:
    sa = replace(OUT, tfc=Tfc(900, 0, 0))
    packets = [segment(200 * at, bytes(200)) for at in range(10)]
    with Sealing(sa) as sealing:
        sealing.send(packets)
    assert sealing.opened(sa) == packets


def test_columns_are_read_compared_and_written() -> None:
    buffer = bytearray(range(40))
    columns = Columns(buffer)
    columns.word(4, 8, 4)[:] = counting(1, 1, 4)
    assert bytes(buffer[4:8]) + bytes(buffer[28:32]) == bytes((0, 0, 0, 1, 0, 0, 0, 4))
    assert agreeing(columns.word(4, 8, 4), counting(1, 1, 4)) == 4
    assert agreeing(columns.octet(7, 8, 4), memoryview(b"\1\2\3\5")) == 3
