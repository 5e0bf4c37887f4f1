"""Where the packets of one size lie on their way out: views of the buffers, made once and used for every train."""

from __future__ import annotations

from typing import Final

from ikecli.dataplane.esp import ESP_HEADER, TRAILER
from ikecli.dataplane.userspace.columns import MOST, Columns
from ikecli.dataplane.userspace.sas import IV, OVERHEAD
from ikecli.dataplane.userspace.tun import HEADER as VNET

LARGEST: Final = 65_535
TRAIN_OCTETS: Final = 65_000
BEFORE: Final = VNET + 2
"""Octets before a packet where many are read side by side, so that it begins at a whole word."""
PADDING: Final = bytes(range(1, 4))
FEW: Final = 4
"""Packets that there is room for at first; twice as many whenever that was not enough."""


class Buffers:
    """What all sizes share: one packet alone, packets as they are read side by side, and the train that leaves."""

    def __init__(self) -> None:
        self.one: Final = bytearray(VNET + LARGEST + OVERHEAD)
        self.view: Final = memoryview(self.one)
        self.many: Final = Columns(bytearray(TRAIN_OCTETS + MOST * (BEFORE + 4) + LARGEST))
        self.octets: Final = bytearray(LARGEST + 1)
        self.train: Final = Columns(self.octets)


class Places:
    """The places of packets of one size.

    Those that come side by side are read to `reads` and sealed from `texts`, `step` octets from each other. In a train
    they have `headers`, and go into `sealed`.
    """

    __slots__ = ("_buffers", "_most", "headers", "one", "padding", "reads", "sealed", "size", "step", "texts", "whole")

    def __init__(self, buffers: Buffers, size: int) -> None:
        self._buffers, self.size = buffers, size
        self.padding = -(size + TRAILER) & 3
        text = size + self.padding + TRAILER
        self.whole, self.step = text + OVERHEAD, BEFORE + text
        self._most = min(MOST, TRAIN_OCTETS // self.whole)
        self.one = buffers.view[VNET : VNET + text]
        self.reads: list[memoryview] = []
        self.texts: list[memoryview] = []
        self.headers: list[memoryview] = []
        self.sealed: list[memoryview] = []

    def trailer(self, next_header: int) -> bytes:
        """Return what is sealed behind a packet (RFC 4303 2.4)."""
        return PADDING[: self.padding] + bytes((self.padding, next_header))

    def close(self, next_header: int, count: int) -> None:
        """Put the trailers behind packets that were read side by side."""
        for at, value in enumerate(self.trailer(next_header), BEFORE + self.size):
            self._buffers.many.octet(at, self.step, count)[:] = bytes((value,)) * count

    def side_by_side(self, count: int) -> list[memoryview]:
        """Return where up to `count` packets may be read."""
        have = len(self.reads)
        if have < count:
            many = self._buffers.many.octets
            for at in range(have * self.step, min(2 * have or FEW, self._most) * self.step, self.step):
                self.reads.append(many[at + BEFORE - VNET :])
                self.texts.append(many[at + BEFORE : at + self.step])
        return self.reads[:count]

    def lead(self, count: int) -> None:
        """Have the places of at least `count` packets of a train."""
        for number in range(len(self.headers), count):
            header, sealed = self.last(number * self.whole)
            self.headers.append(header)
            self.sealed.append(sealed)

    def last(self, at: int) -> tuple[memoryview, memoryview]:
        """Return the place of a packet that is the last of a train of longer ones."""
        train = self._buffers.train.octets
        return train[at : at + ESP_HEADER], train[at + ESP_HEADER + IV : at + self.whole]
