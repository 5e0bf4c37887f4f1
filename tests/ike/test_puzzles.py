"""Puzzles (RFC 8019): initiators work for an answer while the half-open table fills up, in both roles."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ikecli.boundary.effects import Ask, Datagram, Endpoint, Puzzle
from ikecli.boundary.events import Challenged, DatagramDropped, IkeUp
from ikecli.crypto.puzzles import solve, solves
from ikecli.daemon.answers import answer
from ikecli.ike import puzzles
from ikecli.ike.limits import MAX_PUZZLE, PUZZLE_BITS
from ikecli.numbers import ALGORITHMS, BY_KEY, Exchange, NotifyType, TransformType
from ikecli.wire import Header, Message, read_message, write_message
from ikecli.wire.payloads import Notify, PuzzleSolution, SecurityAssociation
from tests.config.reading import read
from tests.ike.pair import LEFT, RIGHT, Pair, intent
from tests.ike.test_challenge import asked, counted, forged, request_of, with_cookie

LEAST, MOST = PUZZLE_BITS
PUZZLED = intent(RIGHT, LEFT, cookie_threshold=0, puzzle_threshold=0)
SHA256 = BY_KEY[(TransformType.PRF, 5, 0)]
FRAGMENTED = {"fragment_mtu": (200, 1280)}


def given(pair: Pair) -> tuple[bytes, Notify]:
    """Return the cookie and the puzzle that the right end sent last."""
    cookie, puzzle = read_message(pair.right.sent[-1].octets).payloads
    assert isinstance(cookie, Notify)
    assert isinstance(puzzle, Notify)
    assert (cookie.type, puzzle.type) == (NotifyType.COOKIE, NotifyType.PUZZLE)
    return cookie.data, puzzle


def with_solution(request: Datagram, cookie: bytes, keys: tuple[bytes, ...]) -> Datagram:
    message = read_message(with_cookie(request, cookie).octets)
    first, *others = message.payloads
    return replace(request, octets=write_message(replace(message, payloads=(first, PuzzleSolution(keys), *others))))


@pytest.mark.parametrize("row", [row for row in ALGORITHMS if row.type is TransformType.PRF], ids=lambda row: row.show)
def test_what_is_solved_is_a_solution_and_nothing_like_it(row) -> None:  # type: ignore[no-untyped-def]
    keys = solve(row, b"text", 6)
    assert solves(row, b"text", 6, keys)
    assert not solves(row, b"texT", 6, keys)
    assert not solves(row, b"text", 6, keys[:3])
    assert not solves(row, b"text", 6, (*keys[:3], keys[0]))
    assert not solves(row, b"text", 6, (*keys[:3], keys[3] + b"\0"))
    assert not solves(row, b"text", 0, tuple(bytes((n,)) * (row.key_octets + 1) for n in range(4)))


def test_the_initiator_solves_and_gets_in() -> None:
    pair = Pair(right=PUZZLED)
    pair.up()
    first, second, auth = pair.left.events(Challenged), pair.left.sent[1], pair.left.sent[2]
    assert [(one.prf, one.bits, one.taken) for one in first] == [("PRF_HMAC_SHA2_256", LEAST, True)] * 2
    names = [type(payload).__name__ for payload in read_message(second.octets).payloads[:3]]
    assert names == ["Notify", "PuzzleSolution", "SecurityAssociation"]
    assert [type(one).__name__ for one in read_message(auth.octets).payloads] == ["PuzzleSolution"]
    stats = pair.right.engine.stats()
    assert (stats.puzzles_asked, stats.puzzles_solved, stats.puzzles_unsolved) == (1, 1, 0)
    assert pair.ping(pair.left)


def test_a_solution_goes_with_the_first_fragment() -> None:
    pair = Pair(intent(LEFT, RIGHT, **FRAGMENTED), replace(PUZZLED, **FRAGMENTED))  # type: ignore[arg-type]
    pair.up()
    fragments = [read_message(one.octets) for one in pair.left.sent[2:]]
    assert len(fragments) > 1
    assert [len(one.payloads) for one in fragments] == [1] + [0] * (len(fragments) - 1)
    assert max(len(one.octets) for one in pair.left.sent[2:]) <= 200 - 28


def test_a_puzzle_costs_neither_state_nor_key_exchange_nor_a_timer() -> None:
    pair = Pair(right=PUZZLED)
    request = request_of(pair)
    for number in range(1, 500):
        pair.right.receive(forged(request, number, Endpoint(LEFT, 1000 + number)))
    core = pair.right.engine._core
    assert not core.sas
    assert not core.waiting
    assert pair.right.engine.next_wake is None
    assert max(len(one.octets) for one in pair.right.sent) < len(request.octets)


def test_a_wrong_solution_of_a_right_cookie_is_asked_again() -> None:
    pair = Pair(right=PUZZLED)
    request = request_of(pair)
    pair.right.receive(request)
    cookie, puzzle = given(pair)
    keys = solve(SHA256, cookie, puzzle.data[2])
    wrong = (keys[0], keys[1], keys[2], bytes(4))
    assert not solves(SHA256, cookie, puzzle.data[2], wrong)
    for _ in range(5):
        pair.right.engine._core.random = lambda size: b"\xff" * size  # type: ignore[misc]
        pair.right.receive(with_solution(request, cookie, wrong))
    assert not pair.right.sas
    assert given(pair)
    pair.right.receive(with_solution(request, cookie, keys))
    assert len(pair.right.sas) == 1


def test_an_easier_puzzle_than_was_baked_into_the_cookie_is_no_way_round() -> None:
    pair = Pair(right=PUZZLED)
    request = request_of(pair)
    pair.right.receive(request)
    cookie, _ = given(pair)
    easy = bytes((cookie[0], *puzzles.write(SHA256, 1))) + cookie[4:]
    pair.right.receive(with_solution(request, easy, solve(SHA256, easy, 1)))
    assert not pair.right.sas
    assert pair.right.engine.stats().cookies_rejected == 1


def test_peers_that_know_no_puzzles_get_in_by_and_by() -> None:
    pair = Pair(right=PUZZLED)
    request = request_of(pair)
    pair.right.receive(request)
    cookie, _ = given(pair)
    returned, tries = with_cookie(request, cookie), 0
    while not pair.right.sas:
        pair.right.receive(returned)
        tries += 1
        assert tries < 100
    assert pair.right.engine.stats().puzzles_unsolved == tries


def test_puzzles_get_more_difficult_as_the_table_fills_up() -> None:
    pair = Pair(right=intent(RIGHT, LEFT, max_half_open=30, puzzle_threshold=10))
    request, bits = request_of(pair), []
    for number in range(1, 400):
        one = forged(request, number, Endpoint(LEFT + number, 500))
        pair.right.receive(one)
        if isinstance(read_message(pair.right.sent[-1].octets).payloads[0], Notify):
            cookie, puzzle = given(pair)
            bits.append(puzzle.data[2])
            if len(pair.right.sas) < 30:
                pair.right.receive(with_solution(one, cookie, solve(SHA256, cookie, puzzle.data[2])))
    assert bits[0] == LEAST
    assert bits == sorted(bits)
    assert bits[-1] == MOST
    assert len(pair.right.sas) == 30


def test_who_solved_a_puzzle_is_not_given_up_for_who_only_has_a_cookie() -> None:
    pair = Pair(right=intent(RIGHT, LEFT, max_half_open=2, cookie_threshold=0, puzzle_threshold=0))
    request = request_of(pair)
    for number in (1, 2):
        one = forged(request, number, Endpoint(LEFT + number, 500))
        pair.right.receive(one)
        cookie, puzzle = given(pair)
        pair.right.receive(with_solution(one, cookie, solve(SHA256, cookie, puzzle.data[2])))
    pair.right.engine._core.random = lambda size: bytes(size)  # type: ignore[misc]
    for number in range(3, 9):
        one = forged(request, number, Endpoint(LEFT + number, 500))
        pair.right.receive(one)
        pair.right.receive(with_cookie(one, given(pair)[0]))
    assert sorted(sa.remote_spi for sa in pair.right.sas) == [f"{number:016X}" for number in (1, 2)]


@pytest.mark.parametrize("data", [b"", b"\0\5", b"\0\5\x0a\0"], ids=["none", "short", "long"])
def test_a_puzzle_of_wrong_length_is_ignored(data: bytes) -> None:
    pair = Pair()
    request = request_of(pair)
    pair.left.receive(challenge(request, Notify(NotifyType.PUZZLE, data)))
    assert not pair.left.asks
    assert not pair.wire
    assert pair.left.sas


@pytest.mark.parametrize(("prf", "bits"), [(5, MAX_PUZZLE + 1), (5, 255), (0, 10), (4, 10), (65535, 10)])
def test_a_puzzle_too_hard_or_of_an_unknown_prf_costs_nothing(prf: int, bits: int) -> None:
    pair = Pair()
    request = request_of(pair)
    pair.left.receive(challenge(request, Notify(NotifyType.PUZZLE, prf.to_bytes(2, "big") + bytes((bits,)))))
    assert not pair.left.asks
    (told,) = pair.left.events(Challenged)
    assert not told.taken
    ((_, _, again),) = pair.wire
    assert [type(one).__name__ for one in read_message(again.octets).payloads[:2]] == ["Notify", "SecurityAssociation"]


def test_the_loop_is_not_held_up_while_a_puzzle_is_solved() -> None:
    pair = Pair()
    request = request_of(pair)
    pair.left.answer_asks = False
    pair.left.receive(challenge(request, Notify(NotifyType.PUZZLE, b"\0\5\x0a")))
    (ask,) = pair.left.asks
    assert isinstance(ask, Ask)
    assert isinstance(ask.question, Puzzle)
    assert not pair.wire
    pair.left.answer(ask.id, answer(ask.question))
    assert any(isinstance(one, PuzzleSolution) for one in read_message(pair.wire[0][2].octets).payloads)


def test_difficulty_zero_leaves_the_work_to_the_initiator() -> None:
    pair = Pair()
    request = request_of(pair)
    pair.left.answer_asks = False
    pair.left.receive(challenge(request, Notify(NotifyType.PUZZLE, b"\0\5\0")))
    assert isinstance(pair.left.asks[0].question, Puzzle)
    assert pair.left.asks[0].question.difficulty > 0


def test_an_endless_row_of_puzzles_ends() -> None:
    pair = Pair()
    pair.left.acquire()
    count = 0
    while pair.wire:
        ((_, _, request),) = pair.wire
        pair.wire.clear()
        count += 1
        pair.left.receive(challenge(request, Notify(NotifyType.PUZZLE, b"\0\5\x02"), cookie=b"%d" % count))
        pair.left.settle_asks()
    assert count == 8


def test_without_its_puzzle_ike_auth_derives_no_keys() -> None:
    pair = Pair(right=PUZZLED)
    pair.left.acquire()
    while not (pair.left.sent and read_message(pair.left.sent[-1].octets).header.exchange == Exchange.IKE_AUTH):
        assert pair.step()
    ((_, _, auth),) = pair.wire
    pair.wire.clear()
    octets = auth.octets
    (sa,) = pair.right.engine._core.sas.values()
    for other in (strip(octets), spoil(octets)):
        pair.right.receive(replace(auth, octets=other))
        assert sa.keys is None
        assert "puzzle" in pair.right.events(DatagramDropped)[-1].why
    pair.right.receive(auth)
    pair.settle()
    assert pair.left.events(IkeUp)


def test_nothing_else_may_stand_before_what_is_encrypted() -> None:
    added = Notify(NotifyType.INITIAL_CONTACT)
    fresh = Pair(right=PUZZLED)
    fresh.left.acquire()
    while not (fresh.left.sent and read_message(fresh.left.sent[-1].octets).header.exchange == Exchange.IKE_AUTH):
        assert fresh.step()
    ((_, _, auth),) = fresh.wire
    octets, body = auth.octets, added.write()
    before = octets[16:17] + b"\0" + (4 + len(body)).to_bytes(2, "big") + body
    size = len(octets) + len(before)
    head = octets[:16] + bytes((added.number,)) + octets[17:24] + size.to_bytes(4, "big")
    fresh.right.receive(replace(auth, octets=head + before + octets[28:]))
    assert "not encrypted as a whole" in fresh.right.events(DatagramDropped)[-1].why


def test_where_no_prf_is_in_common_the_cookie_has_to_do() -> None:
    pair = Pair(right=PUZZLED)
    request = request_of(pair)
    message = read_message(request.octets)
    bare = tuple(
        SecurityAssociation(
            tuple(
                replace(one, transforms=tuple(t for t in one.transforms if t.type != TransformType.PRF))
                for one in payload.proposals
            )
        )
        if isinstance(payload, SecurityAssociation)
        else payload
        for payload in message.payloads
    )
    pair.right.receive(replace(request, octets=write_message(replace(message, payloads=bare))))
    assert asked(pair)
    assert counted(pair) == (0, 0, 1)


def test_the_words_of_both_dialects() -> None:
    ios, _ = read("ios", ["crypto ikev2 limit max-in-negotation-sa 40", "crypto ikev2 puzzle-challenge 30"])
    asa, _ = read("asa", ["crypto ikev2 puzzle-challenge 90"])
    plain, _ = read("ios", ["hostname R1"])
    assert (ios.intent.puzzle_threshold, asa.intent.puzzle_threshold) == (30, 900)
    assert plain.intent.puzzle_threshold is None
    assert "crypto ikev2 puzzle-challenge 30" in ios.running()


# Messages


def challenge(request: Datagram, puzzle: Notify, cookie: bytes = b"cookie") -> Datagram:
    header = read_message(request.octets).header
    back = Header(header.initiator_spi, bytes(8), header.exchange, 0, False, True)
    octets = write_message(Message(back, (Notify(NotifyType.COOKIE, cookie), puzzle)))
    return Datagram(octets, request.remote, request.local)


def strip(octets: bytes) -> bytes:
    """Return a message without the payload before the encrypted one."""
    size = int.from_bytes(octets[30:32], "big")
    cut = octets[:16] + octets[28:29] + octets[17:28] + octets[28 + size :]
    return cut[:24] + len(cut).to_bytes(4, "big") + cut[28:]


def spoil(octets: bytes) -> bytes:
    """Return a message with another first key in its solution."""
    return octets[:32] + bytes((octets[32] ^ 0x80,)) + octets[33:]
