"""What a namespace holds, for comparing before and after, and a TCP stream between two."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from tests.dataplane.namespaces import namespaces, within

BLOCK = 1 << 16
ASPECTS = (
    ("address", "show"), ("route", "show", "table", "all"), ("-6", "route", "show"), ("rule", "show"),
    ("-6", "rule", "show"), ("xfrm", "state"), ("xfrm", "policy"), ("link", "show"),
)  # fmt: skip


def snapshot(namespace: str) -> dict[str, str]:
    """Return addresses, routes, rules, XFRM, devices, listening sockets and the settings of IPv4."""
    found = {}
    for words in ASPECTS:
        ran = subprocess.run(["ip", "-n", namespace, *words], capture_output=True, text=True, check=False)
        found[" ".join(words)] = ran.stdout
    with within(namespace):
        listening = subprocess.run(["ss", "-Hlnu"], capture_output=True, text=True, check=True).stdout
        found["sockets"] = "".join(line.split()[3] + "\n" for line in listening.splitlines())
        for path in sorted(Path("/proc/thread-self/net").glob("../../../sys/net/ipv4/conf/*/*")):
            found[str(path)] = path.read_text()
    return found


def differing(before: dict[str, str], after: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Return what is not as it was."""
    return {
        name: (before.get(name, ""), after.get(name, ""))
        for name in before.keys() | after.keys()
        if before.get(name, "") != after.get(name, "")
    }


def has_esp() -> bool:
    """Tell whether this kernel takes an ESP SA."""
    with namespaces("probe") as made:
        words = ("src", "127.0.0.2", "dst", "127.0.0.1", "proto", "esp", "spi", "0x1000", "mode", "tunnel")
        keys = ("auth", "hmac(sha256)", "0x" + "01" * 32, "enc", "cbc(aes)", "0x" + "02" * 16)
        ran = subprocess.run(["ip", "-n", made["probe"], "xfrm", "state", "add", *words, *keys], capture_output=True)
    return ran.returncode == 0


NEEDS_NFT = pytest.mark.skipif(shutil.which("nft") is None, reason="nft (of nftables) is not installed")


def need_esp() -> None:
    """Skip the test where this kernel has no ESP."""
    if not has_esp():
        pytest.skip("this kernel has no ESP: tests/live/test_uml.py brings one that has")


def stream(sender: str, source: str, receiver: str, destination: str, octets: int, port: int = 0) -> bool:
    """Send random octets over TCP from one namespace to another; return whether they arrived unchanged."""
    family = socket.AF_INET6 if ":" in destination else socket.AF_INET
    with within(receiver):
        server = socket.create_server((destination, port), family=family)
    server.settimeout(60)
    data = os.urandom(octets)
    came = hashlib.sha256()

    def take() -> None:
        one, _ = server.accept()
        one.settimeout(60)
        with one:
            while block := one.recv(BLOCK):
                came.update(block)

    taking = threading.Thread(target=take)
    taking.start()
    with within(sender):
        client = socket.socket(family)
        client.bind((source, 0))
    client.settimeout(60)
    with client:
        client.connect((destination, server.getsockname()[1]))
        client.sendall(data)
    taking.join(60)
    server.close()
    return came.digest() == hashlib.sha256(data).digest()
