"""An inner address and settings for the initiator, from the responder's pools (RFC 7296 2.19, 3.15)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from ipaddress import IPv4Address

from ikecli.boundary.effects import GiveBack, Inner, Lent
from ikecli.boundary.events import AddressRefused, SettingsTold
from ikecli.ike import inner, settings, telling
from ikecli.ike.connect import note_backups
from ikecli.ike.inner import authorization, believed, named, own_networks, unnamed
from ikecli.ike.lease import Lease
from ikecli.ike.limits import MAX_LOANS, MAX_NETWORKS
from ikecli.ike.pools import Loan
from ikecli.ike.talk import Incoming, Outcome, Talk, Wait
from ikecli.ike.tasks.base import Task
from ikecli.ike.window import Want
from ikecli.intent import Address, Asking, Authorization
from ikecli.intent.remote import Dhcp
from ikecli.numbers import AttributeType, ConfigurationType, NotifyType, label
from ikecli.wire.payloads import Configuration, Notify, Payload

_NO_ADDRESS = NotifyType.INTERNAL_ADDRESS_FAILURE
_NOT_ASKED = NotifyType.FAILED_CP_REQUIRED
_ERRORS = (_NO_ADDRESS, _NOT_ASKED)
Wants = Mapping[int, Address | None]
"""The IP versions of which an address is wanted, each with the one that would be welcome."""


class Configure(Task):
    """Asks for settings as initiator; as responder lends an address and tells settings, or bars the Child SA."""

    __slots__ = ("_answer", "_asks", "_wanted")
    notifies = frozenset(_ERRORS)

    def __init__(self) -> None:
        self._asks: Asking | None = None
        self._answer: tuple[Payload, ...] = ()
        self._wanted: tuple[Configuration, Authorization, Wants] | None = None

    def write_request(self, talk: Talk) -> Iterable[Payload]:
        """Return CP(CFG_REQUEST) where the connection asks for anything."""
        connection = talk.core.lookup.connections.get(talk.aim.connection)
        self._asks = connection.asks if connection else None
        if connection is None or self._asks is None:
            return ()
        attributes = settings.asked(self._asks, talk.core.wishes.get(connection.label, ()))
        request = Configuration(ConfigurationType.CFG_REQUEST, attributes)
        tell(talk, request, sent=True)
        return (request,)

    def read_response(self, talk: Talk, message: Incoming) -> Outcome:
        """Take what was asked for; without the address the SA is of no use."""
        reply, asks = message.one(Configuration), self._asks
        refusal = next((one for one in message.notifies if one.type in _ERRORS), None)
        if refusal is not None:
            self._useless(talk, f"the peer answers {label(NotifyType, refusal.type)}")
            return None
        if asks is None:
            return None
        if reply is not None:
            tell(talk, reply, sent=False)
        told = settings.read(reply.attributes if reply and reply.type == ConfigurationType.CFG_REPLY else ())
        addresses = tuple(_first_of(told.addresses, version) for version in asks.addresses)
        if asks.addresses and not any(addresses):
            self._useless(talk, "the peer lends no address that was asked for")
            return None
        self._take(talk, told, tuple(one for one in addresses if one is not None))
        return None

    def spurned(self, talk: Talk, error: Notify) -> None:
        """Tell that there is no address, and no IKE SA either."""
        self._useless(talk, f"the peer answers {label(NotifyType, error.type)}")

    def read_request(self, talk: Talk, message: Incoming) -> Outcome:
        """Lend what is asked for, or say why not."""
        request = message.one(Configuration)
        if request is not None and request.type != ConfigurationType.CFG_REQUEST:
            request = None
        if request is not None:
            tell(talk, request, sent=False)
        gives = authorization(talk.core, talk.sa)
        wants = settings.wanted(request) if request is not None else {}
        if gives is None:
            if wants or named(talk.core, talk.sa):
                self._bar(talk, None, unnamed(talk.core, talk.sa), _NO_ADDRESS)
            return None
        if gives.required and not wants:
            self._bar(talk, gives, "the peer asks for no inner address", _NOT_ASKED)
        elif request is not None and gives.dhcp is not None and 4 in wants:
            self._wanted = request, gives, wants
            return Wait(_question(talk, gives.dhcp, wants[4]))
        elif request is not None:
            self._lend(talk, request, gives, wants)
        return None

    def resume(self, talk: Talk, reply: object) -> Outcome:
        """Lend what a DHCP server lends, and of pools where it lends nothing."""
        if self._wanted is not None:
            self._lend(talk, *self._wanted, reply)
        return None

    def write_response(self, talk: Talk) -> Iterable[Payload]:
        """Return CP(CFG_REPLY), or the error."""
        return self._answer

    # As initiator

    def _take(self, talk: Talk, told: settings.Settings, addresses: tuple[Address, ...]) -> None:
        sa, core = talk.sa, talk.core
        gives, networks = authorization(core, sa), believed(core, sa, told.networks)
        core.leases += 1
        sa.lease = Lease(core.leases, talk.aim.connection, taken=told.only(addresses), networks=networks)
        if addresses:
            core.wishes[talk.aim.connection] = addresses
        note_backups(core, sa, talk.aim.connection)
        if gives is not None and (gives.tells_own or gives.networks):
            core.want(sa, Want.INFORM)

    def _useless(self, talk: Talk, why: str) -> None:
        """Have no Child SA, and the IKE SA deleted."""
        talk.barred = talk.closing = why
        sa, identity = talk.sa, str(talk.sa.remote_identity)
        talk.core.tell(
            AddressRefused,
            lambda: AddressRefused(
                sa.number,
                sa.session,
                sa.profile,
                identity,
                why,
                by_peer=True,
                local=str(sa.local),
                remote=str(sa.remote),
            ),
        )

    # As responder

    def _lend(
        self, talk: Talk, request: Configuration, gives: Authorization, wants: Wants, reply: object = None
    ) -> None:
        sa, core = talk.sa, talk.core
        owner = inner.owner(sa)
        lent, reply = _accepted(talk, reply) if isinstance(reply, Lent) else (None, reply)
        left = {version: wish for version, wish in wants.items() if version != 4 or lent is None}
        found = (core.pools.lend(gives.pools, version, owner, wish) for version, wish in left.items())
        loans = tuple(loan for loan in found if loan is not None)
        if lent is not None:
            loans = (Loan("", lent.address, dhcp=True), *loans)
        if wants and not loans:
            why = str(reply) if reply and not gives.pools else _why_none(gives, core.pools.free(gives.pools), wants)
            if core.pools.greedy(gives.pools, owner):
                why = f"this identity has {MAX_LOANS} addresses, which is the limit"
            self._bar(talk, gives, why, _NO_ADDRESS)
            return
        core.leases += 1
        profile = core.lookup.profiles.get(sa.profile)
        only = gives.networks if loans and profile is not None and not profile.template else ()
        sa.lease = lease = Lease(core.leases, "", gives.name, loans, own=only)
        for loan in loans:
            source = f"DHCP server {lent.server}" if lent and loan.dhcp else f"local pool {loan.pool}"
            telling.progress(talk, f"Allocated address {loan.address} from {source}")
        told = replace(
            gives, networks=own_networks(core, sa, gives), netmask=gives.netmask or (lent.mask if lent else None)
        )
        attributes = settings.replied(request, told, lease.lent, cisco=sa.routed)
        reply = Configuration(ConfigurationType.CFG_REPLY, attributes)
        tell(talk, reply, sent=True)
        self._answer = (reply,)

    def _bar(self, talk: Talk, gives: Authorization | None, why: str, notify: NotifyType) -> None:
        """Have no Child SA made: its absence is what the error says."""
        talk.barred, self._answer = why, (Notify(notify),)
        sa, core = talk.sa, talk.core
        pools = tuple(f"{pool}: {free} free" for pool, free in core.pools.free(gives.pools if gives else ()))
        name, ends = gives.name if gives else "", (str(sa.local), str(sa.remote))
        identity = str(sa.remote_identity)
        core.tell(
            AddressRefused,
            lambda: AddressRefused(sa.number, sa.session, sa.profile, identity, why, name, pools, False, *ends),
        )


def tell(talk: Talk, payload: Configuration, sent: bool) -> None:
    """Tell what a Configuration payload says."""
    sa = talk.sa

    def event() -> SettingsTold:
        rows = tuple(
            f"{label(AttributeType, one.type)} {len(one.value)} {settings.shown(one)}".rstrip()
            for one in payload.attributes[:MAX_NETWORKS]
        )
        return SettingsTold(sa.number, sa.session, sent, label(ConfigurationType, payload.type), rows)

    talk.core.tell(SettingsTold, event)


def _accepted(talk: Talk, lent: Lent) -> tuple[Lent | None, object]:
    """Return what a DHCP server lends, or where it must not be lent none, and why."""
    core, loan = talk.core, Loan("", lent.address, dhcp=True)
    why = inner.occupied(core, talk.sa, lent.address)
    if not why and core.pools.claim(loan, inner.owner(talk.sa)):
        return lent, None
    core.do(GiveBack(lent.address))
    return None, f"DHCP server {lent.server} lends {lent.address}, which is {why or 'lent of a pool'}"


def _question(talk: Talk, dhcp: Dhcp, wish: Address | None) -> Inner:
    """Return what to ask DHCP servers for the peer."""
    owner = inner.owner(talk.sa)
    known = wish if isinstance(wish, IPv4Address) else None
    asked = bytes((owner.type,)) + owner.data
    return Inner(dhcp.servers, dhcp.relay, dhcp.timeout, asked, known, dhcp.link, not dhcp.subnet)


def _first_of(addresses: Iterable[Address], version: int) -> Address | None:
    return next((one for one in addresses if one.version == version), None)


def _why_none(gives: Authorization, free: tuple[tuple[str, int], ...], wants: Mapping[int, Address | None]) -> str:
    """Say why no pool lends what is wanted."""
    if not gives.pools:
        return "no pool of addresses is configured"
    versions = " or ".join(f"IPv{version}" for version in wants)
    return f"no {versions} address is free" if free else "none of the pools is there"
