"""What `clear` deletes is what its words name."""

from __future__ import annotations

from pathlib import Path

import pytest

from ikecli.daemon.clearing import clear
from ikecli.errors import Rejected
from ikecli.lab.lab import VirtualLab

SAMPLES = Path(__file__).parents[2] / "sample-configs" / "site-to-site"


@pytest.fixture
def pair() -> VirtualLab:
    """The article's pair with a tunnel."""
    lab = VirtualLab(5)
    for name, dialect in (("router", "ios"), ("asa", "asa")):
        lab.add((SAMPLES / f"{name}.cfg").read_text(), dialect)
    assert lab.ping("Router", "10.2.2.1", "10.1.1.1").endswith("!")
    return lab


def spis(lab: VirtualLab) -> list[int]:
    return [child.inbound_spi for sa in lab["Router"].appliance.sas() for child in sa.children]


@pytest.mark.parametrize("form", ["0x{:X}", "{:x}x", "{}"])
def test_one_ipsec_sa_by_its_spi(pair: VirtualLab, form: str) -> None:
    router, [spi] = pair["Router"].appliance, spis(pair)
    if form.endswith("x"):
        with pytest.raises(Rejected, match="is no SPI"):
            clear(router, "ipsec.sa", {"spi": form.format(spi)})
        return
    for other in (f"0x{spi ^ 1:X}", "0", "0x0"):
        clear(router, "ipsec.sa", {"spi": other})
    clear(router, "ipsec.sa", {"spi": form.format(spi), "peer": "198.51.100.9"})
    pair.run(5)
    assert spis(pair) == [spi]
    clear(router, "ipsec.sa", {"spi": form.format(spi), "peer": "198.51.100.2"})
    pair.run(5)
    assert spi not in spis(pair)


@pytest.mark.parametrize(("word", "other", "right"), [("vrf", "RED", ""), ("local", "192.0.2.9", "192.0.2.1")])
def test_ike_sas_by_table_and_by_local_address(pair: VirtualLab, word: str, other: str, right: str) -> None:
    router = pair["Router"].appliance
    clear(router, "session", {word: other})
    pair.run(5)
    assert len(router.sas()) == 1
    clear(router, "session", {word: right})
    pair.run(5)
    assert not [sa for sa in router.sas() if sa.id == 1]
