"""The key log: all keys, as they come to be, in Wireshark's own tables, for as long as an operator wants that.

Rows are in order: of IKE SAs whose keys were replaced under the same SPIs (RFC 9242) each generation has its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ikecli.boundary.effects import Install
from ikecli.boundary.events import KeysDerived
from ikecli.errors import Rejected, Unavailable
from ikecli.numbers import Algorithm

if TYPE_CHECKING:
    from ikecli.daemon.appliance import Appliance

IKE_TABLE: Final = "ikev2_decryption_table"
ESP_TABLE: Final = "esp_sa"
MOST: Final = 4 << 20
"""Octets of a table at which the key log ends."""
SWITCH: Final = "ikev2.keylog"
"""What it is called among the debugs that are on, followed by its place."""

_IKE_ENCRYPTION: Final = {
    (3, 0): "3DES [RFC2451]",
    **{(12, bits): f"AES-CBC-{bits} [RFC3602]" for bits in (128, 192, 256)},
    **{(20, bits): f"AES-GCM-{bits} with 16 octet ICV [RFC5282]" for bits in (128, 192, 256)},
}
_IKE_INTEGRITY: Final = {
    1: "HMAC_MD5_96 [RFC2403]",
    2: "HMAC_SHA1_96 [RFC2404]",
    12: "HMAC_SHA2_256_128 [RFC4868]",
    13: "HMAC_SHA2_384_192 [RFC4868]",
    14: "HMAC_SHA2_512_256 [RFC4868]",
}
_ESP_ENCRYPTION: Final = {
    3: "TripleDES-CBC [RFC2451]",
    11: "NULL",
    12: "AES-CBC [RFC3602]",
    20: "AES-GCM with 16 octet ICV [RFC4106]",
}
_ESP_INTEGRITY: Final = {
    1: "HMAC-MD5-96 [RFC2403]",
    2: "HMAC-SHA-1-96 [RFC2404]",
    12: "HMAC-SHA-256-128 [RFC4868]",
    13: "HMAC-SHA-384-192 [RFC4868]",
    14: "HMAC-SHA-512-256 [RFC4868]",
}
"""What Wireshark 4.0 calls them; one name that it does not know, and it reads nothing of a table."""


class KeyLog:
    """Writes keys to `flash:NAME` from `start` to `stop`; it is off when an appliance begins."""

    def __init__(self, appliance: Appliance) -> None:
        self._appliance = appliance
        self._name = ""
        self._unnamed: set[str] = set()

    @property
    def on(self) -> bool:
        """Whether keys are written."""
        return bool(self._name)

    @property
    def switches(self) -> tuple[str, ...]:
        """What is on, for `show debugging`."""
        return (f"{SWITCH} flash:{self._name}",) if self._name else ()

    def start(self, name: str, user: str) -> str:
        """Begin, or go over to another folder; return what the operator is told. Raises Unavailable, Rejected."""
        if name.startswith("."):
            raise Rejected(f"% flash:{name}: a name begins with a letter, a digit or an underscore")
        for table in (IKE_TABLE, ESP_TABLE):
            self._appliance.storage.append_file(name, table, "")
        self._name = name
        self._appliance.tell_keys(True)
        self._unnamed.clear()
        self._log(f"the keys of all SAs are written in clear to flash:{name} by order of {user}")
        return (
            f"% The keys of all SAs that come up from now on are written IN CLEAR to flash:{name}:\n"
            "% who has them reads the traffic. Type undebug crypto ikev2 keylog to end it,\n"
            f"% and delete flash:{name} when they have served."
        )

    def stop(self, why: str) -> None:
        """End, if it is on."""
        if self._name:
            self._log(f"no more keys are written to flash:{self._name}: {why}")
            self._appliance.tell_keys(False)
        self._name = ""

    def ike(self, keys: KeysDerived) -> None:
        """Take the keys of an IKE SA."""
        encryption = _IKE_ENCRYPTION.get((keys.encryption.number, keys.encryption.key_bits))
        integrity = "NONE [RFC4306]" if keys.integrity is None else _IKE_INTEGRITY.get(keys.integrity.number)
        if encryption is None or integrity is None:
            self._pass_over(keys.encryption)
            return
        _, ai, ar, ei, er, *_ = (key.hex() for key in keys.keys)
        spis = keys.initiator_spi.hex(), keys.responder_spi.hex()
        self._write(IKE_TABLE, ",".join((*spis, ei, er, f'"{encryption}"', ai, ar, f'"{integrity}"')))

    def esp(self, install: Install) -> None:
        """Take the keys of one direction of a Child SA: of its SPI, whatever addresses a NAT makes of its ends."""
        encryption = _ESP_ENCRYPTION.get(install.encryption.number)
        integrity = "NULL" if install.integrity is None else _ESP_INTEGRITY.get(install.integrity.number)
        if encryption is None or integrity is None:
            self._pass_over(install.encryption)
            return
        version, keys = f"IPv{install.local.address.version}", (install.keys.encryption, install.keys.integrity)
        secrets = [f"0x{key.hex()}" if key else "" for key in keys]
        row = (version, "*", "*", f"0x{install.spi:08x}", encryption, secrets[0], integrity, secrets[1])
        self._write(ESP_TABLE, ",".join(f'"{cell}"' for cell in row))

    def _write(self, table: str, row: str) -> None:
        try:
            size = self._appliance.storage.append_file(self._name, table, row + "\n")
        except Unavailable as problem:
            self.stop(str(problem))
            return
        if size >= MOST:
            self.stop(f"{table} has {size} octets, which is the most")

    def _pass_over(self, row: Algorithm) -> None:
        """Say once of an algorithm that its SAs are not in the tables."""
        if row.name not in self._unnamed:
            self._unnamed.add(row.name)
            self._log(f"SAs with {row.name} are not in the key log: Wireshark's tables have no name for it")

    def _log(self, text: str) -> None:
        self._appliance.journal.log(4, "CRYPTO", "IKEV2_KEYLOG", text)
