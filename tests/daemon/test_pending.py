"""A change that must be confirmed: it goes by itself after its minutes, with its session, or with the engine."""

from __future__ import annotations

import pytest

from ikecli.control.messages import ConfigBegin, ConfigEnd, ConfigLine, Confirm, Copy, Reload, Replace, Revert, Save
from ikecli.control.replies import Done
from ikecli.daemon.appliance import Appliance
from ikecli.dataplane.memory import MemoryPlane
from tests.daemon.test_archive import Operator


def changed(minutes: int = 5) -> Operator:
    """Return an operator who has changed the hostname, to be confirmed in so many minutes."""
    one = Operator()
    one.ask(ConfigBegin(minutes))
    one.ask(ConfigLine("hostname R2"))
    one.ask(ConfigEnd())
    assert one.appliance.hostname == "R2"
    return one


def logged(one: Operator) -> list[str]:
    return [heard.log.mnemonic for heard in one.appliance.journal.kept() if heard.log is not None]


def test_what_is_not_confirmed_goes_when_its_minutes_are_over() -> None:
    one = changed()
    one.lab.run(241)
    assert "ROLLBK_CNFMD_CHG_WARNING_ABSTIMER" in logged(one)
    assert one.appliance.hostname == "R2"
    one.lab.run(60)
    assert one.appliance.hostname == "R1"
    assert "ROLLBK_CNFMD_CHG_ROLLBACK_START" in logged(one)
    assert "%No Rollback Confirmed Change pending" in one.refused(Confirm())


def test_what_is_confirmed_stays() -> None:
    one = changed()
    one.lab.run(200)
    assert one.ask(Confirm()) == Done()
    one.lab.run(3600)
    assert one.appliance.hostname == "R2"
    assert one.ask(Save()) == Done()


def test_a_cut_session_does_not_stop_the_clock() -> None:
    one = Operator()
    one.ask(ConfigBegin(2))
    one.ask(ConfigLine("hostname R2"))
    one.session.close()
    assert one.appliance.hostname == "R2"
    one.lab.run(121)
    assert one.appliance.hostname == "R1"


def test_it_is_reverted_at_once_or_later() -> None:
    one = changed()
    one.lab.run(290)
    one.ask(Revert(10))
    one.lab.run(590)
    assert one.appliance.hostname == "R2"
    one.ask(Revert())
    assert one.appliance.hostname == "R1"
    assert "pending" in one.refused(Revert())
    one.lab.run(3600)
    assert one.appliance.hostname == "R1"


def test_a_replacement_can_wait_too_and_one_that_is_refused_leaves_nothing_waiting() -> None:
    one = Operator()
    one.refused(Replace("file:x", "nonsense\n", 5))
    assert not one.appliance.pending.waits
    one.ask(Replace("file:x", "hostname R3\n", 5))
    assert one.appliance.hostname == "R3"
    assert "is pending" in one.refused(ConfigBegin(3))
    one.lab.run(301)
    assert one.appliance.hostname == "R1"


def test_it_is_not_stored_before_it_is_confirmed() -> None:
    one = changed()
    for request in (Save(), Copy("running-config", "startup-config")):
        assert "type configure confirm first" in one.refused(request)
    one.ask(Reload())
    assert one.appliance.hostname == "R1"
    assert not one.appliance.pending.waits


@pytest.mark.parametrize("stored", [True, False])
def test_an_engine_that_crashed_starts_with_what_ran_before(stored: bool) -> None:
    one = Operator()
    one.configure("hostname Unstored")
    if stored:
        one.ask(Save())
    one.ask(ConfigBegin(60))
    one.ask(ConfigLine("hostname R2"))
    for expected in ("Unstored", "Unstored" if stored else "R1"):
        again = Appliance(
            dialect="ios",
            clock=one.lab.clock,
            random=one.lab.random,
            transmit=lambda datagram: None,
            plane=lambda notify: MemoryPlane(
                one.lab.clock, one.lab.random, one.lab.fabric, notify, lambda datagram: None
            ),
            storage=one.appliance.storage,
        )
        assert again.boot() == []
        assert again.hostname == expected
        assert not again.pending.waits
