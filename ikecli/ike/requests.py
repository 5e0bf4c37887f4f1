"""What the operator and the configuration ask of the engine."""

from __future__ import annotations

from ikecli.boundary.notices import Acquire
from ikecli.ike.lookup import Lookup
from ikecli.intent import Address, Intent
from ikecli.value import value


class _Compiled:
    """The intent of a request, for looking up."""

    __slots__ = ("lookup",)
    lookup: Lookup


@value
class Apply(_Compiled):
    """Be told a new intent: SAs whose rows did not change stay, the others are deleted at their peers.

    It is compiled when this is made, on whatever thread that is. One that is not `anew` is no new configuration:
    connections whose rows did not change go on waiting as they do.
    """

    intent: Intent
    anew: bool = True

    def __post_init__(self) -> None:
        self.lookup = Lookup(self.intent)


@value
class Initiate:
    """Set up the connection with this label, for the flow that covers `packet` where one is given."""

    connection: str
    packet: Acquire | None = None


@value
class DeleteIke:
    """Delete IKE SAs and all they carry: those that fit every field given, all when none is."""

    remote: Address | None = None
    local: Address | None = None
    number: int | None = None


@value
class DeleteChild:
    """Delete Child SAs: those that fit every field given (`spi` is either direction's), all when none is."""

    remote: Address | None = None
    connection: str | None = None
    spi: int | None = None


@value
class Shutdown:
    """Delete everything at the peers and begin nothing more."""


Request = Apply | Initiate | DeleteIke | DeleteChild | Shutdown
