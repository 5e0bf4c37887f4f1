"""Large configurations are worked on beside the loop: who needs them waits, who does not goes on."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable
from typing import Any

import pytest

from ikecli.config import ConfigReader, Store
from ikecli.config.reader import feed_all
from ikecli.control.messages import ConfigBegin, ConfigEnd, ConfigLine, Confirm, Copy, Identify, Show
from ikecli.control.replies import Copied, Done, Error, Identified, Reply, Shown
from ikecli.daemon.appliance import COMMIT_PAUSE, LARGE_LINES
from ikecli.daemon.clock import LoopClock
from ikecli.daemon.jobs import Beside, Jobs
from tests.config.reading import SAMPLES
from tests.daemon.test_archive import START, Operator

LARGE = "hostname R1\n" + "".join(f"interface Loopback{at}\n description number {at}\n" for at in range(LARGE_LINES))


class Held:
    """A workshop that does its work when it is told to."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def apart(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        self.waiting.append(lambda: done(work()))

    def here(self, act: Callable[[], Any]) -> Any:
        return act()


def asked(one: Operator, request: Any) -> list[Reply]:
    replies: list[Reply] = []
    one.session.handle(request, replies.append)
    return replies


def test_who_needs_the_configuration_waits_and_the_others_go_on() -> None:
    one, workshop = Operator(), Held()
    one.appliance.jobs = Jobs(workshop)  # type: ignore[misc]
    copied = asked(one, Copy("file:big", "running-config", LARGE))
    shown = asked(one, Show("running", {}))
    assert (copied, shown) == ([], [])
    assert isinstance(asked(one, Identify())[0], Identified)
    assert isinstance(asked(one, Show("ikev2.sa", {}))[0], Shown)
    workshop.waiting.pop(0)()
    assert isinstance(copied[0], Copied)
    workshop.waiting.pop(0)()
    (reply,) = shown
    assert isinstance(reply, Shown)
    assert f"interface Loopback{LARGE_LINES - 1}" in reply.views


def test_lines_that_come_together_are_committed_once() -> None:
    one = Operator()
    commits: list[str] = []
    resolve = one.appliance.store._resolve
    one.appliance.store._resolve = lambda before: (commits.append(one.appliance.hostname), resolve(before))[1]  # type: ignore[method-assign]
    one.ask(ConfigBegin())
    for at in range(5):
        one.ask(ConfigLine(f"hostname R{at}"))
    assert commits == []
    one.lab.run(COMMIT_PAUSE)
    assert commits == ["R4"]
    one.ask(ConfigLine("hostname Last"))
    one.ask(ConfigEnd())
    assert commits == ["R4", "Last"]
    assert one.appliance.store.intent.hostname == "Last"


def test_work_beside_the_loop_acts_on_the_loop_and_sets_its_timers() -> None:
    async def run() -> list[str]:
        loop = asyncio.get_running_loop()
        home, beside, clock = threading.get_ident(), Beside(loop), LoopClock(loop)
        jobs, done = Jobs(beside), loop.create_future()
        seen: list[str] = []

        def work() -> str:
            seen.append("apart" if threading.get_ident() != home else "here")
            seen.append(jobs.here(lambda: "here" if threading.get_ident() == home else "apart"))
            clock.call_at(clock.now(), lambda: seen.append("timer"))
            with pytest.raises(ValueError, match="wrong"):
                jobs.here(lambda: int("wrong"))
            return "ended"

        jobs.begin(work, done.set_result)
        jobs.later(lambda: seen.append("later"))
        assert jobs.busy
        seen.append(await done)
        await asyncio.sleep(0.01)
        return seen

    assert sorted(asyncio.run(run())) == ["apart", "ended", "here", "later", "timer"]


def held() -> tuple[Operator, Held]:
    """Return an operator at a large configuration, and the workshop that works when it is told to."""
    one, workshop = Operator(LARGE), Held()
    one.appliance.jobs = Jobs(workshop)  # type: ignore[misc]
    return one, workshop


def worked(workshop: Held) -> None:
    while workshop.waiting:
        workshop.waiting.pop(0)()


def test_a_session_that_goes_while_it_waits_for_configuration_mode_keeps_nobody_out() -> None:
    one, workshop = held()
    asked(one, Show("running", {}))
    asked(one, ConfigBegin(exclusive=True))
    one.session.close()
    worked(workshop)
    assert one.appliance.holder is None
    assert one.appliance.store.editors == 0
    begun = asked(one, ConfigBegin())
    one.session.close()
    worked(workshop)
    assert len(begun) == 1
    assert one.appliance.store.editors == 0


def test_what_fails_while_others_wait_is_answered_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    one, workshop = held()
    asked(one, Show("running", {}))
    broken, after = asked(one, Show("route", {})), asked(one, Show("interfaces", {}))
    monkeypatch.setattr(one.appliance.plane, "routes", lambda: 1 // 0)
    with pytest.raises(ExceptionGroup):
        worked(workshop)
    assert isinstance(broken[0], Error)
    assert isinstance(after[0], Shown)


def test_a_rollback_and_a_reload_that_are_due_wait_for_work_on_the_configuration() -> None:
    one, workshop = held()
    one.appliance.pending.schedule(1, "ann", one.appliance.store.startup())
    one.appliance.reloading.schedule(1, "ann")
    before = one.appliance.store
    asked(one, Copy("file:big", "running-config", LARGE.replace("R1", "R2")))
    one.lab.run(61)
    assert one.appliance.store is before
    worked(workshop)
    assert one.appliance.store is not before
    assert not one.appliance.pending.waits


def test_a_rollback_that_was_due_is_not_made_once_it_is_confirmed() -> None:
    one, workshop = held()
    one.appliance.pending.schedule(1, "ann", START)
    asked(one, Show("startup", {}))
    confirmed = asked(one, Confirm())
    one.lab.run(61)
    worked(workshop)
    assert confirmed == [Done()]
    assert f"interface Loopback{LARGE_LINES - 1}" in one.appliance.store.running()


def test_while_a_reload_reads_others_see_what_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Operator(START)
    one.appliance.save(one.appliance.store.startup().replace("R1", "R2"))
    seen: set[str] = set()
    feed = ConfigReader.feed

    def watched(reader: ConfigReader, line: str, width: int = 0) -> Any:
        (identified,) = asked(one, Identify())
        seen.add(identified.hostname)  # type: ignore[attr-defined]
        return feed(reader, line, width)

    monkeypatch.setattr(ConfigReader, "feed", watched)
    one.appliance.reload()
    assert seen == {"R1"}
    assert one.appliance.hostname == "R2"


ROUTER = LARGE + "interface Loopback1\n crypto map M 1\n nonsense\ncrypto map M 1 ipsec-isakmp\n set peer x y z\n"
FIREWALL = (SAMPLES / "site-to-site" / "asa.cfg").read_text()


@pytest.mark.parametrize(("dialect", "text"), [("ios", ROUTER), ("asa", FIREWALL)], ids=["ios", "asa"])
def test_a_configuration_leaves_no_cycles(dialect: str, text: str) -> None:
    """The collector is spared a look at what large work made: what is garbage then would stay for ever."""
    store = Store(dialect, bytes(32))
    for _ in feed_all(ConfigReader(store, quiet=True), text.splitlines()):
        pass
    store.commit()
    gc.collect()
    gc.disable()
    try:
        store = Store(dialect, bytes(32))
        for _ in feed_all(ConfigReader(store, quiet=True), text.splitlines()):
            pass
        store.commit()
        store.startup()
        del store
        assert gc.collect() < 10
    finally:
        gc.enable()
