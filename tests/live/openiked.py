"""An iked in a namespace, from the cache folder. It speaks PF_KEY, and needs a kernel that has it and ESP."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.dataplane.namespaces import into
from tests.live.cases import KEY, NETWORK, OUTSIDE, Case
from tests.live.peers import Unpacked

PATIENCE: Final = 30.0
FOLDERS: Final = (
    *("ca", "certs", "crls", "private"),
    *(f"pubkeys/{kind}" for kind in ("ipv4", "ipv6", "fqdn", "ufqdn")),
)
USER: Final = "_iked:x:900:900::/run/empty:/usr/sbin/nologin\n"


def theirs(case: Case) -> str:
    """Return OpenIKED's configuration: the end R, which begins when it is told to."""
    identities = ("right.example", "left.example") if case.identities else (OUTSIDE[4]["R"], OUTSIDE[4]["L"])
    return f"""set passive
ikev2 "net" active esp from {NETWORK[4]["R"]} to {NETWORK[4]["L"]} \\
 local {OUTSIDE[4]["R"]} peer {OUTSIDE[4]["L"]} \\
 ikesa {case.their_ike} \\
 childsa {case.their_esp} \\
 srcid {identities[0]} dstid {identities[1]} \\
{"".join(f" {line} " + chr(92) + chr(10) for line in case.connection.splitlines())} psk "{KEY}"
"""


class Iked:
    """One daemon; `text` is its iked.conf."""

    def __init__(self, peer: Unpacked, where: Path, namespace: str, text: str) -> None:
        self._peer, self._where, self._namespace = peer, where, namespace
        self._named = "left.example" in text
        (where / "empty").mkdir(parents=True)
        for folder in FOLDERS:
            (where / "etc/iked" / folder).mkdir(parents=True)
        (where / "etc/passwd").write_text(f"root:x:0:0::/:/bin/sh\n{USER}")
        (where / "etc/group").write_text("root:x:0:\n_iked:x:900:\n")
        key = ec.generate_private_key(ec.SECP256R1())
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        for path, content in (("iked/private/local.key", private), ("iked.conf", text.encode())):
            (where / "etc" / path).write_bytes(content)
            (where / "etc" / path).chmod(0o600)

    @property
    def log(self) -> str:
        """What it has logged."""
        return (self._where / "log").read_text(errors="replace")

    @contextmanager
    def running(self) -> Iterator[Iked]:
        """Run it."""
        command = self._within("/usr/sbin/iked", "-d", "-v")
        with open(self._where / "log", "wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as daemon:
            try:
                deadline = time.monotonic() + PATIENCE
                while not (self._where / "iked.sock").exists():
                    assert daemon.poll() is None, self.log
                    assert time.monotonic() < deadline, self.log
                    time.sleep(0.1)
                yield self
            finally:
                daemon.terminate()  # its children end when it does
                daemon.wait(PATIENCE)

    def _within(self, *words: str) -> list[str]:
        return [*into(self._namespace), *self._peer.command(self._where, *words)]

    def control(self, *words: str) -> str:
        """Run ikectl; return what it says."""
        ran = subprocess.run(self._within("/usr/sbin/ikectl", *words), capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, f"{' '.join(words)}: {ran.stdout}{ran.stderr}{self.log[-5000:]}"
        return ran.stdout

    def begin(self) -> None:
        """Set the tunnel up."""
        self.control("active")

    def rekey(self, ike: bool) -> None:
        """It replaces SAs when their lifetimes end alone: wait until it has replaced one more."""
        said = "rekeyed as new IKESA" if ike else "ikev2_init_create_child_sa: rekeying CHILD SA"
        count, deadline = self.log.count(said), time.monotonic() + 90
        while self.log.count(said) == count:
            assert time.monotonic() < deadline, self.log[-5000:]
            time.sleep(0.1)

    def end(self) -> None:
        """Delete the IKE SA, and begin no other."""
        self.control("passive")
        self.control("reset", "id", "FQDN/left.example" if self._named else f"IPV4/{OUTSIDE[4]['L']}")

    def sas(self) -> tuple[list[str], list[str]]:
        """Return the SPIs of IKE SAs that stand, and those that Child SAs receive by."""
        shown = self.control("show", "sa")
        return re.findall(r"iked_sas: .*?rspi 0x([0-9a-f]+).* ESTABLISHED", shown), re.findall(
            r"sa_childsas: .* ESP 0x([0-9a-f]+) in ", shown
        )
