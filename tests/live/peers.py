"""Other people's daemons, downloaded from Debian and unpacked into a cache folder; nothing is installed.

A peer is a root directory with its packages and all that they depend on. Its programs run in that root, in a mount
namespace of their own, whose /run is a folder of the test's. $IKECLI_CACHE is the folder, ~/.cache/ikecli without it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import pytest

KEYRING: Final = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
TOOLS: Final = ("apt-get", "dpkg-deb", "tar", "unshare", "chroot", "ip")
MERGED: Final = ("bin", "sbin", "lib", "lib64")
SECONDS: Final = 300
STRONGSWAN: Final = (
    "strongswan-swanctl",
    "strongswan-charon",
    "libstrongswan-standard-plugins",
    "libstrongswan-extra-plugins",
    "libcharon-extra-plugins",
)
INSIDE: Final = """set -e
mount --rbind /dev {root}/dev
mount --rbind /proc {root}/proc
mount --bind {run} {root}/run
[ ! -d {run}/etc ] || mount --bind {run}/etc {root}/etc
exec chroot {root} "$@"
"""


@dataclass(frozen=True)
class Peer:
    """Packages of a release of Debian, the first of which has the version that counts."""

    name: str
    release: str
    packages: tuple[str, ...]


STRONGSWAN_5: Final = Peer("strongSwan 5", "bookworm", STRONGSWAN)
STRONGSWAN_6: Final = Peer("strongSwan 6", "sid", STRONGSWAN)
LIBRESWAN: Final = Peer("libreswan", "bookworm", ("libreswan",))
OPENIKED: Final = Peer("OpenIKED", "bookworm", ("openiked",))


@dataclass(frozen=True)
class Unpacked:
    """A peer on this machine: its root directory."""

    root: Path

    @property
    def version(self) -> str:
        """Debian's version of it."""
        return (self.root / "VERSION").read_text()

    def command(self, run: Path, *words: str) -> list[str]:
        """Return the command that runs one in its root, with `run` as /run and a folder etc in it as /etc."""
        script = INSIDE.format(root=self.root, run=run)
        return ["unshare", "--mount", "sh", "-c", script, "peer", *words]


def kept(peer: Peer) -> Unpacked | None:
    """Return a peer that was downloaded before, or None."""
    root = _root(peer)
    return Unpacked(root) if root.exists() else None


def unpacked(peer: Peer) -> Unpacked:
    """Return a peer, downloaded before or now; skip the test with the reason where that cannot be."""
    found = _unpacked(peer)
    if isinstance(found, str):
        pytest.skip(f"{peer.name} of Debian {peer.release} is not there: {found}")
    return found


@cache
def _unpacked(peer: Peer) -> Unpacked | str:
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing or not KEYRING.exists():
        return f"this machine has no {missing[0] if missing else KEYRING}"
    root = _root(peer)
    cache_folder = root.parent
    cache_folder.mkdir(parents=True, exist_ok=True)
    with open(cache_folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.exists():
            try:
                with tempfile.TemporaryDirectory(dir=cache_folder) as making:
                    _unpack(peer, _download(peer, Path(making) / "apt"), Path(making) / "root")
                    (Path(making) / "root").rename(root)
            except (subprocess.SubprocessError, OSError) as problem:
                said = (getattr(problem, "stderr", None) or str(problem)).strip().splitlines()
                return said[-1] if said else str(problem)
    return Unpacked(root)


def folder() -> Path:
    """Return the cache folder."""
    return Path(os.environ.get("IKECLI_CACHE") or Path.home() / ".cache" / "ikecli")


def _root(peer: Peer) -> Path:
    return folder() / f"{peer.packages[0]}-{peer.release}"


def _download(peer: Peer, apt: Path) -> list[Path]:
    """Download packages and their dependencies by an apt that knows of no other package; return the files."""
    for part in ("etc/apt/apt.conf.d", "etc/apt/preferences.d", "var/lib/dpkg", "var/cache/apt/archives/partial"):
        (apt / part).mkdir(parents=True)
    (apt / "var/lib/dpkg/status").touch()
    origins = [f"http://deb.debian.org/debian {peer.release} main"]
    if peer.release != "sid":
        origins.append(f"http://deb.debian.org/debian-security {peer.release}-security main")
    (apt / "etc/apt/sources.list").write_text("".join(f"deb [signed-by={KEYRING}] {one}\n" for one in origins))
    configuration = apt / "etc/apt.conf"
    configuration.write_text(
        f'Dir "{apt}"; Dir::State::status "{apt}/var/lib/dpkg/status"; APT::Sandbox::User "root";'
        ' APT::Install-Recommends "false"; Acquire::Languages "none";'
        ' Acquire::Check-Valid-Until "false";'  # mirrors that stand still; signatures are checked
    )
    for words in (["update"], ["install", "--download-only", *peer.packages]):
        _run(["apt-get", "--quiet", "--yes", *words], {"APT_CONFIG": str(configuration)})
    return sorted((apt / "var/cache/apt/archives").glob("*.deb"))


def _unpack(peer: Peer, packages: list[Path], root: Path) -> None:
    for name in MERGED:
        (root / "usr" / name).mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(f"usr/{name}")
    for name in ("dev", "proc", "run", "tmp", "var"):
        (root / name).mkdir()
    (root / "var/run").symlink_to("/run")
    for package in packages:
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE) as archive:
            keep = ["--keep-directory-symlink", "--exclude=./usr/share/doc", "--exclude=./usr/share/man"]
            subprocess.run(
                ["tar", "-x", "-C", str(root), *keep], stdin=archive.stdout, check=True, stderr=subprocess.PIPE
            )
        name, version = package.name.split("_")[:2]
        if name == peer.packages[0]:
            (root / "VERSION").write_text(version.replace("%3a", ":"))


def _run(command: list[str], environment: Mapping[str, str]) -> None:
    subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=SECONDS, env={**os.environ, **environment}
    )
