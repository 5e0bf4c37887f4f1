"""A firewall's probes and tracked objects: its configuration, and how that becomes intent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from ikecli.config.complaints import Complaints
from ikecli.config.probing import FREQUENCY, MAX_PROBES, SIZE, THRESHOLD, TIMEOUT, times_of
from ikecli.intent.watch import Kind, Probe, Track
from ikecli.language import Inert

if TYPE_CHECKING:
    from ikecli.config.asa import Asa


@dataclass(slots=True)
class FirewallEcho:
    """`type echo` of a probe, and its settings: seconds between echoes, milliseconds, octets, echoes at a time."""

    address: IPv4Address | None = None
    interface: str | None = None
    frequency: int | None = None
    packets: int | None = None
    size: int | None = None
    threshold: int | None = None
    timeout: int | None = None
    inert: dict[str, Inert] = field(default_factory=dict)


@dataclass(slots=True)
class FirewallSla:
    """`sla monitor`."""

    echo: FirewallEcho | None = None


@dataclass(frozen=True, slots=True)
class FirewallTrack:
    """`track ... rtr ... reachability`: the probe whose answers it follows."""

    probe: int


def probes(draft: Asa, named: Mapping[str, str], complaints: Complaints) -> Iterator[Probe]:
    """Yield the probes that have something to send; `named` are the interfaces by their names."""
    for number in draft.schedules:
        if number not in draft.slas:
            why = f"sla monitor schedule {number} is for a probe that is not there"
            complaints.error(("schedules", number), "", why, f"sla monitor {number}")
    for at, (number, held) in enumerate(draft.slas.items()):
        echo, where = held.echo, ("slas", number)
        if echo is None or echo.address is None:
            fix = "type echo protocol ipIcmpEcho A.B.C.D interface NAMEIF"
            complaints.error(where, "", f"sla monitor {number} sends nothing", fix)
        elif echo.interface is None or echo.interface not in named:
            why = f"sla monitor {number} sends from {echo.interface}, which no interface is"
            complaints.error(where, "", why, f"nameif {echo.interface} on an interface")
        elif at >= MAX_PROBES:
            complaints.error(where, "", f"there are more than {MAX_PROBES} probes: sla monitor {number} is not sent")
        else:
            if number not in draft.schedules:
                fix = f"sla monitor schedule {number} life forever start-time now"
                complaints.warn(where, "", f"sla monitor {number} is not scheduled, so that it is not sent", fix)
            yield _probe(number, echo, echo.address, named[echo.interface], draft)


def _probe(number: int, echo: FirewallEcho, address: IPv4Address, interface: str, draft: Asa) -> Probe:
    start, daytime, life, recurring = times_of(draft.schedules.get(number))
    frequency = echo.frequency or FREQUENCY
    return Probe(
        number,
        address,
        interface,
        frequency=frequency,
        timeout=min(TIMEOUT if echo.timeout is None else echo.timeout, 1000 * frequency),
        threshold=THRESHOLD if echo.threshold is None else echo.threshold,
        size=SIZE if echo.size is None else echo.size,
        start=start,
        daytime=daytime,
        life=life,
        recurring=recurring,
        packets=echo.packets or 1,
    )


def tracks(draft: Asa, complaints: Complaints) -> Iterator[Track]:
    """Yield the tracked objects; complain of those without a probe, and of routes without an object."""
    for number, held in draft.tracks.items():
        if held.probe not in draft.slas:
            why = f"track {number} looks at sla monitor {held.probe}, which is not there"
            complaints.error(("tracks", number), "", why, f"sla monitor {held.probe}")
        yield Track(number, Kind.REACHABILITY, probe=held.probe)
    for key, route in draft.routes.items():
        if route.track and route.track not in draft.tracks:
            why = f"the route to {key[1]} depends on track {route.track}, which is not there and so is down"
            complaints.error(("routes", key), "", why, f"track {route.track} rtr 1 reachability")
