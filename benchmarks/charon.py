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
 proposals = aes256gcm16-prfsha256-x25519
 local {{ auth = psk
 id = {local} }}
 remote {{ auth = psk
 id = {remote} }}
 children {{ net {{ local_ts = {inside}/32
 remote_ts = {outside}/32
 esp_proposals = aes256gcm16 }} }} }} }}
secrets {{ ike {{ secret = "between-us-5uB" }} }}
"""


@contextmanager
def charons() -> Iterator[tuple[str, str]]:
    """Set the tunnel up; yield both namespaces."""
    with ExitStack() as stack:
        where = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        names = stack.enter_context(namespaces("cL", "cR"))
        made = {name[1]: namespace for name, namespace in names.items()}
        join(made["L"], made["R"], (f"{ENDS['L']}/24", f"{ENDS['R']}/24"))
        for name, namespace in made.items():
            ip("-n", namespace, "address", "add", f"{INSIDE[name]}/32", "dev", "lo")
            stack.enter_context(_daemon(where / name, name, namespace))
        _control(where / "L", "--initiate", "--child", "net", "--timeout", "10")
        yield made["L"], made["R"]


@contextmanager
def _daemon(where: Path, name: str, namespace: str) -> Iterator[None]:
    (where / "swanctl").mkdir(parents=True)
    (where / "strongswan.conf").write_text(DAEMON.format(plugins=PLUGINS, where=where))
    other = OTHER[name]
    tunnel = TUNNEL.format(local=ENDS[name], remote=ENDS[other], inside=INSIDE[name], outside=INSIDE[other])
    (where / "swanctl" / "swanctl.conf").write_text(tunnel)
    run = f"mount --bind {where} /var/run; exec {CHARON}"
    command = ["ip", "netns", "exec", namespace, "unshare", "-m", "sh", "-c", run]
    environment = {**os.environ, "STRONGSWAN_CONF": str(where / "strongswan.conf")}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as daemon:
        try:
            deadline = time.monotonic() + PATIENCE
            while not (where / "vici").exists():
                if time.monotonic() > deadline or daemon.poll() is not None:
                    raise RuntimeError(f"charon did not start: {(where / 'log').read_text()[-500:]}")
                time.sleep(0.05)
            _control(where, "--load-all")
            yield
        finally:
            daemon.terminate()


def _control(where: Path, *words: str) -> None:
    environment = {**os.environ, "SWANCTL_DIR": str(where / "swanctl")}
    command = ["swanctl", *words, "--uri", f"unix://{where}/vici"]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True)
    if ran.returncode:
        raise RuntimeError(f"swanctl {words[0]}: {ran.stdout[-500:]}{ran.stderr[-500:]}")
