"""Certificate and Certificate Request payloads."""

from __future__ import annotations

from typing import Self

from ikecli.errors import Malformed
from ikecli.numbers import PayloadType
from ikecli.value import value
from ikecli.wire.payloads.base import Payload


@value
class _Encoded(Payload):
    encoding: int
    data: bytes

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Read encoding and data; raises Malformed."""
        if not body:
            raise Malformed("a certificate without an encoding")
        return cls(body[0], body[1:])

    def write(self) -> bytes:
        """Return encoding, data."""
        return bytes((self.encoding,)) + self.data


@value
class Certificate(_Encoded):
    """CERT (RFC 7296 3.6): one certificate, or what else `encoding` says `data` is."""

    number = PayloadType.CERT


@value
class CertificateRequest(_Encoded):
    """CERTREQ (RFC 7296 3.7): SHA-1 hashes, 20 octets each, of the trusted authorities' public keys."""

    number = PayloadType.CERTREQ
