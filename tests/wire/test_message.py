"""Messages: chains of payloads, the header's rules, and the seam where encryption starts."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from ikecli.errors import Malformed, Refused
from ikecli.numbers import Exchange, NotifyType
from ikecli.wire import (
    HEADER_SIZE,
    Header,
    Message,
    Sealed,
    read_chain,
    read_header,
    read_message,
    write_chain,
    write_message,
    write_outer,
)
from ikecli.wire.message import MAX_PAYLOADS
from ikecli.wire.payloads import Nonce, Notify, SecurityAssociation, UnknownPayload, VendorId
from tests.wire.strategies import chains, headers

SPI_I, SPI_R = bytes.fromhex("dca635040e30a6a3"), bytes.fromhex("ddf0f6e503f92a3d")
HEADER = Header(SPI_I, SPI_R, Exchange.INFORMATIONAL, 7)


def datagram(first: int, payloads: str, version: int = 0x20, exchange: int = 37, length: int | None = None) -> bytes:
    body = bytes.fromhex(payloads)
    size = HEADER_SIZE + len(body) if length is None else length
    return SPI_I + SPI_R + bytes((first, version, exchange, 8)) + bytes(4) + size.to_bytes(4, "big") + body


@given(header=headers, payloads=chains)
def test_what_is_written_is_read(header, payloads):
    octets = write_message(Message(header, payloads))
    assert read_header(octets) == header
    assert read_message(octets) == Message(header, payloads)


@given(header=headers, clear=chains, inside=chains)
def test_the_seam_of_an_encrypted_payload(header, clear, inside):
    first, inner = write_chain(inside)
    prefix = write_outer(header, first, len(inner) + 24, clear)
    octets = prefix + b"initvect" + inner + bytes(16)
    assert read_message(octets) == Message(header, clear, Sealed(first, len(prefix)))
    assert read_chain(first, octets[len(prefix) + 8 : -16]) == inside


def test_the_octets_of_an_empty_encrypted_request():
    prefix = write_outer(HEADER, 0, 25)
    assert prefix.hex() == "dca635040e30a6a3ddf0f6e503f92a3d2e20250000000007000000390000001d"


@pytest.mark.parametrize(("name", "flags"), [("initiator", 0x08), ("response", 0x20), ("higher_version", 0x10)])
def test_flags(name, flags):
    octets = write_message(Message(Header(SPI_I, SPI_R, 37, 0, **{name: True}), ()))
    assert octets[19] == flags
    assert getattr(read_header(octets), name)


def test_a_fragment_says_which_it_is():
    octets = datagram(53, "2300002000010003" + "00" * 24)
    assert read_message(octets).sealed == Sealed(35, HEADER_SIZE + 8, 1, 3)


@pytest.mark.parametrize("numbers", ["00000001", "00020001", "000100", ""])
def test_a_fragment_outside_its_count_is_malformed(numbers):
    with pytest.raises(Malformed):
        read_message(datagram(53, f"2300{4 + len(numbers) // 2:04x}{numbers}"))


@pytest.mark.parametrize("version", [0x30, 0x31, 0xF0])
def test_a_higher_major_version_is_refused_with_its_notify(version):
    for read in (read_header, read_message):
        with pytest.raises(Refused) as refused:
            read(datagram(0, "", version))
        assert refused.value.notify is NotifyType.INVALID_MAJOR_VERSION


def test_a_higher_minor_version_is_read_like_2_0():
    assert read_message(datagram(0, "", 0x2F)).header.minor == 15


WRONG = {
    "IKEv1": datagram(0, "", 0x10),
    "shorter than a header": datagram(0, "")[:-1],
    "length above the datagram's": datagram(0, "", length=29),
    "length below the datagram's": datagram(40, "00000014" + "11" * 16, length=28),
    "no payload where one is announced": datagram(40, ""),
    "generic header cut off": datagram(40, "000000"),
    "payload length of zero": datagram(40, "00000000"),
    "payload length below its header": datagram(40, "00000003"),
    "payload length above the message": datagram(40, "00000015" + "11" * 16),
    "octets after the last payload": datagram(40, "00000014" + "11" * 17),
    "payload after the encrypted one": datagram(46, "29000004" + "00000008" + "00000001"),
    "octets after the encrypted payload": datagram(46, "29000004" + "00"),
    "more payloads than anybody needs": datagram(43, "2b000004" * MAX_PAYLOADS + "00000004"),
    "longer than a datagram can be": datagram(43, "0000fff0" + "00" * 65516),
}


@pytest.mark.parametrize("octets", WRONG.values(), ids=WRONG)
def test_malformed_messages(octets):
    with pytest.raises(Malformed) as malformed:
        read_message(octets)
    assert malformed.value.notify is NotifyType.INVALID_SYNTAX


def test_as_many_payloads_as_are_allowed():
    assert len(read_message(datagram(43, "2b000004" * (MAX_PAYLOADS - 1) + "00000004")).payloads) == MAX_PAYLOADS


@pytest.mark.parametrize("number", [46, 53])
def test_an_encrypted_payload_inside_another_is_malformed(number):
    with pytest.raises(Malformed, match="inside another"):
        read_chain(number, bytes.fromhex("0000000800010001"))


@pytest.mark.parametrize("first", [1, 32, 49, 200, 255])
def test_an_unknown_payload_survives_unless_it_is_critical(first):
    octets = datagram(first, "28000006abcd00000014" + "11" * 16)
    message = read_message(octets)
    assert message.payloads == (UnknownPayload(first, b"\xab\xcd"), Nonce(b"\x11" * 16))
    assert write_message(message)[HEADER_SIZE:] == octets[HEADER_SIZE:]
    with pytest.raises(Refused) as refused:
        read_message(write_message(Message(HEADER, (UnknownPayload(first, b"", critical=True),))))
    assert (refused.value.notify, refused.value.data) == (NotifyType.UNSUPPORTED_CRITICAL_PAYLOAD, bytes((first,)))


def test_the_critical_bit_of_a_known_payload_is_ignored():
    assert read_message(datagram(40, "00800014" + "11" * 16)).payloads == (Nonce(b"\x11" * 16),)


@pytest.mark.parametrize(("end", "responder_spi"), [("request", bytes(8)), ("response", SPI_R)])
def test_reads_what_an_asa_sends_first(end, responder_spi):
    octets = bytes.fromhex((Path(__file__).parent / f"asa-ike-sa-init-{end}.hex").read_text())
    message = read_message(octets)
    assert message.header == Header(
        SPI_I, responder_spi, Exchange.IKE_SA_INIT, 0, initiator=end == "request", response=end == "response"
    )
    security, exchange, nonce, *rest = message.payloads
    assert isinstance(security, SecurityAssociation)
    assert [t.key for t in security.proposals[0].transforms] == [(1, 12, 256), (2, 5, 0), (3, 12, 0), (4, 14, 0)]
    assert (exchange.group, len(exchange.public), len(nonce.data)) == (14, 256, 64)
    assert next(p.data for p in rest if isinstance(p, VendorId)) == b"CISCO-DELETE-REASON"
    assert [p.type for p in rest if isinstance(p, Notify)] == [
        NotifyType.NAT_DETECTION_SOURCE_IP,
        NotifyType.NAT_DETECTION_DESTINATION_IP,
        NotifyType.IKEV2_FRAGMENTATION_SUPPORTED,
    ]
    assert write_message(message) == octets
