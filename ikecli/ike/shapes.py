"""Which payloads each message must and may carry, and in which state it may come (RFC 7296 1.2-1.4, appendix C)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ikecli.errors import Malformed
from ikecli.ike.sa import State
from ikecli.ike.talk import Incoming
from ikecli.numbers import Exchange, NotifyType, PayloadType, label
from ikecli.wire.payloads import PAYLOADS, Notify, Payload

_T = PayloadType
MANY: Final = 1 << 16
Shape = Mapping[int, tuple[int, int]]
"""For each payload type how many there must and may be."""
Kinds = frozenset[type[Payload]]

_NONE: Final = 0, 0
_ANYWHERE: Final[dict[int, tuple[int, int]]] = {_T.NOTIFY: (0, MANY), _T.VENDOR: (0, MANY)}
_CHILD: Final[dict[int, tuple[int, int]]] = {_T.SA: (0, 1), _T.TSi: (0, 1), _T.TSr: (0, 1), _T.CP: (0, 1)}
_PROOF: Final[dict[int, tuple[int, int]]] = {_T.AUTH: (0, 1), _T.CERT: (0, MANY), _T.EAP: (0, 1)}
_KEYS: Final[dict[int, tuple[int, int]]] = {_T.SA: (1, 1), _T.KE: (1, 1), _T.NONCE: (1, 1)}
_INFORMATION: Final[Shape] = {**_ANYWHERE, _T.DELETE: (0, MANY), _T.CP: (0, MANY)}

REQUESTS: Final[dict[int, Shape]] = {
    Exchange.IKE_SA_INIT: {**_ANYWHERE, **_KEYS, _T.PS: (0, 1)},
    Exchange.IKE_AUTH: {
        **_ANYWHERE,
        **_CHILD,
        **_PROOF,
        _T.IDi: (1, 1),
        _T.IDr: (0, 1),
        _T.CERTREQ: (0, MANY),
    },
    Exchange.CREATE_CHILD_SA: {**_ANYWHERE, **_CHILD, _T.SA: (1, 1), _T.NONCE: (1, 1), _T.KE: (0, 1)},
    Exchange.INFORMATIONAL: _INFORMATION,
    Exchange.IKE_INTERMEDIATE: {**_ANYWHERE, _T.KE: (0, 1)},
    Exchange.IKE_FOLLOWUP_KE: {**_ANYWHERE, _T.KE: (1, 1)},
}
"""What a request may carry."""

RESPONSES: Final[dict[int, Shape]] = {
    Exchange.IKE_SA_INIT: {**_ANYWHERE, **_KEYS, _T.CERTREQ: (0, MANY)},
    Exchange.IKE_AUTH: {**_ANYWHERE, **_CHILD, **_PROOF, _T.IDr: (1, 1)},
    Exchange.CREATE_CHILD_SA: {**_ANYWHERE, **_CHILD, _T.SA: (1, 1), _T.NONCE: (1, 1), _T.KE: (0, 1)},
    Exchange.INFORMATIONAL: _INFORMATION,
    Exchange.IKE_INTERMEDIATE: {**_ANYWHERE, _T.KE: (0, 1)},
    Exchange.IKE_FOLLOWUP_KE: {**_ANYWHERE, _T.KE: (1, 1)},
}
"""What a response may carry; one with an error, or with a cookie, need not carry what it must."""

IN_CLEAR: Final[dict[tuple[int, bool], frozenset[int]]] = {(Exchange.IKE_AUTH, False): frozenset({_T.PS})}
"""What may stand before the Encrypted payload, by exchange and whether it is a response: at most one (RFC 8019 7.2)."""

WELCOME: Final[dict[int, frozenset[State]]] = {
    Exchange.IKE_INTERMEDIATE: frozenset({State.HALF_OPEN}),
    Exchange.IKE_AUTH: frozenset({State.HALF_OPEN}),
    Exchange.CREATE_CHILD_SA: frozenset({State.ESTABLISHED, State.SPARE, State.REPLACED, State.DELETING}),
    Exchange.IKE_FOLLOWUP_KE: frozenset({State.ESTABLISHED, State.SPARE, State.REPLACED, State.DELETING}),
    Exchange.INFORMATIONAL: frozenset({State.ESTABLISHED, State.SPARE, State.REPLACED, State.DELETING}),
}
"""The states in which a request of each exchange is read; in others it is dropped."""

AWAITED: Final[dict[int, frozenset[State]]] = {
    Exchange.IKE_SA_INIT: frozenset({State.CONNECTING}),
    Exchange.IKE_AUTH: frozenset({State.AUTHENTICATING}),
    Exchange.IKE_INTERMEDIATE: frozenset({State.CONNECTING}),
    Exchange.CREATE_CHILD_SA: frozenset({State.ESTABLISHED, State.REPLACED, State.DELETING}),
    Exchange.IKE_FOLLOWUP_KE: frozenset({State.ESTABLISHED, State.REPLACED, State.DELETING}),
    Exchange.INFORMATIONAL: frozenset({State.ESTABLISHED, State.REPLACED, State.DELETING}),
}
"""The states in which a response of each exchange is read, if it answers a request of ours."""


def _kinds(table: Mapping[int, Shape]) -> dict[int, tuple[Kinds, Kinds]]:
    """Return for each exchange the kinds of payloads that a message must and may have at least one of."""
    return {
        exchange: (
            frozenset(PAYLOADS[kind] for kind, (least, _) in shape.items() if least),
            frozenset(PAYLOADS[kind] for kind in shape),
        )
        for exchange, shape in table.items()
    }


_KINDS: Final = {False: _kinds(REQUESTS), True: _kinds(RESPONSES)}


def check(message: Incoming) -> None:
    """Raise Malformed for a message that carries what it must not, or lacks what it must have."""
    must, may = _KINDS[message.header.response][message.header.exchange]
    kinds, others = message.firsts.keys(), len(message.payloads) - len(message.notifies)
    if must <= kinds <= may and len(kinds) - (Notify in kinds) == others:
        return
    _count(message, (RESPONSES if message.header.response else REQUESTS)[message.header.exchange])


def _count(message: Incoming, shape: Shape) -> None:
    """Raise Malformed unless there are as many of each kind as there may be: in `check` no kind came twice."""
    counts: dict[int, int] = {}
    for payload in message.payloads:
        counts[payload.number] = counts.get(payload.number, 0) + 1
    for kind, count in counts.items():
        most = shape.get(kind, _NONE)[1]
        if count > most and kind in PAYLOADS:
            raise Malformed(f"{count} {label(PayloadType, kind)} payloads where {most} may be")
    if message.header.response and (message.error or message.notify(NotifyType.COOKIE)):
        return
    for kind, (least, _) in shape.items():
        if least and counts.get(kind, 0) < least:
            raise Malformed(f"no {label(PayloadType, kind)} payload")
