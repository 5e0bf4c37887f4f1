"""Messages: the header, the chain of payloads, and the seam where encryption starts."""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import Final

from ikecli.errors import Malformed, Refused
from ikecli.numbers import NotifyType, PayloadType
from ikecli.value import value
from ikecli.wire.payloads import PAYLOADS, Payload, UnknownPayload

_SKF, _SK = PayloadType.SKF, PayloadType.SK

HEADER_SIZE: Final = 28
"""Octets of the header."""
MAX_PAYLOADS: Final = 128
"""Payloads one message may hold, and one encrypted chain."""
MAX_MESSAGE: Final = 65535
"""Octets of the longest message: what a UDP datagram can carry."""
MAJOR: Final = 2
"""The major version spoken here; another minor version is read like 2.0 (RFC 7296 2.5)."""

_HEADER: Final = Struct("!8s8sBBBBII")
_GENERIC: Final = Struct("!BBH")
_GENERIC_SIZE: Final = _GENERIC.size
_FRAGMENT: Final = Struct("!HH")
_SEALED: Final = (int(PayloadType.SK), int(PayloadType.SKF))
_FIRST_AT: Final = 16
"""Where the header has the type of the first payload."""
_LENGTH: Final = 4
_LENGTH_AT: Final = HEADER_SIZE - _LENGTH
_SHORT: Final = 2
FRAGMENT_OVERHEAD: Final = HEADER_SIZE + _GENERIC.size + _FRAGMENT.size
"""Octets of a fragment before its IV."""
_INITIATOR: Final = 0x08
_HIGHER_VERSION: Final = 0x10
_RESPONSE: Final = 0x20
_CRITICAL: Final = 0x80
_FLAGS: Final = [(bool(one & _INITIATOR), bool(one & _RESPONSE), bool(one & _HIGHER_VERSION)) for one in range(256)]
"""What the flags of a header say, each way to set them."""
_READ: Final = {kind: payload.read for kind, payload in PAYLOADS.items()}


@value
class Header:
    """The IKE header (RFC 7296 3.1) without what its octets imply: first payload type and length.

    `initiator` says that the sender is the IKE SA's original initiator, `higher_version` that it could speak one.
    """

    initiator_spi: bytes
    responder_spi: bytes
    exchange: int
    message_id: int
    initiator: bool = False
    response: bool = False
    higher_version: bool = False
    major: int = MAJOR
    minor: int = 0


@value
class Sealed:
    """The Encrypted payload that ends a message (RFC 7296 3.14), or one fragment of it (RFC 7383 2.5).

    `datagram[:at]` is the associated data, `datagram[at:]` IV, ciphertext and check value. `first` is the type of the
    first payload inside. `fragments` is 0 where the payload is whole, else `fragment` counts from 1 to it. `chain` is
    what was inside, where it was opened already.
    """

    first: int
    at: int
    fragment: int = 0
    fragments: int = 0
    chain: bytes | None = None


@value
class Message:
    """A header with the payloads in clear, and where the encrypted ones lie if there are any."""

    header: Header
    payloads: tuple[Payload, ...]
    sealed: Sealed | None = None


def read_header(datagram: bytes) -> Header:
    """Read the header alone.

    Raises Malformed, and Refused (INVALID_MAJOR_VERSION) for a major version above ours (RFC 7296 2.5).
    """
    return _read_header(datagram)[0]


def read_message(datagram: bytes) -> Message:
    """Read all that is in clear; raises Malformed, or Refused for a version or critical payload unknown here."""
    header, first = _read_header(datagram)
    payloads, sealed = _read_chain(first, datagram, HEADER_SIZE)
    return Message(header, payloads, sealed)


def read_chain(first: int, octets: bytes) -> tuple[Payload, ...]:
    """Read the payloads that an Encrypted payload held; `first` is the type of the first of them.

    Raises Malformed, also for an Encrypted payload inside, or Refused (UNSUPPORTED_CRITICAL_PAYLOAD).
    """
    payloads, sealed = _read_chain(first, octets, 0)
    if sealed is not None:
        raise Malformed("an encrypted payload inside another")
    return payloads


def write_message(message: Message) -> bytes:
    """Return the octets of a message in clear."""
    first, chain = write_chain(message.payloads)
    return _write_header(message.header, first, HEADER_SIZE + len(chain)) + chain


def write_chain(payloads: Sequence[Payload], last: int = PayloadType.NONE) -> tuple[int, bytes]:
    """Return the type of the first payload and the octets of all, each with its generic header; `last` follows them."""
    first, octets = last, b""
    for payload in reversed(payloads):
        body = payload.write()
        octets = _GENERIC.pack(first, payload.critical and _CRITICAL, _GENERIC_SIZE + len(body)) + body + octets
        first = payload.number
    return first, octets


def write_outer_fragment(
    header: Header, first: int, sealed_size: int, fragment: int, fragments: int, clear: Sequence[Payload] = ()
) -> bytes:
    """Return one fragment of a message up to where its IV starts (RFC 7383 2.5); `fragment` counts from 1.

    `clear` are payloads that stay unencrypted before it.
    """
    outer_first, chain = write_chain(clear, _SKF)
    generic = _GENERIC.pack(first, 0, FRAGMENT_OVERHEAD - HEADER_SIZE + sealed_size)
    outer = _write_header(header, outer_first, FRAGMENT_OVERHEAD + len(chain) + sealed_size)
    return outer + chain + generic + _FRAGMENT.pack(fragment, fragments)


