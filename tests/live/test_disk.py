"""A state directory on a disk that is full: what must be stored is refused with a sentence, and the tunnels go on."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.daemon.engines import Engine
from tests.dataplane.namespaces import into
from tests.live.test_planes import MEGABYTE, Two, ends

pytestmark = [pytest.mark.live, pytest.mark.timeout(240)]
SMALL = 'mount -t tmpfs -o size=256k small "$0" && cp "$0/../config" "$0" && exec "$@"'
PAGE = 4096
REKEYS = " set security-association lifetime kilobytes 2560\n"


class Small(Two):
    """Two ends, whose state lies on a disk of 256 kB each, in a mount namespace of its engine's own."""

    def start(self, name: str) -> Engine:
        disk = self.where / name / "disk"
        disk.mkdir(parents=True, exist_ok=True)
        disk.parent.chmod(0o700)
        places = ("--config", str(disk / "config"), "--state", str(disk / "state"), "--dataplane", self.kind)
        within = [*into(self.made[name]), "unshare", "--mount", "sh", "-c", SMALL, str(disk)]
        return Engine(self.where / name, self.text(name), *places, within=within)

    def disk(self, name: str) -> Path:
        """Return an end's disk, as seen from outside."""
        return Path(f"/proc/{self.sites[name].engine.process.pid}/root{self.where / name / 'disk'}")


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """Fill a disk, for a while, also the rest of the page that the ledger ends in."""
    filler, ledger = disk / "filler", disk / "state" / "ledger"
    with ledger.open("ab") as file:
        file.write(b"\n" * (-ledger.stat().st_size % PAGE))
    subprocess.run(["dd", "if=/dev/zero", f"of={filler}", "bs=512"], check=False, capture_output=True)
    with pytest.raises(OSError, match="No space left"):
        (disk / "one-more").write_bytes(bytes(4096))
    yield
    filler.unlink()
    (disk / "one-more").unlink()


def test_a_full_disk_costs_no_tunnel_and_no_configuration(tmp_path: Path, kind: str) -> None:
    with ends() as made:
        both = Small(tmp_path, kind, made, REKEYS)
        left = both.sites["L"].engine
        try:
            assert "!!" in both.ping("L", 5)
            startup, where = both.disk("L") / "config", tmp_path / "L" / "disk" / "config"
            before = startup.read_bytes()
            with full(both.disk("L")):
                said = left.type("configure terminal", "hostname Changed", "end", "write memory", status=1)
                assert said.splitlines()[1:] == ["Building configuration...", f"{where}: No space left on device"]
                left.until("there is no going back to what ran before this change: flash:.point-0: No space left")
                assert startup.read_bytes() == before
                spis = [both.spi("L")]
                for _ in range(3):  # each replaces the Child SA
                    assert both.stream("L", 10 * MEGABYTE)
                    spis.append(both.spi("L"))
                assert len({*spis}) == len(spis)
                left.type("clear crypto ikev2 sa")
                assert "!!" in both.ping("L", 5)
            assert "[OK]" in left.type("write memory")
            assert "hostname Changed" in startup.read_text()
        finally:
            both.end()
