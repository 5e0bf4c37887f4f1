"""Messages in fragments: cut where the path is narrow, put together only from what the peer sent, and bounded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from ikecli.boundary.effects import Datagram, Endpoint
from ikecli.boundary.events import DatagramDropped, MessageReceived, Progress, Retransmitted
from ikecli.ike import fragments, messages
from ikecli.ike.limits import LEAST_FRAGMENT, MAX_ASSEMBLED, MAX_FRAGMENTS
from ikecli.ike.sa import IkeSa
from ikecli.ike.window import Aim, Want
from ikecli.numbers import Exchange, NotifyType
from ikecli.wire import Header, cut, read_message, write_chain, write_outer_fragment
from ikecli.wire.payloads import Notify
from tests.ike.pair import LEFT, RIGHT, Pair, ike_proposal, intent
from tests.ike.test_additional import further

NARROW = (180, 180)
CBC_SUITE = ike_proposal("aes-cbc-256", "sha256", "sha256", "31")


def narrow(left: tuple[int, int] | None = NARROW, right: tuple[int, int] | None = NARROW, **more: object) -> Pair:
    """Return a pair whose ends cut messages."""
    return Pair(
        intent(LEFT, RIGHT, fragment_mtu=left, **more),  # type: ignore[arg-type]
        intent(RIGHT, LEFT, fragment_mtu=right, **more),  # type: ignore[arg-type]
    )


def pieces(datagrams: Sequence[Datagram]) -> list[tuple[int, int]]:
    """Return number and total of each fragment."""
    sealed = [read_message(datagram.octets).sealed for datagram in datagrams]
    return [(one.fragment, one.fragments) for one in sealed if one is not None]


def sa_of(pair: Pair) -> IkeSa:
    (sa,) = pair.left.engine._core.sas.values()
    return sa


def fragment(pair: Pair, number: int, total: int, chain: bytes, first: int | None = None, id: int = 2) -> Datagram:
    """Return a fragment of a request that the left end's keys seal, as only the peer could send it."""
    sa = sa_of(pair)
    assert sa.suite is not None
    assert sa.keys is not None
    header = Header(sa.spi_i, sa.spi_r, Exchange.INFORMATIONAL, id, True)
    kind = (41 if number == 1 else 0) if first is None else first
    outer = write_outer_fragment(header, kind, sa.suite.sealed_size(len(chain)), number, total)
    sa.sealed += 1
    octets = sa.suite.seal(sa.keys, True, outer, chain, sa.sealed.to_bytes(8, "big"))
    return Datagram(octets, Endpoint(RIGHT, 500), Endpoint(LEFT, 500))


