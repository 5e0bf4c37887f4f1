"""Numbers and words with one meaning in the intent, in the configuration and where they are shown."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Final

SEVERITIES: Final = (
    "emergencies", "alerts", "critical", "errors", "warnings", "notifications", "informational", "debugging",
)  # fmt: skip
"""Of log lines, the gravest first (RFC 5424 6.2.1), as both dialects call them."""

GRE_HOPS: Final = 255
"""Hops that the packets of a GRE tunnel may go."""

NEARBY: Final = IPv4Network("0.0.0.0/32")
"""What stands for the network that a client is in, in a list of networks that it is to leave out of the tunnel."""
