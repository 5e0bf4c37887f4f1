"""Which exec command a request comes from, and the level that each has by itself."""

from __future__ import annotations

from typing import Final

from ikecli.control import messages as m

_MAKERS: Final[dict[type[m.Request], tuple[str, ...]]] = {
    m.Copy: ("copy", "configure.memory"),
    m.Fetch: ("copy", "more"),
    m.Delete: ("delete",),
    m.ArchiveNow: ("archive.config",),
    m.Differ: ("show.archive.differences", "show.archive.incremental"),
    m.Convert: ("convert.dialect",),
    m.ConvertIkev1: ("convert.ikev1",),
    m.Replace: ("configure.replace",),
    m.Confirm: ("configure.confirm",),
    m.Revert: ("configure.revert",),
    m.Rollback: ("rollback",),
    m.Save: ("write.memory",),
    m.Erase: ("write.erase",),
    m.Connect: ("flexvpn.connect",),
}
"""The commands that make a request, where that is the same for all of its kind."""

_RENAMED: Final = {"show.running": ("show.running", "write.terminal")}

_EVERYBODYS: Final = frozenset({"enable", "disable", "login", "exit", "help"})

_OPERATORS: Final = frozenset(
    {
        *(name for kind, names in _MAKERS.items() if m.LEVELS[kind] == m.OPERATOR for name in names),
        "configure.terminal", "configure.exclusive", "write.terminal", "reload", "reload.at", "reload.cancel",
        "show.reload", "keylog.start", "keylog.stop", "terminal.monitor", "terminal.unmonitor",
        "vpn_sessiondb.logoff", *(f"show.{topic}" for topic in m.OPERATOR_TOPICS),
    }
)  # fmt: skip
_OPERATORS_VERBS: Final = ("clear.", "debug.", "undebug.")


def own_level(command: str) -> int:
    """Return the level of a command, named as in the grammar, where the configuration says no other."""
    if command in _OPERATORS or command.startswith(_OPERATORS_VERBS):
        return m.OPERATOR
    return 0 if command in _EVERYBODYS else m.USER


def fixed(command: str) -> bool:
    """Tell whether a command keeps its level: who is, and who may change the configuration."""
    return command in _EVERYBODYS or command.startswith("configure.")


def makers(request: m.Request) -> tuple[str, ...]:
    """Return the commands that make a request; none for those that no command is given for."""
    match request:
        case m.Show(topic):
            return _RENAMED.get(f"show.{topic}", (f"show.{topic}",))
        case m.Ping(ttl=hops):
            return ("traceroute",) if hops else ("ping",)
        case m.Clear(topic):
            return (f"clear.{topic}",)
        case m.Reload(status=True):
            return ("show.reload",)
        case m.Reload(cancel=True):
            return ("reload.cancel",)
        case m.Reload(at=at):
            return ("reload.at",) if at else ("reload",)
        case m.Debug(category, on):
            topic = category.partition(".")[0]
            return (f"{'' if on else 'un'}debug.{topic}",)
        case m.KeyLog(folder):
            return ("keylog.start" if folder else "keylog.stop",)
        case m.Monitor(on):
            return ("terminal.monitor" if on else "terminal.unmonitor",)
    return _MAKERS.get(type(request), ())


def below(needed: int, level: int) -> str:
    """Return what a session is told whose level does not do."""
    return f"% This needs privilege level {needed}, this session has {level}: type enable"
