"""A pluto in a namespace, from the cache folder. It needs a kernel that has ESP."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.dataplane.namespaces import into
from tests.live.cases import KEY, NETWORK, OUTSIDE, Case
from tests.live.peers import Unpacked

PATIENCE: Final = 30.0
PROGRAMS: Final = "/usr/libexec/ipsec"


def theirs(case: Case) -> str:
    """Return libreswan's configuration: the end R."""
    identities = ("@right.example", "@left.example") if case.nat else (OUTSIDE[4]["R"], OUTSIDE[4]["L"])
    return f"""config setup
  nssdir=/run/nss
conn net
  ikev2=insist
  authby=secret
  left={OUTSIDE[4]["R"]}
  right={OUTSIDE[4]["L"]}
  leftid={identities[0]}
  rightid={identities[1]}
  leftsubnet={case.selectors[0] or NETWORK[4]["R"]}
  rightsubnet={case.selectors[1] or NETWORK[4]["L"]}
  ike={case.their_ike}
  esp={case.their_esp}
  leftupdown=%disabled
  auto=add
{"".join(f"  {line}" + chr(10) for line in case.connection.splitlines())}"""


class Pluto:
    """One daemon; `text` is its ipsec.conf."""

    def __init__(self, peer: Unpacked, where: Path, namespace: str, text: str) -> None:
        self._peer, self._where, self._namespace = peer, where, namespace
        (where / "pluto").mkdir(parents=True)
        (where / "nss").mkdir()
        (where / "ipsec.conf").write_text(text)
        (where / "ipsec.secrets").write_text(f': PSK "{KEY}"\n')
        (where / "ipsec.secrets").chmod(0o600)

    @property
    def log(self) -> str:
        """What it has logged."""
        return (self._where / "log").read_text(errors="replace")

    @contextmanager
    def running(self) -> Iterator[Pluto]:
        """Run it."""
        self._run("/usr/bin/certutil", "-N", "-d", "sql:/run/nss", "--empty-password")
        places = ("--config", "/run/ipsec.conf", "--secretsfile", "/run/ipsec.secrets", "--nssdir", "/run/nss")
        pluto = (f"{PROGRAMS}/pluto", "--nofork", "--stderrlog", *places, "--rundir", "/run/pluto")
        command = self._within(*pluto)
        with open(self._where / "log", "wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as daemon:
            try:
                deadline = time.monotonic() + PATIENCE
                while "loading secrets" not in self.log:
                    assert daemon.poll() is None, self.log
                    assert time.monotonic() < deadline, self.log
                    time.sleep(0.1)
                socket = ("--ctlsocket", "/run/pluto/pluto.ctl")
                self._run(f"{PROGRAMS}/addconn", "--config", "/run/ipsec.conf", *socket, "net")
                yield self
            finally:
                daemon.kill()

    def _within(self, *words: str) -> list[str]:
        return [*into(self._namespace), *self._peer.command(self._where, *words)]

    def _run(self, *words: str) -> str:
        ran = subprocess.run(self._within(*words), capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, (
            f"{words}: {ran.stdout}{ran.stderr}{self.log if words[0] != '/usr/bin/certutil' else ''}"
        )
        return ran.stdout

    def whack(self, *words: str) -> str:
        """Say something to it; return what it says."""
        return self._run(f"{PROGRAMS}/whack", "--ctlsocket", "/run/pluto/pluto.ctl", *words)

    def begin(self) -> None:
        """Set the tunnel up."""
        self.whack("--name", "net", "--initiate")

    def rekey(self, ike: bool) -> None:
        """Replace the IKE SA or the Child SA."""
        self.whack("--rekey-ike" if ike else "--rekey-ipsec", "--name", "net")

    def end(self) -> None:
        """Delete the IKE SA."""
        self.whack("--name", "net", "--terminate")

    def sas(self) -> tuple[list[str], list[str]]:
        """Return the numbers of IKE SAs that stand, and the SPIs that Child SAs receive by."""
        shown = self.whack("--status")
        return re.findall(r"#(\d+): .*STATE_V2_ESTABLISHED_IKE_SA", shown), re.findall(
            r"#\d+: .*esp\.([0-9a-f]+)@\S+ ", shown
        )
