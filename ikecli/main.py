"""The command line. Everything is imported where it is used, so that one command to a running engine starts fast."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from ikecli import __version__
from ikecli.errors import IkecliError, Unavailable

if TYPE_CHECKING:
    from ikecli.boundary.views import LogLine
    from ikecli.control.client import Client
    from ikecli.control.replies import Heard
    from ikecli.shell.session import Elsewhere

PRIVATE_START: Final = 20.0
"""Seconds that a private engine may take to answer."""

PRIVATE_ENGINE: Final = (sys.executable, "-m", "ikecli.main", "engine", "--private")

TO_COME: Final = ("explain", "decode")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
        sys.stdout.flush()
        return status
    except IkecliError as problem:
        print(f"ikecli: {problem}", file=sys.stderr)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return 130
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ikecli", description="A Cisco-style command line over an IKEv2 engine. Without a command: the shell."
    )
    parser.add_argument("--version", action="version", version=f"ikecli {__version__}")
    _common(parser, None)
    parser.add_argument("-c", dest="commands", metavar="CMD", action="append", help="type this line; may be repeated")
    parser.set_defaults(run=_shell)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    engine = commands.add_parser("engine", help="run the engine in the foreground")
    _common(engine, argparse.SUPPRESS)
    engine.add_argument("--config", metavar="FILE", type=Path, help="the startup-config of this run")
    engine.add_argument("--dialect", choices=("ios", "asa"), help="the command language (default: as FILE is written)")
    engine.add_argument("--dataplane", choices=("auto", "xfrm", "userspace", "none"), default="auto")
    engine.add_argument(
        "--interface", metavar="NAME=DEVICE", type=_device, action="append", default=[],
        help="the Linux device of an interface of the configuration; may be repeated",
    )  # fmt: skip
    engine.add_argument("--port", metavar="N", type=_port, default=500, help="UDP port of IKE (default 500)")
    engine.add_argument("--nat-port", metavar="N", type=_port, default=4500, help="UDP port behind NAT (default 4500)")
    engine.add_argument("--private", action="store_true", help=argparse.SUPPRESS)
    engine.set_defaults(run=_engine)

    check = commands.add_parser("check", help="read and resolve configurations without running them")
    check.add_argument("files", metavar="FILE", nargs="+", type=Path)
    check.add_argument("--dialect", choices=("auto", "ios", "asa"), default="auto")
    check.add_argument("--json", action="store_true")
    check.set_defaults(run=_check)

    lab = commands.add_parser("lab", help="run configurations as appliances on an emulated network")
    lab.add_argument("files", metavar="FILE", nargs="+", type=Path)
    lab.add_argument("--node", metavar="HOSTNAME", help="where the shell begins (default: the first)")
    lab.add_argument("-c", dest="commands", metavar="CMD", action="append", help="type this line; may be repeated")
    lab.add_argument(
        "--capture", metavar="DIR", type=Path, help="write what the wire carries, and all keys in clear, for Wireshark"
    )
    lab.set_defaults(run=_lab)

    for name in TO_COME:
        later = commands.add_parser(name)
        later.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
        later.set_defaults(run=_later, name=name)
    return parser


def _common(parser: argparse.ArgumentParser, default: str | None) -> None:
    parser.add_argument("--control", metavar="SOCKET", type=Path, default=default, help="the engine's control socket")
    parser.add_argument("--state", metavar="DIR", type=Path, default=default, help="the engine's state directory")


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text} is no UDP port: 1 to 65535")
    return int(text)


def _device(text: str) -> tuple[str, str]:
    name, _, device = text.partition("=")
    if not name or not device:
        raise argparse.ArgumentTypeError(f"{text} names no device: say GigabitEthernet0/0=eth0")
    return name, device


def _places(options: argparse.Namespace) -> tuple[Path, Path]:
    """Return state directory and control socket."""
    from ikecli.daemon import places

    state: Path = options.state or places.state_directory()
    return state.absolute(), (options.control or places.control_socket(state)).absolute()


# The engine


def _engine(options: argparse.Namespace) -> int:
    from ikecli.daemon import service

    if options.port == options.nat_port:
        raise Unavailable(f"--port and --nat-port are both {options.port}; they must differ")
    state, control = _places(options)
    setup = service.Setup(
        control=control,
        state=state,
        startup=options.config.absolute() if options.config else None,
        dialect=options.dialect or _dialect(options.config or state / "startup-config"),
        dataplane=options.dataplane,
        ports=(options.port, options.nat_port),
        private=options.private,
        devices=dict(options.interface),
    )
    service.run(setup, _logger(setup.dialect))
    return 0


def _dialect(path: Path) -> str:
    """Return the dialect that a startup configuration is written in; IOS where there is none."""
    from ikecli.config import dialect_of
    from ikecli.language import TEXT_LIMIT, decoded

    try:
        with path.open("rb") as opened:
            return dialect_of(decoded(opened.read(TEXT_LIMIT + 1), str(path)))
    except (OSError, Unavailable):
        return "ios"


def _logger(dialect: str) -> Callable[[list[Heard]], list[LogLine]]:
    """Return what prints log lines on standard error, for the journal with their severity (sd-daemon(3))."""
    from ikecli.debug import logged
    from ikecli.show.ios.system import log_line

    journal = "JOURNAL_STREAM" in os.environ

    def tell(heard: list[Heard]) -> list[LogLine]:
        lines = [line for one in heard for line in logged(one, dialect)]
        texts = [f"{f'<{line.severity}>' if journal else ''}{log_line(line, dialect)}\n" for line in lines]
        with contextlib.suppress(OSError):  # who read it is gone: the buffered log and the servers have the lines
            sys.stderr.write("".join(texts))
            sys.stderr.flush()
        return lines

    return tell


# The shell


def _shell(options: argparse.Namespace) -> int:
    import asyncio

    return asyncio.run(_attached(options))


async def _attached(options: argparse.Namespace) -> int:
    """Hold a session of the engine."""
    return await _attend(options, await _client(options), None)


async def _attend(options: argparse.Namespace, client: Client, elsewhere: Elsewhere | None) -> int:
    """Hold a session, wherever its lines come from; return 1 if one that nobody could mend was refused."""
    from ikecli.shell.history import History
    from ikecli.shell.opening import open_terminal
    from ikecli.shell.session import Shell

    attended = _attended(options)
    history = History(_places(options)[0] / "history" if attended else None)
    terminal, close = open_terminal(options.commands, history)
    shell = Shell(client, terminal, history, elsewhere)
    try:
        await shell.run()
    finally:
        history.save()
        close()
    return int(shell.refused and not attended)


def _attended(options: argparse.Namespace) -> bool:
    """Tell whether a person types."""
    return options.commands is None and sys.stdin.isatty()


async def _client(options: argparse.Namespace) -> Client:
    """Connect to the engine; where there is none, start a private one for a person, or say so."""
    from ikecli.control.client import SocketClient

    state, control = _places(options)
    try:
        return await SocketClient.connect(control)
    except Unavailable as problem:
        if _attended(options) and options.control is None:
            return await _private(state)
        if options.commands is None:
            raise
        from ikecli.shell.offline import OfflineClient

        return OfflineClient(f"{problem}; start one with `ikecli engine`")


async def _private(state: Path) -> Client:
    """Return a session of this user's private engine, started if it does not run."""
    import asyncio
    import subprocess
    import time

    from ikecli.control.client import SocketClient, check_path
    from ikecli.daemon.places import private_socket

    socket = private_socket(state)
    check_path(socket)
    try:
        return await SocketClient.connect(socket)
    except Unavailable:
        print("No engine runs: this is a private one, with an emulated network; it ends with its last session.")
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _private_log(state / "private.log") as log:
        engine = subprocess.Popen(
            [*PRIVATE_ENGINE, "--control", str(socket), "--state", str(state)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    deadline = time.monotonic() + PRIVATE_START
    while engine.poll() is None and time.monotonic() < deadline:
        try:
            return await SocketClient.connect(socket)
        except Unavailable:
            await asyncio.sleep(0.02)
    said = (state / "private.log").read_text(errors="replace").strip().splitlines()
    raise Unavailable(said[-1].removeprefix("ikecli: ") if said else "the private engine does not answer")


def _private_log(path: Path) -> BinaryIO:
    """Open the log of a private engine anew; raises Unavailable, for a link too."""
    try:
        return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb")
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}") from error


# The others


def _check(options: argparse.Namespace) -> int:
    from ikecli.config.check import run

    return run(options.files, options.dialect, options.json)


def _lab(options: argparse.Namespace) -> int:
    from ikecli.lab.run import run

    def say(complaint: str) -> None:
        print(complaint, file=sys.stderr)

    attend = partial(_attend, options)
    return run(options.files, options.node, attend, say, options.capture)


def _later(options: argparse.Namespace) -> int:
    raise Unavailable(f"{options.name} comes with a later release; this one has engine, check, lab and the shell")


if __name__ == "__main__":
    sys.exit(main())
