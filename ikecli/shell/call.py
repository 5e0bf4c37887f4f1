"""The table of exec commands: what stands behind `!` in the grammar, and the function that does it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from ikecli.control.messages import Option

if TYPE_CHECKING:
    from ikecli.shell.output import Output
    from ikecli.shell.session import Shell


@dataclass(frozen=True, slots=True)
class Call:
    """A command as typed: its session, its output, its name in the grammar, its slots, its whole line."""

    shell: Shell
    out: Output
    name: str
    slots: Mapping[str, Any]
    line: str

    @property
    def topic(self) -> str:
        """What the request is about: the name without its verb."""
        return self.name.partition(".")[2]

    @property
    def options(self) -> dict[str, Option]:
        """The slots that were typed, as a request takes them."""
        return {name: _option(value) for name, value in self.slots.items() if value not in (None, False, ())}


def _option(value: Any) -> Option:
    return value if isinstance(value, str | int | bool) else str(value)


Function = Callable[[Call], Awaitable[None]]


class Commands(Mapping[str, Function]):
    """Functions by name. Each is imported when it is first called, so that one command does not load all."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = places

    def __getitem__(self, name: str) -> Function:
        module, _, function = self._places[name].partition(":")
        found: Function = getattr(import_module(f"ikecli.shell.commands.{module}"), function)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


_VIEWS: Final = (
    "ikev2.sa", "ikev2.session", "ikev2.stats", "ikev2.proposal", "ikev2.policy", "ikev2.profile", "ipsec.sa",
    "ipsec.transform_set", "map", "session", "vpn_sessiondb.summary", "vpn_sessiondb.l2l", "interface.brief",
    "interfaces", "nameif", "route", "access_lists", "version", "clock", "users", "debugging", "ipsec.profile",
    "ipv6.interface.brief", "ipv6.route", "ipv6.access_lists", "vrf", "nat.translations", "local_pool",
    "ipv6_local_pool", "vpn_sessiondb.remote", "ikev2.authorization", "ikev2.flexvpn", "crypto.engine",
    "archive", "flash", "aliases", "isakmp.sa", "trace", "route.to", "interfaces.description", "ip",
    "ip.interface", "ipv6.route.to", "dynamic_map", "session.summary", "banner",
    "prefix_lists", "ipv6.prefix_lists", "route_map", "ipsec.df_bit", "ipsec.fragmentation",
)  # fmt: skip

_CLEAR: Final = ("ikev2.sa", "ikev2.stats", "ipsec.sa", "ipsec.counters", "session", "nat", "ikev2.flexvpn")

COMMANDS: Final = Commands(
    {
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
        "where": "session:where",
        "connect": "session:connect",
        "show.history": "session:history",
        "terminal.length": "session:length",
        "terminal.default": "session:default_length",
        "terminal.unpaged": "session:unpaged",
        "terminal.width": "session:width",
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
        "flexvpn.connect": "views:flexvpn",
        "clear.logging": "debugging:clear",
        "vpn_sessiondb.logoff": "views:logoff",
        **{f"clear.{name}": "views:clear" for name in _CLEAR},
        **{f"show.{name}": "views:show" for name in _VIEWS},
    }
)
