"""The ESP codec and its replay window, shared by the software data planes."""

from __future__ import annotations

from ikecli.esp.codec import DUMMY, IPV4, IPV6, Dropped, EspSa, InboundSa, OutboundSa, Reason, spi_of
from ikecli.esp.replay import ReplayWindow

__all__ = ["DUMMY", "IPV4", "IPV6", "Dropped", "EspSa", "InboundSa", "OutboundSa", "Reason", "ReplayWindow", "spi_of"]
