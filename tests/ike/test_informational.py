"""INFORMATIONAL: several payloads of a kind in one message, what does not fit its SA, authentications that end."""

from __future__ import annotations

import pytest

from ikecli.boundary.effects import Datagram
from ikecli.boundary.events import (
    AuthenticationFailed,
    ChildDown,
    DatagramDropped,
    MessageSent,
    NotifyReceived,
    Progress,
)
from ikecli.boundary.notices import Misfit
from ikecli.ike.limits import MISFIT_SECONDS, RENEWAL_OVERLAP_SECONDS, RENEWAL_RETRY_SECONDS
from ikecli.numbers import Exchange, NotifyType, PayloadType, Protocol
from ikecli.wire import Header, Message, write_message
from ikecli.wire.payloads import (
    Configuration,
    ConfigurationAttribute,
    Delete,
    Nonce,
    Notify,
    UnknownPayload,
    VendorId,
)
from tests.attack.foe import HERE, THERE, Foe
from tests.ike.chart import rekey_ike
from tests.ike.pair import LEFT, RIGHT, End, Pair, intent, profile
from tests.ike.test_narrowing import left, one_each, packet, pair_of, send

PACKET = bytes(range(40))


def three() -> Pair:
    """Return a pair with three Child SAs."""
    pair = pair_of((left(),), one_each())
    for at in range(3):
        send(pair, packet(at))
    pair.agree(1, 3)
    return pair


def outbound(end: End) -> list[bytes]:
    """Return the SPIs that an end receives on."""
    (sa,) = end.sas
    return [child.inbound_spi.to_bytes(4, "big") for child in sa.children]


# Several payloads of a kind


@pytest.mark.parametrize("in_one", [True, False], ids=["one payload", "several payloads"])
def test_several_spis_are_deleted_in_one_message(in_one: bool) -> None:
    pair = three()
    spis = outbound(pair.left)
    named = [Delete(Protocol.ESP, tuple(spis[:2]))] if in_one else [Delete(Protocol.ESP, (spi,)) for spi in spis[:2]]
    ours = outbound(pair.right)
    answer = Foe(pair).ask(Exchange.INFORMATIONAL, named)
    assert answer == (Delete(Protocol.ESP, tuple(ours[:2])),)
    assert outbound(pair.right) == ours[2:]
    assert len(pair.right.events(ChildDown)) == 2


def test_spis_that_are_not_there_and_other_protocols_are_passed_over() -> None:
    pair = three()
    spis = outbound(pair.left)
    unknown = Delete(Protocol.ESP, (b"\x0a\x0b\x0c\x0d", spis[0]))
    answer = Foe(pair).ask(Exchange.INFORMATIONAL, [Delete(Protocol.AH, (spis[1],)), unknown])
    assert [len(one.spis) for one in answer if isinstance(one, Delete)] == [1]
    assert len(outbound(pair.right)) == 2


def test_a_delete_of_the_ike_sa_among_others_ends_it() -> None:
    pair = three()
    Foe(pair).ask(Exchange.INFORMATIONAL, [Delete(Protocol.ESP, tuple(outbound(pair.left))), Delete(Protocol.IKE)])
    assert pair.right.sas == []


def test_notifies_of_one_message_are_each_told() -> None:
    pair = three()
    named = [
        Notify(NotifyType.INVALID_SELECTORS, PACKET),
        Notify(40_000, b"\x01"),
        Notify(40_001, b"\x02"),
        VendorId(b"X"),
    ]
    assert Foe(pair).ask(Exchange.INFORMATIONAL, named) == ()
    assert [told.notify for told in pair.right.events(NotifyReceived)] == ["40000", "40001"]
    assert "do not cover" in pair.right.events(Progress)[-1].text


def test_several_settings_of_one_message_are_read() -> None:
    """How each is answered is in the tests of settings; none makes the message wrong."""
    pair = three()
    wanted = [Configuration(kind, (ConfigurationAttribute(7),)) for kind in (1, 3)]
    answer = Foe(pair).ask(Exchange.INFORMATIONAL, wanted)
    assert not any(isinstance(one, Notify) for one in answer)
    pair.agree(1, 3)


# Payloads and versions that are not known


