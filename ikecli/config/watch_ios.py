"""A router's probes and tracked objects become intent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv6Network
from typing import Final

from ikecli.config import ios
from ikecli.config.algorithms import network
from ikecli.config.complaints import Complaints
from ikecli.config.ios_watch import TrackedObject
from ikecli.config.probing import probe, runs, unmatched
from ikecli.intent.watch import Gate, Kind, Probe, Track

WORD: Final = "ip sla"


def probes(draft: ios.Ios, complaints: Complaints) -> Iterator[Probe]:
    """Yield the probes that have something to send, those that are scheduled and those that are not yet."""
    unmatched(draft.slas, draft.schedules, WORD, ", then icmp-echo A.B.C.D", complaints)
    for at, (number, held) in enumerate(draft.slas.items()):
        echo, where = held.echo, ("slas", number)
        if echo is None or echo.address is None:
            if not held.inert:
                complaints.error(where, "", f"ip sla {number} sends nothing", "icmp-echo A.B.C.D")
        elif runs(at, number, draft.schedules, WORD, complaints):
            source = "" if echo.source is None else echo.source.interface or str(echo.source.address)
            made = probe(number, echo.address, source, echo, draft.schedules.get(number))
            yield replace(made, vrf=echo.vrf or "")


def tracks(draft: ios.Ios, complaints: Complaints) -> Iterator[Track]:
    """Yield the tracked objects, by number."""
    for number, held in draft.tracks.items():
        if held.on is None:
            continue
        what, where = f"track {number}", ("tracks", number)
        if held.interface and held.interface not in draft.interfaces:
            why = f"{what} looks at {held.interface}, which is not there"
            complaints.error(where, "", why, f"interface {held.interface}")
        if held.probe and held.probe not in draft.slas:
            complaints.error(
                where, "", f"{what} looks at ip sla {held.probe}, which is not there", f"ip sla {held.probe}"
            )
        for member in held.members:
            gated(draft, complaints, where, what, member)
        if held.on == "list" and not held.members:
            complaints.error(where, "", f"{what} is a list without objects, so that it is down", "object 1")
        looped = [member for member in held.members if _holds(draft, member, number)]
        for member in looped:
            why = f"{what} is a list that holds itself, by object {member}, which is left out"
            complaints.error(where, "", why, f"no object {member}")
        yield _track(number, held, looped)


def _holds(draft: ios.Ios, list_: int, wanted: int) -> bool:
    """Tell whether an object is another, or a list that holds it, itself or by further lists."""
    waiting, seen = [list_], set[int]()
    while waiting:
        number = waiting.pop()
        if number == wanted:
            return True
        if number not in seen and number in draft.tracks:
            seen.add(number)
            waiting += draft.tracks[number].members
    return False


def _track(number: int, held: TrackedObject, looped: list[int]) -> Track:
    words = {"sla": held.what or Kind.REACHABILITY.value, "route": "route", "ipv6": "route"}
    kind = Kind(words.get(held.on or "", held.what))
    prefix = None
    if held.network is not None and held.mask is not None:
        prefix = network(held.network, held.mask)
    elif held.cidr is not None:
        prefix = held.cidr.network
    delay = held.delay
    return Track(
        number,
        kind,
        held.interface or "",
        IPv6Network(held.prefix.network) if held.prefix is not None else prefix,
        held.vrf or "",
        held.probe or 0,
        tuple((member, one.negated) for member, one in held.members.items() if member not in looped),
        (delay.up if delay else None) or 0,
        (delay.down if delay else None) or 0,
    )


def gated(draft: ios.Ios, complaints: Complaints, where: tuple[object, ...], what: str, number: int | None) -> int:
    """Return the number of the object that something depends on, 0 for none; complain where it is not there."""
    if number and number not in draft.tracks:
        why = f"{what} depends on track {number}, which is not there and so is down"
        complaints.error(where, "", why, f"track {number} ip sla 1 reachability")
    return number or 0


def gate(draft: ios.Ios, complaints: Complaints, where: tuple[object, ...], what: str, number: int | None,
         state: str | None = None) -> Gate:  # fmt: skip
    """Return the gate that lines with `track N [up | down]` mean."""
    return Gate(gated(draft, complaints, where, what, number), state != "down")
