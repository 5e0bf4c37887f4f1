"""The IANA registries of IKEv2, one row a number."""

from __future__ import annotations

from ikecli.numbers.algorithms import ALGORITHMS, BY_KEY, GROUP_BITS, NO_KEY_EXCHANGE, Algorithm, Words, named
from ikecli.numbers.registries import (
    ADDITIONAL,
    FIRST_STATUS,
    IKE_PORT,
    KEY_LENGTH,
    NAT_PORT,
    NON_ESP_MARKER,
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
    "IKE_PORT",
    "KEY_LENGTH",
    "NAT_PORT",
    "NON_ESP_MARKER",
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
