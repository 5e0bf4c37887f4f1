"""Which policies should stand in the kernel, in layers, and what to change so that they do.

The lines of the configuration are the ground: a tunnel whose template has no SA asks for one, a deny lets packets pass.
A Child SA lays its own selectors on top, with its own mark (reqid) and ends. The kernel holds one policy of a selector
and direction: the one laid last.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from ikecli.dataplane.packet import ESP
from ikecli.dataplane.xfrm.cuts import Cut, family, packed
from ikecli.dataplane.xfrm.messages import (
    XFRM_INF,
    XFRM_MODE_TRANSPORT,
    XFRM_MODE_TUNNEL,
    XFRM_POLICY_ALLOW,
    XFRM_POLICY_BLOCK,
    XFRM_POLICY_FWD,
    XFRM_POLICY_IN,
    XFRM_POLICY_OUT,
    lifetime_cfg,
    lifetime_cur,
)
from ikecli.intent import Address

FIRST_PRIORITY: Final = 1_000
"""Priorities below are left to the host's own policies, which so go before ours; a lower number wins."""
FOREVER: Final = {
    "soft_byte_limit": XFRM_INF, "hard_byte_limit": XFRM_INF, "soft_packet_limit": XFRM_INF,
    "hard_packet_limit": XFRM_INF, "soft_add_expires_seconds": 0, "hard_add_expires_seconds": 0,
    "soft_use_expires_seconds": 0, "hard_use_expires_seconds": 0,
}  # fmt: skip
UNUSED: Final = lifetime_cur.pack(dict.fromkeys(lifetime_cur.members, 0))
UNLIMITED: Final = lifetime_cfg.pack(FOREVER)

Place = tuple[Cut, int, int]
"""What the kernel tells policies apart by: packets as seen in their direction, the direction, the tie to a device."""


@dataclass(frozen=True, slots=True)
class Template:
    """The SA that a policy wants: from `local` to `remote`, marked `reqid`."""

    local: Address
    remote: Address
    reqid: int
    transport: bool = False

    def structure(self, inbound: bool) -> dict[str, Any]:
        """Return the kernel's structure."""
        source, destination = (self.remote, self.local) if inbound else (self.local, self.remote)
        return {
            "id": {"daddr": packed(destination), "spi": bytes(4), "proto": ESP},
            "family": family(destination), "saddr": packed(source), "reqid": self.reqid,
            "mode": XFRM_MODE_TRANSPORT if self.transport else XFRM_MODE_TUNNEL,
            "share": 0, "optional": 0, "aalgos": 0xFFFFFFFF, "ealgos": 0xFFFFFFFF, "calgos": 0xFFFFFFFF,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy of the kernel; without a template packets pass, or where it is `closed` are dropped.

    With a `tie` it is for the device of one tunnel alone.
    """

    cut: Cut
    direction: int
    priority: int
    template: Template | None
    closed: bool = False
    tie: int = 0

    @property
    def place(self) -> Place:
        """What it is told apart by."""
        return self.cut, self.direction, self.tie

    def info(self, index: int) -> dict[str, Any]:
        """Return the kernel's structure."""
        action = XFRM_POLICY_BLOCK if self.closed else XFRM_POLICY_ALLOW
        return {
            "sel": self.cut.selector(), "lft": UNLIMITED, "curlft": UNUSED, "priority": self.priority, "index": index,
            "dir": self.direction, "action": action, "flags": 0, "share": 0,
        }  # fmt: skip


def policies_of(
    cut: Cut,
    priority: int,
    template: Template | None,
    outbound: bool,
    inbound: bool,
    *,
    closed: bool = False,
    tie: int = 0,
) -> list[Policy]:
    """Return the policies of packets that go out as `cut` says, and of those that answer them."""
    found = [Policy(cut, XFRM_POLICY_OUT, priority, template, closed, tie)] if outbound else []
    for direction in (XFRM_POLICY_IN, XFRM_POLICY_FWD) if inbound else ():
        found.append(Policy(cut.turned(), direction, priority, template, closed, tie))
    return found


class Layers:
    """The policies by owner, "" being the configuration."""

    def __init__(self) -> None:
        self._by_place: dict[Place, dict[str, Policy]] = {}
        self._by_owner: dict[str, dict[Place, Policy]] = {}

    def lay(self, owner: str, policies: Iterable[Policy]) -> list[tuple[Place, Policy | None]]:
        """Have an owner's policies be these; of two in one place its first holds.

        Returns what is to be put in, or with None taken out.
        """
        wanted: dict[Place, Policy] = {}
        for policy in policies:
            wanted.setdefault(policy.place, policy)
        had = self._by_owner.get(owner, {})
        changed: list[tuple[Place, Policy | None]] = []
        for place in had.keys() | wanted.keys():
            if had.get(place) == wanted.get(place):
                continue
            stack = self._by_place.setdefault(place, {})
            before = _top(stack)
            if place not in wanted:
                del stack[owner]
            elif owner:
                stack[owner] = wanted[place]
            else:
                above = {who: one for who, one in stack.items() if who}
                self._by_place[place] = stack = {owner: wanted[place], **above}
            if _top(stack) != before:
                changed.append((place, _top(stack)))
            if not stack:
                del self._by_place[place]
        if wanted:
            self._by_owner[owner] = wanted
        else:
            self._by_owner.pop(owner, None)
        return sorted(changed, key=lambda change: change[1] is None)


def _top(stack: dict[str, Policy]) -> Policy | None:
    return next(reversed(stack.values()), None)
