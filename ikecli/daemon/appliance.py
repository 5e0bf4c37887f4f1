"""An appliance: engine, configuration, data plane and clock joined, with no I/O of its own.

The service gives it sockets, the lab an emulated network. Everything here runs on one thread, to completion.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import count, islice
from typing import TYPE_CHECKING, Any, Final

from ikecli.boundary.clock import Cancel, Clock
from ikecli.boundary.effects import (
    Ask,
    Attach,
    Datagram,
    Detach,
    Effect,
    Failed,
    Gateways,
    GiveBack,
    Install,
    Reach,
    Remove,
    Send,
    Standing,
    Tell,
    Update,
)
from ikecli.boundary.events import KeysDerived
from ikecli.boundary.notices import AddressGone, LineChanged, LinkChanged, Notice
from ikecli.boundary.plain import Plain, read, write
from ikecli.boundary.views import ChildView, Counters, IkeSaView, StatsView
from ikecli.config import ConfigReader, Store
from ikecli.config.reader import feed_all
from ikecli.config.views import logged
from ikecli.daemon.answers import Answers, Compute
from ikecli.daemon.archive import Archive
from ikecli.daemon.dhcp import Dhcp
from ikecli.daemon.guard import Guard
from ikecli.daemon.jobs import AtOnce, Jobs, Workshop
from ikecli.daemon.journal import Journal
from ikecli.daemon.keylog import KeyLog
from ikecli.daemon.pending import Pending
from ikecli.daemon.reloading import Reloading
from ikecli.daemon.storage import Storage
from ikecli.daemon.totals import Totals
from ikecli.daemon.unserved import unserved
from ikecli.daemon.waiting import Waiting, begins
from ikecli.daemon.watching import Watching
from ikecli.dataplane.base import EspState, Finding, Notify, Plane
from ikecli.errors import IkecliError, Rejected, Unavailable
from ikecli.ike.engine import Engine
from ikecli.ike.requests import Apply, Request, Shutdown
from ikecli.intent import Intent
from ikecli.language import lines_of
from ikecli.numbers import DHCP_PORT

if TYPE_CHECKING:
    from ikecli.daemon.load import Load
    from ikecli.daemon.relaying import Relaying
    from ikecli.daemon.sessions import Session

COMMIT_PAUSE: Final = 0.02
"""Seconds after a line that takes effect in which further lines may come: one commit serves them all."""
COMMIT_SHARE: Final = 4
"""How many times as long as a commit took the next one waits for lines."""
LARGE_LINES: Final = 1000
LARGE_TEXT: Final = 1 << 15
VIEWED: Final = 50
"""IKE SAs that are looked at at a time."""
NAMED_LINES: Final = 8
"""Lines that a reload names of those it discards."""


class Appliance:
    """One router or firewall."""

    def __init__(
        self,
        *,
        dialect: str,
        clock: Clock,
        random: Callable[[int], bytes],
        transmit: Callable[[Datagram], None],
        relay: Relaying | None = None,
        plane: Callable[[Notify], Plane],
        storage: Storage,
        ask: Compute | None = None,
        workshop: Workshop | None = None,
    ) -> None:
        self.clock: Final = clock
        self.random: Final = random
        self.storage: Final = storage
        self.jobs: Final = Jobs(workshop or AtOnce())
        self.journal: Final = Journal(clock, self.jobs.here)
        self.plane: Final = plane(self.notice)
        self.totals: Final = Totals(clock, self.plane.counters)
        self.plane_reason = ""
        self.processor: Load | None = None
        self.store = self._new_store(dialect)
        self.keylog: Final = KeyLog(self)
        self.engine: Final = Engine(random=random, heard=self.journal.heard)
        self.waiting: Final = Waiting(clock, self._serve, lambda: self.intent.admission.waiting)
        self.started: Final = clock.now()
        self.guard: Final = Guard(clock)
        self.archive: Final = Archive(self)
        self.pending: Final = Pending(self)
        self.reloading: Final = Reloading(self)
        self.sessions: Final[dict[int, Session]] = {}
        self.holder: Session | None = None
        sends = (relay.send, relay.close) if relay is not None else (transmit, lambda: None)
        self._dhcp: Final = Dhcp(clock, random, sends[0], lambda address: self.notice(AddressGone(address)), sends[1])
        self._answers: Final = Answers(clock, self.plane, self._dhcp, ask)
        self.watching: Final = Watching(self)
        self._ways: Final = self._ways_out(transmit)
        self._due: Cancel | None = None
        self._took = 0.0
        self._applied: Intent | None = None
        self._alarm: Cancel | None = None
        self._alarm_at: float | None = None

    def _ways_out(self, transmit: Callable[[Datagram], None]) -> dict[type[Effect], Callable[[Any], None]]:
        """Return what does each effect of the engine."""
        return {
            Send: partial(self._send, transmit),
            Tell: self._tell,
            Install: self._install,
            Update: self._update,
            Remove: self._remove,
            Reach: self.plane.reach,
            Attach: lambda attach: self.plane.attach(attach.access),
            Detach: lambda detach: self.plane.detach(detach.name),
            Ask: self._find_answer,
            GiveBack: lambda gift: self._dhcp.give_back(gift.address),
            Standing: self.watching.heard,
            Gateways: self.watching.watcher.told,
        }

    def _new_store(self, dialect: str) -> Store:
        return Store(dialect, self.storage.master_key(), self.random, self.storage.phrases())

    @property
    def dialect(self) -> str:
        """The language it speaks: "ios" or "asa"."""
        return self.store.dialect

    @property
    def hostname(self) -> str:
        """The configured name."""
        return self.store.hostname

    @property
    def intent(self) -> Intent:
        """What is carried out, also while another configuration is being read."""
        return self._applied or self.store.intent

    def boot(self) -> list[str]:
        """Run the startup configuration; return what was wrong with it, a text a line.

        Where a change was not confirmed before the engine ended, what ran before that change is run instead.
        """
        startup = self.storage.read_startup()
        back = self.pending.text()
        text = startup if back is None else back
        found = self.load(text, self.storage.config_file) if text is not None else self.commit()
        self.pending.forget()
        return found

    def load(self, text: str, source: str) -> list[str]:
        """Merge whole text into the running configuration; return what was wrong, with line numbers."""
        return _merged(self.store, text, source) + self.commit()

    def commit_soon(self) -> None:
        """Make the candidate running when the lines that come together have come."""
        if self._due is None:
            pause = max(COMMIT_PAUSE, COMMIT_SHARE * self._took)
            self._due = self.clock.call_at(self.clock.now() + pause, self.settle)

    def settle(self) -> None:
        """Make the candidate running now, if that is due."""
        if self._due is None:
            return
        if self.jobs.busy:
            self.jobs.later(self.settle)
            return
        self._due.cancel()
        self._due = None
        if self.large():
            self.jobs.begin(self._commit_due)
        else:
            self._commit_due()

    def _commit_due(self) -> None:
        try:
            self.commit()
        except IkecliError as problem:
            self.journal.log(3, "IKECLI", "COMMIT", str(problem))

    def large(self, text: str = "") -> bool:
        """Tell whether work on the configuration, or on a text, takes so long that it is done beside the loop."""
        return self.store.version > LARGE_LINES or len(text) > LARGE_TEXT

    def commit(self) -> list[str]:
        """Make the candidate running; return the complaints that are new."""
        began = self.clock.now()
        if self._due is not None:
            self._due.cancel()
            self._due = None
        if self.store.phrases != self.storage.phrases():
            self.storage.write_phrases(self.store.phrases)
        if isinstance(self.plane, Finding):
            self.store.learn({name: self.plane.found(name) for name in self.store.asking})
        complaints = self.store.commit(self.intent)
        complaints += unserved(self.store.intent, self.plane)
        self.journal.keep(*logged(self.store.draft))
        if (intent := self.store.intent) is not self._applied:
            self.jobs.here(partial(self._apply, intent, self._request(intent)))
        self._took = self.clock.now() - began
        return complaints

    def _apply(self, intent: Intent, request: Apply) -> None:
        held = self.watching.configure(intent)
        self.plane.configure(held)
        self.do(request if held is intent else self._request(held))
        self._applied = intent
        self.watching.look()

    def steer(self, ends: bool) -> None:
        """Have the plane, and where `ends` of clients changed the engine, carry out the intent as it holds now."""
        held = self.watching.watcher.into(self.intent)
        self.plane.configure(held)
        if ends:
            self.do(self._request(held, anew=False))

    def _request(self, intent: Intent, anew: bool = True) -> Apply:
        return Apply(replace(intent, later_fragments="later-fragments" in self.plane.features), anew)

    def reload(self) -> list[str]:
        """Read the startup configuration anew and apply the difference; return what was wrong and discarded."""
        text = self.storage.read_startup()
        before = self.store.running()
        store = self._new_store(self.dialect)
        found = _merged(store, text or "", self.storage.config_file)
        old, self.store = self.store, store
        try:
            found += self.commit()
        except Exception:
            self.store = old
            raise
        self.pending.forget()
        after = set(self.store.running())
        lost = [line for line in before if line not in after and not line.startswith(("!", "Current"))]
        if lost:
            named = "; ".join(line.strip() for line in lost[:NAMED_LINES]) + (
                "; ..." if len(lost) > NAMED_LINES else ""
            )
            found.append(f"{len(lost)} lines of the running configuration were not in it and are gone: {named}")
        return found

    def replace(self, text: str, source: str) -> None:
        """Make whole text the running configuration; raises Rejected, and changes nothing, where a line is refused."""
        store, found = self.read(text, source)
        if found:
            more = ["..."] if len(found) > NAMED_LINES else []
            raise Rejected("\n".join([*found[:NAMED_LINES], *more, "% Rollback aborted: nothing was changed"]))
        self.adopt(store)

    def adopt(self, store: Store) -> list[str]:
        """Run another configuration: the difference is applied; return complaints that are new."""
        store.inherit(self.store)
        self.store = store
        return self.commit()

    def save(self, text: str) -> None:
        """Make text the startup configuration; raises Rejected while a change waits to be confirmed."""
        if self.pending.waits:
            raise Rejected("% A change waits to be confirmed: type configure confirm first")
        self.storage.write_startup(text)

    def shown(self, text: str) -> list[str]:
        """Return a configuration's commands as they are shown: secrets covered, one writing for one meaning."""
        return self.read(text, "")[0].shown()

    def read(self, text: str, source: str) -> tuple[Store, list[str]]:
        """Return text as a configuration of its own, and the lines of it that are refused."""
        store = self._new_store(self.dialect)
        return store, _merged(store, text, source, refused=True)

    def startup_lines(self) -> list[str]:
        """Return the startup configuration as it would be stored now, keys encrypted, however its file has them.

        Raises Rejected when there is none.
        """
        text = self.storage.read_startup()
        if text is None:
            raise Rejected("startup-config is not present")
        return lines_of(self.read(text, self.storage.config_file)[0].startup())

    def enter(self, session: Session) -> int:
        """Take in a session; return its line's number."""
        line = next(number for number in count() if number not in self.sessions)
        self.sessions[line] = session
        return line

    def leave(self, session: Session) -> None:
        """Let a session go."""
        self.sessions.pop(session.line, None)

    # The engine's ways in

    def receive(self, datagram: Datagram) -> None:
        """Take a datagram from the network."""
        if self.take_in(datagram):
            self.waiting.serve_soon()

    def take_in(self, datagram: Datagram) -> bool:
        """Take one of several that came together; return whether it waits until `waiting.serve` is called."""
        if datagram.local.port == DHCP_PORT:
            self._dhcp.receive(datagram)
            return False
        if begins(datagram):
            self.waiting.put(datagram)
            return True
        self._serve(datagram)
        return False

    def _serve(self, datagram: Datagram) -> None:
        self._perform(self.engine.receive(datagram, self.clock.now()))

    def notice(self, notice: Notice) -> None:
        """Take a report of the data plane or the machine."""
        self._perform(self.engine.notice(notice, self.clock.now()))
        if isinstance(notice, LinkChanged) and self.store.asking:
            self.commit_soon()
        if isinstance(notice, LinkChanged | LineChanged):
            self.watching.soon()

    def do(self, request: Request) -> None:
        """Have the engine do what an operator asked for."""
        self._perform(self.engine.do(request, self.clock.now()))

    def give(self, number: int) -> dict[str, Plain]:
        """Return an IKE SA and its ESP as plain data for another appliance, and forget them.

        Raises Rejected for one that is not here or not established.
        """
        spis = [child.inbound_spi for view in self.sas() for child in view.children]
        ike, effects = self.engine.give(number, self.clock.now())
        left = {child.inbound_spi for view in self.sas() for child in view.children}
        gone = [spi for spi in spis if spi not in left]
        esp = self.plane.give(gone)
        self.totals.forget(gone)
        self._perform(effects)
        return {"ike": ike, "esp": [write(state, EspState) for state in esp]}

    def take(self, plain: dict[str, Plain]) -> None:
        """Go on with an IKE SA that another appliance gave; raises Rejected for data that is none."""
        states = read(plain.get("esp"), tuple[EspState, ...])
        effects = self.engine.take(plain.get("ike"), self.clock.now())
        for state in states:
            self.plane.take(state)
            self.totals.put(state.install)
        self._perform(effects)

    def shutdown(self) -> None:
        """Delete all SAs at the peers and leave nothing in the data plane."""
        self.watching.close()
        self.do(Shutdown())
        self._dhcp.close()
        if self._alarm is not None:
            self._alarm.cancel()
        self.plane.close()

    def stats(self) -> StatsView:
        """Return what was counted since the start, or since it was reset."""
        own = self.waiting
        return replace(
            self.engine.stats(),
            waiting=len(own),
            waiting_peak=own.peak,
            waiting_dropped=own.dropped,
            max_waiting=self.intent.admission.waiting,
        )

    def reset_stats(self) -> None:
        """Count from now on."""
        self.engine.reset_stats()
        self.waiting.reset()

    def sas(self) -> list[IkeSaView]:
        """Return the IKE SAs, their Child SAs joined with what the data plane counted."""
        return list(self.each_sa())

    def each_sa(self, numbers: Sequence[int] | None = None) -> Iterator[IkeSaView]:
        """Yield them, or those of some numbers, some at a time as they are then; new ones are left out."""
        if numbers is None:
            numbers = [one.number for one in self.engine.carriers()]
        for at in range(0, len(numbers), VIEWED):
            views = self.engine.views(self.clock.now(), numbers[at : at + VIEWED])
            counted = iter(self._counted(child for view in views for child in view.children))
            for view in views:
                yield replace(view, children=tuple(islice(counted, len(view.children))))

    def children(self, keys: Iterable[tuple[int, int]]) -> list[ChildView]:
        """Return the Child SAs of some IKE SAs' numbers and inbound SPIs."""
        return self._counted(self.engine.children(self.clock.now(), keys))

    def _counted(self, children: Iterable[ChildView]) -> list[ChildView]:
        found = list(children)
        counts = self.plane.counters(child.inbound_spi for child in found)
        none, past = Counters(), self.totals.past
        return [
            replace(child, counters=counts.get(child.inbound_spi, none), past=past(child.inbound_spi))
            for child in found
        ]

    def reset_counters(self) -> None:
        """Have the data plane count from now on."""
        self.plane.reset()
        self.totals.reset()

    # Effects

    def _send(self, transmit: Callable[[Datagram], None], send: Send) -> None:
        """Send a datagram; of one that cannot leave the engine hears after the batch."""
        try:
            transmit(send.datagram)
        except Unavailable as problem:
            self.clock.call_at(self.clock.now(), partial(self._failed, Failed(send, str(problem))))

    def _failed(self, failed: Failed) -> None:
        self._perform(self.engine.failed(failed, self.clock.now()))

    def _tell(self, tell: Tell) -> None:
        """Pass on an event; keys are for the key log alone."""
        if isinstance(tell.event, KeysDerived):
            self.keylog.ike(tell.event)
        else:
            self.journal.event(tell.event)

    def tell_keys(self, on: bool) -> None:
        """Have the key log hear of keys, or no longer."""
        self.journal.hear((KeysDerived,) if on else ())
        self._ways[Install] = self._install_told if on else self._install

    def _install(self, install: Install) -> None:
        self.plane.install(install)
        self.totals.put(install)

    def _install_told(self, install: Install) -> None:
        self._install(install)
        self.keylog.esp(install)

    def _update(self, update: Update) -> None:
        self.plane.update(update)
        self.totals.move(update)

    def _remove(self, remove: Remove) -> None:
        self.totals.leave(remove)
        self.plane.remove(remove)

    def _perform(self, effects: Sequence[Effect]) -> None:
        ways, left = self._ways, iter(effects)
        for effect in left:
            try:
                ways[type(effect)](effect)
            except Unavailable as problem:
                self._failed(Failed(effect, str(problem), tuple(left)))
        if self.engine.next_wake != self._alarm_at:
            self._arm()

    def _find_answer(self, ask: Ask) -> None:
        """Have a question answered after the batch."""
        self._answers.find(
            ask.question, lambda found: self._perform(self.engine.answer(ask.id, found, self.clock.now()))
        )

    def _arm(self) -> None:
        when = self.engine.next_wake
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_at = when
        self._alarm = self.clock.call_at(when, self._wake) if when is not None else None

    def _wake(self) -> None:
        self._alarm = self._alarm_at = None
        self._perform(self.engine.wake(self.clock.now()))


def _merged(store: Store, text: str, source: str, refused: bool = False) -> list[str]:
    """Read text into a configuration; return what was wrong, with line numbers, or that of refused lines alone."""
    return [
        f"{source}: line {number}: {message}"
        for number, outcome in feed_all(ConfigReader(store, quiet=True), lines_of(text))
        if not (refused and outcome.accepted)
        for message in outcome.messages
    ]
