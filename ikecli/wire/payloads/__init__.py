"""The payloads, one file a kind, and the table that finds them by number."""

from __future__ import annotations

from typing import Final

from ikecli.wire.payloads.auth import Authentication
from ikecli.wire.payloads.base import Payload
from ikecli.wire.payloads.certificate import Certificate, CertificateRequest
from ikecli.wire.payloads.configuration import Configuration, ConfigurationAttribute
from ikecli.wire.payloads.delete import Delete
from ikecli.wire.payloads.eap import Eap
from ikecli.wire.payloads.identity import Identification, IdInitiator, IdResponder
from ikecli.wire.payloads.ke import KeyExchange
from ikecli.wire.payloads.nonce import Nonce
from ikecli.wire.payloads.notify import Notify
from ikecli.wire.payloads.puzzle import PuzzleSolution
from ikecli.wire.payloads.sa import Proposal, SecurityAssociation, Transform
from ikecli.wire.payloads.ts import (
    OPAQUE,
    TrafficSelector,
    TrafficSelectors,
    TsInitiator,
    TsResponder,
    UnknownSelector,
)
from ikecli.wire.payloads.unknown import UnknownPayload
from ikecli.wire.payloads.vendor import VendorId

PAYLOADS: Final[dict[int, type[Payload]]] = {
    kind.number: kind
    for kind in (
        SecurityAssociation,
        KeyExchange,
        IdInitiator,
        IdResponder,
        Certificate,
        CertificateRequest,
        Authentication,
        Nonce,
        Notify,
        Delete,
        VendorId,
        TsInitiator,
        TsResponder,
        Configuration,
        Eap,
        PuzzleSolution,
    )
}
"""What reads a payload of a number; a new payload is one file and one row here."""

__all__ = [
    "OPAQUE",
    "PAYLOADS",
    "Authentication",
    "Certificate",
    "CertificateRequest",
    "Configuration",
    "ConfigurationAttribute",
    "Delete",
    "Eap",
    "IdInitiator",
    "IdResponder",
    "Identification",
    "KeyExchange",
    "Nonce",
    "Notify",
    "Payload",
    "Proposal",
    "PuzzleSolution",
    "SecurityAssociation",
    "TrafficSelector",
    "TrafficSelectors",
    "Transform",
    "TsInitiator",
    "TsResponder",
    "UnknownPayload",
    "UnknownSelector",
    "VendorId",
]
