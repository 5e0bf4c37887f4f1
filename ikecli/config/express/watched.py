"""What a router watches has no counterpart on a firewall: what each line of it said, and how it is there."""

from __future__ import annotations

from ikecli.config.express.losses import Losses
from ikecli.intent import Intent
from ikecli.intent.watch import Begins, Client


def lose(intent: Intent, losses: Losses) -> None:
    """Note the probes, tracked objects and clients of an intent, and the routes that follow objects."""
    for probe in intent.probes:
        losses.add(f"ip sla {probe.number}", f"no probe is sent to {probe.destination}")
    for track in intent.tracks:
        losses.add(f"track {track.number}", "no object is watched")
    for route in intent.network.routes:
        if route.track:
            losses.add(f"the route to {route.prefix}", f"it is there always, not only while track {route.track} is up")
    for client in intent.clients:
        _client(client, losses)


def _client(client: Client, losses: Losses) -> None:
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
