"""Which messages about the way to a peer are believed, and what comes of them."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address
from math import inf
from types import SimpleNamespace

import pytest

from ikecli.boundary.effects import Direction, Endpoint, Remove
from ikecli.dataplane.esp import PATH_SECONDS as SECONDS
from ikecli.dataplane.esp import inner_limit
from ikecli.dataplane.packet import echo_request
from ikecli.dataplane.userspace.counts import Counts
from ikecli.dataplane.userspace.paths import RECENT, Paths
from ikecli.dataplane.userspace.pipe import Aging, Leave, Listen, Pipe, Put
from ikecli.dataplane.userspace.sas import Sender
from ikecli.dataplane.userspace.worker import Worker
from ikecli.esp import IPV4, OutboundSa
from tests.dataplane.pairs import GCM, Pair, keys

OUT = Pair.sa("L", GCM, None, 1)
INTO = Pair.inbound(OUT, "R")
PEER = str(OUT.remote.address)
SENT = 3 * RECENT


class One(SimpleNamespace):
    """A worker that runs when it is told to; its clock is `now`."""

    worker: Worker
    engine: Pipe
    device: socket.socket
    now: float

    def say(self, *messages: tuple[str, int, bytes]) -> None:
        """Have the network say that packets were too big."""
        self.worker._inbound.errors = lambda one: list(messages)  # type: ignore[method-assign]
        self.worker._shorten(self.device)

    def sender(self, **changes: object) -> Sender:
        self.worker._put(Put(replace(OUT, **changes), 0, 1500, sequence=SENT))  # type: ignore[arg-type]
        return [*self.worker._senders.values()][-1]


@pytest.fixture
def one() -> Iterator[One]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    tun, device = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    device.setblocking(False)
    with ours, theirs, tun, device:
        theirs.setblocking(False)
        made = One(
            worker=Worker(Pipe(theirs), Counts(), os.dup(tun.fileno())), engine=Pipe(ours), device=device, now=0.0
        )
        made.worker._paths = Paths(lambda: made.now)
        made.engine.receive()
        yield made
        made.worker._main.tun.close()


def quote(number: int, spi: int = OUT.spi) -> bytes:
    return spi.to_bytes(4, "big") + number.to_bytes(4, "big")


@pytest.mark.parametrize(
    ("remote", "quoted"),
    [
        ("203.0.113.9", quote(SENT)),
        (PEER, quote(SENT, OUT.spi + 1)),
        (PEER, quote(SENT + 1)),
        (PEER, quote(SENT - RECENT)),
        (PEER, quote(SENT)[:7]),
        (PEER, b""),
    ],
    ids=["to another", "another SPI", "not sent yet", "long ago", "cut off", "nothing"],
)
def test_a_message_that_quotes_nothing_of_what_was_sent_lately_is_not_believed(
    one: One, remote: str, quoted: bytes
) -> None:
    sender = one.sender()
    one.say((remote, 600, quoted))
    assert sender.limit == inner_limit(OUT, 1500)
    assert one.worker._paths.wait() is None


def test_a_shorter_path_is_that_of_all_sas_with_a_peer_until_whole_packets_are_tried_again(one: One) -> None:
    first, elsewhere = one.sender(), one.sender(spi=7, remote=Endpoint(ip_address("192.0.2.77"), 500))
    one.say((PEER, 1300, quote(SENT - 5)))
    second = one.sender(spi=8, peer_spi=9)
    assert [sender.limit for sender in (first, second)] == [inner_limit(OUT, 1300)] * 2
    assert elsewhere.limit == inner_limit(OUT, 1500)
    one.now += SECONDS - 1
    assert one.worker._paths.wait() == 1
    one.say((PEER, 1400, quote(SENT)))
    assert (first.limit, one.worker._paths.tried_again()) == (inner_limit(OUT, 1300), set())
    one.now += 1
    one.engine.socket.close()
    one.worker.run()
    assert [sender.limit for sender in (first, second)] == [inner_limit(OUT, 1500)] * 2
    assert one.worker._paths.wait() is None


def test_a_path_is_believed_in_for_as_long_as_is_said(one: One) -> None:
    sender = one.sender()
    one.worker._obey(Aging(60.0), [])
    one.say((PEER, 1300, quote(SENT)))
    assert one.worker._paths.wait() == 60
    one.now += 60
    assert one.worker._paths.tried_again() == {PEER}
    one.worker._obey(Aging(inf), [])
    one.say((PEER, 1300, quote(SENT)))
    one.now += 1e9
    assert (one.worker._paths.tried_again(), one.worker._paths.wait()) == (set(), None)
    assert sender.limit == inner_limit(OUT, 1300)
    one.worker._obey(Aging(SECONDS), [])
    assert one.worker._paths.wait() == SECONDS


@pytest.mark.parametrize(("remote", "least"), [(PEER, 576), ("2001:db8::2", 1280)])
def test_no_path_is_taken_for_shorter_than_ip_allows(one: One, remote: str, least: int) -> None:
    sender = one.sender(remote=Endpoint(ip_address(remote), 500))
    one.say((remote, 0, quote(SENT)))
    assert sender.limit == inner_limit(sender.sa, least)


def test_what_came_before_an_sa_was_taken_out_is_still_opened(one: One) -> None:
    near, far = ip_address("10.1.0.1"), ip_address("10.2.0.1")
    packet = echo_request(near, far, 1, 1, 100).write()
    sealer = OutboundSa(keys(OUT), os.urandom)
    with socket.socket(type=socket.SOCK_DGRAM) as there, socket.socket(type=socket.SOCK_DGRAM) as here:
        there.bind(("127.0.0.1", 0))
        one.worker._put(Put(INTO, 0, 1500))
        one.worker._listen(Listen(ip_address("127.0.0.1"), udp=True), os.dup(there.fileno()))
        one.engine.send(Remove(Direction.INBOUND, OUT.spi, OUT.local))
        for _ in range(40):
            here.sendto(sealer.seal(packet, IPV4), there.getsockname())
        one.engine.socket.close()
        one.worker._hear()
        assert one.worker._receivers
        one.worker._let_go()
        assert not one.worker._receivers
        one.worker._leave(Leave(ip_address("127.0.0.1"), udp=True))
    assert sum(1 for _ in range(40) if one.device.recv(1 << 16).endswith(packet)) == 40


def test_an_sa_that_comes_in_place_of_one_that_leaves_stays(one: One) -> None:
    one.worker._put(Put(INTO, 0, 1500))
    one.worker._remove(Remove(Direction.INBOUND, OUT.spi, OUT.local))
    one.worker._put(Put(INTO, 0, 1500))
    one.worker._let_go()
    assert list(one.worker._receivers) == [OUT.spi]
