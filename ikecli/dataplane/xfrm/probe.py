"""Whether this kernel carries ESP: an SA is put in and taken out again, which is the only thing that tells."""

from __future__ import annotations

import errno
from ipaddress import IPv4Address
from typing import Final

from ikecli.boundary.effects import Direction, Endpoint, EspKeys, Install
from ikecli.dataplane.linux.ledger import Ledger
from ikecli.dataplane.linux.netlink import Refused
from ikecli.dataplane.xfrm.kernel import Kernel
from ikecli.errors import Unavailable
from ikecli.numbers import ALGORITHMS

ENDS: Final = IPv4Address("127.0.0.1"), IPv4Address("127.0.0.2")
SUITES: Final = (("ENCR_AES_CBC", "AUTH_HMAC_SHA2_256_128"), ("ENCR_AES_GCM_16", None))
WHY: Final = {
    errno.EPROTONOSUPPORT: "this kernel is built without ESP",
    errno.ENOSYS: "this kernel has none of the algorithms that were tried",
}


def missing(ledger: Ledger, spi: int) -> str:
    """Return why the kernel's ESP cannot be used, or nothing; raises Unavailable without the right to find out."""
    try:
        kernel = Kernel(ledger)
    except Refused as refusal:
        return f"this kernel has no XFRM ({refusal})"
    try:
        why = ""
        for encryption, integrity in SUITES:
            try:
                kernel.add(_sa(encryption, integrity, spi), (0, 0), ledger.owner << 16)
            except Refused as refusal:
                if refusal.code == errno.EPERM:
                    raise Unavailable("ESP needs root or CAP_NET_ADMIN; --dataplane none carries IKE alone") from None
                why = why or WHY.get(refusal.code, str(refusal))
                continue
            kernel.remove(spi, ENDS[0])
            return ""
        return why
    finally:
        kernel.close()


def _sa(encryption: str, integrity: str | None, spi: int) -> Install:
    rows = {row.name: row for row in ALGORITHMS if row.key_bits in (0, 128)}
    cipher, check = rows[encryption], rows[integrity] if integrity else None
    keys = EspKeys(bytes(range(cipher.key_octets)), bytes(check.key_octets) if check else b"")
    here, there = (Endpoint(address, 0) for address in ENDS)
    return Install(Direction.INBOUND, spi, 0, here, there, cipher, check, keys, (), "probe")
