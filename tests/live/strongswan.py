"""A charon in a namespace, from the cache folder, with its ESP in userspace (kernel-libipsec)."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.dataplane.namespaces import into
from tests.live.peers import Unpacked

PATIENCE: Final = 15.0
PLUGINS: Final = "random nonce openssl kdf hmac pem pkcs1 x509 pubkey {plane} kernel-netlink socket-default vici"
SETTINGS: Final = """charon {{
 load = {plugins}
 filelog {{ log {{ path = /run/log
 flush_line = yes
 default = 1 }} }}
 plugins {{ vici {{ socket = unix:///run/vici }} }}
 {more}
}}
"""


class Charon:
    """One daemon; `text` is its swanctl.conf, `more` goes into its strongswan.conf."""

    def __init__(
        self, peer: Unpacked, where: Path, namespace: str, text: str, more: str = "", plane: str = "kernel-libipsec"
    ) -> None:
        self._peer, self._where, self._namespace = peer, where, namespace
        (where / "swanctl").mkdir(parents=True)
        settings = SETTINGS.format(plugins=PLUGINS.format(plane=plane), more=more)
        (where / "strongswan.conf").write_text(settings)
        (where / "swanctl" / "swanctl.conf").write_text(text)

    @property
    def log(self) -> str:
        """What it has logged."""
        path = self._where / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    @contextmanager
    def running(self) -> Iterator[Charon]:
        """Run it."""
        command = into(self._namespace)
        command += self._peer.command(self._where, "/usr/lib/ipsec/charon")
        environment = {**os.environ, "STRONGSWAN_CONF": "/run/strongswan.conf"}
        quiet = subprocess.DEVNULL
        (self._where / "vici").unlink(missing_ok=True)
        with subprocess.Popen(command, stdout=quiet, stderr=quiet, env=environment) as daemon:
            try:
                deadline = time.monotonic() + PATIENCE
                while not (self._where / "vici").exists():
                    assert daemon.poll() is None, self.log
                    assert time.monotonic() < deadline, self.log
                    time.sleep(0.05)
                self.control("--load-all")
                yield self
            finally:
                daemon.kill()

    def control(self, *words: str, status: int = 0) -> str:
        """Run swanctl; return what it says."""
        command = self._peer.command(self._where, "/usr/sbin/swanctl", *words, "--uri", "unix:///run/vici")
        environment = {**os.environ, "SWANCTL_DIR": "/run/swanctl"}
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)
        assert ran.returncode == status, f"{' '.join(words)}: {ran.stdout}{ran.stderr}{self.log[-5000:]}"
        return ran.stdout

    def begin(self) -> None:
        """Set the tunnel up."""
        self.control("--initiate", "--child", "net", "--timeout", "10")

    def rekey(self, ike: bool) -> None:
        """Replace the IKE SA or the Child SA."""
        self.control("--rekey", *(["--ike", "c"] if ike else ["--child", "net"]))

    def end(self) -> None:
        """Delete the IKE SA."""
        self.control("--terminate", "--ike", "c")

    def sas(self) -> tuple[list[str], list[str]]:
        """Return the SPIs of IKE SAs that stand, and those that Child SAs receive by."""
        shown = self.control("--list-sas")
        children = re.findall(r"INSTALLED.*?\n.*?\n +in +([0-9a-f]{8})", shown)
        return re.findall(r"ESTABLISHED, IKEv2, ([0-9a-f]{16})", shown), children
