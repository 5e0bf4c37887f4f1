"""What once broke other daemons, a test each: the name says what was sent, the comment where it hurt."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from ikecli.boundary.effects import Datagram
from ikecli.boundary.events import AuthenticationFailed, DatagramDropped, Event, IkeUp, MessageReceived, ProfileMissing
from ikecli.crypto.exchange import GROUPS
from ikecli.debug import render
from ikecli.debug.syslog import log
from ikecli.ike.choose import Offer, choose, esp_offers, ike_offers
from ikecli.ike.lookup import Lookup
from ikecli.ike.tasks.authenticate import Authenticate
from ikecli.intent import Identity, IdentityMatch
from ikecli.numbers import ALGORITHMS, AuthMethod, Exchange, NotifyType, PayloadType, TransformType
from ikecli.wire import Header, Message, read_message, write_message, write_outer_fragment
from ikecli.wire.payloads import (
    PAYLOADS,
    Authentication,
    Configuration,
    ConfigurationAttribute,
    KeyExchange,
    Nonce,
    Notify,
    Payload,
    Proposal,
    SecurityAssociation,
    Transform,
    TsInitiator,
    TsResponder,
    UnknownPayload,
    VendorId,
)
from ikecli.wire.payloads.identity import MAX_IDENTITY
from tests.attack.foe import HERE, THERE, Foe, offer, selector
from tests.ike.pair import CBC, LEFT, RIGHT, Pair, ike_proposal, intent, profile

LONGEST_LINE = 4_096
EVERY = (selector(0, (1 << 32) - 1),)
CHILD = (offer(b"\0\0\7\1"), Nonce(bytes(32)), TsInitiator(EVERY), TsResponder(EVERY))
_BLOCK = 250


def opening(*payloads: Payload, spi: bytes = b"12345678") -> Datagram:
    """Return an IKE_SA_INIT request to the right end."""
    header = Header(spi, bytes(8), Exchange.IKE_SA_INIT, 0, True)
    return Datagram(write_message(Message(header, payloads)), THERE, HERE)


def up() -> tuple[Pair, Foe]:
    pair = Pair()
    pair.up()
    return pair, Foe(pair)


def stands(pair: Pair) -> bool:
    """Tell whether the right end still has its one Child SA, and nothing else."""
    (sa,) = pair.right.sas
    return len(sa.children) == 1 and len(pair.right.plane.sas) == 2


# Algorithms


def rows(one: Offer) -> list[Transform]:
    return [Transform(*row.key) for some in one.algorithms.values() for row in some]


@pytest.mark.parametrize("kind", [one for one in TransformType if one <= TransformType.ESN])
@pytest.mark.parametrize("what", ["aead", "cbc", "esp"])
def test_transform_ids_from_0_to_65535_choose_only_what_is_configured(kind: TransformType, what: str) -> None:
    # strongSwan CVE-2014-9221 (group 1025), libreswan CVE-2016-3071 (AES-XCBC), CVE-2018-10811 (PRF MD5)
    aead, cbc = ike_proposal(), ike_proposal("aes-cbc-128", "sha256")
    offers = esp_offers((CBC,)) if what == "esp" else ike_offers((aead if what == "aead" else cbc,))
    (one,) = offers
    if kind not in one.algorithms:
        return
    known = {row.number for row in one.algorithms[kind]}
    others = [transform for transform in rows(one) if transform.type != kind]
    bits = rows(one)[0].key_bits if kind == TransformType.ENCR else 0
    assert choose(offers, (Proposal(1, one.protocol, b"", tuple(rows(one))),))
    for first in range(0, 65536, _BLOCK):
        ids = [number for number in range(first, min(first + _BLOCK, 65536)) if number not in known]
        wrong = tuple(Transform(kind, number, length) for number in ids for length in {0, bits})
        for some in filter(None, (wrong[:255], wrong[255:])):
            assert choose(offers, (Proposal(1, one.protocol, b"", (*others, *some)),)) is None


@pytest.mark.parametrize("bits", [0, 1, 64, 127, 129, 192, 256, 65535])
def test_an_algorithm_without_its_key_length_is_not_chosen(bits: int) -> None:
    offers = ike_offers((ike_proposal(),))
    others = tuple(one for one in rows(offers[0]) if one.type != TransformType.ENCR)
    assert choose(offers, (Proposal(1, 1, b"", (Transform(1, 20, bits), *others)),)) is None


@pytest.mark.parametrize("missing", [TransformType.ENCR, TransformType.PRF, TransformType.INTEG, TransformType.KE])
def test_a_proposal_without_a_transform_type_makes_no_sa(missing: TransformType) -> None:
    # libreswan CVE-2016-5391: a proposal without a group
    proposals = (ike_proposal("aes-cbc-128", "sha256"),)
    pair = Pair(right=intent(RIGHT, LEFT, proposals=proposals))
    (one,) = ike_offers(proposals)
    some = tuple(transform for transform in rows(one) if transform.type != missing)
    sa = SecurityAssociation((Proposal(1, 1, b"", some),))
    pair.right.receive(opening(sa, KeyExchange(31, bytes(32)), Nonce(bytes(16))))
    (answer,) = pair.right.sent
    assert read_message(answer.octets).payloads == (Notify(NotifyType.NO_PROPOSAL_CHOSEN),)
    assert not pair.right.sas


@pytest.mark.parametrize("group", [0, 14, 19, 1025, 65535])
def test_a_public_value_of_a_group_that_is_not_proposed_makes_no_sa(group: int) -> None:
    pair = Pair()
    sa = SecurityAssociation(tuple(one.proposal(1, b"") for one in ike_offers((ike_proposal(),))))
    pair.right.receive(opening(sa, KeyExchange(group, bytes(32)), Nonce(bytes(16))))
    (answer,) = pair.right.sent
    wanted = Notify(NotifyType.INVALID_KE_PAYLOAD, (31).to_bytes(2, "big"))
    assert read_message(answer.octets).payloads == (wanted,)
    assert not pair.right.sas


@pytest.mark.parametrize(
    "group", sorted(row.number for row in ALGORITHMS if row.type == TransformType.KE and row.served)
)
@pytest.mark.parametrize("size", [-1, 1, 1500])
def test_public_values_of_wrong_length_make_no_sa(group: int, size: int) -> None:
    # strongSwan CVE-2023-41913
    proposals = (ike_proposal(groups=str(group)),) if group < 35 else ()
    if not proposals:
        return
    pair = Pair(right=intent(RIGHT, LEFT, proposals=proposals))
    sa = SecurityAssociation(tuple(one.proposal(1, b"") for one in ike_offers(proposals)))
    public = b"\5" * (GROUPS[group].public_size + size)
    pair.right.receive(opening(sa, KeyExchange(group, public), Nonce(bytes(16))))
    assert not pair.right.sas
    assert not pair.right.sent


@pytest.mark.parametrize("group", [2, 14, 19, 20, 21, 24, 31, 32])
@pytest.mark.parametrize("octet", [0x00, 0xFF])
def test_public_values_outside_their_group_end_the_sa_without_an_answer(group: int, octet: int) -> None:
    # libreswan CVE-2015-3240: a public value of zero; RFC 6989: every group has its test
    proposals = (ike_proposal(groups=str(group)),)
    pair = Pair(right=intent(RIGHT, LEFT, proposals=proposals))
    sa = SecurityAssociation(tuple(one.proposal(1, b"") for one in ike_offers(proposals)))
    public = bytes((octet,)) * GROUPS[group].public_size
    pair.right.receive(opening(sa, KeyExchange(group, public), Nonce(bytes(16))))
    if (group, octet) in ((31, 0xFF), (32, 0xFF)):
        return  # these are reduced, and are points like others (RFC 7748 5)
    (half,) = pair.right.engine._core.sas.values()
    header = Header(half.spi_i, half.spi_r, Exchange.IKE_AUTH, 1, True)
    octets = write_message(Message(header, ()))
    size = len(octets) + 64
    sealed = (
        octets[:16] + bytes((PayloadType.SK,)) + octets[17:24] + size.to_bytes(4, "big") + b"\x23\0\0\x40" + bytes(60)
    )
    pair.right.receive(Datagram(sealed, THERE, HERE))
    assert not pair.right.sas
    assert len(pair.right.sent) == 1


# Identities and proofs


@pytest.mark.parametrize(
    "tail", [b"\0", b"\0.evil.example", b".evil.example", b" ", b"\n", b"\x1b[2J", b"\xc2\xa0", b"."]
)
@pytest.mark.parametrize("kind", [2, 3, 11])
def test_an_identity_with_something_behind_is_another_identity(tail: bytes, kind: int) -> None:
    # strongSwan CVE-2026-47895, CVE-2013-6075, libreswan CVE-2026-50721: compared too leniently
    row = profile(LEFT, remotes=(IdentityMatch(kind, b"peer.example"),))
    lookup = Lookup(intent(RIGHT, LEFT, profiles=(row,)))
    assert lookup.profile(Identity(kind, b"peer.example"), RIGHT, LEFT) is row
    assert (lookup.profile(Identity(kind, b"PEER.example"), RIGHT, LEFT) is row) is (kind != 11)
    for data in (b"peer.example" + tail, tail + b"peer.example", b"peer" + tail + b".example"):
        assert lookup.profile(Identity(kind, data), RIGHT, LEFT) is None
    for other in (0, 1, 2, 3, 5, 9, 10, 11, 13, 255):
        assert other == kind or lookup.profile(Identity(other, b"peer.example"), RIGHT, LEFT) is None


@pytest.mark.parametrize("kind", [0, 2, 3, 4, 9, 10, 11, 12, 13, 200, 255])
@pytest.mark.parametrize(
    "data", [b"\0", b"\x1b]0;%s%n\x07\r\n", b"\x30\x82\xff\xff", b"x" * MAX_IDENTITY], ids=lambda d: str(len(d))
)
def test_identities_of_any_kind_are_refused_and_told_in_bounds(kind: int, data: bytes) -> None:
    # strongSwan CVE-2013-5018 (a malformed identity), CVE-2026-78127 (what is logged takes all memory)
    pair = Pair(intent(LEFT, RIGHT, profiles=(replace(profile(RIGHT), local=Identity(kind, data)),)))
    pair.left.acquire()
    pair.settle()
    assert pair.right.events(ProfileMissing)
    assert not pair.right.events(IkeUp)
    lines_are_bounded(pair.right.told)


def lines_are_bounded(told: Sequence[Event]) -> None:
    for event in told:
        for dialect in ("ios", "asa"):
            line = log(event, dialect)
            for text in (*render(event, dialect), line.text if line else ""):
                assert text.isprintable()
                assert text.isascii()
                assert len(text) <= LONGEST_LINE


@pytest.mark.parametrize("method", [0, 1, 3, 9, 10, 11, 12, 13, 14, 255])
@pytest.mark.parametrize("data", [b"", bytes(32), None], ids=["empty", "zeros", "right"])
def test_another_method_than_the_configured_one_proves_nothing(
    method: int, data: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # OpenIKED CVE-2020-16088: any raw public key was trusted; a downgrade from the pre-shared key
    genuine = Authenticate._prove

    def other(self: Authenticate, talk: object, kind: type) -> tuple[Payload, ...]:
        shown, proof = genuine(self, talk, kind)  # type: ignore[arg-type,misc]
        assert isinstance(proof, Authentication)
        return shown, Authentication(method, proof.data if data is None else data)

    monkeypatch.setattr(Authenticate, "_prove", other)
    pair = Pair()
    pair.left.acquire()
    pair.settle()
    assert pair.right.events(AuthenticationFailed)
    assert not pair.right.events(IkeUp)
    assert not pair.right.plane.log


@pytest.mark.parametrize("data", [b"", b"\0", bytes(32), bytes(64), bytes(5000)], ids=len)
def test_a_wrong_proof_of_any_length_proves_nothing(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    # strongSwan CVE-2013-2944: an error of the comparison was taken for success
    def empty(self: Authenticate, talk: object, kind: type) -> tuple[Payload, ...]:
        return kind(1, LEFT.packed), Authentication(AuthMethod.SHARED_KEY, data)

    monkeypatch.setattr(Authenticate, "_prove", empty)
    pair = Pair()
    pair.left.acquire()
    pair.settle()
    assert pair.right.events(AuthenticationFailed)
    assert not pair.right.events(IkeUp)


# Messages in a standing SA


@pytest.mark.parametrize("kind", sorted(PAYLOADS))
@pytest.mark.parametrize("exchange", [Exchange.CREATE_CHILD_SA, Exchange.INFORMATIONAL])
def test_empty_payloads_of_every_kind_install_nothing(kind: int, exchange: int) -> None:
    # libreswan CVE-2019-12312 (INFORMATIONAL), CVE-2023-23009 (TS)
    pair, foe = up()
    foe.ask(exchange, (UnknownPayload(kind, b""), *CHILD))
    assert len(pair.right.plane.sas) <= (4 if kind == PayloadType.VENDOR else 2)
    pair.wire.clear()
    pair.advance(120)


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 255])
@pytest.mark.parametrize("spi", [b"", b"\1", bytes(3), bytes(4), b"\xff" * 4, bytes(8), b"\1" * 16], ids=len)
def test_a_rekey_of_what_is_not_there_replaces_nothing(protocol: int, spi: bytes) -> None:
    # libreswan CVE-2023-38710
    pair, foe = up()
    foe.ask(Exchange.CREATE_CHILD_SA, (Notify(NotifyType.REKEY_SA, b"", protocol, spi), *CHILD))
    assert not pair.right.sas or stands(pair)


@pytest.mark.parametrize("spi", [bytes(8), b"", bytes(7), bytes(9), b"\0" * 4], ids=lambda spi: spi.hex() or "none")
def test_an_ike_rekey_to_no_spi_makes_no_sa(spi: bytes) -> None:
    pair, foe = up()
    made = SecurityAssociation(tuple(one.proposal(1, spi) for one in ike_offers((ike_proposal(),))))
    foe.ask(Exchange.CREATE_CHILD_SA, (made, Nonce(bytes(32)), KeyExchange(31, b"\x09" + bytes(31))))
    assert len(pair.right.sas) <= 1


def test_an_ike_rekey_without_a_group_or_a_public_value_makes_no_sa() -> None:
    # libreswan CVE-2016-5391
    for bare in (True, False):
        pair, foe = up()
        (one,) = ike_offers((ike_proposal(),))
        some = tuple(row for row in rows(one) if not bare or row.type != TransformType.KE)
        made = SecurityAssociation((Proposal(1, 1, b"\1" * 8, some),))
        foe.ask(Exchange.CREATE_CHILD_SA, (made, Nonce(bytes(32)), *((KeyExchange(31, bytes(32)),) if bare else ())))
        assert len(pair.right.sas) <= 1


@pytest.mark.parametrize("message_id", [3, 4, 1 << 16, (1 << 31) - 1, 1 << 31, (1 << 32) - 2, (1 << 32) - 1])
@pytest.mark.parametrize("response", [False, True], ids=["request", "response"])
def test_message_ids_at_their_edges_are_outside_the_window(message_id: int, response: bool) -> None:
    pair, foe = up()
    sent = len(pair.right.sent)
    foe.send(foe.sealed(Exchange.INFORMATIONAL, (Notify(NotifyType.AUTHENTICATION_FAILED),), message_id, response))
    assert len(pair.right.sent) == sent
    assert stands(pair)
    assert foe.expected == 2


def test_a_response_that_nobody_asked_for_does_nothing() -> None:
    # strongSwan CVE-2026-78135, seen from the other side
    pair, foe = up()
    for exchange in (*Exchange, 43, 44):
        for message_id in range(3):
            foe.send(foe.sealed(exchange, CHILD, message_id, response=True))
    assert stands(pair)
    assert pair.right.events(DatagramDropped)


def test_settings_that_nobody_asked_for_change_nothing() -> None:
    pair, foe = up()
    given = tuple(ConfigurationAttribute(kind, b"\x0a\1\1\1" * (kind != 8)) for kind in (1, 2, 3, 6, 13))
    for kind in (2, 3, 4, 0, 255):
        foe.ask(Exchange.INFORMATIONAL, (Configuration(kind, given),))
        if not pair.right.sas:
            break
        assert stands(pair)


@pytest.mark.parametrize("exchange", [Exchange.IKE_SA_INIT, Exchange.IKE_AUTH])
def test_a_redirection_is_not_followed(exchange: int) -> None:
    # RFC 5685 was not offered, so nobody may use it; loops of it once led clients astray
    redirect = Notify(16407, b"\1\4" + bytes((203, 0, 113, 66)))
    pair = Pair()
    pair.left.acquire()
    ((_, _, request),) = pair.wire
    header = read_message(request.octets).header
    back = Header(header.initiator_spi, bytes(8), exchange, header.message_id, False, True)
    pair.left.receive(Datagram(write_message(Message(back, (redirect,))), HERE, THERE))
    pair.settle()
    pair.agree(1)
    assert {one.remote.address for one in pair.left.sent} == {RIGHT}


def test_a_forged_sign_of_life_is_none() -> None:
    pair, foe = up()
    (sa,) = pair.right.engine._core.sas.values()
    heard = sa.heard
    pair.now += 5
    octets = foe.sealed(Exchange.INFORMATIONAL, (), foe.expected)
    for at in (0, 20, len(octets) - 1):
        foe.send(octets[:at] + bytes((octets[at] ^ 1,)) + octets[at + 1 :])
    header = Header(sa.spi_i, sa.spi_r, Exchange.INFORMATIONAL, foe.expected, True)
    foe.send(write_message(Message(header, ())))
    assert sa.heard == heard


# Messages of another kind


@pytest.mark.parametrize("kind", [*range(1, 14), 20, 128, 130])
def test_payloads_of_ikev1_make_no_sa(kind: int) -> None:
    # strongSwan CVE-2015-3991
    pair = Pair()
    pair.right.receive(
        opening(UnknownPayload(kind, bytes(60)), UnknownPayload(4, bytes(32)), UnknownPayload(10, bytes(16)))
    )
    assert not pair.right.sas
    assert not pair.right.sent


@pytest.mark.parametrize("response", [False, True])
def test_an_ike_sa_init_of_zero_spis_or_of_ours_is_dropped(response: bool) -> None:
    pair = Pair()
    (one,) = (SecurityAssociation(tuple(o.proposal(1, b"") for o in ike_offers((ike_proposal(),)))),)
    pair.right.receive(opening(one, KeyExchange(31, bytes(32)), Nonce(bytes(16)), spi=bytes(8)))
    assert not pair.right.sent
    pair.up()
    own = pair.right.engine._core.sas[1].spi_r
    pair.right.receive(opening(one, KeyExchange(31, bytes(32)), Nonce(bytes(16)), spi=own))
    assert stands(pair)


@pytest.mark.parametrize(
    "payloads",
    [
        (VendorId(b"%s%n\x1b[2J\r\n" * 5000),),
        tuple(Notify(60_000 + number, b"\x1b[2J" * 100) for number in range(120)),
        tuple(UnknownPayload(200, bytes(500)) for _ in range(120)),
    ],
    ids=["vendor", "notifies", "payloads"],
)
def test_what_is_logged_of_a_vast_message_is_bounded(payloads: tuple[Payload, ...]) -> None:
    # strongSwan CVE-2026-78127
    pair, foe = up()
    pair.right.told.clear()
    foe.send(foe.sealed(Exchange.INFORMATIONAL, payloads, foe.expected))
    assert pair.right.events(MessageReceived)
    lines_are_bounded(pair.right.told)


def test_a_million_fragments_of_many_messages_take_bounded_memory() -> None:
    # Cisco CVE-2016-1287, libreswan CVE-2026-12413
    cut = {"fragment_mtu": (576, 1280)}
    pair = Pair(intent(LEFT, RIGHT, **cut), intent(RIGHT, LEFT, **cut))
    pair.up()
    foe, table = Foe(pair), pair.right.engine._core.assemblies
    dice = random.Random(5)
    for total in range(2, 1000, 37):
        for _ in range(20):
            number = dice.randrange(2, total + 1)
            octets = fragment(foe, number, total, dice.randbytes(400))
            foe.send(octets)
            assert len(table) <= 1
            assert table.size <= 1000 * 600
    assert pair.right.sas


def fragment(foe: Foe, number: int, total: int, part: bytes) -> bytes:
    sa = foe.sa
    assert sa.suite is not None
    assert sa.keys is not None
    header = Header(sa.spi_i, sa.spi_r, Exchange.INFORMATIONAL, foe.expected, True)
    outer = write_outer_fragment(header, 0, sa.suite.sealed_size(len(part)), number, total)
    return sa.suite.seal(sa.keys, True, outer, part, foe.dice.randbytes(sa.suite.encryption.iv))
