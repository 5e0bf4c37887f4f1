"""The kernel's ESP where this machine's kernel has none: the same tests, run inside User-Mode Linux."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.live.machine import has_esp
from tests.live.peers import LIBRESWAN, OPENIKED, STRONGSWAN_5, STRONGSWAN_6, folder, unpacked

UML = Path(__file__).parent / "uml"
ROOT = Path(__file__).parent.parent.parent
SECONDS = 2400


TESTS = {
    "planes": [
        "-k",
        "xfrm",
        "tests/dataplane/test_contract.py",
        "tests/dataplane/test_tunnels.py",
        "tests/dataplane/test_hiding.py",
        "tests/live/test_planes.py",
        "tests/live/test_tunnels.py",
        "tests/live/test_flexvpn.py",
        "tests/live/test_paths.py",
        "tests/live/test_disk.py",
        "tests/dataplane/test_linux.py",
    ],
    "interfaces": [
        "-k",
        "xfrm and (tunnel or virtual or translation)",
        "tests/dataplane/test_tunnels.py",
        "tests/live/test_one_address.py",
        "tests/live/test_tunnels.py",
    ],
    "vrfs": ["tests/live/test_vrfs.py"],
    "libreswan": ["tests/live/test_libreswan.py"],
    "openiked": ["tests/live/test_openiked.py"],
    "strongswan": ["tests/live/test_strongswan_kernel.py"],
    "unit": ["tests/live/test_unit.py"],
}
PEERS = {
    "planes": (LIBRESWAN,),
    "interfaces": (LIBRESWAN,),
    "libreswan": (LIBRESWAN,),
    "openiked": (OPENIKED,),
    "strongswan": (STRONGSWAN_5, STRONGSWAN_6),
}
SYSTEMD = Path("/lib/systemd/systemd")
MODULE = "xfrm_interface.ko"
TOOLS = ("gcc", "make", "flex", "bison", "bc", "xz", "apt-get", "dpkg-deb")


def module() -> Path:
    """Return the kernel's module of XFRM interfaces, made the first time."""
    where = folder() / "uml"
    if not (where / MODULE).exists():
        if missing := [tool for tool in TOOLS if shutil.which(tool) is None]:
            pytest.skip(f"XFRM interfaces are not tested: to make their module there is no {', '.join(missing)}")
        subprocess.run([str(UML.with_name("uml-module")), str(where)], check=True, capture_output=True)
    return where / MODULE


@pytest.mark.live
@pytest.mark.timeout(SECONDS + 60)
@pytest.mark.parametrize("name", TESTS)
def test_the_kernels_esp_passes_the_same_tests_in_user_mode_linux(name: str) -> None:
    if os.environ.get("UML"):
        pytest.skip("this is User-Mode Linux")
    if shutil.which("linux.uml") is None or shutil.which("modprobe") is None:
        pytest.skip("the kernel's ESP is not tested: on Debian, apt-get install user-mode-linux kmod")
    if has_esp():
        pytest.skip("this kernel has ESP, so that the tests were run on it")
    if name == "unit" and not SYSTEMD.exists():
        pytest.skip(f"the unit is not tested: there is no {SYSTEMD}: on Debian, apt-get install systemd")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *TESTS[name]]
    for peer in PEERS.get(name, ()):
        unpacked(peer)
    ways = {
        "UML_SECONDS": str(SECONDS),
        "UML_MODULES": str(module()) if name == "interfaces" else "",
        "UML_SYSTEMD": "1" if name == "unit" else "",
    }
    ran = subprocess.run(
        [str(UML), *command], cwd=ROOT, capture_output=True, text=True, env={**os.environ, **ways}, check=False
    )
    assert ran.returncode == 0, ran.stdout[-5000:] + ran.stderr
    assert "passed" in ran.stdout
    assert "skipped" not in ran.stdout
