"""Ports of access lists as ranges."""

from __future__ import annotations

import pytest

from ikecli.config.common import Ports
from ikecli.config.flows import spans


@pytest.mark.parametrize(
    ("ports", "ranges"),
    [
        (None, [(0, 65535)]),
        (Ports("eq", (500, 80)), [(80, 80), (500, 500)]),
        (Ports("eq", port=443), [(443, 443)]),
        (Ports("neq", (0, 5, 65535)), [(1, 4), (6, 65534)]),
        (Ports("gt", port=65535), []),
        (Ports("gt", port=1023), [(1024, 65535)]),
        (Ports("lt", port=0), []),
        (Ports("lt", port=10), [(0, 9)]),
        (Ports("range", first=20, last=10), [(10, 20)]),
    ],
)
def test_ports_become_ranges(ports: Ports | None, ranges: list[tuple[int, int]]) -> None:
    assert spans(ports) == ranges
