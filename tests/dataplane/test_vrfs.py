"""VRF devices as they are made, with a kernel that refuses."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any, cast

from pyroute2.netlink.rtnl import RTM_NEWLINK, RTM_NEWROUTE

from ikecli.dataplane.linux.devices import Devices
from ikecli.dataplane.linux.ledger import Ledger
from ikecli.dataplane.linux.netlink import Refused, Requests
from ikecli.dataplane.linux.vrfs import Vrfs


class Kernel:
    """Answers requests, and has devices; it makes no route while it is `full`."""

    def __init__(self) -> None:
        self.full, self.devices, self.routed = False, list[str](), 0

    def change(self, what: str, message: Any, kind: int, flags: int = 0) -> None:
        if kind == RTM_NEWLINK:  # what is asked to find out whether there are VRFs: it names no table
            raise Refused(what, errno.EINVAL)
        if kind == RTM_NEWROUTE and self.full:
            raise Refused(what, errno.ENOBUFS)
        self.routed += kind == RTM_NEWROUTE

    def found(self) -> dict[str, Any]:
        return {}

    def add(self, name: str, kind: str, details: Any, alias: str) -> None:
        self.devices.append(name)

    def change_device(self, name: str, *, up: bool) -> None:
        assert name in self.devices

    def delete(self, name: str) -> None:
        self.devices.remove(name)


class Made:
    """The devices of a kernel."""

    def __init__(self, kernel: Kernel) -> None:
        self.found, self.add, self.change, self.delete = kernel.found, kernel.add, kernel.change_device, kernel.delete


def vrfs_of(kernel: Kernel, state: Path, said: list[str]) -> tuple[Vrfs, Ledger]:
    ledger = Ledger(state, 1)
    return Vrfs(cast(Requests, kernel), cast(Devices, Made(kernel)), ledger, said.append), ledger


def test_a_vrf_without_its_last_route_is_taken_out_and_made_anew(tmp_path: Path) -> None:
    """Else its device would be found the next time, and what no route leads anywhere would go on in the main table."""
    kernel, said = Kernel(), list[str]()
    vrfs, ledger = vrfs_of(kernel, tmp_path, said)
    kernel.full = True
    vrfs.follow(["RED"])
    assert not vrfs.has("RED")
    assert (kernel.devices, ledger.kind("vrf")) == ([], [])
    assert "No buffer space" in said[0]
    kernel.full = False
    vrfs.follow(["RED"])
    assert vrfs.device("RED") == "RED"
    assert (kernel.devices, kernel.routed) == (["RED"], 2)


def test_the_kernel_is_left_no_choice_of_a_name(tmp_path: Path) -> None:
    kernel = Kernel()
    vrfs, _ = vrfs_of(kernel, tmp_path, [])
    vrfs.follow(["a%d", "..", "a/b"])
    assert kernel.devices[::2] == ["a-d", "a-b"]
    assert not {"%", "/"} & set("".join(kernel.devices))
