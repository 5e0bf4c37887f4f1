"""Messages changed by payload: a field, a length, a type, an order, a count, a critical bit; seldom a bare octet."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import fields, replace
from ipaddress import IPv4Address
from struct import error
from typing import Any, Final, TypeVar

from ikecli.numbers import ALGORITHMS, Exchange, NotifyType, PayloadType, TransformType
from ikecli.wire import write_chain
from ikecli.wire.payloads import (
    PAYLOADS,
    Authentication,
    Certificate,
    CertificateRequest,
    Configuration,
    ConfigurationAttribute,
    Delete,
    Eap,
    IdInitiator,
    IdResponder,
    KeyExchange,
    Nonce,
    Notify,
    Payload,
    Proposal,
    SecurityAssociation,
    TrafficSelector,
    Transform,
    TsInitiator,
    TsResponder,
    UnknownPayload,
    VendorId,
)

T = TypeVar("T")
Dice = random.Random
EDGES: Final = (0, 1, 2, 3, 7, 8, 127, 128, 255, 256, 4095, 32767, 32768, 65534, 65535, (1 << 31), (1 << 32) - 1)
EXCHANGES: Final = (*Exchange, *Exchange, 0, 33, 43, 44, 240, 255)
_KINDS: Final = tuple(PAYLOADS)
_UNWRITABLE: Final = (error, ValueError, OverflowError, KeyError, TypeError, AttributeError)
_MANY: Final = 300
_LONGEST: Final = 60_000
_SELECTORS: Final = (0, 1 << 24, 0xC0A80100, 0xC0A801FF, 0xC0A80200, 0xC0A802FF, (1 << 32) - 1)


def changed(payloads: Sequence[Payload], pool: Sequence[Payload], dice: Dice) -> tuple[int, bytes]:
    """Return a chain of payloads, changed at least once: the type of the first, and the octets.

    `pool` are payloads of other messages, to be taken over.
    """
    while True:
        some = list(payloads)
        try:
            for _ in range(dice.choice((1, 1, 1, 2, 3))):
                some = _reshaped(some, pool, dice)
            first, chain = write_chain(some)
        except _UNWRITABLE:
            continue
        if first > 255 or len(chain) > _LONGEST:
            continue
        return _spoiled(first, chain, dice) if dice.random() < 0.08 else (first, chain)


def number(value: int, dice: Dice) -> int:
    """Return another number: near, at an edge, or any."""
    match dice.randrange(4):
        case 0:
            return max(0, value + dice.choice((-1, 1)))
        case 1:
            return value ^ (1 << dice.randrange(max(1, value.bit_length() + 1)))
        case 2:
            return dice.choice(EDGES)
    return dice.randrange(1 << dice.choice((4, 8, 16, 32)))


def octets(value: bytes, dice: Dice) -> bytes:
    """Return other octets: none, zeros, fewer, more, one changed, or any."""
    match dice.randrange(7):
        case 0:
            return b""
        case 1:
            return bytes(len(value))
        case 2:
            return value[: dice.randrange(len(value) + 1)]
        case 3:
            return value + dice.randbytes(dice.choice((1, 1, 4, 64, 1500)))
        case 4:
            return dice.randbytes(dice.choice((1, 2, 4, 8, 16, 32, 256)))
        case 5:
            return b"\x1b]0;%s%n\x00\r\n" + value
    at = dice.randrange(len(value) + 1)
    return value[:at] + dice.randbytes(1) + value[at + 1 :]


def _reshaped(payloads: list[Payload], pool: Sequence[Payload], dice: Dice) -> list[Payload]:
    at = dice.randrange(len(payloads) + 1)
    if at == len(payloads):
        return [*payloads, _other(pool, dice)]
    one = payloads[at]
    match dice.randrange(14):
        case 0:
            return [*payloads[:at], *payloads[at + 1 :]]
        case 1:
            return [*payloads[:at], one, *payloads[at:]]
        case 2:
            return [*payloads[:at], _other(pool, dice), *payloads[at:]]
        case 3:
            dice.shuffle(payloads)
            return payloads
        case 4:
            return payloads + [one] * dice.choice((1, 20, 130))
        case 5:
            swapped: Payload = UnknownPayload(dice.choice((*_KINDS, dice.randrange(1, 256))), one.write())
        case 6:
            swapped = UnknownPayload(one.number, one.write(), critical=True)
        case 7:
            swapped = UnknownPayload(one.number, octets(one.write(), dice), dice.random() < 0.2)
        case _:
            swapped = edited(one, dice)
    return [*payloads[:at], swapped, *payloads[at + 1 :]]


def _other(pool: Sequence[Payload], dice: Dice) -> Payload:
    return dice.choice(pool) if pool and dice.random() < 0.4 else strange(dice)


def edited(value: T, dice: Dice) -> T:
    """Return a payload, or a part of one, with one of its fields changed; lists get other items, too."""
    names = [one.name for one in fields(value) if one.init] if hasattr(value, "__dataclass_fields__") else []  # type: ignore[arg-type]
    if not names:
        return value
    name = dice.choice(names)
    return replace(value, **{name: _changed(getattr(value, name), dice)})  # type: ignore[type-var]


def _changed(value: Any, dice: Dice) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return number(value, dice)
    if isinstance(value, bytes):
        return octets(value, dice)
    if isinstance(value, tuple):
        return _items(value, dice)
    return edited(value, dice)


def _items(value: tuple[Any, ...], dice: Dice) -> tuple[Any, ...]:
    if not value:
        return value
    at = dice.randrange(len(value))
    match dice.randrange(6):
        case 0:
            return value[:at] + value[at + 1 :]
        case 1:
            return (*value, value[at])
        case 2:
            return value * dice.choice((2, 20, _MANY))
        case 3:
            return value[::-1]
    return (*value[:at], _changed(value[at], dice), *value[at + 1 :])


def strange(dice: Dice) -> Payload:
    """Return a payload of any kind, by itself in order."""
    match dice.randrange(16):
        case 0:
            return SecurityAssociation(tuple(_proposal(dice) for _ in range(dice.choice((1, 1, 2, 60)))))
        case 1:
            return KeyExchange(dice.choice((0, 1, 14, 19, 31, 32, 35, 36, 1025, 65535)), dice.randbytes(32))
        case 2:
            return dice.choice((IdInitiator, IdResponder))(
                dice.choice((1, 2, 3, 5, 9, 10, 11, 13, 0, 255)), b"\x0a\0\0\1"
            )
        case 3:
            return Nonce(dice.randbytes(dice.choice((16, 32, 256))))
        case 4:
            return Notify(dice.choice(tuple(NotifyType)), dice.randbytes(dice.choice((0, 0, 1, 2, 4, 20, 64))))
        case 5:
            return Notify(
                dice.randrange(65536), dice.randbytes(4), dice.randrange(5), dice.randbytes(dice.choice((0, 4, 8)))
            )
        case 6:
            return Delete(dice.choice((2, 3)), tuple(dice.randbytes(4) for _ in range(dice.choice((0, 1, 9, 1024)))))
        case 7:
            return Delete(1)
        case 8:
            return VendorId(dice.randbytes(dice.choice((0, 16, 1000))))
        case 9:
            return UnknownPayload(dice.randrange(1, 256), dice.randbytes(dice.randrange(40)), dice.random() < 0.2)
        case 10:
            attributes = [
                ConfigurationAttribute(
                    dice.choice((1, 2, 3, 7, 8, 13, 25, 28672)), dice.randbytes(dice.choice((0, 4, 17)))
                )
                for _ in range(dice.choice((1, 3, 250)))
            ]
            return Configuration(dice.choice((0, 1, 2, 3, 4, 255)), tuple(attributes))
        case 11:
            return dice.choice((Certificate, CertificateRequest))(
                dice.randrange(16), dice.randbytes(dice.choice((0, 20, 900)))
            )
        case 12:
            return Authentication(dice.choice((1, 2, 3, 9, 13, 14, 255)), dice.randbytes(dice.choice((1, 32, 256))))
        case 13:
            return _eap(dice)
    kind = dice.choice((TsInitiator, TsResponder))
    return kind(tuple(_selector(dice) for _ in range(dice.choice((1, 1, 2, 255)))))


def _eap(dice: Dice) -> Payload:
    return Eap(bytes((dice.randrange(6), 1)) + (9).to_bytes(2, "big") + b"\x01name")


def _proposal(dice: Dice) -> Proposal:
    rows = [Transform(row.type, row.number, row.key_bits) for row in dice.sample(ALGORITHMS, dice.choice((1, 4, 8)))]
    rows += [Transform(dice.choice(tuple(TransformType)), dice.randrange(65536), dice.choice((0, 128, 65535)))]
    return Proposal(dice.randrange(256), dice.randrange(5), dice.randbytes(dice.choice((0, 4, 8))), tuple(rows))


def _selector(dice: Dice) -> TrafficSelector:
    low, high = sorted((dice.choice(_SELECTORS), dice.choice(_SELECTORS)))
    return TrafficSelector(7, dice.choice((0, 0, 1, 6, 255)), 0, 65535, low, high)


def _spoiled(first: int, chain: bytes, dice: Dice) -> tuple[int, bytes]:
    """Return a chain whose generic headers do not hold: a length, a following type, a tail."""
    match dice.randrange(4):
        case 0:
            return dice.randrange(256), chain
        case 1:
            return first, chain[: dice.randrange(len(chain) + 1)]
        case 2:
            return first, chain + dice.randbytes(dice.choice((1, 4, 300)))
    at = dice.choice((0, 1, 2, 3, dice.randrange(len(chain) + 1)))
    return first, octets_at(chain, at, dice)


def octets_at(chain: bytes, at: int, dice: Dice) -> bytes:
    """Return octets with one changed."""
    return chain[:at] + dice.randbytes(1) + chain[at + 1 :] if at < len(chain) else chain


def address(dice: Dice) -> IPv4Address:
    """Return an address from anywhere."""
    return IPv4Address(dice.randrange(1 << 24, 1 << 32))


__all__ = [
    "EDGES",
    "EXCHANGES",
    "PayloadType",
    "address",
    "changed",
    "edited",
    "number",
    "octets",
    "octets_at",
    "strange",
]
