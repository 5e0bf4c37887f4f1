"""Every sample is read whole, means something, and comes back from each form in which it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from ikecli.config import ConfigReader, dialect_of
from ikecli.config.check import check
from tests.config.reading import SAMPLES, commands, new_store, read

FILES = sorted(SAMPLES.glob("*/*.cfg"))


@pytest.fixture(params=FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def sample(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_there_are_samples() -> None:
    assert len(FILES) >= 4


def test_a_sample_is_clean_but_for_weak_algorithms(sample: Path) -> None:
    found = check(sample.read_text(), sample.name)
    assert found.clean
    assert all("weak" in each.message for each in found.complaints)
    assert found.inert == 0


def test_a_sample_makes_connections_with_profiles_or_translates(sample: Path) -> None:
    store, _ = read(dialect_of(sample.read_text()), sample.read_text())
    assert store.intent.connections or store.intent.templates or store.intent.nat.outside
    profiles = {profile.name for profile in store.intent.profiles}
    assert profiles.issuperset(row.profile for row in store.intent.connections if not row.wildcard_peer)
    assert any(policy.proposals for policy in store.intent.policies)


@pytest.mark.parametrize("form", ["startup", "clear"])
def test_what_is_written_reads_back_the_same(sample: Path, form: str) -> None:
    dialect = dialect_of(sample.read_text())
    store, _ = read(dialect, sample.read_text())
    text = store.startup() if form == "startup" else "\n".join(store.running(clear=True))
    again, outcomes = read(dialect, text)
    assert all(outcome.accepted for outcome in outcomes)
    assert again.draft == store.draft
    assert again.startup() == store.startup()


def test_typed_or_read_a_sample_has_one_effect(sample: Path) -> None:
    dialect = dialect_of(sample.read_text())
    from_file, _ = read(dialect, sample.read_text())
    by_hand, _ = read(dialect, [line.strip() for line in sample.read_text().splitlines()], quiet=False)
    assert by_hand.draft == from_file.draft
    assert by_hand.intent == from_file.intent


def test_no_of_every_line_leaves_nothing(sample: Path) -> None:
    dialect = dialect_of(sample.read_text())
    store, _ = read(dialect, sample.read_text())
    openers: list[str] = []
    steps: list[list[str]] = []
    for line in commands(store):
        depth = len(line) - len(line.lstrip())
        openers = [*openers[:depth], line.strip()]
        if line.strip().startswith("no "):
            continue
        word = "default" if line.startswith("interface ") and "Ethernet" in line else "no"
        steps.append([*openers[:-1], f"{word} {line.strip()}"])
    for step in reversed(steps):
        reader = ConfigReader(store, quiet=True)
        for line in step:
            assert reader.feed(line).accepted, step
        reader.end()
    ports = store.draft.interfaces
    assert all(port == type(port)() for port in ports.values())
    ports.clear()
    assert store.draft == new_store(dialect).draft
