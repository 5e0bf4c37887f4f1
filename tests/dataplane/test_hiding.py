"""What every data plane does alike with SAs that move to another, and with traffic that hides."""

from __future__ import annotations

import pytest

from ikecli.boundary.effects import Direction
from ikecli.intent import Tfc
from ikecli.numbers import Algorithm
from tests.dataplane.pairs import CBC, GCM, SHA, Pair


@pytest.mark.parametrize("esn", [False, True], ids=["", "esn"])
@pytest.mark.parametrize(("encryption", "integrity"), [(GCM, None), (CBC, SHA)], ids=["gcm", "cbc"])
def test_an_sa_that_moved_goes_on_with_its_numbers(
    pair: Pair, encryption: Algorithm, integrity: Algorithm | None, esn: bool
) -> None:
    pair.connect(encryption, integrity, esn=esn)
    assert [pair.ping() for _ in range(3)] == ["!"] * 3
    given = pair.rig.do("L", "give", [pair.spi("L")])
    numbers = {state.install.direction: (state.sequence, state.seen) for state in given}
    assert numbers == {Direction.INBOUND: (3, b"\7"), Direction.OUTBOUND: (3, b"")}
    assert pair.rig.do("L", "counters", [pair.spi("L")]) == {}
    for state in given:
        pair.rig.do("L", "take", state)
    assert [pair.ping(), pair.ping("R")] == ["!", "!"]
    assert pair.counters("L").replays == pair.counters("R").replays == 0
    again = pair.rig.do("L", "give", [pair.spi("L")])
    wanted = {Direction.INBOUND: (5, b"\x1f"), Direction.OUTBOUND: (5, b"")}
    assert {state.install.direction: (state.sequence, state.seen) for state in again} == wanted


@pytest.mark.parametrize("encapsulated", [False, True], ids=["esp", "udp"])
@pytest.mark.parametrize(("encryption", "integrity"), [(GCM, None), (CBC, SHA)], ids=["gcm", "cbc"])
def test_packets_are_padded_so_that_their_lengths_tell_nothing(
    pair: Pair, encryption: Algorithm, integrity: Algorithm | None, encapsulated: bool
) -> None:
    hiding = Tfc(900, 0, 60)
    pair.connect(encryption, integrity, encapsulated=encapsulated, tfc=hiding)
    before = outside(pair)
    assert [pair.ping(size=size) for size in (60, 100, 700, 100)] == ["!"] * 4
    assert pair.rig.wait(lambda: outside(pair) - before >= 4 * 900)
    assert pair.counted("L", octets_out=960) == {"octets_out": 960}


def outside(pair: Pair) -> int:
    sent: int = {view.name: view for view in pair.rig.do("L", "interfaces")}["outside"].octets_out
    return sent


@pytest.mark.parametrize(("encryption", "integrity"), [(GCM, None), (CBC, SHA)], ids=["gcm", "cbc"])
def test_dummy_packets_go_out_between_the_others_and_are_dropped(
    pair: Pair, encryption: Algorithm, integrity: Algorithm | None
) -> None:
    if pair.rig.nodes["L"].plane.name == "xfrm":
        pair.connect(encryption, integrity, tfc=Tfc(600, 2, 1))
        assert "sends no dummy packets" in "".join(pair.rig.nodes["L"].log)
        return
    pair.connect(encryption, integrity, tfc=Tfc(600, 2, 1))
    assert pair.ping() == "!"
    assert pair.rig.wait(lambda: pair.counters("R").dummies_in >= 4, 5)
    assert pair.counters("L").dummies_out >= 4
    assert pair.ping() == "!"
    assert pair.counters("R").errors_in == 0
