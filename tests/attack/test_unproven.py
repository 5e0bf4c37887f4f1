"""Errors and hints that nobody has signed: they end nothing at once, and the genuine answer wins."""

from __future__ import annotations

import random
from ipaddress import IPv4Address

import pytest

from ikecli.boundary.effects import Datagram, Endpoint
from ikecli.boundary.events import (
    ErrorUnproven,
    GroupRetried,
    HintReceived,
    IkeDown,
    IkeUp,
    LivenessChecked,
    ProposalRefused,
)
from ikecli.boundary.notices import UnknownSpi
from ikecli.boundary.views import SaStatus
from ikecli.debug import render
from ikecli.ike.engine import Engine
from ikecli.ike.limits import (
    CLEAR_ANSWERS,
    CLEAR_ANSWERS_OF_PREFIX,
    FIRST_REFUSALS,
    FIRST_REFUSALS_OF_PREFIX,
    HINT_SECONDS,
    HOLD_OFF_SECONDS,
    UNPROVEN_SECONDS,
)
from ikecli.intent import Initiation
from ikecli.numbers import Exchange, NotifyType
from ikecli.wire import Header, Message, read_message, write_message
from ikecli.wire.payloads import Notify, Payload
from tests.ike.pair import LEFT, RIGHT, Pair, connection, ike_proposal, intent

ERRORS = (7, 14, 24, 11, 43, 9999)
FROM_RIGHT = Endpoint(RIGHT, 500)


def begun(groups: str = "31 14 19") -> tuple[Pair, Datagram]:
    """Return a pair whose left end has sent its first request, and that."""
    offers = (ike_proposal(groups=groups),)
    pair = Pair(intent(LEFT, RIGHT, proposals=offers), intent(RIGHT, LEFT, proposals=offers))
    pair.left.acquire()
    ((_, _, request),) = pair.wire
    pair.wire.clear()
    return pair, request


def forge(pair: Pair, request: Datagram, *payloads: Payload) -> None:
    """Have the left end receive an answer in the clear to one of its requests."""
    header = read_message(request.octets).header
    back = Header(header.initiator_spi, header.responder_spi, header.exchange, header.message_id, False, True)
    pair.left.receive(Datagram(write_message(Message(back, payloads)), request.remote, request.local))


@pytest.mark.parametrize("error", ERRORS)
def test_a_genuine_answer_wins_over_an_error_that_came_first(error: int) -> None:
    pair, request = begun()
    forge(pair, request, Notify(error))
    (told,) = pair.left.events(ErrorUnproven)
    assert told.error.startswith("the peer answers ")
    pair.wire.clear()
    pair.right.receive(request)
    pair.settle()
    pair.agree(1)
    pair.advance(60)
    pair.agree(1)


def test_an_error_that_nothing_better_follows_is_believed_after_a_few_seconds() -> None:
    pair, request = begun()
    forge(pair, request, Notify(NotifyType.NO_PROPOSAL_CHOSEN))
    assert len(pair.left.events(ProposalRefused)) == 1
    line = next(render(pair.left.events(ErrorUnproven)[0], "ios"))
    assert "the peer answers NO_PROPOSAL_CHOSEN; this is not authenticated: waiting 5 seconds" in line
    pair.lose(99)
    pair.advance(UNPROVEN_SECONDS - 0.1)
    assert pair.left.sas
    sent = len(pair.left.sent)
    assert sent > 1
    forge(pair, request, Notify(NotifyType.NO_PROPOSAL_CHOSEN))
    assert len(pair.left.events(ProposalRefused)) == len(pair.left.events(ErrorUnproven)) == 1
    pair.advance(0.1)
    assert not pair.left.sas
    pair.left.acquire()
    assert len(pair.left.sent) == sent
    pair.advance(HOLD_OFF_SECONDS)
    pair.left.acquire()
    assert len(pair.left.sent) == sent + 1


def test_errors_do_not_make_a_peer_wait_for_ever() -> None:
    pair, request = begun()
    pair.lose(999)
    for _ in range(20):
        forge(pair, request, Notify(NotifyType.NO_PROPOSAL_CHOSEN))
        pair.advance(1)
        if not pair.left.sas:
            break
    assert pair.now == UNPROVEN_SECONDS


def test_a_forged_downgrade_loses_to_the_answer_to_what_was_sent_first() -> None:
    pair, request = begun("21 19")
    forge(pair, request, Notify(NotifyType.INVALID_KE_PAYLOAD, (19).to_bytes(2, "big")))
    (told,) = pair.left.events(GroupRetried)
    assert (told.offered, told.wanted, told.weaker) == (21, 19, True)
    assert "weaker: anybody may have asked for that" in next(render(told, "asa"))
    pair.right.receive(request)
    pair.settle()
    assert pair.left.events(IkeUp)
    assert pair.left.sas[0].group == 21


