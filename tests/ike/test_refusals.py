"""What cannot be agreed on: who is told what, and what stays standing."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest

from ikecli.boundary.effects import Datagram, Endpoint
from ikecli.boundary.events import (
    AddressRefused,
    AuthenticationFailed,
    ChildFailed,
    DatagramDropped,
    GroupRetried,
    IkeUp,
    MessageSent,
    NotifyReceived,
    ProfileMissing,
    ProposalRefused,
    SelectorsRefused,
)
from ikecli.errors import Refused
from ikecli.ike.limits import HALF_OPEN_SECONDS, HOLD_OFF_SECONDS, UNPROVEN_SECONDS
from ikecli.ike.occasions import SERVED
from ikecli.ike.requests import Initiate
from ikecli.ike.talk import Incoming, Outcome, Talk
from ikecli.ike.tasks.base import Task
from ikecli.intent import Asking, Flow, IdentityMatch, Selector
from ikecli.numbers import AuthMethod, Exchange, NotifyType
from ikecli.wire import Header, Message, read_message, write_message
from ikecli.wire.payloads import Notify, UnknownPayload
from tests.ike.pair import CBC, LABEL, LEFT, RIGHT, Pair, connection, ike_proposal, intent, packet, profile


def begun(left: object = None, right: object = None) -> Pair:
    """Return a pair whose left end tried to connect."""
    pair = Pair(left, right)  # type: ignore[arg-type]
    pair.left.acquire()
    pair.settle()
    return pair


def no_sa(pair: Pair) -> None:
    """Assert that nothing is left of the attempt, at once and when all is aged."""
    assert not pair.left.events(IkeUp)
    assert not pair.right.events(IkeUp)
    assert not pair.left.plane.log
    pair.advance(HALF_OPEN_SECONDS)
    pair.agree(0)
    assert pair.left.engine.next_wake is None
    assert pair.right.engine.next_wake is None


def test_a_wrong_key_names_profile_and_identity_at_both_ends() -> None:
    pair = begun(intent(LEFT, RIGHT, profiles=(profile(RIGHT, key="guess"),)))
    (refused,), (told,) = pair.right.events(AuthenticationFailed), pair.left.events(AuthenticationFailed)
    assert (refused.profile, refused.identity, refused.why) == ("PROF", "10.0.0.1", "pre-shared key mismatch")
    assert (refused.by_peer, told.by_peer) == (False, True)
    assert "secret" not in str(pair.right.told) + str(pair.left.told)
    assert "guess" not in str(pair.right.told) + str(pair.left.told)
    no_sa(pair)


def test_a_responder_that_does_not_prove_itself_is_told_so_and_forgets() -> None:
    key = replace(profile(RIGHT).credentials[0], remote=profile(RIGHT, key="other").credentials[0].remote)
    pair = begun(intent(LEFT, RIGHT, profiles=(profile(RIGHT, credentials=(key,)),)))
    assert pair.left.events(AuthenticationFailed)[0].why == "pre-shared key mismatch"
    assert pair.left.events(MessageSent)[-1].payloads == ("NOTIFY(AUTHENTICATION_FAILED)",)
    assert pair.right.events(IkeUp)
    pair.advance(HALF_OPEN_SECONDS)
    pair.agree(0)


def test_a_responder_with_another_identity_is_refused() -> None:
    other = profile(RIGHT, remotes=(IdentityMatch(2, b"right.example"),), gateways=(IPv4Network(RIGHT),))
    pair = begun(
        intent(LEFT, RIGHT, profiles=(other,), connections=(connection(LEFT, RIGHT, profile="PROF"),)),
    )
    assert pair.left.events(AuthenticationFailed)[0].identity == "10.0.0.2"
    pair.advance(HALF_OPEN_SECONDS)
    pair.agree(0)


def test_an_identity_without_a_profile_is_told_with_what_the_profiles_want() -> None:
    pair = begun(right=intent(RIGHT, LEFT, profiles=(profile(IPv4Address("10.9.9.9"), name="OTHER"),)))
    (missing,) = pair.right.events(ProfileMissing)
    assert (missing.identity, missing.identity_type) == ("10.0.0.1", "IPV4_ADDR")
    assert missing.profiles == ("OTHER: address 10.9.9.9 255.255.255.255",)
    no_sa(pair)


def test_a_method_that_is_not_configured_is_refused() -> None:
    pair = begun(right=intent(RIGHT, LEFT, profiles=(profile(LEFT, auth_remote=(AuthMethod.RSA_SIGNATURE,)),)))
    assert "SHARED_KEY" in pair.right.events(AuthenticationFailed)[0].why
    no_sa(pair)


def test_without_a_key_for_the_peer_nothing_is_sent() -> None:
    pair = Pair(intent(LEFT, RIGHT, profiles=(profile(RIGHT, credentials=()),)))
    pair.left.acquire()
    assert not pair.wire
    assert "no pre-shared key" in pair.left.events(ChildFailed)[0].why


def test_no_common_ike_proposal() -> None:
    ours, theirs = (
        ike_proposal("aes-cbc-256", "sha256", groups="14"),
        ike_proposal("aes-cbc-256", "sha512", groups="19"),
    )
    pair = begun(intent(LEFT, RIGHT, proposals=(ours,)), intent(RIGHT, LEFT, proposals=(theirs,)))
    (refused,), (told,) = pair.right.events(ProposalRefused), pair.left.events(ProposalRefused)
    assert refused.offered == told.offered == ("AES-CBC-256 SHA256 SHA256 Group 14",)
    assert refused.configured == ("AES-CBC-256 SHA512 SHA256 Group 19",)
    assert refused.differing == ("integrity", "group")
    assert (refused.by_peer, told.by_peer) == (False, True)
    no_sa(pair)


def test_a_group_that_was_not_offered_is_not_followed() -> None:
    pair = Pair()
    pair.left.acquire()
    ((_, _, request),) = pair.wire
    pair.wire.clear()
    pair.left.receive(answer(request, Notify(NotifyType.INVALID_KE_PAYLOAD, (14).to_bytes(2, "big"))))
    assert not pair.wire
    pair.lose(99)
    pair.advance(UNPROVEN_SECONDS)
    assert not pair.left.sas


def test_groups_are_changed_once_each_at_most() -> None:
    groups = (31, 19, 14)
    pair = Pair(intent(LEFT, RIGHT, proposals=(ike_proposal(groups="31 19 14"),)))
    pair.left.acquire()
    for wanted in (*groups[1:], groups[0]):
        ((_, _, request),) = pair.wire
        pair.wire.clear()
        pair.left.receive(answer(request, Notify(NotifyType.INVALID_KE_PAYLOAD, wanted.to_bytes(2, "big"))))
    assert [event.wanted for event in pair.left.events(GroupRetried)] == [19, 14]
    assert not pair.wire
    pair.lose(99)
    pair.advance(UNPROVEN_SECONDS)
    assert not pair.left.sas


def test_a_cookie_is_sent_back_first_and_only_so_often() -> None:
    pair = Pair()
    pair.left.acquire()
    requests = []
    for count in range(20):
        if not pair.wire:
            break
        ((_, _, request),) = pair.wire
        requests.append(read_message(request.octets))
        pair.wire.clear()
        for _ in range(2):
            pair.left.receive(answer(request, Notify(NotifyType.COOKIE, b"cookie %d" % count)))
    assert requests[0].payloads == requests[1].payloads[1:]
    assert requests[3].payloads[0] == Notify(NotifyType.COOKIE, b"cookie 2")
    assert len(requests) == 8
    assert not pair.left.sas


def test_no_common_esp_proposal_leaves_the_ike_sa_up() -> None:
    pair = begun(right=intent(RIGHT, LEFT, connections=(connection(RIGHT, LEFT, proposals=(CBC,)),)))
    pair.agree(1, 0)
    assert pair.right.events(ProposalRefused)[0].protocol == "ESP"
    assert pair.left.events(ProposalRefused)[0].by_peer
    assert pair.left.events(ChildFailed)[0].why == "the peer answers NO_PROPOSAL_CHOSEN"


def test_unacceptable_selectors_leave_the_ike_sa_up() -> None:
    other = Flow(Selector.of(IPv4Network("172.16.0.0/24")), Selector.of(IPv4Network("172.17.0.0/24")))
    pair = begun(right=intent(RIGHT, LEFT, connections=(connection(RIGHT, LEFT, flows=(other,)),)))
    pair.agree(1, 0)
    (refused,) = pair.right.events(SelectorsRefused)
    assert refused.offered == ("192.168.2.0/24 -> 192.168.1.0/24",)
    assert refused.configured == ("172.16.0.0/24 -> 172.17.0.0/24",)
    assert pair.left.events(SelectorsRefused)[0].by_peer


class Unkind(Task):
    """Refuses IKE_AUTH with an error that is about the Child SA alone, as some systems do."""

    __slots__ = ()
    error = NotifyType.NO_PROPOSAL_CHOSEN

    def read_request(self, talk: Talk, message: Incoming) -> Outcome:
        raise Refused("no Child SA, no IKE SA", self.error)


@pytest.mark.parametrize(
    ("error", "kind", "offered"),
    [
        (NotifyType.NO_PROPOSAL_CHOSEN, ProposalRefused, ("AES-GCM-128 NO_ESN",)),
        (NotifyType.TS_UNACCEPTABLE, SelectorsRefused, ("192.168.1.0/24 -> 192.168.2.0/24",)),
    ],
)
def test_a_handshake_refused_for_its_child_sa_is_no_refused_authentication(
    error: NotifyType,
    kind: type[ProposalRefused | SelectorsRefused],
    offered: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(SERVED, Exchange.IKE_AUTH, (Unkind,))
    monkeypatch.setattr(Unkind, "error", error)
    pair = begun()
    assert not pair.left.events(AuthenticationFailed)
    (refused,), (failed,) = pair.left.events(kind), pair.left.events(ChildFailed)
    assert (refused.by_peer, refused.offered) == (True, offered)
    assert failed.why == f"the peer answers {error.name} and sets up no IKE SA without it"
    assert (failed.connection, failed.told) == (LABEL, False)
    no_sa(pair)


def test_a_refused_inner_address_that_costs_the_ike_sa_is_no_refused_authentication(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(SERVED, Exchange.IKE_AUTH, (Unkind,))
    monkeypatch.setattr(Unkind, "error", NotifyType.INTERNAL_ADDRESS_FAILURE)
    pair = begun(intent(LEFT, RIGHT, connections=(connection(LEFT, RIGHT, asks=Asking((4,))),)))
    assert not pair.left.events(AuthenticationFailed)
    assert pair.left.events(AddressRefused)[0].why == "the peer answers INTERNAL_ADDRESS_FAILURE"
    no_sa(pair)


def test_a_connection_that_was_refused_is_left_alone_for_a_while() -> None:
    pair = begun(right=intent(RIGHT, LEFT, connections=()))
    sent = len(pair.left.sent)
    pair.left.acquire()
    assert len(pair.left.sent) == sent
    pair.advance(HOLD_OFF_SECONDS)
    pair.left.acquire()
    assert len(pair.left.sent) == sent + 1
    pair.settle()
    pair.left.do(Initiate(LABEL, packet(LEFT, RIGHT)))
    assert len(pair.left.sent) == sent + 2


@pytest.mark.parametrize(("version", "answers"), [(0x30, 1), (0x10, 0)])
def test_another_major_version_is_answered_if_higher(version: int, answers: int) -> None:
    pair = Pair()
    pair.left.acquire()
    ((_, _, request),) = pair.wire
    pair.wire.clear()
    octets = request.octets[:17] + bytes((version,)) + request.octets[18:]
    pair.right.receive(Datagram(octets, request.local, request.remote))
    replies = [read_message(entry[2].octets) for entry in pair.wire]
    assert [reply.payloads for reply in replies] == [(Notify(NotifyType.INVALID_MAJOR_VERSION),)] * answers
    assert not pair.right.sas


def test_an_unknown_critical_payload_is_refused_by_its_number() -> None:
    pair = Pair()
    pair.left.acquire()
    ((_, _, request),) = pair.wire
    pair.wire.clear()
    message = read_message(request.octets)
    strange = write_message(Message(message.header, (*message.payloads, UnknownPayload(200, b"?", critical=True))))
    pair.right.receive(Datagram(strange, request.local, request.remote))
    ((_, _, reply),) = pair.wire
    notify = Notify(NotifyType.UNSUPPORTED_CRITICAL_PAYLOAD, bytes((200,)))
    assert read_message(reply.octets).payloads == (notify,)
    assert not pair.right.sas


def test_unknown_payloads_and_notifies_are_passed_over_and_told() -> None:
    pair = Pair()
    pair.left.acquire()
    ((_, _, request),) = pair.wire
    pair.wire.clear()
    message = read_message(request.octets)
    extra = (UnknownPayload(200, b"?"), Notify(54321, bytes(range(99))))
    strange = write_message(Message(message.header, (*message.payloads, *extra)))
    pair.right.receive(Datagram(strange, request.local, request.remote))
    (told,) = pair.right.events(NotifyReceived)
    assert (told.exchange, told.notify, told.data) == ("IKE_SA_INIT", "54321", bytes(range(32)).hex())
    assert len(pair.wire) == 1


@pytest.mark.parametrize("spis", [(bytes(8), bytes(8)), (b"unknown!", b"unknown?")])
def test_messages_of_no_sa_are_dropped_and_told(spis: tuple[bytes, bytes]) -> None:
    pair = Pair()
    for exchange in (Exchange.IKE_AUTH, Exchange.INFORMATIONAL, Exchange.CREATE_CHILD_SA, 99):
        for response in (False, True):
            octets = write_message(Message(Header(*spis, exchange, 1, True, response), ()))
            pair.right.receive(Datagram(octets, Endpoint(RIGHT, 500), Endpoint(LEFT, 500)))
    assert len(pair.right.events(DatagramDropped)) == 8
    assert pair.right.engine.stats().dropped == 8
    assert not pair.wire


def answer(request: Datagram, *payloads: Notify) -> Datagram:
    """Return a responder's answer in the clear to an IKE_SA_INIT request."""
    asked = read_message(request.octets).header
    header = Header(asked.initiator_spi, bytes(8), Exchange.IKE_SA_INIT, 0, False, True)
    return Datagram(write_message(Message(header, payloads)), request.remote, request.local)
