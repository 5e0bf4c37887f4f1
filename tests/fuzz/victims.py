"""Whom the fuzzer attacks, each with the peer that knows its key: every way to protect, to challenge, to grant."""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network, ip_address
from typing import Final

from ikecli.boundary.effects import Datagram, Endpoint
from ikecli.intent import (
    Asking,
    Authorization,
    Carrier,
    Flow,
    IdentityMatch,
    Initiation,
    Intent,
    Pool,
    Ppk,
    ReverseRoute,
    Template,
    Transport,
)
from ikecli.intent.selectors import any_selector, host_selector
from ikecli.numbers import TransformType
from ikecli.secret import Secret
from tests.ike.pair import CBC, GCM, LEFT, RIGHT, Dpd, connection, ike_proposal, intent, profile, row
from tests.ike.test_additional import further
from tests.ike.test_followup import pfs

OUTSIDE: Final = IPv4Address("203.0.113.1")
_X25519: Final = row(TransformType.KE, "31")
_MODP: Final = row(TransformType.KE, "14")
_EVERYTHING: Final = tuple(Flow(any_selector(version), any_selector(version)) for version in (4, 6))
_MANY: Final = (ike_proposal("aes-cbc-128 aes-cbc-256", "sha256", groups="19 31"), ike_proposal(groups="31 19"))
_POOLS: Final = (
    Pool("FOUR", ((ip_address("10.9.0.1"), ip_address("10.9.0.9")),)),
    Pool("SIX", ((ip_address("2001:db8:9::1"), ip_address("2001:db8:9::9")),)),
)
_GIVES: Final = Authorization(
    "AUTHOR",
    ("FOUR", "SIX"),
    dns=(ip_address("192.168.2.53"),),
    networks=(IPv4Network("192.168.2.0/24"),),
    banner="Be good",
    tells_own=True,
)


class Nat:
    """A NAT before the foe that now and then forgets its ports."""

    def __init__(self) -> None:
        self.shift = 10_000

    def __call__(self, datagram: Datagram) -> Datagram:
        """Return a datagram as it looks behind the NAT."""
        return Datagram(datagram.octets, self._enter(datagram.local), self._leave(datagram.remote))

    def _leave(self, end: Endpoint) -> Endpoint:
        return Endpoint(OUTSIDE, end.port + self.shift) if end.address == LEFT else end

    def _enter(self, end: Endpoint) -> Endpoint:
        return Endpoint(LEFT, max(0, end.port - self.shift)) if end.address == OUTSIDE else end


@dataclass(frozen=True)
class Victim:
    """An intent to attack and that of its peer; with `nat` there is one before the peer."""

    name: str
    victim: Intent
    foe: Intent
    nat: bool = False


def _ends(**more: object) -> tuple[Intent, Intent]:
    return intent(RIGHT, LEFT, **more), intent(LEFT, RIGHT, **more)  # type: ignore[arg-type]


def _slow() -> tuple[Intent, Intent]:
    """Return ends that ask for the results of their key exchanges, and protect what is between themselves."""

    def end(here: IPv4Address, there: IPv4Address) -> Intent:
        flow = Flow(host_selector(here), host_selector(there))
        row_ = connection(here, there, flows=(flow,), transport=Transport.WANTED, pfs=_MODP)
        return intent(here, there, proposals=(ike_proposal(groups="14 31"),), connections=(row_,), later_fragments=True)

    return end(RIGHT, LEFT), end(LEFT, RIGHT)


def _quantum(required: bool) -> tuple[Intent, Intent]:
    """Return ends with additional key exchanges everywhere, and a PPK; a foe that lacks it where it is not required."""
    ppk = Ppk(b"one", Secret("a very long preshared key from a generator"), required, (IPv4Network("10.0.0.0/8"),))

    def end(here: IPv4Address, there: IPv4Address) -> Intent:
        return intent(
            here,
            there,
            proposals=(further("mlkem768 none", "19 none"), ike_proposal()),
            profiles=(profile(there, ppks=(ppk,), dpd=Dpd(10, 2, True)),),
            connections=(connection(here, there, **pfs("mlkem768", "19")),),
            fragment_mtu=(576, 1280),
            window=2,
        )

    return end(RIGHT, LEFT), end(LEFT, RIGHT)


def _client(here: IPv4Address, there: IPv4Address) -> Intent:
    key = replace(profile(there).credentials[0], addresses=())
    asking = connection(here, there, flows=_EVERYTHING, asks=Asking((4, 6)))
    return intent(here, there, profiles=(profile(there, credentials=(key,)),), connections=(asking,))


def _hub(here: IPv4Address, there: IPv4Address, **more: object) -> Intent:
    key = replace(profile(there).credentials[0], addresses=())
    granting = profile(there, remotes=(IdentityMatch(),), credentials=(key,), authorization=_GIVES, **more)
    anyone = connection(here, there, peers=(), flows=(), reverse_route=ReverseRoute(), initiation=Initiation.NEVER)
    flex = Template("Virtual-Template1", Carrier.IPSEC, (GCM,), versions=(4, 6))
    return intent(here, there, profiles=(granting,), connections=(anyone,), pools=_POOLS, templates=(flex,))


def _behind_nat() -> tuple[Intent, Intent]:
    foe, keys = intent(LEFT, RIGHT), replace(profile(LEFT).credentials[0], addresses=())
    row = connection(RIGHT, LEFT, peers=(OUTSIDE,))
    return intent(RIGHT, LEFT, profiles=(profile(LEFT, credentials=(keys,)),), connections=(row,)), foe


def victims() -> list[Victim]:
    """Return all of them."""
    flex = {"template": "Virtual-Template1", "template_auto": True}
    return [
        Victim("plain", *_ends(window=5)),
        Victim(
            "challenging",
            intent(
                RIGHT,
                LEFT,
                proposals=_MANY,
                fragment_mtu=(576, 1280),
                cookie_threshold=0,
                puzzle_threshold=1,
                max_half_open=20,
            ),
            intent(LEFT, RIGHT, proposals=_MANY, fragment_mtu=(576, 1280)),
        ),
        Victim(
            "with PFS",
            intent(
                RIGHT,
                LEFT,
                profiles=(profile(LEFT, dpd=Dpd(10, 2, True)),),
                connections=(connection(RIGHT, LEFT, pfs=_X25519, proposals=(CBC, GCM)),),
                fragment_mtu=(1400, 1400),
            ),
            intent(
                LEFT,
                RIGHT,
                connections=(connection(LEFT, RIGHT, pfs=_X25519, proposals=(GCM, CBC)),),
                fragment_mtu=(576, 1280),
            ),
        ),
        Victim("with slow groups, in transport mode", *_slow()),
        Victim("post-quantum", *_quantum(False)),
        Victim("with a PPK", *_quantum(True)),
        Victim("across a NAT", *_behind_nat(), nat=True),
        Victim("lending addresses", _hub(RIGHT, LEFT), _client(LEFT, RIGHT), nat=True),
        Victim("asking for addresses", _client(RIGHT, LEFT), _hub(LEFT, RIGHT)),
        Victim("with virtual access", _hub(RIGHT, LEFT, **flex), _client(LEFT, RIGHT), nat=True),
    ]


__all__ = ["OUTSIDE", "Nat", "Victim", "victims"]
