"""ESP packets that FreeS/WAN sent under 3DES and HMAC-MD5, from tcpdump's own tests: opened, and sealed again alike."""

from __future__ import annotations

from pathlib import Path
from struct import unpack_from

import pytest

from ikecli.esp import IPV4, EspSa, InboundSa, OutboundSa, spi_of
from ikecli.numbers import BY_KEY, TransformType
from tests.wire.pcap import frames

CAPTURES = Path(__file__).parent / "captures"
ETHERNET, IPV4_HEADER, UDP_HEADER = 14, 20, 8
UDP = 17
ROWS = BY_KEY[(TransformType.ENCR, 3, 0)], BY_KEY[(TransformType.INTEG, 1, 0)]


def sa(spi: int, key: str, integrity_key: str) -> EspSa:
    return EspSa(spi, *ROWS, bytes.fromhex(key), bytes.fromhex(integrity_key))


ALONE = (sa(0x12345678, "4043434545464649494a4a4c4c4f4f515152525454575758", "8765" * 8),)
NESTED = (
    sa(0x12345678, "43434545464649494a4a4c4c4f4f51515252545457575840", "6587" * 8),
    sa(0xABCDABCD, "434545464649494a4a4c4c4f4f5151525254545757584043", "8765" * 8),
)


def within(packet: bytes) -> bytes:
    """Return the ESP packet that an IPv4 packet carries, in UDP or not."""
    body = packet[IPV4_HEADER : unpack_from("!H", packet, 2)[0]]
    return body[UDP_HEADER:] if packet[9] == UDP else body


@pytest.mark.parametrize(
    ("name", "sas"),
    [("02-sunrise-sunset-esp", ALONE), ("espudp1", ALONE), ("08-sunrise-sunset-esp2", NESTED)],
)
def test_eight_pings(name, sas):
    ends = [(InboundSa(one), one) for one in sas]
    pings = []
    for sequence, (_, frame) in enumerate(frames(CAPTURES / f"{name}.pcap"), 1):
        packet = frame[ETHERNET:]
        for inbound, one in ends:
            octets = within(packet)
            assert spi_of(octets) == one.spi
            packet, next_header = inbound.open(octets)
            assert next_header == IPV4
            again = OutboundSa(one, lambda size, sent=octets: sent[8 : 8 + size], sequence - 1)
            assert again.seal(packet, IPV4) == octets
        assert (packet[9], packet[12:20].hex(), packet[20]) == (1, "c0000201c0000101", 8)
        pings.append(unpack_from("!H", packet, 26)[0])
    assert pings == [0x0500 + 0x100 * at for at in range(8)]
