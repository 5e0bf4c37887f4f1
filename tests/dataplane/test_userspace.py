"""The parts of the plane in userspace that decide: what goes into which SA, what is joined, what is told of what."""

from __future__ import annotations

import io
import os
import pickle
import random
import select
import socket
import struct
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ikecli.boundary.effects import Datagram, Direction, Endpoint, Lifetime
from ikecli.boundary.notices import Acquire, Expired, FirstPacket, UnknownSpi
from ikecli.dataplane.esp import TRAILER, inner_limit
from ikecli.dataplane.packet import Packet, checksum, echo_request
from ikecli.dataplane.policies import HELD_PACKETS
from ikecli.dataplane.userspace import coalesce
from ikecli.dataplane.userspace.chooser import Chooser
from ikecli.dataplane.userspace.coalesce import GSO, Coalescer
from ikecli.dataplane.userspace.counts import ERRORS, Counts
from ikecli.dataplane.userspace.doors import Door
from ikecli.dataplane.userspace.ecn import marked
from ikecli.dataplane.userspace.inbound import RAW_RECEIVES, Inbound
from ikecli.dataplane.userspace.outbound import CLASS, Outbound
from ikecli.dataplane.userspace.pipe import Leave, Listen, Pipe, Put, Ready
from ikecli.dataplane.userspace.raw import JUMBO
from ikecli.dataplane.userspace.sas import OVERHEAD, Receiver, Sender
from ikecli.dataplane.userspace.segments import clamp
from ikecli.dataplane.userspace.toobig import too_big
from ikecli.dataplane.userspace.worker import Worker
from ikecli.esp import IPV4
from ikecli.esp.codec import OutboundSa
from ikecli.intent import Outer, Selector
from tests.dataplane.pairs import CBC, GCM, LABEL, SHA, Pair, flow, keys

OUT = Pair.sa("L", GCM, None, 1)
NEAR, FAR = ip_address("10.1.0.1"), ip_address("10.2.0.1")


