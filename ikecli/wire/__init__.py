"""Octets <-> payloads (RFC 7296 section 3): no state, no crypto, and nothing raised but Malformed and Refused."""

from __future__ import annotations

from ikecli.wire.message import (
    FRAGMENT_OVERHEAD,
    HEADER_SIZE,
    Header,
    Message,
    Sealed,
    cut,
    read_chain,
    read_header,
    read_message,
    write_authenticated,
    write_chain,
    write_message,
    write_outer,
    write_outer_fragment,
)
from ikecli.wire.reader import Reader

__all__ = [
    "FRAGMENT_OVERHEAD",
    "HEADER_SIZE",
    "Header",
    "Message",
    "Reader",
    "Sealed",
    "cut",
    "read_chain",
    "read_header",
    "read_message",
    "write_authenticated",
    "write_chain",
    "write_message",
    "write_outer",
    "write_outer_fragment",
]