def test_a_critical_payload_that_is_unknown_is_named_and_another_is_passed_over() -> None:
    pair = three()
    foe = Foe(pair)
    assert foe.ask(Exchange.INFORMATIONAL, [UnknownPayload(200, b"data")]) == ()
    (refusal,) = foe.ask(Exchange.INFORMATIONAL, [UnknownPayload(200, b"data", critical=True)])
    assert refusal == Notify(NotifyType.UNSUPPORTED_CRITICAL_PAYLOAD, bytes((200,)))
    pair.agree(1, 3)


def test_a_critical_bit_on_a_payload_that_is_known_means_nothing() -> None:
    pair = three()
    assert Foe(pair).ask(Exchange.INFORMATIONAL, [UnknownPayload(PayloadType.VENDOR, b"X", critical=True)]) == ()


def test_a_higher_minor_version_and_reserved_bits_are_read_like_2_0() -> None:
    pair = Pair()

    def newer(datagram: Datagram) -> Datagram:
        octets = bytearray(datagram.octets)
        first = octets[18] == Exchange.IKE_SA_INIT
        octets[17] |= 0x07 if first else 0
        octets[19] |= 0xC7 if first else 0
        return Datagram(bytes(octets), datagram.local, datagram.remote)

    pair.left.acquire()
    ((_, _, request),) = pair.wire
    pair.wire.clear()
    pair.right.receive(newer(request))
    assert len(pair.right.sent) == 1


def test_a_peer_that_speaks_ikev1_is_not_answered_and_told_of() -> None:
    pair = Pair()
    main_mode = Header(bytes(range(8)), bytes(8), 2, 0, major=1)
    octets = write_message(Message(main_mode, (Nonce(bytes(16)),)))
    pair.right.receive(Datagram(octets, THERE, HERE))
    assert pair.right.sent == []
    assert "speaks IKEv1" in pair.right.events(DatagramDropped)[-1].why


# Packets that do not fit


def test_a_packet_that_does_not_fit_is_told_to_the_peer_now_and_then() -> None:
    pair = three()
    spi = int.from_bytes(outbound(pair.right)[0], "big")
    for _ in range(5):
        pair.right.notice(Misfit(spi, PACKET))
    pair.settle()
    (told,) = [one for one in pair.left.events(Progress) if "do not cover" in one.text]
    assert f"0x{spi:08X}" in told.text
    assert PACKET[:20].hex() in told.text
    pair.advance(MISFIT_SECONDS + 1)
    pair.right.notice(Misfit(spi, PACKET))
    pair.settle()
    assert len([one for one in pair.left.events(Progress) if "do not cover" in one.text]) == 2
    pair.agree(1, 3)


def test_it_is_not_told_where_that_is_not_wanted() -> None:
    pair = Pair(intent(LEFT, RIGHT), intent(RIGHT, LEFT, notify_invalid_selectors=False))
    pair.up()
    sent = len(pair.right.sent)
    pair.right.notice(Misfit(int.from_bytes(outbound(pair.right)[0], "big"), PACKET))
    pair.right.notice(Misfit(1, PACKET))
    assert len(pair.right.sent) == sent


def test_an_spi_that_the_peer_calls_invalid_is_of_an_sa_that_it_has_not() -> None:
    pair = three()
    gone, *others = outbound(pair.left)
    theirs = outbound(pair.right)
    for data in (gone[:3], b"\x01\x02\x03\x04"):
        assert Foe(pair).ask(Exchange.INFORMATIONAL, [Notify(NotifyType.INVALID_SPI, data)]) == ()
    assert outbound(pair.right) == theirs
    assert Foe(pair).ask(Exchange.INFORMATIONAL, [Notify(NotifyType.INVALID_SPI, gone)]) == ()
    assert len(outbound(pair.right)) == len(others)
    assert pair.right.events(ChildDown)[-1].why == "the peer does not have it"


# Authentications that end


@pytest.fixture
def timed() -> Pair:
    """Return a pair that is up; the responder holds an authentication good for ten minutes."""
    pair = Pair(right=intent(RIGHT, LEFT, profiles=(profile(LEFT, reauthentication=600),)))
    pair.up()
    return pair


