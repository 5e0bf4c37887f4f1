"""The virtual-access interface of a peer that is authenticated, where its profile has a virtual template."""

from __future__ import annotations

from ikecli.ike import access
from ikecli.ike.talk import Incoming, Outcome, Talk
from ikecli.ike.tasks.base import Task
from ikecli.intent import Carrier
from ikecli.wire.payloads import TsInitiator, TsResponder

_GRE = 47


class VirtualAccess(Task):
    """Makes it before the Child SA that is for it is chosen. It sends nothing."""

    __slots__ = ()

    def read_request(self, talk: Talk, message: Incoming) -> Outcome:
        """Make the interface; in GRE, where the template leaves that open and the peer asks for GRE alone."""
        core, sa = talk.core, talk.sa
        profile = core.lookup.profiles.get(sa.profile)
        template = core.lookup.template(profile.template) if profile else None
        if profile is not None and template is not None and not sa.access:
            access.attach(core, sa, template, _asked(message) if profile.template_auto else template.carrier)
        return None


def _asked(message: Incoming) -> Carrier:
    sides = message.one(TsInitiator), message.one(TsResponder)
    protocols = {one.protocol for side in sides if side is not None for one in side.selectors}
    return Carrier.GRE if protocols == {_GRE} else Carrier.IPSEC
