"""ESP packets against vectors of others, against our own other end, and against damage."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ikecli.esp import IPV4, IPV6, Dropped, EspSa, InboundSa, OutboundSa, Reason, ReplayWindow, spi_of
from ikecli.numbers import ALGORITHMS, BY_KEY, TransformType

ENCR, INTEG = TransformType.ENCR, TransformType.INTEG
GCM = BY_KEY[(ENCR, 20, 128)]
CBC = BY_KEY[(ENCR, 12, 256)]
NULL = BY_KEY[(ENCR, 11, 0)]
GMAC = BY_KEY[(ENCR, 21, 128)]
CHACHA = BY_KEY[(ENCR, 28, 0)]
SHA256 = BY_KEY[(INTEG, 12, 0)]
SUITES = [(e, None) for e in ALGORITHMS if e.type == ENCR and e.served and e.aead] + [
    (e, i)
    for e in ALGORITHMS
    if e.type == ENCR and e.served and not e.aead
    for i in ALGORITHMS
    if i.type == INTEG and i.served
]
SCAPY = json.loads((Path(__file__).parent / "scapy-esp.json").read_text())
MCGREW = [
    # draft-mcgrew-gcm-test-01: key and salt, window's top, associated data as sent, IV, plaintext, ciphertext and ICV
    (
        "4c80cdefbb5d10da906ac73c3613a6342e443b68",
        0x87654320FFFFFFFF,
        "0000432100000000",
        "4956ed7e3b244cfe",
        "45000048699a000080114db7c0a80102c0a801010a9bf15638d3010000010000"
        "00000000045f736970045f756470037369700963796265726369747902646b00"
        "0021000101020201",
        "fecf537e729d5b07dc30df528dd22b768d1b98736696a6fd348509fa13ceac34"
        "cfa2436f14a3f3cf65925bf1f4a13c5d15b21e1884f5ff6247aeabb786b93bce"
        "61bc17d768fd9732459018148f6cbe722fd04796562dfdb4",
    ),
    (
        "feffe9928665731c6d6a8f9467308308feffe9928665731ccafebabe",
        0,
        "0000a5f80000000a",
        "facedbaddecaf888",
        "45000028a4ad4000400678800a01038f0a010612802306b8cb712602dd6bb03e501016d075680001",
        "a5b1f8066029aea40e598b8122de02420938b3ab33f828e687b8858b5bfbdbd0315b27452144cc77"
        "95457b9652037f5318027b5b4cd7a636",
    ),
    (
        "abbccddef00112233445566778899aababbccddef00112233445566778899aab11223344",
        0,
        "4a2cbfe300000002",
        "0102030405060708",
        "4500003069a6400080062690c0a801029389155e0a9e008b2dc57ee0000000007002400020bf0000020405b40101040201020201",
        "ff425c9b724599df7a3bcd510194e00d6a78107f1b0b1cbf06efae9d65a5d763"
        "748a637985771d347f0545659f14e99def842d8eb335f4eecfdbf831824b4c4915956c96",
    ),
]


def zeros(size: int) -> bytes:
    return bytes(size)


def pair(encryption=GCM, integrity=None, esn=False, size=64):
    integrity_key = bytes(range(integrity.key_octets)) if integrity else b""
    sa = EspSa(0x1000, encryption, integrity, bytes(range(encryption.key_octets)), integrity_key, esn)
    return OutboundSa(sa, zeros), InboundSa(sa, ReplayWindow(size, esn))


def reason_of(inbound: InboundSa, octets: bytes) -> Reason:
    with pytest.raises(Dropped) as dropped:
        inbound.open(octets)
    return dropped.value.reason


@pytest.mark.parametrize(("key", "top", "header", "iv", "plain", "sealed"), MCGREW, ids=["128-esn", "192", "256"])
def test_opens_the_test_cases_of_the_gcm_draft(key, top, header, iv, plain, sealed):
    octets = bytes.fromhex(header + iv + sealed)
    encryption = BY_KEY[(ENCR, 20, len(key) * 4 - 32)]
    sa = EspSa(spi_of(octets), encryption, None, bytes.fromhex(key), esn=top > 0)
    packet, next_header = InboundSa(sa, ReplayWindow(64, sa.esn, top)).open(octets)
    expected = bytes.fromhex(plain)
    assert packet == expected[: -2 - expected[-2]]
    assert next_header == expected[-1]


def test_opens_and_seals_the_example_of_rfc_7634():
    """RFC 7634, appendix A."""
    packet = bytes.fromhex(
        "45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec10000736270809"
        "0a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637"
    )
    octets = bytes.fromhex(
        "0102030400000005101112131415161724039428b97f417e3c13753a4f05087b67c352e6a7fab1b982d466ef407ae5c6"
        "14ee8099d52844eb61aa95dfab4c02f72aa71e7c4c4f64c9befe2facc638e8f3cbec163fac469b502773f6fb94e664da"
        "9165b82829f641e076aaa8266b7fb0f7b11b369907e1ad43"
    )
    sa = EspSa(0x01020304, CHACHA, None, bytes(range(0x80, 0xA4)))
    assert InboundSa(sa).open(octets) == (packet, IPV4)
    before, after = sa.covered(5)
    assert sa.cipher().seal(before, octets[8:16], packet + bytes.fromhex("01020204"), after) == octets[8:]


def test_opens_and_seals_the_gmac_case_of_the_gcm_draft():
    """draft-mcgrew-gcm-test-01, the AES-GMAC case."""
    packet = bytes.fromhex(
        "45000030da3a00008001df3bc0a80005c0a800010800c6cd020007006162636465666768696a6b6c6d6e6f7071727374"
    )
    icv = bytes.fromhex("f2a9a836e155106aa8dcd618e4099aaa")
    octets = bytes.fromhex("00004321000000070000000000000000") + packet + bytes.fromhex("01020201") + icv
    sa = EspSa(0x4321, GMAC, None, bytes.fromhex("4c80cdefbb5d10da906ac73c3613a63422433c64"))
    assert InboundSa(sa).open(octets) == (packet, 1)
    before, after = sa.covered(7)
    assert sa.cipher().seal(before, bytes(8), octets[16:-16], after) == octets[8:]


@pytest.mark.parametrize("case", SCAPY, ids=lambda case: case["name"])
def test_opens_what_scapy_sealed(case):
    integrity = BY_KEY[(INTEG, case["integrity"], 0)] if case["integrity"] else None
    keys = bytes.fromhex(case["encryption_key"]), bytes.fromhex(case["integrity_key"])
    octets, packet = bytes.fromhex(case["esp"]), bytes.fromhex(case["packet"])
    sa = EspSa(spi_of(octets), BY_KEY[(ENCR, *case["encryption"])], integrity, *keys, case["esn"])
    inbound = InboundSa(sa, ReplayWindow(64, sa.esn, top=case["sequence"] - 1))
    assert inbound.open(octets) == (packet, case["next_header"])


@pytest.mark.parametrize("case", [case for case in SCAPY if case["integrity"]], ids=lambda case: case["name"])
def test_seals_as_scapy_does(case):
    octets = bytes.fromhex(case["esp"])
    keys = bytes.fromhex(case["encryption_key"]), bytes.fromhex(case["integrity_key"])
    integrity = BY_KEY[(INTEG, case["integrity"], 0)]
    sa = EspSa(spi_of(octets), BY_KEY[(ENCR, *case["encryption"])], integrity, *keys, case["esn"])
    outbound = OutboundSa(sa, lambda size: octets[8 : 8 + size], case["sequence"] - 1)
    assert outbound.seal(bytes.fromhex(case["packet"]), case["next_header"]) == octets


@pytest.mark.parametrize("esn", [False, True])
@pytest.mark.parametrize(("encryption", "integrity"), SUITES, ids=lambda row: row.name if row else "")
def test_every_served_suite_carries_packets_of_every_length(encryption, integrity, esn):
    outbound, inbound = pair(encryption, integrity, esn)
    for size in range(70):
        packet = bytes(range(size))
        octets = outbound.seal(packet, 50)
        assert len(octets) % 4 == 0
        assert inbound.open(octets) == (packet, 50)
    assert inbound.window.top == outbound.sequence == 70


@pytest.mark.parametrize("suite", [(GCM, None), (GMAC, None), (CHACHA, None), (CBC, SHA256), (NULL, SHA256)])
def test_carries_the_high_half_across_the_wrap(suite):
    outbound, inbound = pair(*suite, esn=True)
    outbound.sequence, inbound.window.top = (1 << 32) - 2, (1 << 32) - 2
    first, second, third = (outbound.seal(b"data", 50) for _ in range(3))
    assert inbound.open(first) == inbound.open(third) == inbound.open(second) == (b"data", 50)
    assert inbound.window.top == (1 << 32) + 1


@pytest.mark.parametrize(("esn", "last"), [(False, (1 << 32) - 1), (True, (1 << 64) - 1)])
def test_refuses_to_send_when_sequence_numbers_are_used_up(esn, last):
    outbound, inbound = pair(esn=esn)
    outbound.sequence = inbound.window.top = last - 1
    assert inbound.open(outbound.seal(b"last", 50)) == (b"last", 50)
    with pytest.raises(Dropped) as dropped:
        outbound.seal(b"one more", 50)
    assert dropped.value.reason is Reason.SEQUENCE
    assert outbound.sequence == last


def test_an_aead_never_uses_an_iv_twice():
    outbound, _ = pair()
    assert len({outbound.seal(b"same", 50)[8:16] for _ in range(100)}) == 100


@pytest.mark.parametrize("suite", [(GCM, None), (GMAC, None), (CHACHA, None), (CBC, SHA256), (NULL, SHA256)])
def test_a_changed_octet_anywhere_is_dropped_and_moves_no_window(suite):
    outbound, inbound = pair(*suite)
    octets = outbound.seal(b"something worth changing", 50)
    for at in range(len(octets)):
        damaged = octets[:at] + bytes((octets[at] ^ 1,)) + octets[at + 1 :]
        expected = {Reason.SPI} if at < 4 else {Reason.INTEGRITY, Reason.REPLAY} if at < 8 else {Reason.INTEGRITY}
        assert reason_of(inbound, damaged) in expected
    assert inbound.window.top == 0
    assert inbound.open(octets) == (b"something worth changing", 50)


@pytest.mark.parametrize("suite", [(GCM, None), (GMAC, None), (CHACHA, None), (CBC, SHA256), (NULL, SHA256)])
def test_anything_cut_short_is_dropped(suite):
    outbound, inbound = pair(*suite)
    octets = outbound.seal(b"something worth cutting", 50)
    reasons = [reason_of(inbound, octets[:size]) for size in range(len(octets))]
    assert reasons == [Reason.SHORT] * 9 + [Reason.INTEGRITY] * (len(octets) - 9)


def test_a_second_copy_is_a_replay():
    outbound, inbound = pair()
    octets = outbound.seal(b"once", 50)
    inbound.open(octets)
    assert reason_of(inbound, octets) is Reason.REPLAY


@pytest.mark.parametrize("trailer", ["0102ff01", "01030201", "00000201", "0200"])
def test_padding_that_does_not_count_up_is_dropped(trailer):
    outbound, inbound = pair()
    before, after = inbound.sa.covered(1)
    sealed = inbound.sa.cipher().seal(before, bytes(8), bytes.fromhex(trailer), after)
    assert reason_of(inbound, outbound.seal(b"", 50)[:8] + sealed) is Reason.PADDING


def test_traffic_flow_padding_behind_an_ip_packet_is_cut_off():
    ipv4 = bytes.fromhex("4500001800000000") + bytes(16)
    ipv6 = bytes.fromhex("6000000000081140") + bytes(40)
    outbound, inbound = pair()
    assert inbound.open(outbound.seal(ipv4 + bytes(100), IPV4)) == (ipv4, IPV4)
    assert inbound.open(outbound.seal(ipv6 + bytes(100), IPV6)) == (ipv6, IPV6)


def test_state_is_plain_and_goes_on_elsewhere():
    outbound, inbound = pair(esn=True)
    early = outbound.seal(b"early", 50)
    for _ in range(9):
        inbound.open(outbound.seal(b"data", 50))
    window = inbound.window
    moved_out = OutboundSa(outbound.sa, zeros, outbound.sequence)
    moved_in = InboundSa(inbound.sa, ReplayWindow(window.size, window.esn, window.top, window.bitmap))
    assert moved_in.open(early) == (b"early", 50)
    assert reason_of(moved_in, early) is Reason.REPLAY
    assert moved_in.open(moved_out.seal(b"later", 50)) == (b"later", 50)


@pytest.mark.parametrize("esn", [False, True])
def test_a_new_inbound_sa_has_a_window_of_64(esn):
    inbound = InboundSa(pair(esn=esn)[1].sa)
    assert (inbound.window.size, inbound.window.esn, inbound.window.top) == (64, esn, 0)


def test_no_sa_goes_without_integrity():
    with pytest.raises(ValueError, match="ENCR_NULL with no integrity"):
        pair(NULL, None)


def test_an_spi_needs_a_packet_around_it():
    assert spi_of(bytes.fromhex("c0ffee01000000017f")) == 0xC0FFEE01
    with pytest.raises(Dropped):
        spi_of(bytes.fromhex("c0ffee0100000001"))


def test_keys_do_not_show():
    outbound, _ = pair(CBC, SHA256)
    assert "encryption_key" not in repr(outbound.sa)
    assert "integrity_key" not in repr(outbound.sa)


@given(octets=st.binary(max_size=120), suite=st.sampled_from(SUITES), esn=st.booleans())
def test_arbitrary_octets_are_only_ever_dropped(octets, suite, esn):
    _, inbound = pair(*suite, esn)
    with pytest.raises(Dropped):
        inbound.open(bytes.fromhex("00001000") + octets)