def test_a_stronger_group_is_no_downgrade() -> None:
    pair, request = begun("31 21")
    forge(pair, request, Notify(NotifyType.INVALID_KE_PAYLOAD, (21).to_bytes(2, "big")))
    assert not pair.left.events(GroupRetried)[0].weaker


def test_groups_that_are_not_configured_are_no_way_down() -> None:
    pair, request = begun("14")
    forge(pair, request, Notify(NotifyType.INVALID_KE_PAYLOAD, (2).to_bytes(2, "big")))
    assert not pair.left.events(GroupRetried)
    assert "group 2, which is not configured" in pair.left.events(ErrorUnproven)[0].error
    pair.wire.clear()
    pair.right.receive(request)
    pair.settle()
    pair.agree(1)


def test_an_invalid_ke_loop_ends() -> None:
    pair, request = begun("31 14 19")
    pair.lose(99)
    for wanted in (14, 19, 31, 14, 19, 31):
        forge(pair, request, Notify(NotifyType.INVALID_KE_PAYLOAD, wanted.to_bytes(2, "big")))
    assert [one.wanted for one in pair.left.events(GroupRetried)] == [14, 19]
    pair.advance(UNPROVEN_SECONDS)
    assert not pair.left.sas


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_in_the_clear_does_not_answer_ike_auth(error: int) -> None:
    pair, request = begun()
    pair.right.receive(request)
    pair.step()
    ((_, _, auth),) = pair.wire
    assert read_message(auth.octets).header.exchange == Exchange.IKE_AUTH
    forge(pair, auth, Notify(error))
    assert pair.left.events(ErrorUnproven)
    pair.settle()
    pair.agree(1)
    pair.advance(60)
    pair.agree(1)


def test_an_error_in_the_clear_to_ike_auth_is_believed_in_the_end() -> None:
    pair, request = begun()
    pair.right.receive(request)
    pair.step()
    ((_, _, auth),) = pair.wire
    pair.wire.clear()
    pair.lose(99)
    forge(pair, auth, Notify(NotifyType.INVALID_SYNTAX))
    pair.advance(UNPROVEN_SECONDS)
    assert not pair.left.sas


# Hints about SAs that stand


def hint(pair: Pair, *payloads: Payload, spis: tuple[bytes, bytes] = (bytes(8), bytes(8))) -> None:
    octets = write_message(Message(Header(*spis, Exchange.INFORMATIONAL, 0, True), payloads))
    pair.left.receive(Datagram(octets, Endpoint(LEFT, 500), FROM_RIGHT))


def test_invalid_spi_in_the_clear_only_asks_for_a_sign_of_life() -> None:
    pair = Pair()
    pair.up()
    outbound = pair.left.sas[0].children[0].outbound_spi
    for _ in range(100):
        hint(pair, Notify(NotifyType.INVALID_SPI, outbound.to_bytes(4, "big")))
    assert len(pair.left.events(HintReceived)) == len(pair.left.events(LivenessChecked)) == 1
    pair.settle()
    pair.agree(1)
    pair.advance(HINT_SECONDS)
    hint(pair, Notify(NotifyType.INVALID_SPI, outbound.to_bytes(4, "big")))
    assert len(pair.left.events(HintReceived)) == 2
    pair.settle()
    pair.agree(1)


@pytest.mark.parametrize("data", [b"", b"\0", bytes(4), (255).to_bytes(4, "big"), b"\x12\x34\x56\x78", bytes(64)])
def test_invalid_spi_of_nothing_is_no_hint(data: bytes) -> None:
    pair = Pair()
    pair.up()
    hint(pair, Notify(NotifyType.INVALID_SPI, data))
    assert not pair.left.events(HintReceived)
    assert not pair.wire


def test_invalid_ike_spi_for_an_sa_that_stands_only_asks_for_a_sign_of_life() -> None:
    pair = Pair()
    pair.up()
    (sa,) = pair.left.engine._core.sas.values()
    back = Header(sa.spi_i, sa.spi_r, Exchange.INFORMATIONAL, 2, False, True)
    octets = write_message(Message(back, (Notify(NotifyType.INVALID_IKE_SPI),)))
    for _ in range(9):
        pair.left.receive(Datagram(octets, Endpoint(LEFT, 500), FROM_RIGHT))
    assert len(pair.left.events(HintReceived)) == 1
    pair.settle()
    pair.agree(1)


def test_a_peer_that_has_forgotten_everything_is_found_out_by_its_hint() -> None:
    pair = Pair()
    pair.up()
    pair.right.engine = Engine(random.Random(9).randbytes)
    pair.right.plane.sas.clear()
    pair.right.apply(intent(RIGHT, LEFT, connections=(connection(RIGHT, LEFT, initiation=Initiation.NEVER),)))
    outbound = pair.left.sas[0].children[0].outbound_spi
    pair.right.notice(UnknownSpi(outbound, Endpoint(LEFT, 0)))
    message = read_message(pair.right.sent[-1].octets)
    assert message.payloads == (Notify(NotifyType.INVALID_SPI, outbound.to_bytes(4, "big")),)
    assert not message.header.response
    pair.settle()
    assert pair.left.events(HintReceived)
    pair.advance(40)
    assert pair.left.events(IkeDown)
    pair.left.acquire()
    pair.settle()
    pair.agree(1)


