"""Streams of all sorts through trains: what the kernel is given is what was sent, however much of it is joined."""

from __future__ import annotations

import os
import random
import struct
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest

from ikecli.dataplane.packet import checksum
from ikecli.dataplane.userspace.coalesce import GSO
from ikecli.esp import IPV4, IPV6, OutboundSa
from ikecli.intent import Selector
from tests.dataplane.pairs import keys
from tests.dataplane.test_trains import INTO, OUT, Opening

STAMPS = b"\x01\x01\x08\x0a"
EVERY = {4: Selector.of(ip_network("0.0.0.0/0")), 6: Selector.of(ip_network("::/0"))}
ENDS = {4: ("10.1.0.1", "10.2.0.1"), 6: ("2001:db8:1::1", "2001:db8:2::1")}


def summed(packet: bytearray) -> bytes:
    """Return a packet of TCP with the right lengths and checksums."""
    six = packet[0] >> 4 == 6
    tcp = 40 if six else 20
    length = len(packet) - tcp
    if six:
        packet[4:6] = length.to_bytes(2, "big")
        pseudo = bytes(packet[8:40]) + struct.pack("!IHBB", length, 0, 0, 6)
    else:
        packet[2:4], packet[10:12] = len(packet).to_bytes(2, "big"), bytes(2)
        packet[10:12] = checksum(bytes(packet[:20])).to_bytes(2, "big")
        pseudo = bytes(packet[12:20]) + struct.pack("!BBH", 0, 6, length)
    packet[tcp + 16 : tcp + 18] = bytes(2)
    packet[tcp + 16 : tcp + 18] = checksum(pseudo + bytes(packet[tcp:])).to_bytes(2, "big")
    return bytes(packet)


class Stream:
    """Segments that mostly follow on each other, each field other than before now and then."""

    def __init__(self, version: int, seed: str) -> None:
        self.dice, self.version = random.Random(seed), version
        self.at = self.dice.choice((1000, (1 << 32) - 9000, (1 << 32) - 4000))
        self.size = self.dice.choice((200, 202, 1000))
        self.fields = {
            "ack": 77,
            "window": 512,
            "class": 0,
            "hops": 64,
            "whole": 0x40,
            "urgent": 0,
            "stamp": 1,
            "id": 7,
        }
        self.stamps = self.dice.random() < 0.7

    def next(self) -> bytes:
        dice, fields = self.dice, self.fields
        if dice.random() < 0.1:
            name = dice.choice([*fields, "jump", "port"])
            if name == "jump":
                self.at += dice.choice((-self.size, 2, self.size))
            elif name in fields:
                fields[name] ^= dice.choice((1, 4)) if name != "whole" else 0x40
        flags = 0x10 | (8 if dice.random() < 0.1 else 0) | (1 if dice.random() < 0.01 else 0)
        size = self.size - (dice.choice((0, 1, 2)) if dice.random() < 0.03 else 0)
        options = STAMPS + fields["stamp"].to_bytes(4, "big") + bytes(4) if self.stamps else b""
        ports = (5001, 5003 if dice.random() < 0.02 else 5002)
        self.at %= 1 << 32
        head = struct.pack(
            "!HHIIBBHHH", *ports, self.at, fields["ack"], (20 + len(options)) // 4 << 4, flags,
            fields["window"], 0, fields["urgent"],
        )  # fmt: skip
        source, destination = (ip_address(end).packed for end in ENDS[self.version])
        if self.version == 4:
            ip = struct.pack(
                "!BBHHBBBBH", 0x45, fields["class"], 0, fields["id"], fields["whole"], 0, fields["hops"], 6, 0
            )
        else:
            ip = struct.pack("!IHBB", 6 << 28 | fields["class"] << 20, 0, 6, fields["hops"])
        self.at += size
        return summed(bytearray(ip + source + destination + head + options + dice.randbytes(size)))


def parts(octets: bytes) -> Iterator[bytes]:
    """Yield the packets that the kernel makes of what is written to the device, of which none may be broken."""
    _, kind, header, size, _, _ = GSO.unpack_from(octets)
    packet = octets[GSO.size :]
    assert summed(bytearray(packet)) == packet
    if not kind:
        yield packet
        return
    tcp = header - (packet[(20 if kind == 1 else 40) + 12] >> 4) * 4
    start = int.from_bytes(packet[tcp + 4 : tcp + 8], "big")
    for at in range(header, len(packet), size):
        one = bytearray(packet[:header] + packet[at : at + size])
        one[tcp + 4 : tcp + 8] = ((start + at - header) % (1 << 32)).to_bytes(4, "big")
        if at + size < len(packet):
            one[tcp + 13] &= ~8
        yield summed(one)


def plain(packet: bytes) -> bytes:
    """Return a packet without what joining may change: where PSH is, and the serial number of IPv4."""
    one = bytearray(packet)
    one[(20 if one[0] >> 4 == 4 else 40) + 13] &= ~8
    if one[0] >> 4 == 4:
        one[4:6] = bytes(2)
    return summed(one)


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("seed", range(12))
def test_what_was_sent_comes_whatever_is_joined_of_it(version: int, seed: int) -> None:
    stream = Stream(version, f"{version} {seed}")
    packets = [stream.next() for _ in range(400)]
    every = (EVERY[version],) * 2
    into = replace(INTO, flows=(every,), replay_window=1024)
    sealer = OutboundSa(keys(OUT), os.urandom)
    trains: list[list[bytes]] = [[]]
    for packet in packets:
        sealed = sealer.seal(packet, IPV4 if version == 4 else IPV6)
        if trains[-1] and (len(sealed) != len(trains[-1][0]) or len(trains[-1]) == 55):
            trains.append([])
        trains[-1].append(sealed)
    with Opening(into) as opening:
        opening.take([(b"".join(train), len(train[0])) for train in trains])
        assert opening.counts.read(0)[:5] == (400, sum(map(len, packets)), 0, 0, 0)
        opening.writing.close()
        written = []
        while octets := opening.reading.recv(1 << 17):
            written.append(octets)
    assert [plain(one) for octets in written for one in parts(octets)] == [plain(one) for one in packets]
    assert len(written) < 200
