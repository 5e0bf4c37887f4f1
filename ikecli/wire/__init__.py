"""Octets <-> payloads (RFC 7296 section 3): no state, no crypto, and nothing raised but Malformed and Refused."""

from __future__ import annotations

from ikecli.wire.message import (
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
from ikecli.wire.reader import Reader

__all__ = [
    "HEADER_SIZE",
    "Header",
    "Message",
    "Reader",
    "Sealed",
    "read_chain",
    "read_header",
    "read_message",
    "write_chain",
    "write_message",
    "write_outer",
]