def halves(size: int = 300) -> tuple[bytes, bytes]:
    """Return both halves of a chain of one notify."""
    chain = write_chain((Notify(40000, bytes(size)),))[1]
    return chain[: size // 2], chain[size // 2 :]


def up() -> Pair:
    """Return a pair that is up and has forgotten what it said."""
    pair = narrow((1400, 1400), (1400, 1400))
    pair.up()
    pair.right.told.clear()
    pair.right.sent.clear()
    return pair


def why(pair: Pair) -> str:
    return pair.right.events(DatagramDropped)[-1].why


def taken(pair: Pair) -> int:
    return len(pair.right.events(MessageReceived))


@pytest.mark.parametrize("proposal", [ike_proposal(), CBC_SUITE], ids=["gcm", "cbc"])
@pytest.mark.parametrize("mtu", [NARROW, (300, 300), (68, 68)], ids=str)
def test_a_tunnel_comes_up_in_fragments(mtu: tuple[int, int], proposal: object) -> None:
    pair = narrow(mtu, mtu, proposals=(proposal,))
    pair.up()
    for end in pair.ends:
        sent = [datagram for datagram in end.sent if read_message(datagram.octets).sealed]
        assert len(sent) >= 2 or mtu[0] == 300
        assert len(sent) == 1 or pieces(sent) == [(number, len(sent)) for number in range(1, len(sent) + 1)]
        if mtu[0] > 68:
            assert max(len(datagram.octets) + 28 for datagram in sent) <= mtu[0]
        assert end.sas[0].fragmentation
        assert len(end.engine._core.assemblies) == end.engine._core.assemblies.size == 0
    assert pair.ping(pair.left)


@pytest.mark.parametrize(
    "arrange", [lambda e: e[::-1], lambda e: e + e, lambda e: e[2:] + e[:2]], ids=["back", "2", "odd"]
)
def test_fragments_come_in_any_order_and_twice(arrange: Callable[[list[object]], list[object]]) -> None:
    pair = narrow()
    pair.left.acquire()
    for _ in range(4):
        pair.wire = arrange(pair.wire)  # type: ignore[assignment, arg-type]
        pair.cross()
    pair.settle()
    pair.agree(1)


@pytest.mark.parametrize(("left", "right"), [(None, NARROW), (NARROW, None)])
def test_one_end_alone_does_not_cut(left: tuple[int, int] | None, right: tuple[int, int] | None) -> None:
    pair = narrow(left, right)
    pair.up()
    assert [len(end.sent) for end in pair.ends] == [2, 2]
    assert not any(end.sas[0].fragmentation for end in pair.ends)


def test_short_messages_go_whole() -> None:
    pair = narrow((1400, 1400), (1400, 1400))
    pair.up()
    assert [len(end.sent) for end in pair.ends] == [2, 2]
    assert all(end.sas[0].fragmentation for end in pair.ends)


def test_all_fragments_are_sent_again_and_the_answer_comes_from_the_cache() -> None:
    pair = narrow()
    pair.left.acquire()
    pair.cross()
    pair.cross()
    request = [datagram for _, _, datagram in pair.wire]
    pair.wire = pair.wire[:-1]
    pair.cross()
    assert pair.wire == []
    pair.now += 2.0
    pair.left.wake()
    assert [datagram for _, _, datagram in pair.wire] == request
    assert len(pair.left.events(Retransmitted)) == 1
    pair.cross()
    answer = [datagram.octets for _, _, datagram in pair.wire]
    assert len(answer) > 1
    pair.wire.clear()
    pair.now += 4.0
    pair.left.wake()
    pair.cross()
    assert [datagram.octets for _, _, datagram in pair.wire] == answer
    pair.settle()
    pair.agree(1)


def test_keys_that_take_long_hold_fragments() -> None:
    pair = narrow(proposals=(ike_proposal(groups="14"),))
    pair.up()
    assert pair.right.engine._core.held == 0


def test_a_message_of_two_fragments_is_read_and_answered_once() -> None:
    pair = up()
    first, second = halves()
    for part in (fragment(pair, 2, 2, second), fragment(pair, 1, 2, first)):
        pair.right.receive(part)
    assert (taken(pair), len(pair.right.sent)) == (1, 1)
    pair.right.receive(part)
    assert (taken(pair), pair.right.sent[0].octets) == (1, pair.right.sent[1].octets)


def test_a_forged_fragment_neither_counts_nor_spoils() -> None:
    pair = up()
    first, second = halves()
    pair.right.receive(fragment(pair, 1, 2, first))
    genuine = fragment(pair, 2, 2, second)
    for total in (2, 3, 900):
        octets = bytearray(genuine.octets)
        octets[34:36] = total.to_bytes(2, "big")
        octets[-1] ^= 1
        pair.right.receive(replace(genuine, octets=bytes(octets)))
    pair.right.receive(genuine)
    assert taken(pair) == 1


def test_the_total_may_grow_but_not_shrink() -> None:
    pair = up()
    first, second = halves()
    pair.right.receive(fragment(pair, 1, 2, first))
    pair.right.receive(fragment(pair, 3, 3, second[9:]))
    pair.right.receive(fragment(pair, 2, 2, second))
    assert why(pair) == "a fragment of 2 where there are 3"
    pair.right.receive(fragment(pair, 1, 3, first))
    pair.right.receive(fragment(pair, 2, 3, second[:9]))
    assert taken(pair) == 1
    assert len(pair.right.engine._core.assemblies) == 0


def test_a_duplicate_is_not_even_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = up()
    first, second = halves()
    pair.right.receive(fragment(pair, 1, 2, first))
    opened: list[int] = []
    genuine = fragments._open
    monkeypatch.setattr(fragments, "_open", lambda *those: opened.append(1) or genuine(*those))
    pair.right.receive(fragment(pair, 1, 2, second))
    assert (why(pair), opened) == ("fragment 1 once more", [])
    pair.right.receive(fragment(pair, 2, 2, second))
    assert taken(pair) == 1


@pytest.mark.parametrize(
    ("number", "total", "first", "said"),
    [
        (0, 2, 0, "encrypted fragment 0 of 2"),
        (1, 0, 41, "encrypted fragment 1 of 0"),
        (3, 2, 0, "encrypted fragment 3 of 2"),
        (1, 65535, 41, "a message of 65535 fragments"),
        (1, MAX_FRAGMENTS + 1, 41, f"a message of {MAX_FRAGMENTS + 1} fragments"),
        (2, 2, 41, "fragment 2 begins with payload 41"),
        (1, 2, 0, "fragment 1 begins with payload 0"),
    ],
)
def test_numbers_that_cannot_be(number: int, total: int, first: int, said: str) -> None:
    pair = up()
    pair.right.receive(fragment(pair, number, total, b"content", first))
    assert why(pair) == said
    assert len(pair.right.engine._core.assemblies) == 0


def test_a_fragment_beside_a_payload_in_clear_is_refused() -> None:
    pair = up()
    whole = fragment(pair, 1, 1, halves()[0]).octets
    clear = bytes((53, 0, 0, 8)) + bytes(4)
    octets = whole[:16] + bytes((41,)) + whole[17:24] + (len(whole) + 8).to_bytes(4, "big") + clear + whole[28:]
    pair.right.receive(Datagram(octets, Endpoint(RIGHT, 500), Endpoint(LEFT, 500)))
    assert why(pair) == "a message that is not encrypted as a whole"


def test_fragments_that_were_not_agreed_on_are_refused() -> None:
    pair = Pair()
    pair.up()
    pair.right.receive(fragment(pair, 1, 2, b"content"))
    assert why(pair) == "a fragment where fragments were not agreed on"


def test_what_an_authentic_peer_may_have_kept_is_bounded() -> None:
    pair = up()
    table = pair.right.engine._core.assemblies
    for number in range(1, MAX_FRAGMENTS):
        pair.right.receive(fragment(pair, number, MAX_FRAGMENTS, bytes(1000)))
        assert table.size < MAX_ASSEMBLED + 1000 + 128 * MAX_FRAGMENTS
    assert any("fragments of more than" in event.why for event in pair.right.events(DatagramDropped))
    octets = messages.write(pair.left.engine._core, sa_of(pair), Exchange.INFORMATIONAL, 2, False, ())
    pair.right.receive(Datagram(octets, Endpoint(RIGHT, 500), Endpoint(LEFT, 500)))
    assert taken(pair) == 1
    assert len(table) == table.size == 0


def test_the_oldest_message_is_given_up_where_all_take_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fragments, "MAX_ASSEMBLED_IN_ALL", 3000)
    table, header = fragments.Assemblies(), Header(bytes(8), bytes(8), Exchange.INFORMATIONAL, 0)
    sas = [object(), object(), object()]
    for sa in sas:
        table.grow(table.begin(sa, header, 2), 1000)  # type: ignore[arg-type]
    assert [table.at(sa, header) is None for sa in sas] == [True, False, False]  # type: ignore[arg-type]
    assert table.size == 2 * 1128


