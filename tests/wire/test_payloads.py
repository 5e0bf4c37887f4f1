"""Payloads: what is written is read again, and what does not fit the RFC's forms is Malformed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ikecli.errors import Malformed
from ikecli.numbers import PayloadType
from ikecli.wire.payloads import (
    OPAQUE,
    PAYLOADS,
    KeyExchange,
    Notify,
    Proposal,
    SecurityAssociation,
    TrafficSelector,
    Transform,
    TsInitiator,
    UnknownPayload,
)
from ikecli.wire.payloads.configuration import MAX_ATTRIBUTES
from ikecli.wire.payloads.delete import MAX_SPIS
from ikecli.wire.payloads.sa import MAX_PROPOSALS, MAX_TRANSFORMS
from tests.wire.strategies import KINDS

WRONG = {
    "SA: empty": (PayloadType.SA, ""),
    "SA: last proposal missing": (PayloadType.SA, "0200000801010000"),
    "SA: strange substructure": (PayloadType.SA, "0100000801010000"),
    "SA: proposal shorter than its header": (PayloadType.SA, "0000000701010000"),
    "SA: proposal longer than the payload": (PayloadType.SA, "0000000901010000"),
    "SA: octets after the last proposal": (PayloadType.SA, "000000080101000000"),
    "SA: fewer transforms than counted": (PayloadType.SA, "00000010010100020300000801000001"),
    "SA: more transforms than counted": (PayloadType.SA, "000000180101000100000008010000010000000801000001"),
    "SA: last transform marked as followed": (PayloadType.SA, "00000010010100010300000801000001"),
    "SA: transform shorter than its header": (PayloadType.SA, "00000010010100010000000301000001"),
    "SA: attribute longer than the transform": (PayloadType.SA, "00000015010100010000000d0100000c000e000200"),
    "SA: attribute cut off": (PayloadType.SA, "00000012010100010000000a0100000c800e"),
    "SA: long SPI": (PayloadType.SA, "0000001101010900" + "11" * 9),
    "KE: no value": (PayloadType.KE, "000e0000"),
    "KE: no group": (PayloadType.KE, "00"),
    "IDi: no type": (PayloadType.IDi, ""),
    "IDi: nothing in it": (PayloadType.IDi, "02000000"),
    "IDr: short address": (PayloadType.IDr, "010000000a0000"),
    "IDr: long address": (PayloadType.IDr, "050000000a000001"),
    "CERT: no encoding": (PayloadType.CERT, ""),
    "AUTH: no method": (PayloadType.AUTH, "0200"),
    "Nonce: short": (PayloadType.NONCE, "11" * 15),
    "Nonce: long": (PayloadType.NONCE, "11" * 257),
    "Notify: no type": (PayloadType.NOTIFY, "0000"),
    "Notify: SPI cut off": (PayloadType.NOTIFY, "0304400900"),
    "Notify: long SPI": (PayloadType.NOTIFY, "01094009" + "11" * 9),
    "Delete: IKE with an SPI": (PayloadType.DELETE, "01080001" + "11" * 8),
    "Delete: IKE with a count": (PayloadType.DELETE, "01000001"),
    "Delete: ESP with short SPIs": (PayloadType.DELETE, "030200011111"),
    "Delete: unknown protocol": (PayloadType.DELETE, "09040000"),
    "Delete: SPIs cut off": (PayloadType.DELETE, "0304000211111111"),
    "Delete: too many SPIs": (PayloadType.DELETE, f"0304{MAX_SPIS + 1:04x}" + "11111111" * (MAX_SPIS + 1)),
    "TSi: none": (PayloadType.TSi, "00000000"),
    "TSi: fewer than counted": (PayloadType.TSi, "02000000070000100000ffff0a0000000a0000ff"),
    "TSi: more than counted": (PayloadType.TSi, "01000000" + "070000100000ffff0a0000000a0000ff" * 2),
    "TSi: address cut off": (PayloadType.TSi, "010000000700000c0000ffff0a000000"),
    "TSi: octets after the addresses": (PayloadType.TSi, "01000000070000110000ffff0a0000000a0000ff00"),
    "TSi: addresses backwards": (PayloadType.TSi, "01000000070000100000ffff0a0000ff0a000000"),
    "TSi: ports backwards": (PayloadType.TSi, "0100000007000010000200010a0000000a0000ff"),
    "TSr: shorter than its header": (PayloadType.TSr, "0100000007000003"),
    "CP: attribute cut off": (PayloadType.CP, "010000000001000400"),
    "CP: too many attributes": (PayloadType.CP, "01000000" + "00010000" * (MAX_ATTRIBUTES + 1)),
    "EAP: another length": (PayloadType.EAP, "0101000600"),
    "EAP: short": (PayloadType.EAP, "010100"),
}


def read(number: int, octets: bytes):
    return PAYLOADS[number].read(octets)


def test_every_payload_has_a_strategy():
    assert set(PAYLOADS) == set(KINDS)


@pytest.mark.parametrize("number", PAYLOADS, ids=lambda number: PayloadType(number).name)
@given(data=st.data())
def test_what_is_written_is_read(number, data):
    payload = data.draw(KINDS[number])
    assert payload.number == number
    assert read(number, payload.write()) == payload


@pytest.mark.parametrize("number", PAYLOADS, ids=lambda number: PayloadType(number).name)
@given(octets=st.binary(max_size=80))
def test_arbitrary_octets_are_read_or_malformed_and_written_alike(number, octets):
    try:
        payload = read(number, octets)
    except Malformed:
        return
    assert read(number, payload.write()) == payload


@pytest.mark.parametrize(("number", "octets"), WRONG.values(), ids=WRONG)
def test_refuses_what_does_not_fit(number, octets):
    with pytest.raises(Malformed):
        read(number, bytes.fromhex(octets))


def test_writes_an_sa_as_rfc_7296_draws_it():
    gcm = Transform(1, 20, 128)
    payload = SecurityAssociation((Proposal(1, 3, bytes.fromhex("c0ffee01"), (gcm, Transform(5, 0))),))
    assert payload.write().hex() == "0000002001030402c0ffee010300000c01000014800e00800000000805000000"


def test_an_attribute_other_than_one_key_length_is_kept_aside():
    two_lengths = bytes.fromhex("0000001801010001000000100100000c800e0080800e0100")
    (proposal,) = read(PayloadType.SA, two_lengths).proposals
    assert proposal.transforms == (Transform(1, 12, 128, bytes.fromhex("800e0100")),)
    assert read(PayloadType.SA, two_lengths).write() == two_lengths


def test_counts_of_proposals_and_transforms_are_bounded():
    some = Transform(1, 12, 128)
    full = SecurityAssociation((Proposal(1, 1, b"", (some,) * MAX_TRANSFORMS),) * MAX_PROPOSALS)
    assert read(PayloadType.SA, full.write()) == full
    for proposals in ((Proposal(1, 1, b"", (some,) * (MAX_TRANSFORMS + 1)),), full.proposals + full.proposals[:1]):
        with pytest.raises(Malformed):
            read(PayloadType.SA, SecurityAssociation(proposals).write())


def test_opaque_ports_are_no_range_written_backwards():
    opaque = TsInitiator((TrafficSelector(7, 17, *OPAQUE, 1, 1),))
    assert read(PayloadType.TSi, opaque.write()) == opaque


def test_reserved_octets_of_an_identity_stay_for_auth():
    octets = bytes.fromhex("02abcdef") + b"fw.example"
    assert read(PayloadType.IDi, octets).write() == octets


def test_reserved_octets_elsewhere_are_ignored_and_sent_as_zero():
    assert read(PayloadType.KE, bytes.fromhex("001fffff") + b"value") == KeyExchange(31, b"value")
    assert KeyExchange(31, b"value").write()[2:4] == bytes(2)


@pytest.mark.parametrize(("type", "is_error"), [(14, True), (16383, True), (16384, False), (65535, False)])
def test_notify_types_from_16384_on_are_status(type, is_error):
    assert Notify(type).is_error == is_error


def test_an_unknown_payload_is_not_read_without_its_number():
    with pytest.raises(TypeError):
        UnknownPayload.read(b"")
