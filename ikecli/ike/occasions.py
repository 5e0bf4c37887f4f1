"""What each exchange consists of: the tables that a new task is entered into."""

from __future__ import annotations

from typing import Final

from ikecli.ike.limits import AUTH_RETRANSMISSION, RETRANSMISSION
from ikecli.ike.tasks.additional import AdditionalKeys
from ikecli.ike.tasks.auth_lifetime import AuthLifetime
from ikecli.ike.tasks.authenticate import Authenticate
from ikecli.ike.tasks.base import Task
from ikecli.ike.tasks.child import Child
from ikecli.ike.tasks.childless import Childless
from ikecli.ike.tasks.configure import Configure
from ikecli.ike.tasks.cookie import Cookie, PuzzleOfAuth, Solution
from ikecli.ike.tasks.delete import DeleteChild, DeleteIke, Refuse
from ikecli.ike.tasks.followup import FollowUp
from ikecli.ike.tasks.fragmentation import Fragmentation
from ikecli.ike.tasks.inform import Inform
from ikecli.ike.tasks.initial_contact import InitialContact
from ikecli.ike.tasks.intermediate import Intermediate
from ikecli.ike.tasks.key_exchange import KeyExchange
from ikecli.ike.tasks.liveness import Liveness
from ikecli.ike.tasks.misfit import Misfit
from ikecli.ike.tasks.natd import NatDetection
from ikecli.ike.tasks.ppk import MixPpk, UsePpk
from ikecli.ike.tasks.rekey_child import RekeyChild
from ikecli.ike.tasks.rekey_ike import RekeyIke
from ikecli.ike.tasks.vendor import Vendor
from ikecli.ike.tasks.virtual_access import VirtualAccess
from ikecli.ike.tasks.window_size import WindowSize
from ikecli.ike.window import Want
from ikecli.numbers import Exchange
from ikecli.value import value

Tasks = tuple[type[Task], ...]


@value
class Occasion:
    """An exchange of ours: its type, its tasks in order of payloads, and how long each sending waits."""

    exchange: Exchange
    tasks: Tasks
    schedule: tuple[float, ...] = RETRANSMISSION


OCCASIONS: Final[dict[Want, Occasion]] = {
    Want.CONNECT: Occasion(
        Exchange.IKE_SA_INIT,
        (Cookie, KeyExchange, NatDetection, Fragmentation, Childless, Intermediate, UsePpk, Vendor, PuzzleOfAuth),
    ),
    Want.INTERMEDIATE: Occasion(Exchange.IKE_INTERMEDIATE, (AdditionalKeys, MixPpk), AUTH_RETRANSMISSION),
    Want.AUTHENTICATE: Occasion(
        Exchange.IKE_AUTH,
        (Solution, Authenticate, InitialContact, WindowSize, AuthLifetime, Configure, Child),
        AUTH_RETRANSMISSION,
    ),
    Want.REFUSE: Occasion(Exchange.INFORMATIONAL, (Refuse,)),
    Want.CHILD: Occasion(Exchange.CREATE_CHILD_SA, (Child,)),
    Want.REKEY_CHILD: Occasion(Exchange.CREATE_CHILD_SA, (RekeyChild, Child)),
    Want.REKEY_IKE: Occasion(Exchange.CREATE_CHILD_SA, (RekeyIke, WindowSize)),
    Want.DELETE_IKE: Occasion(Exchange.INFORMATIONAL, (DeleteIke,)),
    Want.DELETE_CHILD: Occasion(Exchange.INFORMATIONAL, (DeleteChild,)),
    Want.INFORM: Occasion(Exchange.INFORMATIONAL, (Inform,)),
    Want.LIVENESS: Occasion(Exchange.INFORMATIONAL, (Liveness,)),
    Want.WINDOW: Occasion(Exchange.INFORMATIONAL, (WindowSize,)),
    Want.MISFIT: Occasion(Exchange.INFORMATIONAL, (Misfit,)),
}
"""What we begin."""

SERVED: Final[dict[Exchange, Tasks]] = {
    Exchange.IKE_SA_INIT: (
        KeyExchange,
        NatDetection,
        Fragmentation,
        Childless,
        Intermediate,
        UsePpk,
        Vendor,
        PuzzleOfAuth,
    ),
    Exchange.IKE_INTERMEDIATE: (AdditionalKeys, MixPpk),
    Exchange.IKE_AUTH: (Authenticate, InitialContact, WindowSize, AuthLifetime, Configure, VirtualAccess, Child),
    Exchange.CREATE_CHILD_SA: (RekeyIke, WindowSize, RekeyChild, Child),
    Exchange.IKE_FOLLOWUP_KE: (FollowUp,),
    Exchange.INFORMATIONAL: (DeleteIke, DeleteChild, Refuse, WindowSize, AuthLifetime, Misfit, Inform),
}
"""What reads a peer's request."""