def test_an_ike_sa_that_goes_takes_its_fragments_along() -> None:
    pair = up()
    pair.right.receive(fragment(pair, 1, 2, halves()[0]))
    assert len(pair.right.engine._core.assemblies) == 1
    pair.left.engine._core.sas.clear()
    core = pair.right.engine._core
    for sa in list(core.sas.values()):
        core.remove(sa)
    assert len(core.assemblies) == core.assemblies.size == 0


def test_every_fragment_is_under_an_iv_of_its_own() -> None:
    pair = narrow()
    pair.up()
    ivs = [datagram.octets[36:44] for datagram in pair.left.sent if read_message(datagram.octets).sealed]
    assert len(set(ivs)) == len(ivs) >= 2


def test_the_least_fragment_bounds_their_number() -> None:
    pair = narrow((68, 68), (68, 68))
    pair.up()
    core, sa = pair.left.engine._core, sa_of(pair)
    octets = messages.write(core, sa, Exchange.INFORMATIONAL, 2, False, (Notify(NotifyType.COOKIE, bytes(60_000)),))
    assert len(cut(octets)) == -(-60_008 // LEAST_FRAGMENT)


# Paths that are shorter than was thought (RFC 7383 2.5.2)


def short_path(mtu: int, both: bool = True) -> Pair:
    """Return a pair that cuts for 1500 octets, on a path that drops what is longer than `mtu`, there or both ways."""
    pair = narrow((1500, 1500), (1500, 1500), proposals=(ike_proposal("aes-gcm-128", "", "sha256", "31"),))

    def weather(datagram: Datagram) -> list[float]:
        there = datagram.local.address == RIGHT
        return [] if len(datagram.octets) + 28 > mtu and (there or both) else [0.0]

    pair.weather = weather
    return pair


def say_much(pair: Pair, octets: int = 3000) -> None:
    """Have the left end tell the right of a packet that is long."""
    engine = pair.left.engine
    (sa,) = engine._core.sas.values()
    engine._enter(pair.now)
    engine._core.want(sa, Want.MISFIT, Aim(spis=(next(iter(sa.children)),), octets=bytes(octets)))
    pair.left.perform(engine._leave())


def told(pair: Pair) -> int:
    """Count what the right end heard of packets that do not fit."""
    return sum("do not cover" in one.text for one in pair.right.events(Progress))


@pytest.mark.parametrize(("mtu", "path"), [(1500, 0), (1300, 1280 - 28), (600, 576 - 28)])
def test_fragments_without_an_answer_are_cut_shorter(mtu: int, path: int) -> None:
    pair = short_path(mtu)
    pair.up()
    say_much(pair)
    pair.advance(40.0)
    assert told(pair) == 1
    assert sa_of(pair).path == path
    assert len(pair.left.events(Retransmitted)) == {0: 0, 1252: 2, 548: 4}[path]
    retransmitted = len(pair.left.events(Retransmitted))
    say_much(pair, 2999)
    pair.advance(40.0)
    assert told(pair) == 2
    assert len(pair.left.events(Retransmitted)) == retransmitted, "what was found out is kept"
    pair.agree(1)


def test_the_answer_is_no_longer_than_the_fragments_that_got_through() -> None:
    pair = short_path(600)
    pair.up()
    say_much(pair)
    pair.advance(40.0)
    (sa,) = pair.right.engine._core.sas.values()
    assert 0 < sa.path <= 576 - 28


def test_an_answer_that_was_too_long_is_cut_shorter_when_the_request_is() -> None:
    """The request got through at once; only its repetition, in shorter fragments, shows that the answer did not."""
    pair = up()
    (sa,) = pair.right.engine._core.sas.values()
    first, second = halves()
    id = sa.window.expected
    for number, part in ((1, first), (2, second)):
        pair.right.receive(fragment(pair, number, 2, part, id=id))
    answer = sa.window.answered(id)
    assert answer is not None
    sa.path = 0
    answer.response = messages.write(
        pair.right.engine._core, sa, Exchange.INFORMATIONAL, id, True, [Notify(40000, bytes(1300))]
    )
    pair.right.sent.clear()
    pair.right.receive(fragment(pair, 2, 3, second, id=id))
    assert pair.right.sent == []
    pair.right.receive(fragment(pair, 1, 3, first[:100], id=id))
    shown = len(fragment(pair, 1, 3, first[:100], id=id).octets)
    sent = [len(datagram.octets) for datagram in pair.right.sent]
    assert max(sent) <= shown
    assert len(sent) > 10
    forged = bytearray(fragment(pair, 1, 4, first[:50], id=id).octets)
    forged[-1] ^= 1
    pair.right.receive(Datagram(bytes(forged), Endpoint(RIGHT, 500), Endpoint(LEFT, 500)))
    assert len(pair.right.sent) == len(sent)


def test_short_messages_are_sent_again_as_they_were() -> None:
    pair = short_path(1500)
    pair.up()
    pair.lose(10)
    say_much(pair, 20)
    pair.advance(20.0)
    assert sa_of(pair).path == 0
    assert len({datagram.octets for datagram in pair.dropped}) == 1


def test_a_fragment_under_the_id_of_ike_sa_init_is_answered_with_nothing() -> None:
    """The answer that stands there is in the clear: it cannot be cut."""
    pair = narrow((150, 150), (1400, 1400))
    pair.left.acquire()
    for _ in range(3):
        pair.step()
    (sa,) = pair.right.engine._core.sas.values()
    assert sa.keys is not None
    pair.right.sent.clear()
    pair.right.receive(fragment(pair, 1, 2, halves()[0][:20], id=0))
    assert pair.right.sent == []
    pair.settle()
    pair.agree(1)


def test_an_answer_under_keys_that_were_renewed_since_is_cut_shorter_under_them() -> None:
    """The path is short towards the initiator alone, and only IKE_INTERMEDIATE is long."""
    pair = narrow((1500, 1500), (1500, 1500), proposals=(further("mlkem1024"),))

    def weather(datagram: Datagram) -> list[float]:
        return [] if len(datagram.octets) + 28 > 1300 and datagram.local.address == LEFT else [0.0]

    pair.weather = weather
    pair.left.acquire()
    pair.advance(40.0)
    pair.agree(1)
    assert len(pair.left.events(Retransmitted)) == 2
    assert [sa.additional for sa in pair.left.sas] == [(37,)]
