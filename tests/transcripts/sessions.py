"""Sessions as typed: a transcript is replayed on appliances in virtual time, and its screen must come out the same
but for SPIs.

A transcript begins with `#` lines: `# appliances: FILE...` (of sample-configs, or a dialect for an empty one), `# node:
HOSTNAME` and `# level: N` where they are not the first and 15. What follows is the screen. Typed is what stands behind
a prompt or a question; `<TAB>` is the key, and what became of such a line stands below it; `?` at the end of a line
asks; `~` begins what is typed unseen.

Record one anew with `python -m tests.transcripts.sessions FILE...` and read the difference.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from ikecli.config import dialect_of
from ikecli.control.client import Client, LocalClient
from ikecli.daemon.sessions import Session
from ikecli.lab.lab import VirtualLab
from ikecli.shell.session import Shell
from tests.shell.screen import Screen

HERE = Path(__file__).parent
SAMPLES = HERE.parent.parent / "sample-configs"
QUESTION = r"(?:Username|Password|(?:New|Confirm) key): |.*\]\? |.*\[confirm\]|.*\[(?:yes/)?no\]: "
PROMPT = re.compile(rf"([\w.-]+(?:\([\w-]+\))?[>#]|{QUESTION})(.*)")
SPI = re.compile(r"\b[0-9A-F]{16}\b|\b0x[0-9A-Fa-f]{8}\b")
SPEED = re.compile(r"in \d+\.\d+ secs \(\d+ bytes/sec\)")
LONGEST = 600.0


class Lab:
    """The appliances of a transcript; time passes while a request waits."""

    def __init__(self, files: Iterable[str], level: int) -> None:
        self.lab = VirtualLab("transcript")
        self.level = level
        for name in files:
            text = (SAMPLES / name).read_text() if name not in ("ios", "asa") else ""
            _, complaints = self.lab.add(text, name if not text else dialect_of(text))
            assert not [one for one in complaints if "warning" not in one.lower()], complaints

    def names(self) -> list[str]:
        return [node.name for node in self.lab.nodes]

    def open(self, name: str) -> Client:
        appliance = self.lab[name].appliance

        def wait(done: object) -> None:
            self.lab.clock.run(self.lab.clock.now() + LONGEST, stop=done)  # type: ignore[arg-type]

        return LocalClient(lambda level, user, push: Session(appliance, level, user, push), self.level, "console", wait)


def replay(transcript: str, together: bool = False) -> str:
    """Return the transcript as its session comes out now, its lines typed one by one or pasted together."""
    head = re.match(r"(?:#.*\n)*", transcript)
    assert head
    options = dict(re.findall(r"# (\w+): (.*)", head[0]))
    lab = Lab(options["appliances"].split(), int(options.get("level", "15")))
    screen = Screen(typed(transcript[head.end() :]), together=together)
    asyncio.run(Shell(lab.open(options.get("node", lab.names()[0])), screen, elsewhere=lab).run())
    return head[0] + screen.text


def steady(screen: str) -> str:
    """Return a screen with its SPIs numbered as they first appear, for they are the dice's, and without real time."""
    screen = SPEED.sub("in a moment", screen)
    seen: dict[str, str] = {}
    return SPI.sub(lambda spi: seen.setdefault(spi[0].upper(), f"SPI{len(seen)}"), screen)


def typed(screen: str) -> list[str]:
    """Return what was typed on a screen; a line that TAB completed is printed twice and typed once."""
    found: list[str] = []
    completed = False
    for line in screen.splitlines():
        prompt = PROMPT.fullmatch(line)
        if prompt and not completed:
            found.append(prompt[2])
        completed = bool(prompt) and "<TAB>" in line and not completed
    return found


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        path = Path(argument)
        path.write_text(replay(path.read_text()))
