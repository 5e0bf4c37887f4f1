"""The crypto maps of an interface as one list of lines: what a packet meets first decides."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from hypothesis import given
from hypothesis import strategies as st

from ikecli.dataplane.lines import lines_of
from ikecli.intent import Connection, Flow, Intent, Selector

PEER, HERE = ip_address("198.51.100.1"), ip_address("192.0.2.1")


def side(octet: int, length: int) -> Selector:
    return Selector.of(ip_network((0x0A000000 | octet << 16, length), strict=False))


def entry(sequence: int, *flows: Flow, interface: str = "outside") -> Connection:
    return Connection("MAP", sequence, interface, HERE, (PEER,), flows, ())


def met(intent: Intent, source: str, destination: str) -> str | None:
    """Return the connection that the first line covering a packet names."""
    ends = ip_address(source), ip_address(destination)
    for line in lines_of(intent):
        if line.local.covers(ends[0], 0, 0) and line.remote.covers(ends[1], 0, 0):
            return line.connection.label if line.connection else None
    return None


def test_a_deny_takes_a_packet_out_of_its_own_entry_only() -> None:
    host, net, far = side(1, 32), side(1, 16), side(2, 16)
    intent = Intent(connections=(entry(10, Flow(host, far, False), Flow(net, far)), entry(20, Flow(host, far))))
    assert met(intent, "10.1.0.0", "10.2.0.1") == "MAP 20 outside"
    assert met(intent, "10.1.0.5", "10.2.0.1") == "MAP 10 outside"


def test_a_deny_without_an_entry_behind_lets_packets_pass() -> None:
    intent = Intent(
        connections=(
            entry(10, Flow(side(1, 24), side(2, 16), False), Flow(side(1, 16), side(2, 16))),
            entry(20, Flow(side(1, 16), side(2, 16)), interface="elsewhere"),
        )
    )
    assert met(intent, "10.1.0.5", "10.2.0.1") is None
    assert met(intent, "10.1.9.5", "10.2.0.1") == "MAP 10 outside"


SIDES = st.builds(side, st.integers(0, 3), st.sampled_from((12, 14, 15, 16, 24)))
FLOWS = st.lists(st.builds(Flow, SIDES, SIDES, st.booleans()), min_size=1, max_size=3)


@given(st.lists(FLOWS, min_size=1, max_size=3), st.integers(0, 3), st.integers(0, 3))
def test_the_first_line_says_what_the_entries_say_one_after_the_other(
    maps: list[list[Flow]], near: int, far: int
) -> None:
    intent = Intent(connections=tuple(entry(at, *flows) for at, flows in enumerate(maps)))
    source, destination = ip_address(0x0A000000 | near << 16), ip_address(0x0A000000 | far << 16)
    wanted = None
    for connection in intent.connections:
        hit = next(
            (f for f in connection.flows if f.local.covers(source, 0, 0) and f.remote.covers(destination, 0, 0)), None
        )
        if hit and hit.permit:
            wanted = connection.label
            break
    assert met(intent, str(source), str(destination)) == wanted
