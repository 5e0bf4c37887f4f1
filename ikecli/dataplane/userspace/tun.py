"""A TUN device whose packets have a header of virtio's in front, so that many segments go in with one write."""

from __future__ import annotations

import fcntl
import os
import struct
from typing import Final

from ikecli.errors import Unavailable

DEVICE: Final = "/dev/net/tun"
TUNSETIFF, TUNSETOFFLOAD, TUNSETVNETHDRSZ = 0x400454CA, 0x400454D0, 0x400454D8
IFF_TUN, IFF_NO_PI, IFF_VNET_HDR, IFF_TUN_EXCL = 0x1, 0x1000, 0x4000, 0x8000
HEADER: Final = 10
"""Octets in front of every packet: struct virtio_net_hdr."""
PLAIN: Final = bytes(HEADER)
"""The header of a packet that is complete as it is."""


def open_tun(name: str) -> int:
    """Return a new device's file, which does not block; raises Unavailable.

    Nothing is offloaded: the kernel segments and sums what it gives us, which costs less than doing so here. What we
    write may be segmented later all the same.
    """
    try:
        file = os.open(DEVICE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR | IFF_TUN_EXCL
        fcntl.ioctl(file, TUNSETIFF, struct.pack("16sH22x", name.encode(), flags))
        fcntl.ioctl(file, TUNSETVNETHDRSZ, struct.pack("i", HEADER))
        fcntl.ioctl(file, TUNSETOFFLOAD, 0)
    except OSError as error:
        raise Unavailable(f"{DEVICE}, device {name}: {error.strerror}") from error
    return file
