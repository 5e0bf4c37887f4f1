"""strongSwan, to be compared with: what is installed, else what the live tests keep in their cache folder."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from tests.dataplane.namespaces import ip, join, namespaces
from tests.dataplane.rigs import ENDS, INSIDE, OTHER
from tests.live.peers import STRONGSWAN_5, kept
from tests.live.strongswan import Charon

CHARON: Final = "/usr/lib/ipsec/charon"
"""Where Debian puts it, and others."""
ELSEWHERE: Final = "/usr/libexec/ipsec/charon", "/usr/libexec/strongswan/charon"
SWANCTL: Final = "/usr/sbin/swanctl"
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


class Programs(Protocol):
    """What runs strongSwan's programs."""

    def command(self, run: Path, *words: str) -> list[str]:
        """Return the command that runs one, with a folder as its /run."""


@dataclass(frozen=True)
class Installed:
    """The programs that are installed; `charon` is where that one is."""

    charon: str

    def command(self, run: Path, *words: str) -> list[str]:
        """Return the command that runs one, with `run` as /run."""
        first = self.charon if words[0] == CHARON else words[0]
        return ["unshare", "--mount", "sh", "-c", f'mount --bind {run} /run && exec "$@"', "-", first, *words[1:]]


def found() -> Programs | None:
    """Return what runs strongSwan's programs, or None where there are none."""
    for charon in (CHARON, *ELSEWHERE):
        if Path(charon).exists() and Path(SWANCTL).exists():
            return Installed(charon)
    return kept(STRONGSWAN_5)


@contextmanager
def charons(programs: Programs) -> Iterator[tuple[str, str]]:
    """Set a tunnel between two up, their ESP in userspace; yield both namespaces."""
    with ExitStack() as stack:
        where = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        names = stack.enter_context(namespaces("cL", "cR"))
        made = {name[1]: namespace for name, namespace in names.items()}
        join(made["L"], made["R"], (f"{ENDS['L']}/24", f"{ENDS['R']}/24"))
        ends = []
        for name, namespace in made.items():
            ip("-n", namespace, "address", "add", f"{INSIDE[name]}/32", "dev", "lo")
            other = OTHER[name]
            tunnel = TUNNEL.format(local=ENDS[name], remote=ENDS[other], inside=INSIDE[name], outside=INSIDE[other])
            ends.append(stack.enter_context(Charon(programs, where / name, namespace, tunnel).running()))
        ends[0].begin()
        yield made["L"], made["R"]
