"""IKE SAs as `show` sees them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import attrgetter
from typing import NamedTuple

from ikecli.boundary.lending import SettingsView
from ikecli.boundary.views import ChildView, FlowView, IkeSaView, SaStatus, StatsView
from ikecli.ike.core import Core
from ikecli.ike.lease import Lease
from ikecli.ike.sa import ChildSa, IkeSa, State
from ikecli.ike.selectors import Pair
from ikecli.ike.settings import Settings
from ikecli.intent import Address, printable
from ikecli.intent.peers import DEFAULT_IKE_LIFETIME
from ikecli.numbers import AuthMethod

_STATUS = {State.ESTABLISHED: SaStatus.READY, State.REPLACED: SaStatus.DELETING, State.DELETING: SaStatus.DELETING}
_UNTOLD = SettingsView()


def views(core: Core, numbers: Iterable[int]) -> list[IkeSaView]:
    """Return those of the IKE SAs with these numbers that are not gone."""
    rows = (core.sas.get(number) for number in numbers)
    return [_view(core, sa) for sa in rows if sa is not None and sa.state is not State.CLOSED]


class Carrier(NamedTuple):
    """An IKE SA by its number, its peer, and its Child SAs: each by its inbound SPI and its connection's label."""

    number: int
    remote: Address
    children: tuple[tuple[int, str], ...]


def carriers(core: Core) -> Iterator[Carrier]:
    """Yield the IKE SAs by session: far less of each than a view."""
    closed = State.CLOSED
    for sa in sorted(core.sas.values(), key=attrgetter("session", "number")):
        if sa.state is not closed:
            children = tuple([(spi, child.connection) for spi, child in sa.children.items()])
            yield Carrier(sa.number, sa.remote.address, children)


def children(core: Core, keys: Iterable[tuple[int, int]]) -> list[ChildView]:
    """Return those of the Child SAs with these IKE SA's numbers and inbound SPIs that are not gone."""
    rows = ((core.sas.get(number), spi) for number, spi in keys)
    return [_child(core, sa, sa.children[spi]) for sa, spi in rows if sa is not None and spi in sa.children]


def stats(core: Core) -> StatsView:
    """Return what was counted, and how many SAs there are."""
    rows = [sa for sa in core.sas.values() if sa.state is not State.CLOSED]
    counts, limits = core.counts, core.lookup.intent

    def number(initiator: bool, negotiating: bool) -> int:
        return sum((sa.initiator, sa.negotiating) == (initiator, negotiating) for sa in rows)

    return StatsView(
        incoming_active=number(False, False),
        incoming_negotiating=number(False, True),
        outgoing_active=number(True, False),
        outgoing_negotiating=number(True, True),
        incoming_accepted=counts.accepted[False],
        incoming_rejected=counts.rejected[False],
        outgoing_accepted=counts.accepted[True],
        outgoing_rejected=counts.rejected[True],
        dropped=counts.dropped,
        cookies_accepted=counts.cookies.accepted,
        cookies_rejected=counts.cookies.rejected,
        cookies_missing=counts.cookies.missing,
        puzzles_asked=counts.cookies.puzzles,
        puzzles_solved=counts.cookies.solved,
        puzzles_unsolved=counts.cookies.unsolved,
        max_sas=limits.max_sas,
        max_half_open=limits.max_half_open,
        full_sas=counts.full[False],
        full_negotiating=counts.full[True],
        max_beginning=limits.admission.beginning,
        max_negotiating=limits.admission.negotiating or limits.max_half_open,
        children=len(core.children),
        children_negotiating=len(core.begun.sas) + core.begun.exchanges,
        children_accepted=(counts.children[False], counts.children[True]),
        children_rejected=(counts.spurned[False], counts.spurned[True]),
        children_stronger=(counts.stronger[False], counts.stronger[True]),
        max_children=limits.admission.children,
        exchanges=counts.exchanges,
        notifies=counts.notifies,
    )


