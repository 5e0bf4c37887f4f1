"""The reader stays inside its bounds."""

from __future__ import annotations

from struct import Struct

import pytest

from ikecli.errors import Malformed
from ikecli.wire import Reader


def test_reads_forward():
    reader = Reader(bytes(range(1, 20)))
    assert reader.unpack(Struct("!BHI")) == (1, 0x0203, 0x04050607)
    assert reader.unpack(Struct("!BH")) == (8, 0x090A)
    assert reader.take(2) == b"\x0b\x0c"
    part = reader.part(3)
    assert (part.left, part.rest(), part.left) == (3, b"\x0d\x0e\x0f", 0)
    assert reader.rest() == b"\x10\x11\x12\x13"
    reader.finish("it")


@pytest.mark.parametrize(
    "read",
    [
        lambda r: r.unpack(Struct("!H")),
        lambda r: r.unpack(Struct("!I")),
        lambda r: r.take(2),
        lambda r: r.part(2),
        lambda r: r.take(-1),
        lambda r: r.part(-1),
        lambda r: (r.take(1), r.take(1)),
        lambda r: r.finish("it"),
    ],
)
def test_nothing_passes_the_end_of_a_part(read):
    with pytest.raises(Malformed):
        read(Reader(b"abcdef").part(1))
