"""The IANA registries of IKEv2, one row a number."""

from __future__ import annotations

from ikecli.numbers.algorithms import ALGORITHMS, BY_KEY, GROUP_BITS, NO_KEY_EXCHANGE, Algorithm, Words, named
from ikecli.numbers.registries import (
    ADDITIONAL,
    FIRST_STATUS,
    KEY_LENGTH,
    PUZZLE_KEYS,
    AttributeType,
    AuthMethod,
    ConfigurationType,
    Exchange,
    IdType,
    NotifyType,
    PayloadType,
    Protocol,
    TransformType,
    TsType,
    label,
)

__all__ = [
    "ADDITIONAL",
    "ALGORITHMS",
    "BY_KEY",
    "FIRST_STATUS",
    "GROUP_BITS",
    "KEY_LENGTH",
    "NO_KEY_EXCHANGE",
    "PUZZLE_KEYS",
    "Algorithm",
    "AttributeType",
    "AuthMethod",
    "ConfigurationType",
    "Exchange",
    "IdType",
    "NotifyType",
    "PayloadType",
    "Protocol",
    "TransformType",
    "TsType",
    "Words",
    "label",
    "named",
]
