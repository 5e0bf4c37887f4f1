"""Two of strongSwan's daemons in namespaces of their own, with its ESP in userspace and a tunnel between them."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from tests.dataplane.namespaces import ip, join, namespaces
from tests.dataplane.rigs import ENDS, INSIDE, OTHER

CHARON: Final = Path("/usr/lib/ipsec/charon")
PLUGINS: Final = (
    "random nonce openssl kdf hmac pem pkcs1 x509 pubkey kernel-libipsec kernel-netlink socket-default vici updown"
)
PATIENCE: Final = 15.0
DAEMON: Final = """charon {{
 load = {plugins}
 filelog {{ log {{ path = {where}/log
 default = 1 }} }}
 plugins {{ vici {{ socket = unix://{where}/vici }} }} }}
"""
TUNNEL: Final = """connections {{ c {{ local_addrs = {local}
 remote_addrs = {remote}
 version = 2
 proposals = aes256gcm16-prfsha384-x25519
 local {{ auth = psk
 id = {local} }}
 remote {{ auth = psk
 id = {remote} }}
 children {{ net {{ local_ts = {inside}/32
 remote_ts = {outside}/32
 esp_proposals = aes256gcm16 }} }} }} }}
secrets {{ ike {{ secret = "between-us-5uB" }} }}
"""


class Charon:
    """One daemon at the end `name` of the tunnel, its files in a directory of its own."""

    def __init__(self, where: Path, name: str, namespace: str) -> None:
        self._where, self._namespace = where, namespace
        (where / "swanctl").mkdir(parents=True)
        (where / "strongswan.conf").write_text(DAEMON.format(plugins=PLUGINS, where=where))
        other = OTHER[name]
        tunnel = TUNNEL.format(local=ENDS[name], remote=ENDS[other], inside=INSIDE[name], outside=INSIDE[other])
        (where / "swanctl" / "swanctl.conf").write_text(tunnel)

    @contextmanager
    def running(self) -> Iterator[Charon]:
        """Run it."""
        where = self._where
        command = ["ip", "netns", "exec", self._namespace, "unshare", "-m", "sh", "-c"]
        command.append(f"mount --bind {where} /var/run; exec {CHARON}")
        environment = {**os.environ, "STRONGSWAN_CONF": str(where / "strongswan.conf")}
        quiet = subprocess.DEVNULL
        with subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet) as daemon:
            try:
                deadline = time.monotonic() + PATIENCE
                while not (where / "vici").exists():
                    if time.monotonic() > deadline or daemon.poll() is not None:
                        raise RuntimeError("charon did not start")
                    time.sleep(0.05)
                self.control("--load-all")
                yield self
            finally:
                daemon.terminate()

    def control(self, *words: str) -> str:
        """Run swanctl; return what it says."""
        environment = {**os.environ, "SWANCTL_DIR": str(self._where / "swanctl")}
        command = ["swanctl", *words, "--uri", f"unix://{self._where}/vici"]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True)
        if ran.returncode:
            raise RuntimeError(f"swanctl {words[0]}: {ran.stdout[-500:]}{ran.stderr[-500:]}")
        return ran.stdout


@contextmanager
def charons() -> Iterator[tuple[str, str]]:
    """Set a tunnel between two up; yield both namespaces."""
    with ExitStack() as stack:
        where = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        names = stack.enter_context(namespaces("cL", "cR"))
        made = {name[1]: namespace for name, namespace in names.items()}
        join(made["L"], made["R"], (f"{ENDS['L']}/24", f"{ENDS['R']}/24"))
        for name, namespace in made.items():
            ip("-n", namespace, "address", "add", f"{INSIDE[name]}/32", "dev", "lo")
        ends = [stack.enter_context(Charon(where / name, name, made[name]).running()) for name in made]
        ends[0].control("--initiate", "--child", "net", "--timeout", "10")
        yield made["L"], made["R"]