def cut(octets: bytes) -> list[bytes]:
    """Return the messages that stand one after another in `octets`, each as long as its header says."""
    messages = []
    while (length := int.from_bytes(octets[_LENGTH_AT:HEADER_SIZE], "big")) < len(octets):
        messages.append(octets[:length])
        octets = octets[length:]
    return [*messages, octets] if messages else [octets]


def write_authenticated(octets: bytes, chain: bytes) -> bytes:
    """Return what an IKE_INTERMEDIATE message counts for in AUTH (RFC 9242 3.3.2): IntAuth_*A and IntAuth_*P.

    `octets` are its own or those of its first fragment, with nothing unencrypted before what is sealed, `chain` the
    payloads that were sealed. The lengths are those of a message that is whole and holds `chain` in clear.
    """
    size = _GENERIC_SIZE + len(chain)
    header = octets[:_FIRST_AT] + bytes((_SK,)) + octets[_FIRST_AT + 1 : _LENGTH_AT]
    generic = octets[HEADER_SIZE : HEADER_SIZE + _GENERIC_SIZE - _SHORT]
    return header + (HEADER_SIZE + size).to_bytes(_LENGTH, "big") + generic + size.to_bytes(_SHORT, "big") + chain


def write_outer(header: Header, first: int, sealed_size: int, clear: Sequence[Payload] = ()) -> bytes:
    """Return a message up to where the Encrypted payload's IV starts, which is the associated data.

    `first` is the type of the first payload inside, `sealed_size` the octets of IV, ciphertext and check value that
    will follow, `clear` the payloads that stay unencrypted before it.
    """
    outer_first, chain = write_chain(clear, _SK)
    generic = _GENERIC.pack(first, 0, _GENERIC.size + sealed_size)
    size = HEADER_SIZE + len(chain) + len(generic) + sealed_size
    return _write_header(header, outer_first, size) + chain + generic


def _read_header(datagram: bytes) -> tuple[Header, int]:
    if not HEADER_SIZE <= len(datagram) <= MAX_MESSAGE:
        raise Malformed(f"a message of {len(datagram)} octets")
    spi_i, spi_r, first, version, exchange, flags, message_id, length = _HEADER.unpack_from(datagram)
    major = version >> 4
    if major > MAJOR:
        raise Refused(f"a message of IKE version {major}", NotifyType.INVALID_MAJOR_VERSION)
    if major < MAJOR:
        raise Malformed(f"a message of IKE version {major}: the peer speaks IKEv1, which is not served")
    if length != len(datagram):
        raise Malformed(f"a message of {len(datagram)} octets that says it has {length}")
    initiator, response, higher = _FLAGS[flags]
    return Header(spi_i, spi_r, exchange, message_id, initiator, response, higher, major, version & 15), first


def _write_header(header: Header, first: int, length: int) -> bytes:
    flags = header.initiator * _INITIATOR | header.response * _RESPONSE | header.higher_version * _HIGHER_VERSION
    version = header.major << 4 | header.minor
    return _HEADER.pack(
        header.initiator_spi, header.responder_spi, first, version, header.exchange, flags, header.message_id, length
    )


def _read_chain(kind: int, octets: bytes, at: int) -> tuple[tuple[Payload, ...], Sealed | None]:
    payloads: list[Payload] = []
    end, unpack = len(octets), _GENERIC.unpack_from
    while kind:
        body = at + _GENERIC_SIZE
        if body > end:
            raise Malformed(f"payload {kind} is missing")
        following, critical, length = unpack(octets, at)
        at += length
        if not body <= at <= end:
            raise Malformed(f"payload {kind} has length {length} where {end - at + length} octets are left")
        if len(payloads) == MAX_PAYLOADS:
            raise Malformed(f"more than {MAX_PAYLOADS} payloads")
        if kind in _READ:
            payloads.append(_READ[kind](octets[body:at]))
        elif kind in _SEALED:
            if at != end:
                raise Malformed("an encrypted payload that does not end the message")
            return tuple(payloads), _sealed(kind, following, octets, body)
        elif critical & _CRITICAL:
            raise Refused(f"critical payload {kind}", NotifyType.UNSUPPORTED_CRITICAL_PAYLOAD, bytes((kind,)))
        else:
            payloads.append(UnknownPayload(kind, octets[body:at]))
        kind = following
    if at != end:
        raise Malformed(f"{end - at} octets after the last payload")
    return tuple(payloads), None


def _sealed(kind: int, first: int, octets: bytes, at: int) -> Sealed:
    if kind == _SK:
        return Sealed(first, at)
    if at + _FRAGMENT.size > len(octets):
        raise Malformed("an encrypted fragment without its numbers")
    fragment, fragments = _FRAGMENT.unpack_from(octets, at)
    if not 1 <= fragment <= fragments:
        raise Malformed(f"encrypted fragment {fragment} of {fragments}")
    return Sealed(first, at + _FRAGMENT.size, fragment, fragments)
