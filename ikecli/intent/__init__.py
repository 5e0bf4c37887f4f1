"""What the engine is told: gateways, peers, proposals, selectors, credentials, in no dialect's words."""

from ikecli.intent.identity import Identity, IdentityMatch, printable
from ikecli.intent.network import Address, Carrier, Interface, Network, Prefix, Route, Tunnel, Vrf
from ikecli.intent.peers import (
    Connection,
    Credential,
    Dpd,
    EspProposal,
    IkePolicy,
    IkeProposal,
    Initiation,
    Intent,
    Outer,
    Ppk,
    Profile,
    Syslog,
    Template,
    Tfc,
    Transport,
)
from ikecli.intent.remote import Asking, Authorization, Pool
from ikecli.intent.selectors import Flow, Selector
from ikecli.intent.translation import Nat, Overload, StaticPort

__all__ = [
    "Address",
    "Asking",
    "Authorization",
    "Carrier",
    "Connection",
    "Credential",
    "Dpd",
    "EspProposal",
    "Flow",
    "Identity",
    "IdentityMatch",
    "IkePolicy",
    "IkeProposal",
    "Initiation",
    "Intent",
    "Interface",
    "Nat",
    "Network",
    "Outer",
    "Overload",
    "Pool",
    "Ppk",
    "Prefix",
    "Profile",
    "Route",
    "Selector",
    "StaticPort",
    "Syslog",
    "Template",
    "Tfc",
    "Transport",
    "Tunnel",
    "Vrf",
    "printable",
]
