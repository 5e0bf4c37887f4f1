"""The plane that carries nothing: which tunnels have SAs, for `show`."""

from __future__ import annotations

from dataclasses import replace

from ikecli.boundary.effects import Direction, Remove
from ikecli.dataplane.none import NonePlane
from ikecli.intent import Carrier
from tests.dataplane.pairs import GCM, TUNNEL, Pair, tunnelled


def test_a_tunnels_line_is_up_from_its_first_sa_to_its_last() -> None:
    plane = NonePlane(lambda notice: None)
    plane.configure(tunnelled("L", Carrier.IPSEC))

    def up() -> bool:
        return {one.name: one.line for one in plane.interfaces()}["Tunnel0"]

    first, second = (
        replace(Pair.sa("L", GCM, None, generation), connection=f"{TUNNEL} 65535 Tunnel0") for generation in (1, 2)
    )
    lines = [up()]
    for sa in (first, second, second):
        plane.install(sa)
        lines.append(up())
    for sa in (first, first, second):
        plane.remove(Remove(Direction.OUTBOUND, sa.spi, sa.remote))
        lines.append(up())
    assert lines == [False, True, True, True, True, True, False]
