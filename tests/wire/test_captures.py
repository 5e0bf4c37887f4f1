"""Datagrams that others sent, some made to crash their readers: each is read or refused, also after damage."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from random import Random

import pytest

from ikecli.crypto import IkeKeys, Suite
from ikecli.errors import Malformed, Refused, Unauthentic
from ikecli.numbers import BY_KEY, AuthMethod, Exchange, IdType, TransformType
from ikecli.wire import HEADER_SIZE, read_chain, read_message, write_message
from ikecli.wire.payloads import Authentication, IdInitiator
from tests.wire.pcap import CAPTURES, frames, ike_datagrams, udp

FILES = sorted(CAPTURES.glob("*.pcap*"))
MUTATIONS = 6000
IKEV2PI2_KEYS = IkeKeys(
    d=b"",
    ai=bytes.fromhex("4ea8e662b07cdd430f6944c6723e4b82d5722418"),
    ar=bytes.fromhex("515b0bd22e6d76b34fdb760aa7bfad80b109b75d"),
    ei=bytes.fromhex("3f44bf47cafd8150591deb088199fcbf"),
    er=bytes.fromhex("bedb67ec7dc3d00cccac42e70cd63bde"),
    pi=b"",
    pr=b"",
)
IKEV2PI2_SUITE = Suite(
    BY_KEY[(TransformType.ENCR, 12, 128)],
    BY_KEY[(TransformType.INTEG, 2, 0)],
    BY_KEY[(TransformType.PRF, 2, 0)],
    BY_KEY[(TransformType.KE, 14, 0)],
)


def as_version_2(octets: bytes) -> bytes:
    """Make the header say version 2 and the datagram's length, so that the payloads get read."""
    return octets[:17] + b"\x20" + octets[18:24] + len(octets).to_bytes(4, "big") + octets[28:]


def reads_or_refuses(octets: bytes) -> bool:
    try:
        message = read_message(octets)
    except (Malformed, Refused):
        return False
    if message.sealed is None:
        assert read_message(write_message(message)) == message
    return True


def candidates() -> Iterator[bytes]:
    for path in FILES:
        for link, frame in frames(path):
            yield frame
            datagram = udp(link, frame)
            if datagram is not None:
                yield datagram[2]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_capture_is_read_or_refused(path):
    for link, frame in frames(path):
        datagram = udp(link, frame)
        octets = frame if datagram is None else datagram[2]
        for text in (octets, octets[4:]):
            reads_or_refuses(text)
            if len(text) >= HEADER_SIZE:
                reads_or_refuses(as_version_2(text))


def test_a_whole_exchange_is_read():
    messages = [read_message(octets) for octets in ike_datagrams(CAPTURES / "ikev2four.pcap")]
    exchanges = [Exchange(message.header.exchange) for message in messages]
    assert exchanges == [34] * 4 + [35] * 2 + [36] * 14 + [37]
    assert [message.sealed is None for message in messages] == [True] * 4 + [False] * 17
    assert messages[2].payloads[1:] == messages[0].payloads


def test_the_captured_request_decrypts_with_its_keys():
    """Its sender's check value is none that RFC 7296 3.14 gives for these keys, so that the test puts one in."""
    captured = ike_datagrams(CAPTURES / "ikev2pI2.pcap")[1]
    sealed = read_message(captured).sealed
    with pytest.raises(Unauthentic):
        IKEV2PI2_SUITE.open(IKEV2PI2_KEYS, True, captured, sealed.at)
    octets = captured[:-12] + hmac.digest(IKEV2PI2_KEYS.ai, captured[:-12], "sha1")[:12]
    inside = read_chain(sealed.first, IKEV2PI2_SUITE.open(IKEV2PI2_KEYS, True, octets, sealed.at))
    assert inside == (
        IdInitiator(IdType.FQDN, b"west"),
        Authentication(AuthMethod.RSA_SIGNATURE, bytes(192)),
    )


def test_damaged_captures_are_read_or_refused():
    """Seeded: the same damage each run. Both outcomes must occur, else the loop tests nothing."""
    dice = Random(7296)
    samples = [as_version_2(octets) for octets in candidates() if len(octets) > HEADER_SIZE]
    outcomes = set()
    for _ in range(MUTATIONS):
        octets = bytearray(dice.choice(samples))
        for _ in range(dice.randint(1, 4)):
            octets[dice.randrange(16, len(octets))] = dice.choice((0, 1, 2, 4, 46, 127, 255, dice.randrange(256)))
        if dice.random() < 0.2:
            del octets[dice.randrange(len(octets)) :]
        if len(octets) >= HEADER_SIZE:
            octets[16:24] = octets[16:17] + b"\x20" + octets[18:24]
            octets[24:28] = len(octets).to_bytes(4, "big")
        outcomes.add(reads_or_refuses(bytes(octets)))
    assert outcomes == {True, False}
