"""Payloads of every kind, for properties."""

from __future__ import annotations

from hypothesis import strategies as st

from ikecli.numbers import IdType, PayloadType, Protocol, TsType
from ikecli.wire import Header, payloads

octet = st.integers(0, 255)
u16 = st.integers(0, 65535)
u32 = st.integers(0, 0xFFFFFFFF)
data = st.binary(max_size=40)
spi = st.binary(min_size=8, max_size=8)

tv_attributes = st.tuples(st.integers(0x8000, 0xFFFF).filter(lambda kind: kind != 0x800E), u16).map(
    lambda pair: pair[0].to_bytes(2, "big") + pair[1].to_bytes(2, "big")
)
tlv_attributes = st.tuples(st.integers(0, 0x7FFF), data).map(
    lambda pair: pair[0].to_bytes(2, "big") + len(pair[1]).to_bytes(2, "big") + pair[1]
)
others = st.lists(tv_attributes | tlv_attributes, max_size=3).map(b"".join)
transforms = st.builds(payloads.Transform, octet, u16, u16, others)
proposals = st.builds(
    payloads.Proposal,
    octet,
    octet,
    st.sampled_from([b"", b"\1\2\3\4", b"\1\2\3\4\5\6\7\0"]),
    st.lists(transforms, max_size=8).map(tuple),
)


def _selector(type: TsType):
    addresses = st.lists(st.integers(0, (1 << (32 if type == TsType.IPV4_ADDR_RANGE else 128)) - 1), min_size=2)
    ports = st.tuples(u16, u16).map(sorted) | st.just(payloads.OPAQUE)
    return st.builds(
        lambda protocol, ports, ends: payloads.TrafficSelector(type, protocol, *ports, min(ends), max(ends)),
        octet,
        ports,
        addresses,
    )


selectors = st.lists(_selector(TsType.IPV4_ADDR_RANGE) | _selector(TsType.IPV6_ADDR_RANGE), min_size=1, max_size=5)
unknown_selectors = st.builds(payloads.UnknownSelector, octet.filter(lambda kind: kind not in (7, 8)), octet, data)
some_selectors = (selectors.map(tuple), st.lists(unknown_selectors, max_size=3).map(tuple))


def _identity(kind: type[payloads.Identification]):
    sizes = {IdType.IPV4_ADDR: (4, 4), IdType.IPV6_ADDR: (16, 16)}
    return octet.flatmap(
        lambda type: st.builds(
            kind,
            st.just(type),
            st.binary(min_size=sizes.get(type, (1, 40))[0], max_size=sizes.get(type, (1, 40))[1]),
            st.binary(min_size=3, max_size=3),
        )
    )


def _delete(protocol: Protocol):
    four = st.lists(st.binary(min_size=4, max_size=4), max_size=8).map(tuple)
    return st.builds(payloads.Delete, st.just(protocol), st.just(()) if protocol == Protocol.IKE else four)


KINDS = {
    PayloadType.SA: st.builds(payloads.SecurityAssociation, st.lists(proposals, min_size=1, max_size=4).map(tuple)),
    PayloadType.KE: st.builds(payloads.KeyExchange, u16, st.binary(min_size=1, max_size=99)),
    PayloadType.IDi: _identity(payloads.IdInitiator),
    PayloadType.IDr: _identity(payloads.IdResponder),
    PayloadType.CERT: st.builds(payloads.Certificate, octet, data),
    PayloadType.CERTREQ: st.builds(payloads.CertificateRequest, octet, data),
    PayloadType.AUTH: st.builds(payloads.Authentication, octet, data),
    PayloadType.NONCE: st.builds(payloads.Nonce, st.binary(min_size=16, max_size=256)),
    PayloadType.NOTIFY: st.builds(payloads.Notify, u16, data, octet, st.binary(max_size=8)),
    PayloadType.DELETE: st.one_of([_delete(p) for p in (Protocol.IKE, Protocol.AH, Protocol.ESP)]),
    PayloadType.VENDOR: st.builds(payloads.VendorId, data),
    PayloadType.TSi: st.builds(payloads.TsInitiator, *some_selectors),
    PayloadType.TSr: st.builds(payloads.TsResponder, *some_selectors),
    PayloadType.PS: st.integers(1, 64).flatmap(
        lambda size: st.builds(payloads.PuzzleSolution, st.tuples(*[st.binary(min_size=size, max_size=size)] * 4))
    ),
    PayloadType.CP: st.builds(
        payloads.Configuration,
        octet,
        st.lists(st.builds(payloads.ConfigurationAttribute, st.integers(0, 0x7FFF), data), max_size=5).map(tuple),
    ),
    PayloadType.EAP: st.tuples(octet, octet, data).map(
        lambda parts: payloads.Eap(bytes(parts[:2]) + (len(parts[2]) + 4).to_bytes(2, "big") + parts[2])
    ),
}
encrypted = (PayloadType.SK, PayloadType.SKF)
unknown_numbers = octet.filter(lambda number: number and number not in KINDS and number not in encrypted)
unknown = st.builds(payloads.UnknownPayload, unknown_numbers, data)
chains = st.lists(st.one_of(*KINDS.values(), unknown), max_size=6).map(tuple)
headers = st.builds(
    Header, spi, spi, octet, u32, st.booleans(), st.booleans(), st.booleans(), st.just(2), st.integers(0, 15)
)
