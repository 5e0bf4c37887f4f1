"""Which IKE SAs a command is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ikecli.boundary.views import IkeSaView
from ikecli.control.messages import Option

KINDS: Final = {"l2l": False, "ra-ikev2-ipsec": True}
"""The kinds of sessions: whether the peer has an authorization, as travellers have."""


def chosen(sa: IkeSaView, options: Mapping[str, Option]) -> bool:
    """Tell whether an IKE SA is one of those that a command's options name; without options it is."""
    facts = {"local": sa.local, "remote": sa.remote, "index": sa.id, "group": sa.profile, "user": sa.remote_identity}
    wants = KINDS.get(str(options.get("sessions")))
    return wants in (None, bool(sa.authorization)) and all(
        options.get(name) in (None, "", 0, fact) for name, fact in facts.items()
    )
