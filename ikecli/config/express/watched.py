"""What is watched, in the other dialect: a firewall has probes, objects that follow them, and routes that do."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Interface
from typing import Final

from ikecli.config import asa, ios
from ikecli.config.asa_watch import FirewallEcho, FirewallSla, FirewallTrack
from ikecli.config.express.losses import Losses
from ikecli.config.express.peers import Peers
from ikecli.config.ios_watch import EchoSource, Member, Sla, SlaEcho, TrackDelay, TrackedObject
from ikecli.config.probing import FREQUENCY, SIZE, THRESHOLD, TIMEOUT, schedule_of
from ikecli.intent import Intent
from ikecli.intent.watch import Begins, Client, Kind, Probe, Track

LAST_TRACK: Final = 500


class Watched:
    """Writes what of an intent a firewall watches; says of the rest what it was and how it is there."""

    def __init__(
        self, intent: Intent, draft: asa.Asa, peers: Peers, nameifs: Mapping[str, str], losses: Losses
    ) -> None:
        self.intent, self.draft, self.peers, self.nameifs, self.losses = intent, draft, peers, nameifs, losses

    def write(self) -> None:
        """Write probes and objects."""
        for probe in self.intent.probes:
            self._probe(probe)
        for track in self.intent.tracks:
            self._track(track)
        for client in self.intent.clients:
            _lose(client, self.losses)

    def track(self, number: int, what: str) -> int | None:
        """Return the object that something depends on, None where there is none here."""
        if number and number not in self.draft.tracks:
            self.losses.add(what, f"it is there always, not only while track {number} is up")
            return None
        return number or None

    def _probe(self, probe: Probe) -> None:
        what, nameif = f"ip sla {probe.number}", self.nameifs.get(self._way(probe), "")
        if not isinstance(probe.destination, IPv4Address) or probe.vrf:
            self.losses.add(what, "probes go to IPv4 addresses, in the one routing table")
        elif not nameif:
            self.losses.add(what, f"no interface with a name leads to {probe.destination}")
        else:
            self.losses.note(what, (not probe.source, f"a way of its own: it leaves by {nameif}"))
            self.draft.slas[probe.number] = FirewallSla(
                FirewallEcho(
                    probe.destination,
                    nameif,
                    _unless(probe.frequency, FREQUENCY),
                    _unless(probe.packets, 1),
                    _unless(probe.size, SIZE),
                    _unless(probe.threshold, THRESHOLD),
                    _unless(probe.timeout, TIMEOUT),
                )
            )
            schedule = schedule_of(probe.start, probe.daytime, probe.life, probe.recurring)
            if schedule is not None:
                self.draft.schedules[probe.number] = schedule

    def _way(self, probe: Probe) -> str:
        """Return the interface that a probe leaves by."""
        for one in self.intent.network.interfaces:
            if probe.source and (one.name == probe.source or probe.source in {str(own.ip) for own in one.addresses}):
                return one.name
        for one in self.intent.network.interfaces:
            if any(probe.destination in own.network for own in one.addresses):
                return one.name
        routes = [one for one in self.intent.network.routes if probe.destination in one.prefix and not one.vrf]
        routes.sort(key=lambda one: (-one.prefix.prefixlen, one.distance))
        return self.peers.egress(routes[0])[0] if routes else ""

    def _track(self, track: Track) -> None:
        what = f"track {track.number}"
        if track.kind is not Kind.REACHABILITY or track.number > LAST_TRACK:
            self.losses.add(what, f"objects follow whether a probe is answered, and have numbers to {LAST_TRACK}")
        elif track.probe not in self.draft.slas:
            self.losses.add(what, f"ip sla {track.probe} is not sent")
        else:
            self.losses.note(what, (track.delay_up or track.delay_down, "a delay before a change counts"))
            self.draft.tracks[track.number] = FirewallTrack(track.probe)


def write_router(draft: ios.Ios, intent: Intent, losses: Losses) -> None:
    """Write the probes and objects of a firewall for a router."""
    for probe in intent.probes:
        what = f"sla monitor {probe.number}"
        losses.note(
            what,
            (probe.packets > 1, f"{probe.packets} echoes at a time (num-packets)"),
            (probe.threshold > 60000, "a threshold of more than 60000 milliseconds"),
        )
        source = EchoSource("source-interface", interface=probe.source) if probe.source else None
        draft.slas[probe.number] = Sla(
            SlaEcho(
                probe.destination,
                source,
                _unless(probe.frequency, FREQUENCY),
                _unless(probe.timeout, TIMEOUT),
                _unless(min(probe.threshold, 60000), THRESHOLD),
                _unless(probe.size, SIZE),
            )
        )
        schedule = schedule_of(probe.start, probe.daytime, probe.life, probe.recurring)
        if schedule is not None:
            draft.schedules[probe.number] = schedule
    for track in intent.tracks:
        draft.tracks[track.number] = _object(track)


def _object(track: Track) -> TrackedObject:
    """Return what a router calls an object."""
    delay = TrackDelay(track.delay_up or None, track.delay_down or None) if track.delay_up or track.delay_down else None
    held = TrackedObject(vrf=track.vrf or None, delay=delay)
    match track.kind:
        case Kind.ROUTE if isinstance(track.prefix, IPv4Network):
            held.on, held.network, held.mask = "route", track.prefix.network_address, track.prefix.netmask
        case Kind.ROUTE if track.prefix is not None:
            held.on, held.prefix = "ipv6", IPv6Interface(track.prefix)
        case Kind.REACHABILITY | Kind.STATE:
            held.on, held.probe, held.what = "sla", track.probe, track.kind.value
        case Kind.ALL | Kind.ANY:
            held.on, held.what = "list", track.kind.value
            held.members = {number: Member(negated) for number, negated in track.members}
        case _:
            held.on, held.interface, held.what = "interface", track.interface, track.kind.value
    return held


def _unless(number: int, usual: int) -> int | None:
    return None if number == usual else number


def _lose(client: Client, losses: Losses) -> None:
    hubs = [str(remote) for one in client.hubs for remote in one.addresses]
    sources = [one.interface for one in client.sources]
    losses.note(
        f"FlexVPN client {client.name}",
        (len(hubs) > 1, f"a choice among hubs ({', '.join(hubs)}): a tunnel goes to one"),
        (any(one.gate.track for one in client.hubs), "hubs that are tried while an object is up or down"),
        (client.reactivate, "peer reactivate"),
        (len(sources) > 1, f"a choice among sources ({', '.join(sources)}): a tunnel sends from one"),
        (any(one.gate.track for one in client.sources), "sources that are used while an object is up"),
        (client.begins is Begins.MANUAL, "connect manual: a tunnel is set up at once"),
        (client.begins is Begins.TRACK, f"connect track {client.gate.track}: a tunnel is set up at once and stays"),
        (client.group, f"backup group {client.group}: clients at different hubs"),
    )
