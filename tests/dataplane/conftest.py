"""The planes that must do alike what the tests of the contract say.

Those of Linux are run by `make live`: they need root, and namespaces of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dataplane.pairs import Pair
from tests.dataplane.rigs import rig


@pytest.fixture(
    params=[
        "memory",
        pytest.param("userspace", marks=pytest.mark.live),
        pytest.param("xfrm", marks=pytest.mark.live),
    ]
)
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    with rig(request.param, tmp_path) as made:
        yield Pair(made)
