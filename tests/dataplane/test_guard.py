"""The table of nftables: what is refused stays wanted."""

from __future__ import annotations

import errno
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from ikecli.dataplane.linux import guard as nft
from ikecli.dataplane.linux.guard import Guard
from ikecli.dataplane.linux.ledger import Ledger
from ikecli.dataplane.linux.netlink import Refused
from ikecli.intent import Selector

ENDS = Selector.of(IPv4Network("10.1.0.0/16"), 6, (53, 53)), Selector.of(IPv4Network("10.2.0.0/16"), 6, (53, 53))


class Kernel:
    """What the kernel is told, and whether it does that."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.busy, self.done = False, list[set[int]]()
        monkeypatch.setattr(nft, "_batch", self.batch)

    def batch(self, messages: list[tuple[int, int, bytes]]) -> None:
        if self.busy:
            raise Refused("nf_tables", errno.EBUSY)
        self.done.append({kind for kind, _, _ in messages})


def test_a_table_that_was_refused_is_asked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel, said, ledger = Kernel(monkeypatch), list[str](), Ledger(tmp_path, 7)
    guard = Guard(ledger, said.append)
    kernel.busy = True
    assert not guard.follow([ENDS], "", ())
    assert not guard.follow([ENDS], "", ())
    assert (len(said), list(ledger.kind("nft"))) == (2, [])
    kernel.busy = False
    assert guard.try_again()
    assert nft.NEW_RULE in kernel.done[-1]
    assert [*ledger.kind("nft")] == [("nft", "ikecli-1007")]
    assert guard.follow([ENDS], "", ())
    assert len(kernel.done) == 1


def test_a_table_stays_as_it_was_while_a_new_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel, ledger = Kernel(monkeypatch), Ledger(tmp_path, 7)
    guard = Guard(ledger, lambda text: None)
    guard.follow([ENDS], "", ())
    kernel.busy = True
    assert not guard.follow([ENDS, ENDS[::-1]], "", ())
    assert [*ledger.kind("nft")] == [("nft", "ikecli-1007")]
    kernel.busy = False
    guard.close()
    assert kernel.done[-1] == {nft.DELETE_TABLE}
    assert guard.try_again()
    assert len(kernel.done) == 2
