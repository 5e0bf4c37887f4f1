"""The engine: a function of datagrams, notices, time and dice to effects.

It holds no socket, clock or thread. Each call is given the time and returns what is to be done, in order; nothing that
arrives raises out of it.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from typing import Final

from ikecli.boundary.effects import Datagram, Effect, Failed
from ikecli.boundary.events import EVERY, Event
from ikecli.boundary.lending import PoolView
from ikecli.boundary.notices import Notice
from ikecli.boundary.plain import Plain
from ikecli.boundary.views import ChildView, IkeSaView, StatsView
from ikecli.errors import Rejected
from ikecli.ike import access, asks, exchanges, machine, moving, reception, views, wakes
from ikecli.ike.apply import START, apply, start
from ikecli.ike.connect import connect
from ikecli.ike.core import Core
from ikecli.ike.operator import delete_children, delete_ikes, shut_down
from ikecli.ike.requests import Apply, DeleteChild, DeleteIke, Initiate, Request, Shutdown
from ikecli.ike.views import Carrier
from ikecli.intent import Connection, Intent


class Engine:
    """All IKE SAs of an appliance.

    `random` gives as many random octets as it is asked for; only events that are `heard` are built.
    """

    def __init__(
        self,
        random: Callable[[int], bytes],
        intent: Intent | None = None,
        heard: Container[type[Event]] = EVERY,
    ) -> None:
        self._core: Final = Core(random, heard, intent or Intent())

    # Ways in

    def receive(self, datagram: Datagram, now: float) -> list[Effect]:
        """Take an IKE datagram, without a non-ESP marker."""
        self._enter(now)
        reception.receive(self._core, datagram)
        return self._leave()

    def notice(self, notice: Notice, now: float) -> list[Effect]:
        """Take a report of the data plane or the machine."""
        self._enter(now)
        machine.notice(self._core, notice)
        return self._leave()

    def answer(self, id: int, reply: object, now: float) -> list[Effect]:
        """Take the reply to an Ask: what its question says, or an exception that says why there is none."""
        self._enter(now)
        for datagram in asks.answer(self._core, id, reply):
            reception.receive(self._core, datagram)
        return self._leave()

    def failed(self, failed: Failed, now: float) -> list[Effect]:
        """Be told that a batch stopped at an effect that could not be performed; go on with what still holds."""
        self._core.begin(now)
        machine.failed(self._core, failed)
        return self._leave()

    def wake(self, now: float) -> list[Effect]:
        """Do what is due by now."""
        self._enter(now)
        core = self._core
        for key in core.agenda.due(now):
            if key == START:
                start(core)
            elif isinstance(key, str):
                connect(core, key)
            elif (sa := core.sas.get(key)) is not None:
                wakes.act(core, sa)
        return self._leave()

    def do(self, request: Request, now: float) -> list[Effect]:
        """Do what the operator or the configuration asks."""
        self._enter(now)
        core = self._core
        match request:
            case Apply():
                apply(core, request.lookup, request.anew)
            case Initiate(connection, packet):
                core.hold_off.pop(connection, None)
                connect(core, connection, packet)
            case DeleteIke():
                delete_ikes(core, request)
            case DeleteChild():
                delete_children(core, request)
            case Shutdown():
                shut_down(core)
        return self._leave()

    # Moving to another engine

    def give(self, number: int, now: float) -> tuple[dict[str, Plain], list[Effect]]:
        """Return an IKE SA as plain data, with those of its rekeys, and what forgetting them takes here.

        Raises Rejected for one that is not here or not established.
        """
        self._enter(now)
        core = self._core
        sa = core.sas.get(number)
        if sa is None:
            raise Rejected(f"there is no IKE SA {number}")
        plain = moving.snapshot(core, sa)
        moving.release(core, sa)
        return plain, self._leave()

    def take(self, plain: object, now: float) -> list[Effect]:
        """Go on with an IKE SA that another engine gave; raises Rejected for data that is none."""
        self._enter(now)
        moving.restore(self._core, plain)
        return self._leave()

    # Ways out

    @property
    def next_wake(self) -> float | None:
        """When `wake` is to be called next, or None."""
        return self._core.agenda.next

    def carriers(self) -> list[Carrier]:
        """Return which IKE SAs there are, by session, and which connections they serve."""
        return list(views.carriers(self._core))

    def views(self, now: float, numbers: Iterable[int] | None = None) -> list[IkeSaView]:
        """Return the IKE SAs, or those of some numbers; their counters live in the data plane."""
        self._core.now = now
        return views.views(self._core, sorted(self._core.sas) if numbers is None else numbers)

    def children(self, now: float, keys: Iterable[tuple[int, int]]) -> list[ChildView]:
        """Return the Child SAs of some IKE SAs' numbers and inbound SPIs."""
        self._core.now = now
        return views.children(self._core, keys)

    def pools(self) -> tuple[PoolView, ...]:
        """Return the pools of addresses and what of them is lent."""
        return self._core.pools.views()

    def connections(self) -> list[Connection]:
        """Return what protects the virtual-access interfaces that there are now."""
        return access.rows(self._core)

    def stats(self) -> StatsView:
        """Return what was counted since the engine began, or `reset_stats` was called."""
        return views.stats(self._core)

    def reset_stats(self) -> None:
        """Count from now on."""
        self._core.counts.reset()

    def _enter(self, now: float) -> None:
        self._core.installing.clear()
        self._core.begin(now)

    def _leave(self) -> list[Effect]:
        """Begin what waits in the SAs that were touched, note when to look at them next, and return the batch."""
        core = self._core
        while core.touched:
            sa, _ = core.touched.popitem()
            if core.sas.get(sa.number) is not sa:
                continue
            exchanges.pump(core, sa)
            if core.sas.get(sa.number) is sa and (when := wakes.due(core, sa)) is not None:
                core.agenda.set(sa.number, when)
        return core.effects
