"""`make demo`: the article's router and firewall set up a tunnel, as an engineer would type it.

With a terminal the session then stays open.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ikecli.control.client import Client
from ikecli.lab.run import run
from ikecli.shell.history import History
from ikecli.shell.opening import open_terminal
from ikecli.shell.script import ScriptTerminal
from ikecli.shell.session import Elsewhere, Shell
from ikecli.shell.terminal import Helper

FILES: Final = ("router.cfg", "asa.cfg")
TYPED: Final = (
    "show running-config | section crypto",
    "ping 10.2.2.1 source 10.1.1.1",
    "show crypto ikev2 sa",
    "show crypto ipsec sa",
    "connect ASA",
    "show crypto ikev2 sa",
    "show crypto ipsec sa",
    "exit",
)


class TypedTerminal(ScriptTerminal):
    """Types given lines where a reader can see them, each behind its prompt."""

    typed = True

    async def line(self, prompt: str, helper: Helper | None) -> str:
        """Return the next line, shown as if it had been typed."""
        line = await super().line(prompt, helper)
        self.write(f"{prompt}{line}\n")
        return line


def samples() -> Path:
    """Return the directory of the article's pair: in the installed package, or at the root of a checkout."""
    package = Path(__file__).parent.parent
    installed = package / "sample-configs"
    return (installed if installed.is_dir() else package.parent / "sample-configs") / "site-to-site"


async def attend(client: Client, elsewhere: Elsewhere) -> int:
    """Type the demonstration; then, at a terminal, leave the keys to the operator."""
    attended = sys.stdin.isatty() and sys.stdout.isatty()
    shell = Shell(client, TypedTerminal(TYPED), History(), elsewhere)
    await shell.run()
    if not attended:
        return int(shell.refused)
    print("\nThe lab stays open: type `?` for help, `connect ASA` for the other end, `exit` to leave.\n")
    terminal, close = open_terminal(None, History())
    try:
        await Shell(elsewhere.open(shell.who.hostname), terminal, History(), elsewhere).run()
    finally:
        close()
    return int(shell.refused)


def main(files: Iterable[Path] | None = None) -> int:
    """Run the demonstration; return 1 if a line of it was refused."""
    return run(
        list(files or (samples() / name for name in FILES)), None, attend, lambda line: print(line, file=sys.stderr)
    )


if __name__ == "__main__":
    sys.exit(main())
