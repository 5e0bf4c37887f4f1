"""What passes between ours and strongSwan is read by tshark, every octet of either end, with the keys of our log."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest

from ikecli.daemon.keylog import ESP_TABLE, IKE_TABLE
from tests.dataplane.namespaces import into
from tests.lab.capture import NEEDS_TSHARK, frames
from tests.live.cases import CASES, Case, theirs
from tests.live.peers import STRONGSWAN_5, STRONGSWAN_6, unpacked
from tests.live.strongswan import Charon
from tests.live.tunnel import Tunnel

pytestmark = [
    pytest.mark.live,
    pytest.mark.timeout(240),
    NEEDS_TSHARK,
    pytest.mark.skipif(shutil.which("dumpcap") is None, reason="dumpcap (of Wireshark) is not installed"),
]
JUDGED = {
    "PSK", "AES-CBC, SHA2-256", "AES-CBC-128, SHA2-512", "NAT between", "6in4", "fragmentation", "cookies", "PPK",
    "X25519 and ML-KEM-768", "ECP 384 and ML-KEM-1024",
}  # fmt: skip


@contextmanager
def captured(namespace: str, file: Path) -> Iterator[None]:
    """Write down what passes a namespace's device to the peer."""
    command = [*into(namespace), "dumpcap", "-q", "-i", "veth0", "-w", str(file)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as running:
        while not file.exists():
            assert running.poll() is None
            time.sleep(0.05)
        time.sleep(0.5)
        try:
            yield
            time.sleep(0.5)
        finally:
            running.terminate()


@pytest.mark.parametrize("case", [case for case in CASES if case.name in JUDGED], ids=lambda case: case.name)
def test_every_octet_of_a_row_is_right(case: Case, tmp_path: Path) -> None:
    peer = STRONGSWAN_6 if case.only_6 else STRONGSWAN_5
    with ExitStack() as stack:
        tunnel = Tunnel(stack, case, partial(Charon, unpacked(peer), text=theirs(case), more=case.settings))
        tunnel.engine.type("debug crypto ikev2 keylog keys")
        with captured(tunnel.names["N" if case.nat else "L"], tmp_path / "wire.pcapng"):
            tunnel.first()
            for ike in (False, True):
                tunnel.peer.rekey(ike)
                assert tunnel.pinging("R", 3, 400, 0.1).lost() < 3
            tunnel.engine.type("clear crypto ikev2 sa")
            tunnel.until_gone(tunnel.peer.sas()[0] or ["gone"])
        folder = tunnel.engine.where / "state" / "flash" / "keys"
        rows = [(folder / table).read_text().splitlines() for table in (IKE_TABLE, ESP_TABLE)]
    seen = [one for one in frames(tmp_path / "wire.pcapng", *rows, tmp_path) if one.message or one.sealed or one.esp]
    assert [(one.number, one.complaints) for one in seen if one.complaints] == []
    assert [one for one in seen if not one.good] == []
    exchanges = {one.message[2] for one in seen if one.message is not None}
    assert {"IKE_SA_INIT", "IKE_AUTH", "CREATE_CHILD_SA", "INFORMATIONAL"} <= exchanges
    assert ("IKE_FOLLOWUP_KE" in exchanges) is ("IKE_INTERMEDIATE" in exchanges) is case.only_6
    assert sum(one.esp for one in seen) >= 14
