"""What stands in the clear outside of IKE_SA_INIT: answers to what has no SA, and hints that anybody may have forged.

Our answers are few (RFC 7296 1.5, 2.21.4). A hint ends nothing: it makes us ask the peer, under the keys (2.4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ikecli.boundary.effects import Datagram, Endpoint, Send
from ikecli.boundary.events import HintReceived
from ikecli.errors import ProtocolError
from ikecli.ike.limits import FIRST_ESP_SPI, HINT_SECONDS, PREFIX_OCTETS
from ikecli.ike.sa import IkeSa, State
from ikecli.ike.window import Want
from ikecli.numbers import IKE_PORT, NAT_PORT, Exchange, NotifyType, label
from ikecli.wire import Header, Message, write_message
from ikecli.wire.payloads import Notify

if TYPE_CHECKING:
    from ikecli.ike.core import Core

_NO_SPI: Final = bytes(8)
_ANSWERED: Final = frozenset({Exchange.IKE_AUTH, Exchange.CREATE_CHILD_SA, Exchange.INFORMATIONAL})
_ESP_SPI: Final = 4


class Ration:
    """How much is said in the clear in this second: `most` in all, `each` to an IPv4 address or IPv6 /64."""

    __slots__ = ("_each", "_given", "_most", "_second", "_to")

    def __init__(self, most: int, each: int) -> None:
        self._most, self._each = most, each
        self._second, self._given = -1, 0
        self._to: dict[bytes, int] = {}

    def take(self, remote: Endpoint, now: float) -> bool:
        """Tell whether one more may be said to `remote`, and count it."""
        if int(now) != self._second:
            self._second, self._given = int(now), 0
            self._to.clear()
        prefix = remote.host[: PREFIX_OCTETS[len(remote.host)]]
        before = self._to.get(prefix, 0)
        if self._given >= self._most or before >= self._each:
            return False
        self._given, self._to[prefix] = self._given + 1, before + 1
        return True


def answer(core: Core, datagram: Datagram, header: Header, *notifies: Notify) -> None:
    """Answer a request in the clear, under its SPIs and message id."""
    spis = header.initiator_spi, header.responder_spi
    back = Header(*spis, header.exchange, header.message_id, not header.initiator, True)
    core.counts.message(header.exchange, True, False, notifies)
    octets = write_message(Message(back, notifies))
    core.do(Send(Datagram(octets, datagram.local, datagram.remote, vrf=datagram.vrf)))


def refuse_first(core: Core, datagram: Datagram, header: Header, problem: ProtocolError) -> None:
    """Refuse an IKE_SA_INIT request, which anybody can send: answered now and then, and never for its syntax."""
    notify = problem.notify
    if notify is None or notify is NotifyType.INVALID_SYNTAX:
        core.drop(datagram, problem.why)
    elif core.refusals_of_first.take(datagram.remote, core.now):
        answer(core, datagram, header, Notify(notify, problem.data))
    else:
        core.drop(datagram, f"{problem.why}; told often enough in this second")


def unknown_sa(core: Core, datagram: Datagram, message: Message) -> None:
    """Take a request whose SPIs no IKE SA has: tell its sender so, or hear its hint about ESP of ours."""
    header = message.header
    ours = header.initiator_spi in core.by_spi or header.responder_spi in core.by_spi
    if header.response or ours or not core.lookup.ike_offers(datagram.local.address).offers:
        return
    if message.sealed is None and header.exchange == Exchange.INFORMATIONAL:
        for one in message.payloads:
            if isinstance(one, Notify) and one.type == NotifyType.INVALID_SPI:
                _esp_unknown_there(core, datagram, one)
        return
    meant = message.sealed is not None and header.exchange in _ANSWERED and header.responder_spi != _NO_SPI
    if meant and core.rations.take(datagram.remote, core.now):
        answer(core, datagram, header, Notify(NotifyType.INVALID_IKE_SPI))


def tell_unknown_esp(core: Core, spi: int, remote: Endpoint) -> None:
    """Tell a peer with whom there is no IKE SA that we do not know the SPI of its ESP: no request, never answered."""
    row = next((row for row in core.lookup.connections.values() if remote.address in row.peers), None)
    if row is None or not core.rations.take(remote, core.now):
        return
    notify = Notify(NotifyType.INVALID_SPI, spi.to_bytes(_ESP_SPI, "big"))
    octets = write_message(Message(Header(_NO_SPI, _NO_SPI, Exchange.INFORMATIONAL, 0, True), (notify,)))
    core.counts.message(Exchange.INFORMATIONAL, False, False, (notify,))
    here, there = (NAT_PORT, remote.port) if remote.port else (IKE_PORT, IKE_PORT)
    core.do(Send(Datagram(octets, Endpoint(row.local, here), Endpoint(remote.address, there), vrf=row.vrf)))


def hear(core: Core, sa: IkeSa, what: str) -> None:
    """Ask the peer of an SA whether it is there, since somebody says that it has forgotten something."""
    if sa.state is not State.ESTABLISHED or sa.deaf > core.now:
        return
    sa.deaf = core.now + HINT_SECONDS
    core.tell(HintReceived, lambda: HintReceived(sa.number, sa.session, str(sa.remote), what))
    sa.confirmed = False
    core.want(sa, Want.LIVENESS)


def error_in_clear(core: Core, sa: IkeSa, message: Message) -> bool:
    """Take a response in the clear that reports an error to an SA with keys; tell whether it was one."""
    header = message.header
    if message.sealed is not None or header.exchange not in _ANSWERED:
        return False
    if (header.initiator_spi, header.responder_spi) != (sa.spi_i, sa.spi_r):
        return False
    for one in message.payloads:
        if isinstance(one, Notify) and one.is_error:
            hear(core, sa, label(NotifyType, one.type))
            return True
    return False


def _esp_unknown_there(core: Core, datagram: Datagram, notify: Notify) -> None:
    spi = int.from_bytes(notify.data, "big")
    if len(notify.data) != _ESP_SPI or spi < FIRST_ESP_SPI:
        return
    for sa in core.by_peer.get(datagram.remote.host, ()):
        if sa.by_outbound(spi) is not None:
            hear(core, sa, label(NotifyType, notify.type))
            return
