"""The shell where no engine runs: a person gets a private one, which ends with its last session."""

from __future__ import annotations

import os
import pty
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ikecli.daemon import places
from tests.daemon.engines import IKECLI, PATIENCE

pytestmark = pytest.mark.skipif(
    places.control_socket(places.state_directory()).exists(), reason="an engine runs on this machine"
)


class Person:
    """Somebody at a terminal."""

    def __init__(self, home: Path, term: str) -> None:
        self.master, slave = pty.openpty()
        os.set_blocking(self.master, False)
        runtime = home / "runtime"
        runtime.mkdir(mode=0o700, exist_ok=True)
        environment = {**os.environ, "TERM": term, "XDG_RUNTIME_DIR": str(runtime), "XDG_STATE_HOME": str(home)}
        self.shell = subprocess.Popen(
            [*IKECLI, "--state", str(home / "state")], stdin=slave, stdout=slave, stderr=slave, env=environment
        )
        os.close(slave)
        self.seen = ""

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def until(self, text: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while text not in self.seen:
            assert time.monotonic() < deadline, self.seen
            try:
                self.seen += os.read(self.master, 65536).decode()
            except BlockingIOError:
                time.sleep(0.01)
        self.seen = self.seen.partition(text)[2]

    def leave(self) -> int:
        self.type("exit\r")
        return self.shell.wait(PATIENCE)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    deadline = time.monotonic() + PATIENCE
    while (tmp_path / "state" / "private").exists():
        assert time.monotonic() < deadline, "the private engine goes on"
        time.sleep(0.02)


def test_a_private_engine_serves_its_user_and_ends_with_the_last_session(home: Path) -> None:
    one = Person(home, "xterm")
    one.until("this is a private one")
    one.until("Router#")
    two = Person(home, "dumb")
    two.until("Router#")
    one.type("configure terminal\rhostname Mine\rend\rwrite memory\r")
    one.until("[OK]")
    assert one.leave() == 0
    two.type("show version | include uptime|data plane\r")
    two.until("data plane memory")
    two.until("Mine uptime")
    assert two.leave() == 0
    assert (home / "state").stat().st_mode & 0o777 == 0o700
    assert "hostname Mine" in (home / "state" / "startup-config").read_text()
    assert "show version" not in (home / "state" / "history").read_text().splitlines()
    assert "write memory" in (home / "state" / "history").read_text()


def test_a_private_engine_that_cannot_begin_says_why(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    one = Person(tmp_path, "dumb")
    one.until("state")
    assert one.shell.wait(PATIENCE) == 1
