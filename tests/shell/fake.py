"""An appliance that answers from a table, so that the session alone is tested."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from ikecli.boundary.views import InterfaceView, SystemView
from ikecli.control.client import LocalClient, Push
from ikecli.control.messages import (
    Clear,
    ConfigBegin,
    ConfigEnd,
    ConfigHelp,
    ConfigLine,
    ConfigLines,
    Copy,
    Debug,
    Differ,
    Disable,
    Enable,
    Erase,
    Fetch,
    Identify,
    Login,
    Monitor,
    Names,
    Ping,
    Replace,
    Request,
    Rollback,
    Save,
    Show,
    config_prompt,
)
from ikecli.control.replies import (
    Choice,
    Choices,
    ConfigState,
    ConfigStates,
    Copied,
    Done,
    Error,
    Identified,
    Lines,
    Pinged,
    Replaced,
    Reply,
    Shown,
)
from ikecli.secret import Secret

SYSTEM = SystemView("R1", "ios", "1.0", 60, 0.0, "Linux", "3.11", "x86_64", 1024, "image", "config", "memory")
INTERFACES = tuple(
    InterfaceView(name, nameif, (address,), False, True, 1500, "")
    for name, nameif, address in (
        ("GigabitEthernet0/0", "outside", "10.0.0.1/24"),
        ("GigabitEthernet0/1", "", "::1/64"),
    )
)
RUNNING = ("hostname R1", "!", "crypto map M 10 ipsec-isakmp", " set peer 10.0.0.2", "!", "end")


class Fake:
    """Knows the enable secret "cisco", the user "ann" with "pw", an interface and a ping."""

    def __init__(self, level: int = 15, dialect: str = "ios", secret: str = "cisco") -> None:
        self.who = Identified(level, "ann", "R1", dialect, "1.0", bool(secret))
        self.level = level
        self.asked: list[Request] = []
        self.pushes: list[Push] = []
        self.marks = "!!.!U"
        self.secret = Secret(secret)
        self.mode = ""
        self.debugs: set[str] = set()
        self.banners: tuple[str, ...] = ()
        self.stuck: Callable[[Request], bool] = lambda request: False
        self.closed = False

    def open(self, level: int, user: str, push: Push) -> Fake:
        self.pushes.append(push)
        return self

    def client(self) -> LocalClient:
        return LocalClient(self.open, self.level, "ann")

    def close(self) -> None:
        self.closed = True

    def handle(self, request: Request, reply: Callable[[Reply], None]) -> None:
        self.asked.append(request)
        if not self.stuck(request):
            reply(self.answer(request))

    def answer(self, request: Request) -> Reply:
        match request:
            case Identify():
                return self.who
            case Enable(password, level):
                return self.rise(level) if password == self.secret else Error("% Access denied")
            case Disable(level):
                return self.rise(level)
            case Login(name, password):
                return self.rise(15) if (name, password) == ("ann", Secret("pw")) else Error("% Login invalid")
            case Show(topic):
                return self.show(topic)
            case Names(path):
                return Lines({"crypto_maps": ("MAP-A", "MAP-B"), "nameif": ("outside",)}.get(path, ()))
            case ConfigBegin() | ConfigLine() | ConfigEnd() | ConfigHelp():
                return self.configure(request)
            case ConfigLines(lines, typed):
                return ConfigStates(tuple(self.several(lines, typed)))
            case Ping(sequence=sequence):
                return Pinged(self.marks[sequence % len(self.marks)], 1.0 + sequence)
            case Debug(category, on):
                self.debugs = self.debugs | {category} if on else self.debugs - {category}
                return Lines(tuple(sorted(self.debugs)))
            case Fetch("flash:sealed"):
                return Error("%Error opening flash:sealed (Permission denied)")
            case Fetch("flash:new"):
                return Error("%Error opening flash:new (No such file or directory)")
            case Fetch(which):
                return Lines((*RUNNING[:-1], f"! {which}"))
            case Copy(text=text):
                return Copied(len(text), ("line 2: wrong",))
            case Differ():
                return Lines(("-hostname R0",))
            case Replace() | Rollback():
                return Replaced(True)
            case Save() | Erase() | Clear() | Monitor():
                return Done()
        return Error("% ?")

    def several(self, lines: tuple[str, ...], typed: bool) -> Iterator[ConfigState]:
        """Lines that come together, until one is for the session; each is asked as if it came alone."""
        self.asked.pop()
        for line in lines:
            one = ConfigLine(line, len(config_prompt(self.who.hostname, self.mode)) if typed else 0)
            self.asked.append(one)
            state = self.configure(one)
            assert isinstance(state, ConfigState)
            yield state
            if state.execute or not state.mode:
                return

    def rise(self, level: int) -> Identified:
        self.who = replace(self.who, level=level)
        return self.who

    def show(self, topic: str) -> Reply:
        views: dict[str, tuple[Any, ...]] = {
            "version": (SYSTEM,),
            "clock": (SYSTEM,),
            "running": RUNNING,
            "startup": RUNNING,
            "interfaces": INTERFACES,
            "interface.brief": INTERFACES,
            "banners": self.banners,
            "debugging": tuple(sorted(self.debugs)),
        }
        return Shown(views[topic]) if topic in views else Error(f"% Nothing of {topic}")

    def configure(self, request: Request) -> Reply:
        """A toy: `section` enters, `exit` leaves, `do ...` executes, `banner` takes lines to `#`, `bad` is bad."""
        match request:
            case ConfigHelp(text):
                return Choices(
                    tuple(Choice(w, f"The {w}", w) for w in ("bad", "banner", "section") if w.startswith(text))
                )
            case ConfigBegin():
                self.mode = "config"
            case ConfigEnd() | ConfigLine("end"):
                self.mode = ""
            case ConfigLine("section"):
                self.mode = "config-section"
            case ConfigLine("exit"):
                self.mode = {"config-section": "config"}.get(self.mode, "")
            case ConfigLine("banner"):
                return ConfigState(self.mode, "R1", messages=("End with #",), wants_more=True)
            case ConfigLine(line, width) if line.startswith("bad"):
                caret = " " * width + "^"
                return ConfigState(self.mode, "R1", False, (caret, "% Invalid input detected at '^' marker."))
            case ConfigLine(line) if line.startswith("do "):
                return ConfigState(self.mode, "R1", execute=line[3:])
            case ConfigLine(line) if line.startswith("hostname "):
                self.who = replace(self.who, hostname=line[9:])
        return ConfigState(self.mode, self.who.hostname)