# Our own answers in the clear


def test_answers_about_unknown_sas_are_few() -> None:
    pair = Pair()
    sealed = unknown()
    for count in range(1000):
        pair.right.receive(Datagram(sealed, FROM_RIGHT, Endpoint(LEFT, 1024 + count)))
    assert len(pair.right.sent) == CLEAR_ANSWERS_OF_PREFIX
    for count in range(1000):
        pair.right.receive(Datagram(sealed, FROM_RIGHT, Endpoint(LEFT + 1 + count, 500)))
    assert len(pair.right.sent) == CLEAR_ANSWERS
    for octets in (sealed, newer()):
        pair.right.receive(Datagram(octets, FROM_RIGHT, Endpoint(LEFT, 500)))
    assert len(pair.right.sent) == CLEAR_ANSWERS
    pair.now += 1
    pair.right.receive(Datagram(sealed, FROM_RIGHT, Endpoint(LEFT, 500)))
    assert len(pair.right.sent) == CLEAR_ANSWERS + 1
    answer = read_message(pair.right.sent[-1].octets)
    asked = read_message(sealed).header
    assert answer.payloads == (Notify(NotifyType.INVALID_IKE_SPI),)
    assert (answer.header.initiator_spi, answer.header.responder_spi) == (asked.initiator_spi, asked.responder_spi)
    assert (answer.header.exchange, answer.header.message_id) == (asked.exchange, asked.message_id)
    assert answer.header.response
    assert not answer.header.initiator
    assert len(pair.right.sent[-1].octets) <= len(sealed)


def test_an_answer_in_the_clear_is_never_answered() -> None:
    pair = Pair()
    pair.right.receive(Datagram(unknown(), FROM_RIGHT, Endpoint(LEFT, 500)))
    (answer,) = pair.right.sent
    pair.wire.clear()
    for _ in range(3):
        pair.left.receive(Datagram(answer.octets, Endpoint(LEFT, 500), FROM_RIGHT))
        pair.right.receive(Datagram(answer.octets, FROM_RIGHT, Endpoint(LEFT, 500)))
    assert not pair.wire
    assert pair.left.engine.stats().incoming_negotiating == 0
    assert all(sa.status is not SaStatus.READY for sa in pair.left.sas)


def unknown() -> bytes:
    """Return an encrypted request of an IKE SA that nobody has."""
    other = Pair(seed=7)
    other.up()
    return other.left.sent[1].octets


def newer() -> bytes:
    octets = unknown()
    return octets[:17] + b"\x30" + octets[18:]


def wishes(count: int, group: str = "14") -> list[bytes]:
    """Return first requests of so many initiators, in a group that is not configured at the right end."""
    found = []
    for seed in range(count):
        pair = Pair(intent(LEFT, RIGHT, proposals=(ike_proposal(groups=f"{group} 31"),)), seed=seed + 5)
        pair.left.acquire()
        found.append(pair.wire[0][2].octets)
    return found


def test_refusals_of_first_requests_are_few_to_one_address_and_not_many_in_all() -> None:
    pair, sent = Pair(), wishes(FIRST_REFUSALS_OF_PREFIX + 5)
    strangers = [
        IPv4Address("203.0.113.0") + number for number in range(2 * FIRST_REFUSALS // FIRST_REFUSALS_OF_PREFIX)
    ]
    for octets in sent:
        pair.right.receive(Datagram(octets, FROM_RIGHT, Endpoint(strangers[0], 500)))
    assert len(pair.right.sent) == FIRST_REFUSALS_OF_PREFIX
    for stranger in strangers[1:]:
        for octets in sent:
            pair.right.receive(Datagram(octets, FROM_RIGHT, Endpoint(stranger, 500)))
    assert len(pair.right.sent) == FIRST_REFUSALS
    assert pair.right.sas == []
    pair.now += 1.0
    pair.right.receive(Datagram(sent[0], FROM_RIGHT, Endpoint(strangers[0], 500)))
    assert len(pair.right.sent) == FIRST_REFUSALS + 1


def test_a_peer_whose_refusal_is_left_out_asks_again_and_gets_in() -> None:
    pair = Pair(intent(LEFT, RIGHT, proposals=(ike_proposal(groups="14 31"),)))
    for octets in wishes(FIRST_REFUSALS_OF_PREFIX):
        pair.right.receive(Datagram(octets, FROM_RIGHT, Endpoint(LEFT, 500)))
    pair.wire.clear()
    pair.left.acquire()
    pair.settle()
    assert pair.left.events(GroupRetried) == []
    pair.advance(5.0)
    assert len(pair.left.events(GroupRetried)) == 1
    pair.agree(1)
