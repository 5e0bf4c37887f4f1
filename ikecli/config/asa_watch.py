"""A firewall's probes and tracked objects: its configuration, and how that becomes intent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Final

from ikecli.config.complaints import Complaints
from ikecli.config.probing import probe, runs, unmatched
from ikecli.intent.watch import Kind, Probe, Track
from ikecli.language import Inert

if TYPE_CHECKING:
    from ikecli.config.asa import Asa

WORD: Final = "sla monitor"


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
    unmatched(draft.slas, draft.schedules, WORD, "", complaints)
    for at, (number, held) in enumerate(draft.slas.items()):
        echo, where = held.echo, ("slas", number)
        if echo is None or echo.address is None:
            fix = "type echo protocol ipIcmpEcho A.B.C.D interface NAMEIF"
            complaints.error(where, "", f"sla monitor {number} sends nothing", fix)
        elif echo.interface is None or echo.interface not in named:
            why = f"sla monitor {number} sends from {echo.interface}, which no interface is"
            complaints.error(where, "", why, f"nameif {echo.interface} on an interface")
        elif runs(at, number, draft.schedules, WORD, complaints):
            made = probe(number, echo.address, named[echo.interface], echo, draft.schedules.get(number))
            yield replace(made, packets=echo.packets or 1)


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