def segment(
    sequence: int, data: bytes, flags: int = 0x10, ends: tuple[str, str] = ("10.1.0.1", "10.2.0.1"), stamps: bool = True
) -> bytes:
    """Return an IP packet with a TCP segment whose checksum is right."""
    source, destination = (ip_address(end) for end in ends)
    options = b"\x01\x01\x08\x0a" + bytes(8) if stamps else b""
    head = (
        struct.pack("!HHIIBBHHH", 5001, 5002, sequence, 77, (20 + len(options)) // 4 << 4, flags, 512, 0, 0) + options
    )
    length = len(head) + len(data)
    shape = "!BBH" if source.version == 4 else "!IHBB"
    fields = (0, 6, length) if source.version == 4 else (length, 0, 0, 6)
    total = checksum(source.packed + destination.packed + struct.pack(shape, *fields) + head + data)
    body = head[:16] + total.to_bytes(2, "big") + head[18:] + data
    return Packet(source, destination, 6, body).write()


class Device:
    """A pipe in place of the TUN device."""

    def __init__(self, packets: list[bytes]) -> None:
        self.reading, writing = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        writing.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        buffer = bytearray(b"".join(packets))
        coalescer, at = Coalescer(writing.fileno(), buffer), 0
        for packet in packets:
            coalescer.take(at, len(packet))
            at += len(packet)
        coalescer.flush()
        writing.close()

    def __iter__(self) -> Iterator[tuple[tuple[int, ...], bytes]]:
        with self.reading:
            while octets := self.reading.recv(1 << 17):
                yield GSO.unpack_from(octets), octets[GSO.size :]


def test_an_sa_does_not_begin_with_what_the_last_one_at_its_slot_counted_late() -> None:
    counts = Counts()
    last = Sender(Put(OUT, 0, 1500), counts)
    counts.clear(0)  # the engine gives the slot away
    last.count(2000, 2_600_000)
    bounded = replace(OUT, lifetime=Lifetime(hard_octets=2_621_440))
    assert Sender(Put(bounded, 0, 1500), counts).count(20, 30_000) is None


def test_a_packet_that_comes_before_its_sa_was_heard_of_waits_for_that() -> None:
    packet = echo_request(NEAR, FAR, 1, 1, 100).write()
    sealing, into = keys(OUT), Pair.inbound(OUT, "R")
    receivers, told = dict[int, Receiver](), list[object]()
    device, written = os.pipe()
    inbound = Inbound(
        receivers, told.append, lambda: 100.0,
        lambda: receivers.update({OUT.spi: Receiver(Put(into, 0, 1500), Counts(), door)}),
    )  # fmt: skip
    chooser = Chooser(told.append, lambda: 100.0)
    door = Door(io.FileIO(written, "w", closefd=False), chooser, Coalescer(written, inbound.plain))
    with socket.socket(type=socket.SOCK_DGRAM) as there, socket.socket(type=socket.SOCK_DGRAM) as here:
        there.bind(("127.0.0.1", 0))
        there.setblocking(False)
        for _ in range(2):
            here.sendto(OutboundSa(sealing, os.urandom).seal(packet, IPV4), there.getsockname())
            inbound.drain_udp(there, Endpoint(ip_address("127.0.0.1"), 4500))
            sealing = replace(sealing, spi=OUT.spi + 1)
    assert os.read(device, 1 << 17).endswith(packet)
    assert [type(one) for one in told] == [FirstPacket, UnknownSpi]
    os.close(device), os.close(written)


@pytest.mark.parametrize("length", [0, 1, 9, 19, 21, 0xFFFF])
@pytest.mark.parametrize("own", [False, True])
def test_a_packet_whose_header_says_a_length_that_cannot_be_is_counted_and_raises_nothing(
    length: int, own: bool
) -> None:
    inner = bytes((0x45, 0)) + length.to_bytes(2, "big") + echo_request(NEAR, FAR, 1, 1, 20).write()[4:20]
    counts = Counts()
    device, written = os.pipe()
    inbound = Inbound(receivers := dict[int, Receiver](), lambda said: None, lambda: 100.0, lambda: None)
    door = Door(
        io.FileIO(written, "w", closefd=False), Chooser(print, lambda: 100.0), Coalescer(written, inbound.plain)
    )
    receivers[OUT.spi] = Receiver(Put(replace(Pair.inbound(OUT, "R"), own_errors=own), 0, 1500), counts, door)
    with socket.socket(type=socket.SOCK_DGRAM) as there, socket.socket(type=socket.SOCK_DGRAM) as here:
        there.bind(("127.0.0.1", 0))
        there.setblocking(False)
        here.sendto(OutboundSa(keys(OUT), os.urandom).seal(inner, IPV4), there.getsockname())
        inbound.drain_udp(there, Endpoint(ip_address("127.0.0.1"), 4500))
    assert counts.read(0)[ERRORS] == 1
    os.close(device), os.close(written)


class Full:
    """A raw socket that always has the next packet of an SA."""

    def __init__(self, sa: OutboundSa, inner: bytes) -> None:
        self.sa, self.inner = sa, inner

    def recvmsg_into(
        self, buffers: tuple[memoryview], ancillary: int
    ) -> tuple[int, list[object], int, tuple[str, int]]:
        octets = self.sa.seal(self.inner, 17)
        buffers[0][: len(octets)] = octets
        return len(octets), [], 0, ("2001:db8::2", 0)


def test_the_longest_packets_of_transport_mode_have_room_for_the_header_that_they_get() -> None:
    near, far = (Endpoint(ip_address(f"2001:db8::{at}"), 0) for at in (1, 2))
    every = Selector.of(ip_network("::/0"))
    into = replace(OUT, direction=Direction.INBOUND, local=near, remote=far, flows=((every, every),), transport=True)
    inbound = Inbound(receivers := dict[int, Receiver](), lambda said: None, lambda: 100.0, lambda: None)
    inbound.raw.stride = JUMBO
    with open("/dev/null", "wb", buffering=0) as device:
        door = Door(device, Chooser(lambda said: None, lambda: 100.0), Coalescer(device.fileno(), inbound.plain))
        receivers[OUT.spi] = Receiver(Put(into, 0, 1500), counts := Counts(), door)
        inner = bytes(JUMBO - OVERHEAD - TRAILER)
        inbound.drain_raw(Full(OutboundSa(keys(OUT), os.urandom), inner), near)  # type: ignore[arg-type]
    assert counts.read(0)[:2] == (RAW_RECEIVES, RAW_RECEIVES * (40 + len(inner)))


@pytest.mark.parametrize("ends", [("10.1.0.1", "10.2.0.1"), ("2001:db8:1::1", "2001:db8:2::1")])
@pytest.mark.parametrize("stamps", [True, False])
@pytest.mark.parametrize("start", [1000, 0xFFFFFE00])
def test_segments_that_follow_on_each_other_go_in_as_one_whose_checksum_is_true(
    ends: tuple[str, str], stamps: bool, start: int
) -> None:
    dice = random.Random(f"{ends} {stamps} {start}")
    datas = [dice.randbytes(200) for _ in range(5)] + [dice.randbytes(77)]
    starts = [(start + 200 * number) & 0xFFFFFFFF for number in range(6)]
    packets = [
        segment(at, data, 0x18 if data is datas[-1] else 0x10, ends, stamps)
        for at, data in zip(starts, datas, strict=True)
    ]
    [((needs, kind, header, size, _, _), whole)] = list(Device(packets))
    assert (needs, kind, size) == (0, 1 if ":" not in ends[0] else 4, 200)
    assert whole == segment(start, b"".join(datas), 0x18, ends, stamps)
    assert whole[header:] == b"".join(datas)


@pytest.mark.parametrize(
    "second",
    [
        segment(1300, bytes(200)),
        segment(1200, bytes(200), ends=("10.1.0.1", "10.2.0.9")),
        segment(1200, bytes(200), flags=0x11),
        segment(1200, bytes(202)),
        segment(1200, b""),
        segment(1200, bytes(200), stamps=False),
        echo_request(NEAR, FAR, 1, 1, 300).write(),
    ],
    ids=["a gap", "another flow", "FIN", "longer", "no data", "other options", "not TCP"],
)
def test_what_does_not_follow_goes_in_by_itself(second: bytes) -> None:
    first = segment(1000, bytes(200))
    assert list(Device([first, second])) == [((0, 0, 0, 0, 0, 0), first), ((0, 0, 0, 0, 0, 0), second)]


def test_a_segment_that_was_broken_breaks_the_whole() -> None:
    packets = [segment(1000, bytes(200)), bytearray(segment(1200, bytes(200)))]
    packets[1][-1] ^= 1
    [(_, whole)] = list(Device([bytes(one) for one in packets]))
    length = len(whole) - 20
    assert checksum(NEAR.packed + FAR.packed + struct.pack("!BBH", 0, 6, length) + whole[20:]) != 0


def test_no_more_is_joined_than_a_packet_can_hold() -> None:
    packets = [segment(1000 + 1000 * number, bytes(1000)) for number in range(100)]
    assert [len(whole) <= coalesce.LARGEST for _, whole in Device(packets)] == [True, True]


class Asking:
    """A chooser with one policy, and what it asks for."""

    def __init__(self) -> None:
        self.now, self.asked = 100.0, list[Acquire]()
        self.chooser = Chooser(self.asked.append, lambda: self.now)
        self.chooser.follow(((*flow("L"), LABEL),))

    def sender(self, **changes: object) -> Sender:
        return Sender(Put(replace(OUT, **changes), 0, 1500), Counts())  # type: ignore[arg-type]

    def choose(self, packet: Packet) -> Sender | None:
        return self.chooser.choose(memoryview(packet.write()))


def test_packets_wait_for_an_sa_a_few_of_them_and_not_for_ever() -> None:
    asking, packet = Asking(), echo_request(NEAR, FAR, 1, 1, 100)
    for _ in range(HELD_PACKETS + 3):
        assert asking.choose(packet) is None
    assert asking.asked == [Acquire(LABEL, NEAR, FAR, 1, 0x0800, 0x0800)]
    assert asking.chooser.add(asking.sender()) == [packet.write()] * HELD_PACKETS
    late = Asking()
    late.choose(packet)
    late.now += 60
    assert late.chooser.add(late.sender()) == []


def test_the_newest_sa_whose_selectors_cover_a_packet_is_taken() -> None:
    asking, packet = Asking(), echo_request(NEAR, FAR, 1, 1, 100)
    old, new = asking.sender(spi=1), asking.sender(spi=2)
    asking.chooser.add(old)
    assert asking.choose(packet) is old
    asking.chooser.add(new)
    assert asking.choose(packet) is new
    host = Selector.of(ip_network("10.2.0.9/32"))
    narrow = asking.sender(spi=3, flows=((flow("L")[0], host),))
    asking.chooser.add(narrow)
    assert asking.choose(packet) is new
    assert asking.choose(echo_request(NEAR, ip_address("10.2.0.9"), 1, 1, 100)) is narrow


def test_a_fragment_without_ports_goes_only_where_ports_do_not_matter() -> None:
    asking = Asking()
    local = replace(flow("L")[0], protocol=17, first_port=53, last_port=53)
    asking.chooser.follow(((local, flow("L")[1], LABEL),))
    asking.chooser.add(asking.sender(flows=((local, flow("L")[1]),)))
    whole = Packet(NEAR, FAR, 17, struct.pack("!HHHH", 53, 9, 8, 0))
    assert asking.choose(whole) is not None
    later = bytearray(whole.write())
    later[7] = 9
    assert asking.chooser.choose(memoryview(later)) is None


@pytest.mark.parametrize(
    ("changes", "limit"),
    [
        ({}, 1446),
        ({"encapsulated": True}, 1438),
        ({"encryption": CBC, "integrity": SHA}, 1438),
        ({"remote": Endpoint(ip_address("2001:db8::1"), 500)}, 1426),
    ],
)
def test_the_longest_packet_whose_esp_fits(changes: dict[str, object], limit: int) -> None:
    assert inner_limit(replace(OUT, **changes), 1500) == limit  # type: ignore[arg-type]


def test_a_packet_too_big_is_told_to_its_source_with_its_beginning() -> None:
    packet = Packet(NEAR, FAR, 17, bytes(1400)).write()
    told = too_big(packet, 1280)
    assert told is not None
    answer = Packet.read(told)
    assert (answer.source, answer.destination, answer.protocol) == (FAR, NEAR, 1)
    assert answer.payload[:8] == bytes((3, 4)) + answer.payload[2:4] + bytes(2) + (1280).to_bytes(2, "big")
    assert packet.startswith(answer.payload[8:])
    assert checksum(answer.payload) == 0
    assert too_big(told, 1280) is None


@pytest.mark.parametrize("ends", [("10.1.0.1", "10.2.0.1"), ("2001:db8:1::1", "2001:db8:2::1")])
@pytest.mark.parametrize("before", [b"", b"\1", b"\1\1\4\2"])
@pytest.mark.parametrize(("told", "left"), [(1460, 1300), (1300, 1300), (536, 536)])
def test_a_syn_tells_of_no_larger_segment_than_fits(ends: tuple[str, str], before: bytes, told: int, left: int) -> None:
    def packet(size: int, flags: int = 2) -> bytes:
        options = before + b"\2\4" + size.to_bytes(2, "big")
        options = options.ljust(-len(options) % 4 + len(options), b"\0")
        head = struct.pack("!HHIIBBHHH", 5001, 80, 7, 0, (20 + len(options)) // 4 << 4, flags, 512, 0, 0) + options
        source, destination = (ip_address(end) for end in ends)
        fields = (0, 6, len(head)) if source.version == 4 else (len(head), 0, 0, 6)
        pseudo = source.packed + destination.packed + struct.pack("!BBH" if source.version == 4 else "!IHBB", *fields)
        body = head[:16] + checksum(pseudo + head).to_bytes(2, "big") + head[18:]
        return Packet(source, destination, 6, body).write()

    seen = bytearray(9) + packet(told)
    clamp(seen, 9, len(seen) - 9, (1300, 1300))
    assert bytes(seen[9:]) == packet(left)
    later = bytearray(packet(told, 0x10))
    clamp(later, 0, len(later), (1300, 1300))
    assert bytes(later) == packet(told, 0x10)


@given(st.binary(min_size=20, max_size=120))
def test_no_octets_of_a_packet_upset_the_clamp(octets: bytes) -> None:
    for version in (0x45, 0x4F, 0x60):
        packet = bytearray(bytes((version,)) + octets[1:9] + b"\6" + octets[10:])
        clamp(packet, 0, len(packet), (500, 500))
        assert len(packet) == len(octets)


def test_congestion_outside_marks_the_packet_inside_or_drops_it() -> None:
    packet = bytearray(Packet(NEAR, FAR, 17, bytes(20)).write())
    assert not marked(packet, 0)
    packet[1] |= 2
    packet[10:12] = bytes(2)
    packet[10:12] = checksum(bytes(packet[:20])).to_bytes(2, "big")
    assert marked(packet, 0)
    assert packet[1] == 3
    assert checksum(bytes(packet[:20])) == 0


@pytest.mark.parametrize(("outer", "kind"), [(Outer(), [0x2B]), (Outer(marks=False), [0x28])])
def test_congestion_marks_go_outside_unless_they_are_discarded(outer: Outer, kind: list[int]) -> None:
    sending = Outbound.__new__(Outbound)
    sending._class = 0x2B
    assert [CLASS.unpack(value)[0] for _, _, value in sending._extra(replace(OUT, outer=outer))] == kind


def test_the_pipe_carries_messages_with_their_files_and_nothing_else() -> None:
    ours, theirs = (Pipe(one) for one in socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET))
    with ours.socket, theirs.socket, open(os.devnull) as file:
        ours.send(Put(OUT, 3, 1500))
        assert theirs.receive() == (Put(OUT, 3, 1500), [])
        ours.send(Listen(NEAR, True), (file.fileno(),))
        heard = theirs.receive()
        assert heard is not None
        assert heard[0] == Listen(NEAR, True)
        os.close(heard[1][0])
        ours.socket.send(pickle.dumps(os.system))
        with pytest.raises(pickle.UnpicklingError, match="no message"):
            theirs.receive()
        ours.socket.close()
        assert theirs.receive() is None


def test_the_end_of_an_sa_is_told_though_the_engine_does_not_listen_for_a_while() -> None:
    """Anybody can fill the pipe, by IKE to the NAT port; an SA says once that it is to be replaced."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    tun, device = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs, tun, device:
        theirs.setblocking(False)
        ours.setblocking(False)
        worker = Worker(Pipe(theirs), Counts(), os.dup(tun.fileno()))
        flood = Datagram(bytes(60_000), Endpoint(NEAR, 4500), Endpoint(FAR, 4500))
        said = [Expired(1, False), Expired(1, True), FirstPacket(2)]
        for message in (*[flood] * 1000, *said, flood):
            worker._tell(message)
        heard: list[object] = []
        engine = Pipe(ours)
        while (waiting := worker._poll.poll(0)) or engine_has(ours):
            while engine_has(ours) and (one := engine.receive()) is not None:
                heard.append(one[0])
            for _, events in waiting:
                worker._hear(events)
        worker._main.tun.close()
    assert [one for one in heard if not isinstance(one, Datagram)] == [Ready(), *said]
    assert 0 < heard.count(flood) < 1000


def test_ike_that_is_read_before_an_sa_goes_is_of_the_vrf_that_it_came_in() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    tun, device = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    red, blue = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    with ours, theirs, tun, device, red, blue:
        theirs.setblocking(False)
        worker, engine = Worker(Pipe(theirs), Counts(), os.dup(tun.fileno())), Pipe(ours)
        assert engine.receive() == (Ready(), [])
        for one, vrf in ((red, "RED"), (blue, "BLUE")):
            one.bind(("127.0.0.1", 0))
            worker._listen(Listen(NEAR, True, vrf), os.dup(one.fileno()))
        for one in (blue, red):
            blue.sendto(bytes(4) + b"\1" * 28, one.getsockname())
        worker._let_go()
        heard = [engine.receive() for _ in range(2)]
        worker._main.tun.close()
        for vrf in ("RED", "BLUE"):
            worker._leave(Leave(NEAR, True, vrf))
    assert [one[0].vrf for one in heard if one is not None and isinstance(one[0], Datagram)] == ["RED", "BLUE"]


def engine_has(one: socket.socket) -> bool:
    return bool(select.select([one], [], [], 0)[0])
