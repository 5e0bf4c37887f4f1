"""Which IKE SAs a command names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ikecli.control.messages import Option
from ikecli.daemon.selection import chosen
from tests.show.samples import SA

SITE = replace(SA, id=1, profile="198.51.100.2", remote_identity="198.51.100.2")
TRAVELLER = replace(
    SA, id=2, profile="RA", remote="203.0.113.9", remote_identity="ann", authorization="TRAVEL", assigned=("10.9.0.1",)
)


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ({}, [1, 2]),
        ({"sessions": "all"}, [1, 2]),
        ({"sessions": "l2l"}, [1]),
        ({"sessions": "ra-ikev2-ipsec"}, [2]),
        ({"group": "RA"}, [2]),
        ({"group": "198.51.100.2"}, [1]),
        ({"user": "ann"}, [2]),
        ({"index": 1}, [1]),
        ({"remote": "203.0.113.9"}, [2]),
        ({"assigned": "10.9.0.1"}, [2]),
        ({"assigned": "10.9.0.2"}, []),
        ({"remote": "203.0.113.9", "local": "192.0.2.9"}, []),
    ],
)
def test_options_narrow_what_is_named(options: dict[str, Option], ids: list[int]) -> None:
    assert [sa.id for sa in (SITE, TRAVELLER) if chosen(sa, options)] == ids
