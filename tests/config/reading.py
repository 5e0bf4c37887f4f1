"""Configurations read by a fresh store, for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from ikecli.config import ConfigReader, Store
from ikecli.config.reader import Outcome

MASTER_KEY = bytes(range(32))
SAMPLES = Path(__file__).parent.parent.parent / "sample-configs"


def counting() -> Callable[[int], bytes]:
    """Return dice that always fall the same way."""
    state = [0]

    def random(length: int) -> bytes:
        state[0] += 1
        return bytes((state[0] * 31 + at) % 256 for at in range(length))

    return random


def new_store(dialect: str) -> Store:
    return Store(dialect, MASTER_KEY, counting())


def read(dialect: str, lines: str | Iterable[str], *, quiet: bool = True) -> tuple[Store, list[Outcome]]:
    """Read lines to their end and commit; return the store and what became of each line."""
    store = new_store(dialect)
    reader = ConfigReader(store, quiet=quiet)
    outcomes = [reader.feed(line) for line in (lines.splitlines() if isinstance(lines, str) else lines)]
    reader.end()
    store.commit()
    return store, outcomes


def typed(dialect: str, lines: str) -> str:
    """Return a configuration session as it looks on a terminal."""
    store = new_store(dialect)
    reader = ConfigReader(store)
    screen = []
    for line in lines.splitlines():
        prompt = f"{store.hostname}({reader.prompt})#"
        outcome = reader.feed(line, len(prompt))
        screen += [prompt + line, *outcome.messages]
    reader.end()
    return "\n".join(screen)


def commands(store: Store) -> list[str]:
    """Return the running-config with its secrets, without header and end."""
    around = ("!", "end", ": end", ": Saved", ":", "", "Building configuration...")
    lines = [line for line in store.running(clear=True) if line.strip() not in around]
    return [line for line in lines if not line.startswith("Current configuration")]
