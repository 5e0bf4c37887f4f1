"""Settings told and asked for in an SA that stands: Configuration payloads in INFORMATIONAL (RFC 7296 2.19, 3.15)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from ikecli.ike import settings
from ikecli.ike.inner import authorization, own_networks, settle
from ikecli.ike.lease import Lease
from ikecli.ike.limits import MAX_SETTINGS
from ikecli.ike.talk import Incoming, Outcome, Talk
from ikecli.ike.tasks.base import Task
from ikecli.ike.tasks.configure import tell
from ikecli.intent import Authorization, Prefix
from ikecli.numbers import AttributeType, ConfigurationType
from ikecli.wire.payloads import Configuration, ConfigurationAttribute, Payload

_SET, _ACK = ConfigurationType.CFG_SET, ConfigurationType.CFG_ACK
_TAKEN = (AttributeType.INTERNAL_IP4_SUBNET, AttributeType.INTERNAL_IP6_SUBNET, AttributeType.APPLICATION_VERSION)
"""What a set may tell of that is believed."""


class Inform(Task):
    """Tells the peer which networks lie behind us, takes what it tells of its own, and answers what it asks for."""

    __slots__ = ("_answers",)

    def __init__(self) -> None:
        self._answers: tuple[Configuration, ...] = ()

    def write_request(self, talk: Talk) -> Iterable[Payload]:
        """Return CP(CFG_SET)."""
        gives = authorization(talk.core, talk.sa)
        if gives is None:
            return ()
        payload = Configuration(_SET, settings.told(own_networks(talk.core, talk.sa, gives)))
        tell(talk, payload, sent=True)
        return (payload,)

    def read_response(self, talk: Talk, message: Incoming) -> Outcome:
        """Note what the peer believes."""
        if (answer := message.one(Configuration)) is not None:
            tell(talk, answer, sent=False)
        return None

    def read_request(self, talk: Talk, message: Incoming) -> Outcome:
        """Take what the peer tells of, where its profile says so, and find what it asks for."""
        self._answers = tuple(self._answered(talk, message))
        return None

    def write_response(self, talk: Talk) -> Iterable[Payload]:
        """Return what acknowledges and what replies."""
        return self._answers

    def _answered(self, talk: Talk, message: Incoming) -> Iterator[Configuration]:
        gives = authorization(talk.core, talk.sa)
        found = (one for one in message.payloads if isinstance(one, Configuration))
        for payload in islice(found, MAX_SETTINGS):
            tell(talk, payload, sent=False)
            if payload.type == ConfigurationType.CFG_REQUEST:
                reply = settings.replied(payload, gives or Authorization(""), ())
                yield _told(talk, Configuration(ConfigurationType.CFG_REPLY, reply))
            elif payload.type == _SET:
                taken = gives is not None and gives.accepts
                if gives is not None and taken:
                    _take(talk, gives.believed(settings.read(payload.attributes).networks))
                kinds = dict.fromkeys(one.type for one in payload.attributes if taken and one.type in _TAKEN)
                yield _told(talk, Configuration(_ACK, tuple(map(ConfigurationAttribute, kinds))))


def _take(talk: Talk, networks: tuple[Prefix, ...]) -> None:
    sa, core = talk.sa, talk.core
    if sa.lease is None:
        core.leases += 1
        sa.lease = Lease(core.leases)
    sa.lease.networks = networks
    settle(core, sa)


def _told(talk: Talk, payload: Configuration) -> Configuration:
    tell(talk, payload, sent=True)
    return payload