def naming(end: End) -> list[tuple[str, bool]]:
    """Return in which exchanges an end has named its time, and whether in a response."""
    sent = [one for one in end.events(MessageSent) if any("AUTH_LIFETIME" in name for name in one.payloads)]
    return [(one.exchange, one.response) for one in sent]


def test_a_responder_names_its_time_in_ike_auth_and_nowhere_else(timed: Pair) -> None:
    assert naming(timed.right) == [("IKE_AUTH", True)]
    for end in timed.ends:
        rekey_ike(end)
        timed.settle()
    answered = {sent.exchange for sent in timed.right.events(MessageSent) if sent.response}
    assert answered == {"IKE_SA_INIT", "IKE_AUTH", "CREATE_CHILD_SA", "INFORMATIONAL"}
    assert naming(timed.right) == [("IKE_AUTH", True)]
    assert naming(timed.left) == []


def test_an_end_that_begins_names_no_time_and_one_without_a_word_for_it_neither() -> None:
    pair = Pair(left=intent(LEFT, RIGHT, profiles=(profile(RIGHT, reauthentication=600),)))
    pair.up()
    assert naming(pair.left) == naming(pair.right) == []
    (sa,) = pair.left.engine._core.sas.values()
    assert not sa.renewal


def test_a_peer_that_is_refused_is_told_no_time() -> None:
    wrong = profile(LEFT, key="another", reauthentication=600)
    pair = Pair(right=intent(RIGHT, LEFT, profiles=(wrong,)))
    pair.left.initiate()
    pair.settle()
    assert pair.right.events(AuthenticationFailed)
    assert naming(pair.right) == []


def test_an_initiator_authenticates_anew_before_the_time_is_over(timed: Pair) -> None:
    before = timed.left.sas[0].local_spi
    timed.advance(600 * 0.79)
    assert [sa.local_spi for sa in timed.left.sas] == [before]
    timed.advance(600 * 0.18)
    timed.agree(1)
    assert timed.left.sas[0].local_spi != before
    timed.advance(3000)
    timed.agree(1)


def test_the_new_sa_stands_with_its_child_before_the_old_one_goes(timed: Pair) -> None:
    while len(timed.left.sas) == 1 and timed.now < 600:
        timed.advance(1.0)
    timed.agree(2)
    assert all(sa.children for end in timed.ends for sa in end.sas)
    timed.advance(RENEWAL_OVERLAP_SECONDS)
    timed.agree(1)


def test_a_rekey_between_does_not_put_it_off(timed: Pair) -> None:
    timed.advance(1.0)
    core = timed.left.engine._core
    (sa,) = core.sas.values()
    due, sa.soft = sa.renewal, timed.now
    core.touch(sa)
    timed.left.wake()
    timed.advance(1.0)
    (heir,) = [one for one in core.sas.values() if one.children]
    assert heir is not sa
    assert heir.renewal == due
    timed.advance(600.0)
    timed.agree(1)
    assert not any(one.ancestor for one in core.sas.values())


def test_while_the_new_one_does_not_come_to_stand_the_old_one_stays(timed: Pair) -> None:
    timed.advance(450.0)
    timed.lose(10**6)
    while len(timed.left.sas) == 1 and timed.now < 600:
        timed.advance(1.0)
    assert len(timed.left.sas) == 2
    timed.lose(0)
    timed.advance(RENEWAL_RETRY_SECONDS + RENEWAL_OVERLAP_SECONDS + 1)
    timed.agree(1)


def test_no_time_is_so_short_that_one_handshake_follows_on_the_other() -> None:
    pair = Pair(right=intent(RIGHT, LEFT, profiles=(profile(LEFT, reauthentication=1),)))
    pair.up()
    numbers = set[int]()
    for _ in range(100):
        pair.advance(1.0)
        assert len(pair.left.sas) <= 3
        numbers |= {sa.local_spi for sa in pair.left.sas}
    assert len(numbers) <= 100 / RENEWAL_OVERLAP_SECONDS + 1


def test_a_responder_is_told_no_time() -> None:
    pair = three()
    Foe(pair).ask(Exchange.INFORMATIONAL, [Notify(NotifyType.AUTH_LIFETIME, (60).to_bytes(4, "big"))])
    (sa,) = pair.right.engine._core.sas.values()
    assert not sa.renewal
