"""The pre-shared keys that entries of a firewall's crypto maps have for peers without a tunnel group."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ikecli.config import asa
from ikecli.config.complaints import Complaints

Entry = tuple[str, tuple[Any, ...], asa.MapEntry]
"""What an entry is called, where it is, and itself."""


def entry_keys(draft: asa.Asa, complaints: Complaints) -> dict[str, asa.TunnelIpsec]:
    """Return by peer what a tunnel group of the entry's key would say; of two keys for one peer the first holds."""
    found: dict[str, asa.TunnelIpsec] = {}
    for what, where, entry in _entries(draft):
        if entry.key is None:
            continue
        fix = f"{what} set ikev2 pre-shared-key KEY with the key itself"
        if entry.key.usable is None:
            why = f"the pre-shared key of {what} was encrypted on another system"
            complaints.error(where, "pre-shared-key-missing", why, fix)
            continue
        if not entry.peers:
            why = f"{what} has a pre-shared key and no peer that it is for"
            complaints.warn(where, "", why, f"{what} set peer A.B.C.D")
        held = asa.TunnelIpsec(entry.key, entry.key)
        for name in map(str, entry.peers):
            group = draft.tunnel_groups.get(name)
            if group is not None and group.ipsec is not None:
                why = f"peer {name} has a tunnel group, whose keys go before the pre-shared key of {what}"
                complaints.warn(where, "", why, f"no {what} set ikev2 pre-shared-key")
            elif found.setdefault(name, held) != held:
                why = f"peer {name} has another pre-shared key in an entry before {what}, and that one holds"
                complaints.warn(where, "", why, f"no {what} set ikev2 pre-shared-key")
    return found


def _entries(draft: asa.Asa) -> Iterator[Entry]:
    for name, held in draft.crypto_maps.items():
        for sequence, entry in sorted(held.entries.items()):
            yield f"crypto map {name} {sequence}", ("crypto_maps", name, "entries", sequence), entry
    for name, dynamic in draft.dynamic_maps.items():
        for sequence, entry in sorted(dynamic.entries.items()):
            yield f"crypto dynamic-map {name} {sequence}", ("dynamic_maps", name, "entries", sequence), entry
