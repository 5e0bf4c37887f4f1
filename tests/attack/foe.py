"""A hostile peer that holds the right keys: it seals whatever it likes and sends it to the right end of a pair."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from ikecli.boundary.effects import Datagram, Endpoint
from ikecli.ike.choose import esp_offers
from ikecli.ike.sa import IkeSa
from ikecli.wire import Header, read_chain, read_message, write_chain, write_outer
from ikecli.wire.payloads import Payload, SecurityAssociation, TrafficSelector
from tests.ike.pair import GCM, LEFT, RIGHT, Pair

HERE, THERE = Endpoint(LEFT, 500), Endpoint(RIGHT, 500)


def offer(spi: bytes = b"\x00\x01\x02\x03") -> SecurityAssociation:
    """Return what the other end's connection takes."""
    return SecurityAssociation(tuple(one.proposal(at, spi) for at, one in enumerate(esp_offers((GCM,)), 1)))


def selector(first: int, last: int) -> TrafficSelector:
    """Return a selector of every port and protocol."""
    return TrafficSelector(7, 0, 0, 65535, first, last)


class Foe:
    """The left end's first IKE SA in hostile hands."""

    def __init__(self, pair: Pair, dice: random.Random | None = None) -> None:
        self.pair = pair
        self.dice = dice or random.Random(1)
        self.sa: IkeSa = next(iter(pair.left.engine._core.sas.values()))

    @property
    def expected(self) -> int:
        """The message id that the other end reads next."""
        theirs = self.pair.right.engine._core.by_spi.get(self.sa.spi_r)
        return theirs.window.expected if theirs else 0

    def sealed(self, exchange: int, payloads: Sequence[Payload], message_id: int, response: bool = False) -> bytes:
        """Return a message under the right keys."""
        sa = self.sa
        assert sa.suite is not None
        assert sa.keys is not None
        first, chain = write_chain(payloads)
        header = Header(sa.spi_i, sa.spi_r, exchange, message_id, sa.initiator, response)
        outer = write_outer(header, first, sa.suite.sealed_size(len(chain)))
        return sa.suite.seal(sa.keys, sa.initiator, outer, chain, self.dice.randbytes(sa.suite.encryption.iv))

    def send(self, octets: bytes, source: Endpoint = HERE) -> None:
        """Have the other end receive octets."""
        self.pair.right.receive(Datagram(octets, THERE, source))

    def ask(self, exchange: int, payloads: Iterable[Payload]) -> tuple[Payload, ...]:
        """Send a request and return what its answer carries."""
        self.send(self.sealed(exchange, tuple(payloads), self.expected))
        octets = self.pair.right.sent[-1].octets
        message = read_message(octets)
        assert message.sealed is not None
        assert self.sa.suite is not None
        assert self.sa.keys is not None
        return read_chain(
            message.sealed.first, self.sa.suite.open(self.sa.keys, not self.sa.initiator, octets, message.sealed.at)
        )
