"""Debug lines in both dialects' form, and the log's."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ikecli.boundary import events
from ikecli.boundary.events import LOGGED, Event
from ikecli.boundary.views import LogLine
from ikecli.control.replies import Heard
from ikecli.debug import log, logged, render
from ikecli.numbers import TransformType, named
from ikecli.show.text import stamp

SENT = events.MessageSent(
    sa=1,
    session=31,
    local="fc00:123:123:123::2/500",
    remote="fc00:123:123:123::1/500",
    initiator_spi="1d418169b24bf95a",
    responder_spi="0000000000000000",
    exchange="IKE_SA_INIT",
    response=False,
    message_id=0,
    payloads=("SA", "KE", "NONCE", "VENDOR", "NOTIFY(NAT_DETECTION_SOURCE_IP)", "N(NAT_DETECTION_DESTINATION_IP)"),
    length=300,
)
UP = events.IkeUp(1, 31, "192.0.2.1/500", "198.51.100.2/500", "192.0.2.1", "r2.example.com", "PEERS", True)
DOWN = events.IkeDown(1, 31, "192.0.2.1/500", "198.51.100.2/500", "the peer deleted it")


def test_a_packet_is_shown_as_a_router_shows_it() -> None:
    # the lines of a real `debug crypto ikev2`
    assert list(render(SENT, "ios")) == [
        "IKEv2:(SESSION ID = 31,SA ID = 1):Sending Packet "
        "[To FC00:123:123:123::1:500/From FC00:123:123:123::2:500/VRF i0:f0] ",
        "Initiator SPI : 1D418169B24BF95A - Responder SPI : 0000000000000000 Message id: 0",
        "IKEv2 IKE_SA_INIT Exchange REQUEST ",
        "Payload contents: ",
        " SA KE N VID NOTIFY(NAT_DETECTION_SOURCE_IP) NOTIFY(NAT_DETECTION_DESTINATION_IP) ",
        "",
    ]


def test_a_packet_is_shown_as_an_asa_shows_it() -> None:
    received = events.MessageReceived(**{field.name: getattr(SENT, field.name) for field in fields(SENT)})
    first, second, *_ = render(received, "asa")
    assert first.startswith("IKEv2-PROTO-4: (1): Received Packet [From fc00:123:123:123::1:500/To ")
    assert second.startswith("(1): Initiator SPI : 1D418169B24BF95A")


def test_the_clock_stands_before_the_first_line_only() -> None:
    lines = list(render(SENT, "ios", stamp(1462205139.440)))
    assert lines[0].startswith("*May  2 16:05:39.440: IKEv2:(SESSION ID = 31,SA ID = 1):Sending")
    assert lines[1].startswith("Initiator SPI")


@pytest.mark.parametrize(
    ("event", "ios", "asa"),
    [
        (
            events.ProposalChosen(1, 2, "IKE", ("A", "B"), ("B",), "B"),
            "IKEv2:(SESSION ID = 2,SA ID = 1):IKE proposal chosen: B",
            "IKEv2-PROTO-4: (1): IKE proposal chosen: B",
        ),
        (
            events.ProposalOffered(1, 2, "ESP", ("AES-GCM-256",)),
            "IKEv2:(SESSION ID = 2,SA ID = 1):ESP Proposal: 1, AES-GCM-256",
            "IKEv2-PROTO-4: (1): ESP Proposal: 1, AES-GCM-256",
        ),
        (
            events.NatChecked(1, 2, False, False),
            "IKEv2:(SESSION ID = 2,SA ID = 1):NAT not found",
            "IKEv2-PROTO-4: (1): NAT not found",
        ),
        (
            events.DatagramDropped("192.0.2.1/500", "198.51.100.2/500", "unknown SPI"),
            "IKEv2-ERROR:Packet dropped [From 198.51.100.2:500/To 192.0.2.1:500/VRF i0:f0]: unknown SPI",
            "IKEv2-PROTO-2: Packet dropped [From 198.51.100.2:500/To 192.0.2.1:500/VRF i0:f0]: unknown SPI",
        ),
        (
            events.ChildUp(1, 2, "VPN 10 Gi0", 0x11, 0x22, "AES-GCM-256", ("a -> b",)),
            "IPSEC:(SESSION ID = 2) (create_sa) sa created for VPN 10 Gi0: inbound SPI 0x00000011, "
            "outbound SPI 0x00000022, AES-GCM-256, a -> b",
            "IPSEC: (1): (create_sa) sa created for VPN 10 Gi0: inbound SPI 0x00000011, outbound SPI 0x00000022, "
            "AES-GCM-256, a -> b",
        ),
        (
            events.Challenged(1, 2, "192.0.2.1/500"),
            "IKEv2:(SESSION ID = 2,SA ID = 1):192.0.2.1 wants its cookie back",
            "IKEv2-PROTO-4: (1): 192.0.2.1 wants its cookie back",
        ),
        (
            events.Challenged(1, 2, "192.0.2.1/500", "PRF_HMAC_SHA2_256", 20, False),
            "IKEv2:(SESSION ID = 2,SA ID = 1):192.0.2.1 wants a puzzle of 20 bits of PRF_HMAC_SHA2_256 solved: "
            "going on without the solution",
            "IKEv2-PROTO-4: (1): 192.0.2.1 wants a puzzle of 20 bits of PRF_HMAC_SHA2_256 solved: "
            "going on without the solution",
        ),
        (
            events.GroupRetried(1, 2, 14, 19),
            "IKEv2:(SESSION ID = 2,SA ID = 1):INVALID_KE_PAYLOAD: group 14 was offered, the responder wants group 19",
            "IKEv2-PROTO-4: (1): INVALID_KE_PAYLOAD: group 14 was offered, the responder wants group 19",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_first_line(event: Event, ios: str, asa: str) -> None:
    assert next(render(event, "ios")) == ios
    assert next(render(event, "asa")) == asa


@pytest.mark.parametrize(
    ("event", "dialect", "line"),
    [
        (UP, "ios", LogLine(5, 5, "CRYPTO", "IKEV2_SESSION_STATUS", "Crypto tunnel v2 is UP.  Peer 198.51.100.2:500")),
        (
            DOWN,
            "ios",
            LogLine(5, 5, "CRYPTO", "IKEV2_SESSION_STATUS", "Crypto tunnel v2 is DOWN.  Peer 198.51.100.2:500"),
        ),
        (
            UP,
            "asa",
            LogLine(5, 5, "ASA", "750006", "Local:192.0.2.1:500 Remote:198.51.100.2:500 Username:r2.example.com"),
        ),
        (DOWN, "asa", LogLine(5, 5, "ASA", "750007", "Local:192.0.2.1:500 Remote:198.51.100.2:500 Username:Unknown")),
    ],
)
def test_tunnels_up_and_down_in_the_log(event: Event, dialect: str, line: LogLine) -> None:
    got = log(event, dialect, 5)
    assert got is not None
    assert (got.time, got.severity, got.facility, got.mnemonic) == (5, line.severity, line.facility, line.mnemonic)
    assert got.text.startswith(line.text)


def test_what_was_heard_becomes_the_logs_line() -> None:
    line = LogLine(1, 5, "SYS", "CONFIG_I", "Configured from console")
    assert list(logged(Heard(1, log=line), "ios")) == [line]
    assert list(logged(Heard(2, event=UP), "asa")) == [log(UP, "asa", 2)]
    assert not list(logged(Heard(2, event=SENT), "ios"))


@pytest.mark.parametrize("event", [UP, DOWN])
def test_a_router_logs_sessions_as_it_is_told_to(event: Event) -> None:
    line = log(event, "ios", 2)
    assert line is not None
    assert not list(logged(Heard(2, event=event), "ios"))
    assert list(logged(Heard(2, event=event, sessions=("ikev2",)), "ios")) == [line]
    [other] = logged(Heard(2, event=event, sessions=("session",)), "ios")
    assert (other.mnemonic, other.text) == ("SESSION_STATUS", line.text.replace("tunnel v2 is", "tunnel is"))


KEYS = events.KeysDerived(1, 2, b"i", b"r", named(TransformType.ENCR, "ios", "aes-gcm-128"), None, (b"secret",))


def test_keys_are_for_the_key_log_alone() -> None:
    assert list(render(KEYS, "ios")) == []
    assert log(KEYS, "ios") is None


TEXT = st.text(st.characters(codec="ascii", min_codepoint=0x20, max_codepoint=0x7E), max_size=40)
TOLD = [
    kind
    for kind in vars(events).values()
    if isinstance(kind, type) and issubclass(kind, Event) and kind not in (Event, events.SaEvent, events.KeysDerived)
]


@pytest.mark.parametrize("dialect", ["ios", "asa"])
@pytest.mark.parametrize("kind", TOLD, ids=lambda kind: kind.__name__)
@settings(max_examples=20)
@given(data=st.data())
def test_any_event_is_printable_lines(kind: type[Event], dialect: str, data: st.DataObject) -> None:
    texts = {field.name: TEXT for field in fields(kind) if field.type == "str"}
    texts |= {
        field.name: st.lists(TEXT, max_size=3).map(tuple) for field in fields(kind) if "tuple[str" in str(field.type)
    }
    event = data.draw(st.builds(kind, **texts))
    lines = list(render(event, dialect))
    assert lines or kind in (events.ProposalOffered,)
    assert all(line.isprintable() for line in lines)
    line = log(event, dialect)
    assert line is None or line.text.isprintable()
    assert kind in LOGGED or line is None