def _view(core: Core, sa: IkeSa) -> IkeSaView:
    suite, profile, window = sa.suite, core.lookup.profiles.get(sa.profile), sa.window
    dpd = profile.dpd if profile else None
    lease = sa.lease or Lease(0, "")
    method = AuthMethod.SHARED_KEY if sa.established_order else 0
    return IkeSaView(
        id=sa.number,
        session=sa.session,
        local=str(sa.local.address),
        local_port=sa.local.port,
        remote=str(sa.remote.address),
        remote_port=sa.remote.port,
        vrf=f"{sa.vrf or 'none'}/{_inner_vrf(core, sa) or 'none'}",
        status=_STATUS.get(sa.state, SaStatus.NEGOTIATING),
        initiator=sa.initiator,
        local_spi=sa.own_spi.hex().upper(),
        remote_spi=(sa.spi_r if sa.initiator else sa.spi_i).hex().upper(),
        encryption=(suite.encryption.number, suite.encryption.key_bits) if suite else (0, 0),
        integrity=suite.integrity.number if suite and suite.integrity else None,
        prf=suite.prf.number if suite else 0,
        group=suite.group.number if suite else 0,
        auth_local=method,
        auth_remote=method,
        lifetime=profile.lifetime if profile else DEFAULT_IKE_LIFETIME,
        age=int(core.now - (sa.established if sa.established_order else sa.created)),
        profile=sa.profile,
        local_identity=str(sa.local_identity or ""),
        remote_identity=str(sa.remote_identity or ""),
        request_id=window.next_id,
        peer_request_id=window.expected,
        window=window.own,
        peer_window=window.size,
        dpd_interval=dpd.interval if dpd else 0,
        dpd_retry=dpd.retry if dpd else 0,
        fragmentation=sa.fragmentation,
        nat_local=sa.nat_local,
        nat_remote=sa.nat_remote,
        children=tuple(_child(core, sa, child) for child in sa.children.values()),
        authorization=lease.authorization,
        assigned=tuple(map(str, lease.lent)),
        pushed=tuple(map(str, lease.taken.addresses)),
        remote_subnets=tuple(map(str, lease.networks)),
        told=_told(lease.taken) if lease.connection else _UNTOLD,
        additional=tuple(row.number for row in suite.additional) if suite else (),
        ppk=printable(sa.ppk),
        requests_open=window.next_id - window.unanswered,
        requests_queued=window.waiting,
        peer_requests_open=window.after_peer - window.expected,
    )


def _told(taken: Settings) -> SettingsView:
    return SettingsView(
        tuple(map(str, taken.dns)),
        tuple(map(str, taken.nbns)),
        taken.domain,
        taken.split_dns,
        taken.banner,
        tuple(map(str, taken.excluded)),
        taken.backups,
        taken.pfs,
    )


def _inner_vrf(core: Core, sa: IkeSa) -> str:
    rows = (core.lookup.connections.get(child.connection) for child in sa.children.values())
    return next((row.inner_vrf for row in rows if row is not None), "")


def _child(core: Core, sa: IkeSa, child: ChildSa) -> ChildView:
    connection = core.lookup.connections.get(child.connection)
    return ChildView(
        connection=child.connection,
        interface=connection.interface if connection else "",
        inbound_spi=child.inbound,
        outbound_spi=child.outbound,
        encryption=(child.encryption.number, child.encryption.key_bits),
        integrity=child.integrity.number if child.integrity else None,
        group=child.group,
        esn=child.esn,
        transport=child.transport,
        encapsulated=child.encapsulated,
        flows=tuple(_flow(pair) for pair in child.pairs),
        local=str(sa.local.address),
        remote=str(sa.remote.address),
        created=child.created,
        lifetime=child.lifetime,
        kilobytes=child.kilobytes,
        age=int(core.now - child.created),
        replay_window=child.replay_window,
        additional=tuple(row.number for row in child.additional),
        local_port=sa.local.port,
        remote_port=sa.remote.port,
        tfc=child.tfc is not None,
    )


def _flow(pair: Pair) -> FlowView:
    local, remote = pair
    return FlowView(
        protocol=local.protocol or remote.protocol,
        local_first=str(local.first),
        local_last=str(local.last),
        local_ports=(local.first_port, local.last_port),
        remote_first=str(remote.first),
        remote_last=str(remote.last),
        remote_ports=(remote.first_port, remote.last_port),
    )
