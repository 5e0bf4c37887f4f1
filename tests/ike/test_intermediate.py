"""What AUTH covers of IKE_INTERMEDIATE, computed once more from the octets on the wire, and peers that misuse it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ikecli.boundary.effects import Datagram
from ikecli.boundary.events import AuthenticationFailed, DatagramDropped, KeysDerived, MessageReceived, MessageSent
from ikecli.ike import intermediate
from ikecli.ike.sa import IkeSa
from ikecli.numbers import Exchange, IdType
from ikecli.wire import Header, write_chain, write_outer
from ikecli.wire.payloads import IdInitiator, KeyExchange, Nonce, Notify, Payload
from tests.ike.pair import LEFT, RIGHT, Pair, ike_proposal, intent
from tests.ike.test_additional import MTU, both, further

HEADER, GENERIC, NUMBERS, IV, SALT = 28, 4, 4, 8, 4
SK, SKF = 46, 53


def sa_of(pair: Pair, side: int) -> IkeSa:
    (sa,) = pair.ends[side].engine._core.sas.values()
    return sa


def plain(octets: bytes, key: bytes) -> bytes:
    """Open a message or fragment under AES-GCM (RFC 5282); return the payloads in it."""
    at = HEADER + GENERIC + (NUMBERS if octets[16] == SKF else 0)
    opened = AESGCM(key[:-SALT]).decrypt(key[-SALT:] + octets[at : at + IV], octets[at + IV :], octets[:at])
    return opened[: -1 - opened[-1]]


def counted(messages: Sequence[bytes], key: bytes) -> bytes:
    """Return IntAuth_*A | IntAuth_*P of a message in one piece or several, as RFC 9242 3.3.2 draws them."""
    first, inner = messages[0], b"".join(plain(one, key) for one in messages)
    head = first[:16] + bytes((SK,)) + first[17:24] + (HEADER + GENERIC + len(inner)).to_bytes(4, "big")
    return head + first[HEADER : HEADER + 2] + (GENERIC + len(inner)).to_bytes(2, "big") + inner


@pytest.mark.parametrize("mtu", [None, MTU], ids=["whole", "fragments"])
def test_int_auth_is_what_the_rfc_says(mtu: object) -> None:
    pair = both(further("mlkem768", "mlkem1024"), fragment_mtu=mtu)
    seen: list[bytes] = []

    def see(datagram: Datagram) -> Datagram:
        seen.append(datagram.octets)
        return datagram

    pair.translate = see
    pair.left.acquire()
    while not any(octets[18] == Exchange.IKE_AUTH for octets in seen):
        pair.step()
    keys = [event.keys for event in pair.left.events(KeysDerived)]
    expected = []
    for response, key_at, proof_at in ((False, 3, 5), (True, 4, 6)):
        auth = b""
        for round in (1, 2):
            messages = [
                octets
                for octets in seen
                if octets[18] == Exchange.IKE_INTERMEDIATE
                and bool(octets[19] & 0x20) is response
                and int.from_bytes(octets[20:24], "big") == round
            ]
            assert (len(messages) > 1) is (mtu is not None)
            held = keys[round - 1]
            octets = counted(messages, held[key_at])
            auth = hmac.digest(held[proof_at], auth + octets, hashlib.sha256)
        expected.append(auth)
    for side in (0, 1):
        birth = sa_of(pair, side).birth
        assert birth is not None
        assert birth.covered == tuple(expected)
        assert intermediate.covered(birth) == b"".join(expected) + (3).to_bytes(4, "big")


def forged(pair: Pair, exchange: Exchange, message_id: int, *payloads: Payload) -> None:
    """Have the left end send what its engine would not."""
    sa = sa_of(pair, 0)
    assert sa.suite is not None
    assert sa.keys is not None
    header = Header(sa.spi_i, sa.spi_r, exchange, message_id, True)
    first, chain = write_chain(payloads)
    sa.sealed += 1
    outer = write_outer(header, first, sa.suite.sealed_size(len(chain)))
    octets = sa.suite.seal(sa.keys, True, outer, chain, sa.sealed.to_bytes(8, "big"))
    there = Datagram(octets, sa.remote, sa.local)
    pair.right.receive(there)


def begun(proposal: object) -> Pair:
    """Return a pair whose left end has its keys and has sent nothing under them that arrived."""
    pair = both(proposal)  # type: ignore[arg-type]
    pair.left.acquire()
    pair.step()
    pair.step()
    pair.wire.clear()
    return pair


KE_OF_19 = KeyExchange(19, bytes(64))


@pytest.mark.parametrize(
    ("exchange", "payloads"),
    [
        (Exchange.IKE_INTERMEDIATE, ()),
        (Exchange.IKE_INTERMEDIATE, (KE_OF_19,)),
        (Exchange.IKE_INTERMEDIATE, (KeyExchange(36, bytes(1183)),)),
        (Exchange.IKE_INTERMEDIATE, (KeyExchange(36, b"\xff" * 1184),)),
        (Exchange.IKE_INTERMEDIATE, (KeyExchange(36, bytes(1184)), KE_OF_19)),
        (Exchange.IKE_INTERMEDIATE, (Nonce(bytes(32)),)),
    ],
    ids=["nothing", "another", "too short", "outside the field", "two", "a nonce"],
)
def test_another_message_than_the_next_ends_the_sa(exchange: Exchange, payloads: tuple[Payload, ...]) -> None:
    pair = begun(further("mlkem768"))
    forged(pair, exchange, 1, *payloads)
    assert not pair.right.sas


def test_authentication_before_the_last_exchange_is_malformed() -> None:
    pair = begun(further("mlkem768"))
    forged(pair, Exchange.IKE_AUTH, 1, IdInitiator(IdType.IPV4_ADDR, LEFT.packed))
    (answer,) = [event for event in pair.right.events(MessageSent) if event.exchange == "IKE_AUTH"]
    assert answer.payloads == ("NOTIFY(INVALID_SYNTAX)",)
    assert not pair.right.sas


def test_intermediate_that_was_not_agreed_on_ends_the_sa() -> None:
    pair = begun(ike_proposal())
    forged(pair, Exchange.IKE_INTERMEDIATE, 1, Notify(40_000))
    assert not pair.right.sas


def test_intermediate_in_an_sa_that_stands_is_dropped() -> None:
    pair = both(further("mlkem768"))
    pair.up()
    forged(pair, Exchange.IKE_INTERMEDIATE, 3, KE_OF_19)
    assert pair.right.events(DatagramDropped)
    pair.agree(1)


def test_a_follow_up_of_nothing_is_told_so() -> None:
    pair = both(further("mlkem768"))
    pair.up()
    forged(pair, Exchange.IKE_FOLLOWUP_KE, 3, KE_OF_19, Notify(16441, b"no link"))
    (_, _, answer) = pair.wire[-1]
    pair.agree(1)
    sa = sa_of(pair, 0)
    assert sa.keys is not None
    assert b"\x00\x2f" in plain(answer.octets, sa.keys.er)[:8]


def test_additional_exchanges_without_intermediate_are_not_chosen() -> None:
    pair = both(further("mlkem768 none"))
    strip = bytes.fromhex("4036")

    def without(datagram: Datagram) -> Datagram:
        return replace(datagram, octets=datagram.octets.replace(strip, (40_054).to_bytes(2, "big")))

    pair.translate = without
    pair.left.acquire()
    pair.step()
    answers = [event for event in pair.right.events(MessageReceived) if event.exchange == "IKE_SA_INIT"]
    assert "NOTIFY(INTERMEDIATE_EXCHANGE_SUPPORTED)" not in answers[0].payloads
    suite = sa_of(pair, 1).suite
    assert suite is not None
    assert suite.additional == ()
    pair.settle()
    assert pair.right.events(AuthenticationFailed), "AUTH covers what was sent, so that the change is noticed"
    pair.agree(0)


def test_nothing_of_it_is_sent_where_nothing_needs_it() -> None:
    pair = Pair(intent(LEFT, RIGHT), intent(RIGHT, LEFT, proposals=(further("mlkem768 none"),)))
    pair.up()
    for end in pair.ends:
        assert not any("INTERMEDIATE" in name for event in end.events(MessageReceived) for name in event.payloads)
