"""Packets too long for a link: cut and put together again, or refused with the length that passes."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from random import Random

import pytest

from ikecli.dataplane import fragments
from ikecli.dataplane.fragments import MAX_PACKETS, REASSEMBLY_SECONDS, Reassembly, refused, split, too_big
from ikecli.dataplane.packet import UDP, Packet, echo_asked, echo_request

ENDS = {4: ("192.0.2.1", "198.51.100.1"), 6: ("2001:db8::1", "2001:db8::2")}


def packet(version: int, size: int = 4000) -> Packet:
    source, destination = map(ip_address, ENDS[version])
    return Packet(source, destination, UDP, bytes(number % 251 for number in range(size)))


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("mtu", [68, 576, 1280, 1499])
def test_fragments_in_any_order_make_the_packet_again(version: int, mtu: int) -> None:
    whole = packet(version)
    parts = [Packet.read(part.write()) for part in split(whole, mtu, 7)]
    assert all(part.length <= mtu for part in parts)
    Random(mtu).shuffle(parts)
    held = Reassembly()
    results = [held.add(part, 0.0) for part in parts + parts[:1]]
    assert results[len(parts) - 1] == replace(whole, identification=7)
    assert [result for result in results if result] == results[len(parts) - 1 : len(parts)]


def test_a_fragment_is_cut_further() -> None:
    whole = packet(4)
    parts = [again for part in split(whole, 1500, 7) for again in split(part, 576, 9)]
    held = Reassembly()
    assert [one for part in parts if (one := held.add(part, 0.0))] == [replace(whole, identification=7)]


def test_only_the_first_fragment_has_ports() -> None:
    first, *rest = split(packet(4), 576, 7)
    assert first.ports() == (1, 515)
    assert {part.ports() for part in rest} == {(-1, -1)}


def test_parts_that_overlap_or_do_not_end_make_nothing() -> None:
    first, second, *_, last = split(packet(4), 576, 7)
    held = Reassembly()
    overlap = replace(second, offset=second.offset - 8)
    assert [held.add(part, 0.0) for part in (first, overlap, replace(last, offset=second.offset))] == [None] * 3
    assert held.add(replace(first, offset=65528, more=False, identification=8), 0.0) is None


def test_what_is_not_completed_is_given_up() -> None:
    held = Reassembly()
    first, second = split(packet(4, 600), 576, 7)
    held.add(first, 0.0)
    assert held.add(second, REASSEMBLY_SECONDS + 1) is None
    for number in range(MAX_PACKETS + 1):
        held.add(replace(first, identification=number + 100), 60.0)
    assert held.add(replace(second, identification=100), 60.0) is None
    assert held.add(replace(second, identification=MAX_PACKETS + 100), 60.0) is not None


@pytest.mark.parametrize("version", [4, 6])
def test_an_error_names_the_echo_that_is_too_long(version: int) -> None:
    source, destination = map(ip_address, ENDS[version])
    error = too_big(echo_request(source, destination, 5, 6, 2000), 1400, destination)
    assert error.destination == source
    assert int.from_bytes(error.payload[4:8], "big") == 1400
    told = refused(Packet.read(error.write()))
    assert told is not None
    assert (echo_asked(told[0]), told[1]) == ((5, 6), 1400)
    assert refused(replace(error, payload=error.payload[:12])) is None


def test_a_packet_of_very_many_parts_is_put_together_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its last part comes first, so that each further one might be the missing one."""
    tries: list[int] = []
    real = fragments._whole
    monkeypatch.setattr(fragments, "_whole", lambda held: tries.append(1) or real(held))
    whole, held = packet(4, 8000), Reassembly()
    parts = list(split(whole, 28, 7))
    results = [held.add(part, 0.0) for part in reversed(parts)]
    assert (len(parts), len(tries)) == (1000, 1)
    assert results[-1] == replace(whole, identification=7)
    for part in (parts[-1], *parts[:-2], replace(parts[4], offset=4 * 8 + 4), replace(parts[6], offset=6 * 8 + 4)):
        assert held.add(part, 0.0) is None
    assert len(tries) <= 2
