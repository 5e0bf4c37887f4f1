"""Narrowing."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from hypothesis import given
from hypothesis import strategies as st

from ikecli.ike.limits import MAX_PAIRS
from ikecli.ike.selectors import all_within, from_wire, narrow, sides, to_wire
from ikecli.intent import Selector
from ikecli.wire.payloads import OPAQUE, TrafficSelector, TsInitiator


def net(text: str, protocol: int = 0, ports: tuple[int, int] = (0, 65535)) -> Selector:
    return Selector.of(ip_network(text), protocol, ports)


@st.composite
def selectors(draw: st.DrawFn) -> Selector:
    low, high = sorted(draw(st.tuples(st.integers(0, 15), st.integers(0, 15))))
    ports = sorted(draw(st.tuples(st.sampled_from([0, 80]), st.sampled_from([80, 65535]))))
    address = ip_address("10.0.0.0") if draw(st.booleans()) else ip_address("2001:db8::")
    return Selector(address + low, address + high, draw(st.sampled_from([0, 6, 17])), ports[0], ports[1])


PAIRS = st.lists(st.tuples(selectors(), selectors()), max_size=4)
SIDE = st.lists(selectors(), min_size=1, max_size=3)


@given(PAIRS, SIDE, SIDE)
def test_what_is_agreed_lies_in_both_and_in_no_other_pair(
    flows: list[tuple[Selector, Selector]], local: list[Selector], remote: list[Selector]
) -> None:
    agreed = narrow(flows, local, remote)
    for here, there in agreed:
        assert all_within([here], local)
        assert all_within([there], remote)
        assert any(here.within(one) and there.within(other) for one, other in flows)
        others = [pair for pair in agreed if pair != (here, there)]
        assert not any(here.within(one) and there.within(other) for one, other in others)


@given(st.lists(selectors(), min_size=1, max_size=5))
def test_the_wire_keeps_selectors(rows: list[Selector]) -> None:
    assert from_wire(TsInitiator(to_wire(rows))) == tuple(rows)


def test_ports_that_cannot_be_read_are_in_no_flow() -> None:
    assert from_wire(TsInitiator((TrafficSelector(7, 6, *OPAQUE, 0, 1),))) == ()


def test_pairs_are_bounded() -> None:
    many = [net(f"10.0.{n}.0/24") for n in range(100)]
    assert len(narrow([(net("10.0.0.0/8"), net("10.0.0.0/8"))], many, many)) == MAX_PAIRS


def test_sides_name_each_selector_once() -> None:
    a, b, c = net("10.0.0.0/24"), net("10.0.1.0/24"), net("10.0.2.0/24")
    assert sides([(a, b), (a, c)]) == ((a,), (b, c))
