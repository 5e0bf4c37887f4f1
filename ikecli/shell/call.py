"""The table of exec commands: what stands behind `!` in the grammar, and the function that does it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ikecli.control.messages import Option
from ikecli.late import Late
from ikecli.show import RENDERERS

if TYPE_CHECKING:
    from ikecli.shell.output import Output
    from ikecli.shell.session import Shell


@dataclass(frozen=True, slots=True)
class Call:
    """A command as typed: its session, its output, its name in the grammar, its slots, its whole line.

    `says` is what the grammar has it say.
    """

    shell: Shell
    out: Output
    name: str
    slots: Mapping[str, Any]
    line: str
    says: str = ""

    @property
    def topic(self) -> str:
        """What the request is about: the name without its verb."""
        return self.name.partition(".")[2]

    @property
    def options(self) -> dict[str, Option]:
        """The slots that were typed, as a request takes them."""
        return {name: _option(value) for name, value in self.slots.items() if value not in (None, False, ())}

    def number(self, slot: str, default: int) -> int:
        """Return the number that was typed as a slot, or else the default."""
        value = self.slots[slot]
        return default if value is None else int(value)


def _option(value: Any) -> Option:
    return value if isinstance(value, str | int | bool) else str(value)


Function = Callable[[Call], Awaitable[None]]

_CLEAR: Final = ("ikev2.sa", "ikev2.stats", "ipsec.sa", "ipsec.counters", "session", "nat", "ikev2.flexvpn")

COMMANDS: Final[Late[str, Function]] = Late(
    "ikecli.shell.commands",
    {
        **{name: "views:show" for _, name in RENDERERS},
        "enable": "privilege:enable",
        "disable": "privilege:disable",
        "login": "privilege:login",
        "show.privilege": "privilege:show",
        "show.curpriv": "privilege:show",
        "configure.terminal": "configuration:configure",
        "show.running": "configuration:running",
        "show.startup": "configuration:startup",
        "show.derived": "configuration:derived",
        "convert.dialect": "configuration:convert",
        "write.memory": "configuration:save",
        "write.terminal": "configuration:running",
        "write.erase": "configuration:erase",
        "more": "files:more",
        "delete": "files:delete",
        "archive.config": "archive:store",
        "convert.ikev1": "archive:ikev1",
        "show.archive.incremental": "archive:incremental",
        "show.archive.differences": "archive:differences",
        "configure.replace": "archive:replace",
        "configure.exclusive": "configuration:exclusive",
        "configure.confirm": "archive:confirm",
        "configure.revert": "archive:revert",
        "rollback": "archive:rollback",
        "reload": "archive:reload",
        "reload.at": "archive:reload_at",
        "show.reload": "archive:scheduled",
        "configure.memory": "files:merge",
        "reload.cancel": "archive:cancel",
        "copy": "files:copy",
        "exit": "session:leave",
        "help": "session:help",
        "says": "answers:says",
        "show.tech": "tech:tech",
        "lacks": "answers:lacks",
        "clear.lacks": "answers:lacks",
        "debug.lacks": "answers:lacks",
        "connect": "session:connect",
        "show.history": "session:history",
        "terminal.length": "session:length",
        "terminal.default": "session:default_length",
        "terminal.unpaged": "session:unpaged",
        "terminal.width": "session:width",
        "terminal.history": "session:history_size",
        "terminal.no_history": "session:no_history",
        "show.terminal": "session:terminal",
        "terminal.dialect": "session:dialect",
        "terminal.monitor": "session:monitor",
        "terminal.unmonitor": "session:unmonitor",
        "ping": "ping:ping",
        "traceroute": "traceroute:traceroute",
        "debug.ikev2": "debugging:debug",
        "debug.ipsec": "debugging:debug",
        "undebug.ikev2": "debugging:undebug",
        "undebug.ipsec": "debugging:undebug",
        "undebug.all": "debugging:undebug",
        "keylog.start": "debugging:keylog",
        "keylog.stop": "debugging:keylog",
        "show.logging": "debugging:logging",
        "show.ikev2.diagnose": "debugging:diagnosed",
        "flexvpn.connect": "views:flexvpn",
        "clear.logging": "debugging:clear",
        "vpn_sessiondb.logoff": "views:logoff",
        **{f"clear.{name}": "views:clear" for name in _CLEAR},
    },
)
