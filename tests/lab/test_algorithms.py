"""A router and a firewall come up with every algorithm that is served, named in the words of each, and carry a ping."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ikecli.lab.lab import VirtualLab
from ikecli.numbers import ALGORITHMS, Algorithm, TransformType, named

SAMPLES = Path(__file__).parents[2] / "sample-configs" / "site-to-site"
ENCR, PRF, INTEG, KE = TransformType.ENCR, TransformType.PRF, TransformType.INTEG, TransformType.KE
IKE = {"ios": " encryption aes-cbc-256\n integrity sha256\n group 5\n"}
IKE["asa"] = " encryption aes-256\n integrity sha256\n group 5\n prf sha256\n"
ESP = {"ios": "esp-aes esp-sha-hmac", "asa": " protocol esp encryption aes\n protocol esp integrity sha-1\n"}
AES, SHA256 = named(ENCR, "ios", "aes-cbc-256"), named(PRF, "ios", "sha256")
CHECK, ESP_CHECK = named(INTEG, "ios", "sha256"), named(INTEG, "ios", "esp-sha-hmac", "esp")
GROUP = named(KE, "ios", "31")
MIRRORED = {"198.51.100.2": "192.0.2.1", "198.51.100.254": "192.0.2.254", "10.2.2.1": "10.1.1.1"}
MIRRORED |= {there: here for here, there in MIRRORED.items()}


def mirrored(text: str) -> str:
    """Return the other end of a sample: its addresses are the peer's."""
    return re.sub(r"[\d.]{8,}", lambda found: MIRRORED.get(found[0], found[0]), text)


def label(row: Algorithm) -> str:
    return f"{row.name}-{row.key_bits}" if row.key_bits else row.name


def served(type: TransformType, use: str) -> list[Algorithm]:
    """The rows that both dialects have a word for."""
    rows = [row for row in ALGORITHMS if row.type is type and row.served]
    return [row for row in rows if getattr(row, use).ios and getattr(row, use).asa]


def ike(
    encryption: Algorithm = AES, integrity: Algorithm = CHECK, prf: Algorithm = SHA256, group: Algorithm = GROUP
) -> dict[str, str]:
    """The lines of an IKE proposal in both dialects."""
    check = f" prf {prf.ike.ios}\n" if encryption.aead else f" integrity {integrity.ike.ios}\n prf {prf.ike.ios}\n"
    none = "null" if encryption.aead else integrity.ike.asa
    return {
        "ios": f" encryption {encryption.ike.ios}\n{check} group {group.ike.ios}\n",
        "asa": f" encryption {encryption.ike.asa}\n integrity {none}\n group {group.ike.asa}\n prf {prf.ike.asa}\n",
    }


def esp(encryption: Algorithm, integrity: Algorithm = ESP_CHECK) -> dict[str, str]:
    """The transforms of ESP in both dialects."""
    lines = {"ios": encryption.esp.ios, "asa": f" protocol esp encryption {encryption.esp.asa}\n"}
    if not encryption.aead:
        lines["ios"] += f" {integrity.esp.ios}"
        lines["asa"] += f" protocol esp integrity {integrity.esp.asa}\n"
    return lines


def up(old: dict[str, str], new: dict[str, str]) -> VirtualLab:
    """Bring the pair up with other lines than the samples'."""
    lab = VirtualLab(1)
    for name, dialect in (("router", "ios"), ("asa", "asa")):
        text = (SAMPLES / f"{name}.cfg").read_text()
        assert old[dialect] in text
        _, complaints = lab.add(text.replace(old[dialect], new[dialect]), dialect)
        assert not [line for line in complaints if "weak" not in line]
    assert lab.ping("Router", "10.2.2.1", "10.1.1.1", 2) == "!!"
    return lab


@pytest.mark.parametrize("row", served(ENCR, "ike"), ids=label)
def test_every_cipher_of_ike(row: Algorithm) -> None:
    (sa,) = up(IKE, ike(encryption=row))["ASA"].appliance.sas()
    assert (sa.encryption, sa.integrity) == ((row.number, row.key_bits), None if row.aead else CHECK.number)


@pytest.mark.parametrize("row", served(INTEG, "ike"), ids=label)
def test_every_hash_of_ike(row: Algorithm) -> None:
    (sa,) = up(IKE, ike(integrity=row))["ASA"].appliance.sas()
    assert sa.integrity == row.number


@pytest.mark.parametrize("row", served(PRF, "ike"), ids=label)
def test_every_prf(row: Algorithm) -> None:
    (sa,) = up(IKE, ike(prf=row))["ASA"].appliance.sas()
    assert sa.prf == row.number


@pytest.mark.parametrize("row", served(KE, "ike"), ids=label)
def test_every_group(row: Algorithm) -> None:
    (sa,) = up(IKE, ike(group=row))["ASA"].appliance.sas()
    assert sa.group == row.number


@pytest.mark.parametrize("row", served(ENCR, "esp"), ids=label)
def test_every_cipher_of_esp(row: Algorithm) -> None:
    (sa,) = up(ESP, esp(row))["ASA"].appliance.sas()
    (child,) = sa.children
    assert (child.encryption, child.integrity) == (
        (row.number, row.key_bits),
        None if row.aead else ESP_CHECK.number,
    )


@pytest.mark.parametrize("row", served(INTEG, "esp"), ids=label)
def test_every_hash_of_esp(row: Algorithm) -> None:
    (sa,) = up(ESP, esp(named(ENCR, "ios", "esp-aes", "esp"), row))["ASA"].appliance.sas()
    (child,) = sa.children
    assert child.integrity == row.number


def test_two_firewalls_have_one_cipher_more() -> None:
    row = named(ENCR, "asa", "aes-gcm-192")
    first = (SAMPLES / "asa.cfg").read_text().replace(IKE["asa"], ike(encryption=row)["asa"])
    lab = VirtualLab(1)
    for text in (first, mirrored(first).replace("hostname ASA", "hostname Other")):
        assert not [line for line in lab.add(text, "asa")[1] if "weak" not in line]
    assert lab.ping("ASA", "10.1.1.1", "10.2.2.1", 2) == "!!"
    (sa,) = lab["Other"].appliance.sas()
    assert sa.encryption == (row.number, 192)


def test_what_is_refused_is_kept_and_never_offered() -> None:
    lab = VirtualLab(1)
    text = (SAMPLES / "router.cfg").read_text().replace("encryption aes-cbc-256", "encryption des aes-cbc-256")
    node, complaints = lab.add(text, "ios")
    assert any("des is kept, but never offered" in line for line in complaints)
    (policy,) = node.appliance.store.intent.policies
    assert [label(row) for row in policy.proposals[0].encryption] == ["ENCR_AES_CBC-256"]
