"""The calls into the kernel: each thing of ours is in the ledger before it is in the kernel.

SAs and policies carry our mark in the upper half of their reqid, policies without a template in their index.
"""

from __future__ import annotations

import errno
import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from socket import AF_INET
from typing import Any, Final

from ikecli.boundary.effects import Direction, Install
from ikecli.dataplane.linux.ledger import Ledger, Thing
from ikecli.dataplane.linux.netlink import CREATE, EXCL, Events, Refused, Requests
from ikecli.dataplane.packet import ESP
from ikecli.dataplane.xfrm import messages as xfrm
from ikecli.dataplane.xfrm.algorithms import attributes
from ikecli.dataplane.xfrm.cuts import Cut, cuts_of, family, packed
from ikecli.dataplane.xfrm.policies import FOREVER, UNUSED, Place, Policy
from ikecli.errors import Unavailable
from ikecli.intent import Address

ORPHAN_SECONDS: Final = 300
"""How much longer than its hard lifetime the kernel keeps an SA: time is the engine's, unless it is gone."""
PACKET_MARGIN: Final = 1 << 20
"""How many packets before the sequence numbers end a replacement is asked for."""
LAST_SEQUENCE: Final = (1 << 32) - 1
Attributes = list[tuple[str, Any]]
INDEX_BITS: Final = 13
MARK: Final = struct.Struct("=II")
WHOLE_MARK: Final = 0xFFFFFFFF
ANYTHING: Final = {
    "daddr": bytes(16), "saddr": bytes(16), "dport": bytes(2), "dport_mask": bytes(2), "sport": bytes(2),
    "sport_mask": bytes(2), "family": 0, "prefixlen_d": 0, "prefixlen_s": 0, "proto": 0, "ifindex": 0, "user": 0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Used:
    """What the kernel counted for one SA."""

    octets: int
    packets: int
    replays: int
    forgeries: int


@dataclass(frozen=True, slots=True)
class More:
    """What an SA in the kernel has beside what it is told of.

    `sequence` is that of the acquire it answers, `replay` the replay state of an SA that it continues, `tie` the number
    of the tunnel's device, `mark` what leads the packets that it sends to the routing table of its ends.
    """

    sequence: int = 0
    replay: bytes = b""
    tie: int = 0
    mark: int = 0


PLAIN: Final = More()


class Kernel:
    """XFRM in this network namespace, as far as it is ours.

    With `interfaces` tunnels have XFRM interfaces, by whose number SAs and policies are tied to them, else by a mark.
    """

    def __init__(self, ledger: Ledger) -> None:
        """Raises Unavailable where the kernel has no XFRM."""
        self.ledger: Final = ledger
        self.interfaces = False
        self._requests = Requests(xfrm.NETLINK_XFRM, xfrm.MarshalXfrm())
        self._serial = 0

    def close(self) -> None:
        """Close the socket."""
        self._requests.close()

    # What is there at the start

    def sweep(self) -> int:
        """Take out what is both in the ledger and in the kernel, and make our mark one that nobody has.

        Returns how much that was.
        """
        marks: set[int] = set()
        swept = 0
        for sa in self._requests.dump("SAs", xfrm.dumpmsg(), xfrm.XFRM_MSG_GETSA):
            info = sa["info"]
            if (thing := _sa_thing(info["id"])) in self.ledger and info["reqid"] >> 16 == self.ledger.owner:
                self._delete(thing, info["id"], info["family"])
                swept += 1
            else:
                marks.add(info["reqid"] >> 16)
        for one in self._requests.dump("policies", xfrm.dumpmsg(), xfrm.XFRM_MSG_GETPOLICY):
            info = one["info"]
            if info["dir"] > xfrm.XFRM_POLICY_FWD:
                continue
            number, tied = _tie_of(one)
            if (thing := _policy_thing(info["sel"], info["dir"], number)) in self.ledger and self._is_ours(one):
                self._delete_policy(thing, info["sel"], info["dir"], tied)
                swept += 1
            else:
                marks.add(info["index"] >> 16)
        for thing in (*self.ledger.kind("sa"), *self.ledger.kind("policy")):
            self.ledger.drop(thing)
        while self.ledger.owner in marks:
            self.ledger.own(self.ledger.owner + 1)
        return swept

    def _is_ours(self, policy: Any) -> bool:
        template = xfrm.attribute(policy, "XFRMA_TMPL")
        mark = xfrm.user_tmpl.unpack(template[:64])["reqid"] if template else policy["info"]["index"]
        return bool(mark >> 16 == self.ledger.owner)

    # SAs

    def add(self, sa: Install, ports: tuple[int, int], reqid: int, more: More = PLAIN) -> None:
        """Put in one direction, `ports` on the wire; raises Unavailable."""
        if not sa.spi:
            raise Unavailable("an SPI of 0")
        message = self._message(sa, ports, reqid, more)
        thing = _sa_thing(message["info"]["id"])
        if thing in self.ledger:
            raise Unavailable(f"SPI 0x{sa.spi:08X} is in use")
        self.ledger.add(thing, passing=sa.lifetime.hard_seconds > 0)
        try:
            self._requests.change(f"SA 0x{sa.spi:08X}", message, xfrm.XFRM_MSG_NEWSA, CREATE | EXCL)
        except Refused:
            self.ledger.drop(thing)
            raise

    def change(self, sa: Install, ports: tuple[int, int], reqid: int, more: More = PLAIN) -> None:
        """Have an SA's UDP ports be others; raises Unavailable."""
        self._requests.change(f"SA 0x{sa.spi:08X}", self._message(sa, ports, reqid, more), xfrm.XFRM_MSG_UPDSA)

    def remove(self, spi: int, destination: Address) -> None:
        """Take out an SA; one that is gone is no error."""
        identifier = _identifier(spi, destination)
        self._delete(_sa_thing(identifier), identifier, family(destination))

    def last(self, spi: int, destination: Address) -> tuple[int, int, int]:
        """Take out an SA; return the last number it sent, the highest it received, and those seen. Raises Refused.

        The kernel tells of an SA's end with its numbers as they were then: asked before, more could be used meanwhile.
        """
        events = Events(xfrm.NETLINK_XFRM, xfrm.MarshalXfrm(), xfrm.XFRMNLGRP_SA)
        found = list[bytes]()

        def take(message: Any) -> None:
            if message["header"]["type"] == xfrm.XFRM_MSG_DELSA and message["id"]["spi"] == spi.to_bytes(4, "big"):
                found.append(xfrm.attribute(message, "XFRMA_REPLAY_ESN_VAL"))

        try:
            self.state(spi, destination)
            self.remove(spi, destination)
            events.read(take)
        finally:
            events.close()
        return xfrm.replay_numbers(found[0]) if found and found[0] else (0, 0, 0)

    def state(self, spi: int, destination: Address) -> Any:
        """Return an SA as the kernel has it; raises Refused for one that is gone."""
        message = xfrm.usersaidmsg()
        message["id"] = _identifier(spi, destination) | {"family": family(destination)}
        return self._requests.look(f"SA 0x{spi:08X}", message, xfrm.XFRM_MSG_GETSA)

    def used(self, spi: int, destination: Address) -> Used | None:
        """Return what an SA carried; None for one that is gone."""
        try:
            info = self.state(spi, destination)["info"]
        except Refused:
            return None
        now, stats = info["curlft"], info["stats"]
        return Used(now["bytes"], now["packets"], stats["replay"] + stats["replay_window"], stats["integrity_failed"])

    def forget_acquire(self, sequence: int, reqid: int, local: Address, remote: Address, transport: bool) -> None:
        """End the wait for an SA that does not come, so that the next packet asks anew.

        The kernel's place holder has no SPI to name it by, so it is given one.
        """
        message = xfrm.userspimsg()
        message["info"] = self._info(0, local, remote, reqid, sequence) | {
            "mode": xfrm.XFRM_MODE_TRANSPORT if transport else xfrm.XFRM_MODE_TUNNEL
        }
        message["min"], message["max"] = 0x100, 0xFFFFFFFF
        try:
            found = self._requests.look("acquire", message, xfrm.XFRM_MSG_ALLOCSPI)["info"]
        except Refused:
            return
        if found["reqid"] == reqid:
            self._delete(_sa_thing(found["id"]), found["id"], found["family"])

    def _info(self, spi: int, source: Address, destination: Address, reqid: int, sequence: int) -> dict[str, Any]:
        return {
            "sel": ANYTHING | {"family": family(destination)},
            "id": _identifier(spi, destination),
            "saddr": packed(source), "lft": FOREVER, "curlft": UNUSED,
            "stats": {"replay_window": 0, "replay": 0, "integrity_failed": 0}, "seq": sequence, "reqid": reqid,
            "family": family(destination), "mode": xfrm.XFRM_MODE_TUNNEL, "replay_window": 0, "flags": 0,
        }  # fmt: skip

    def _message(self, sa: Install, ports: tuple[int, int], reqid: int, more: More = PLAIN) -> Any:
        inbound = sa.direction is Direction.INBOUND
        ends = (sa.remote.address, sa.local.address) if inbound else (sa.local.address, sa.remote.address)
        info = self._info(sa.spi, *ends, reqid, more.sequence)
        info["lft"] = _limits(sa)
        info["flags"] = xfrm.XFRM_STATE_ESN if sa.esn else 0
        if not inbound:
            info["flags"] |= 0 if sa.outer.marks else xfrm.XFRM_STATE_NOECN
            info["flags"] |= xfrm.XFRM_STATE_NOPMTUDISC if sa.outer.whole is False else 0
        if sa.transport:
            info["mode"], info["sel"] = xfrm.XFRM_MODE_TRANSPORT, _inside(sa, inbound)
        else:
            info["flags"] |= xfrm.XFRM_STATE_AF_UNSPEC
            info["sel"] = ANYTHING
        found: list[tuple[str, Any]] = list(attributes(sa.encryption, sa.integrity, sa.keys))
        if window := sa.replay_window or (1 if sa.esn else 0):
            found.append(("XFRMA_REPLAY_ESN_VAL", more.replay or xfrm.replay_state(window)))
        if sa.tfc is not None and sa.tfc.pads and not sa.transport and not inbound:
            found.append(("XFRMA_TFCPAD", sa.tfc.size))
        if sa.encapsulated:
            here, there = (port.to_bytes(2, "big") for port in ports)
            value = {"encap_type": xfrm.UDP_ENCAP_ESPINUDP, "encap_oa": bytes(16)}
            value |= {"encap_sport": there if inbound else here, "encap_dport": here if inbound else there}
            found.append(("XFRMA_ENCAP", xfrm.encap_tmpl.pack(value)))
            if inbound:
                found.append(("XFRMA_MTIMER_THRESH", 1))
        if more.tie and self.interfaces:
            found.append(("XFRMA_IF_ID", more.tie))
        if more.mark and not inbound:
            found.append(("XFRMA_SET_MARK", more.mark))
        message = xfrm.usersamsg()
        message["info"], message["attrs"] = info, found
        return message

    def _delete(self, thing: Thing, identifier: dict[str, Any], kind: int) -> None:
        message = xfrm.usersaidmsg()
        message["id"] = {**identifier, "family": kind}
        try:
            self._requests.change(f"SA {thing[2]}", message, xfrm.XFRM_MSG_DELSA)
        except Refused as refusal:
            if refusal.code != errno.ESRCH:
                raise
        self.ledger.drop(thing)

    # Policies

    def put(self, policy: Policy) -> None:
        """Have a policy stand; raises Unavailable, also where the host has one of its own there."""
        selector = policy.cut.selector()
        thing = _policy_thing(selector, policy.direction, policy.tie)
        mine = thing in self.ledger
        self.ledger.add(thing)
        self._serial = (self._serial + 1) & ((1 << INDEX_BITS) - 1)
        message = xfrm.userpolicymsg()
        message["info"] = policy.info(self.ledger.owner << 16 | self._serial << 3 | policy.direction)
        if policy.template is not None:
            inbound = policy.direction != xfrm.XFRM_POLICY_OUT
            message["attrs"] = [
                ("XFRMA_TMPL", xfrm.templates([policy.template.structure(inbound)])),
                *self._tied(policy.tie),
            ]
        kind = xfrm.XFRM_MSG_UPDPOLICY if mine else xfrm.XFRM_MSG_NEWPOLICY
        try:
            self._requests.change(f"policy {policy.cut}", message, kind, 0 if mine else CREATE | EXCL)
        except Refused as refusal:
            if not mine:
                self.ledger.drop(thing)
            if refusal.code == errno.EEXIST:
                raise Unavailable(f"the host has a policy of its own for {policy.cut}; it was left alone") from refusal
            raise

    def take(self, place: Place) -> None:
        """Take out a policy of ours; one that is gone is no error."""
        cut, direction, tie = place
        selector = cut.selector()
        if (thing := _policy_thing(selector, direction, tie)) in self.ledger:
            self._delete_policy(thing, selector, direction, self._tied(tie))

    def _tied(self, tie: int) -> Attributes:
        """Return the attribute of a policy that is for the device of one tunnel alone."""
        if not tie:
            return []
        return [("XFRMA_IF_ID", tie) if self.interfaces else ("XFRMA_MARK", MARK.pack(tie, WHOLE_MARK))]

    def _delete_policy(self, thing: Thing, selector: dict[str, Any], direction: int, tied: Attributes) -> None:
        message = xfrm.userpolicyidmsg()
        message["attrs"] = tied
        message["sel"], message["index"], message["dir"] = selector, 0, direction
        try:
            self._requests.change(f"policy {thing[1]}", message, xfrm.XFRM_MSG_DELPOLICY)
        except Refused as refusal:
            if refusal.code != errno.ENOENT:
                raise
        self.ledger.drop(thing)


def address_of(octets: bytes, kind: int) -> Address:
    """Return an address from the kernel's 16 octets."""
    return IPv4Address(octets[:4]) if kind == AF_INET else IPv6Address(octets)


def _limits(sa: Install) -> dict[str, int]:
    """Return when the kernel warns of an SA and ends it: octets, sequence numbers, time long after the engine's own."""
    bounds = sa.lifetime
    limits = dict(FOREVER)
    if bounds.soft_octets:
        limits["soft_byte_limit"] = bounds.soft_octets
    if bounds.hard_octets:
        limits["hard_byte_limit"] = bounds.hard_octets
    if not sa.esn:
        limits["soft_packet_limit"], limits["hard_packet_limit"] = LAST_SEQUENCE - PACKET_MARGIN, LAST_SEQUENCE
    if bounds.soft_packets:
        limits["soft_packet_limit"] = min(limits["soft_packet_limit"], bounds.soft_packets)
    if bounds.hard_packets:
        limits["hard_packet_limit"] = min(limits["hard_packet_limit"], bounds.hard_packets)
    if bounds.hard_seconds:
        limits["hard_add_expires_seconds"] = int(bounds.hard_seconds) + ORPHAN_SECONDS
    return limits


def _inside(sa: Install, inbound: bool) -> dict[str, Any]:
    """Return the selector that an SA in transport mode keeps itself."""
    cuts: list[Cut] = [cut for pair in sa.flows for cut in cuts_of(*pair)]
    if len(cuts) != 1:
        return ANYTHING | {"family": family(sa.local.address)}
    return (cuts[0].turned() if inbound else cuts[0]).selector()


def _identifier(spi: int, destination: Address) -> dict[str, Any]:
    return {"daddr": packed(destination), "spi": spi.to_bytes(4, "big"), "proto": ESP}


def _sa_thing(identifier: dict[str, Any]) -> Thing:
    return "sa", identifier["daddr"].hex(), identifier["spi"].hex()


def _policy_thing(selector: dict[str, Any], direction: int, tie: int) -> Thing:
    shape = xfrm.selector.pack(selector)
    return "policy", shape[: 52 if selector["ifindex"] else 48].hex(), str(direction), *([f"{tie:x}"] if tie else [])


def _tie_of(policy: Any) -> tuple[int, Attributes]:
    """Return the number that ties a policy to a device, and the attribute that has it."""
    if number := policy.get_attr("XFRMA_IF_ID"):
        return number, [("XFRMA_IF_ID", number)]
    value = xfrm.attribute(policy, "XFRMA_MARK")
    return (int(MARK.unpack(value[:8])[0]), [("XFRMA_MARK", value)]) if value else (0, [])
