"""FlexVPN clients by themselves: whatever happens, each is where it may be, and no two of a group are at one hub."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from hypothesis import given, settings
from hypothesis import strategies as st

from ikecli.boundary.effects import Gateways, Standing
from ikecli.intent import Prefix
from ikecli.intent.watch import Begins, Client, Gate, Hub, Source
from ikecli.watch.clients import PAUSE_LONGEST, Clients, Run

HUBS = tuple(ip_address(f"198.51.100.{number}") for number in range(1, 5))
LINES = ("Gi0", "Gi1")
LOCALS = dict(zip(LINES, (ip_address("192.0.2.1"), ip_address("203.0.113.1")), strict=True))
TRACKS = range(1, 5)

gates = st.builds(Gate, st.sampled_from([0, *TRACKS]), st.booleans())
hubs = st.lists(st.sampled_from(HUBS), min_size=1, max_size=4, unique=True)
sources = st.lists(st.sampled_from(LINES), max_size=2, unique=True)


@st.composite
def clients(draw: st.DrawFn, number: int) -> Client:
    return Client(
        f"C{number}",
        f"Tunnel{number}",
        f"T{number}",
        tuple(Hub(at, (one,), str(one), draw(gates)) for at, one in enumerate(draw(hubs), 1)),
        tuple(Source(at, one, LOCALS[one], draw(gates)) for at, one in enumerate(draw(sources), 1)),
        draw(st.sampled_from(Begins)),
        Gate(draw(st.sampled_from(TRACKS)), draw(st.booleans())),
        draw(st.sampled_from([0, 7])),
        draw(st.booleans()),
    )


class World:
    """What the clients see: which objects and lines are up."""

    def __init__(self, some: list[Client]) -> None:
        self.up: set[int] = set()
        self.lines = set(LINES)
        self.now = 0.0
        self.clients = Clients(self.open)
        self.clients.configure(some)

    def open(self, gate: Gate) -> bool:
        return not gate.track or (gate.track in self.up) == gate.up

    def line(self, interface: str) -> bool:
        return interface in self.lines

    def versions(self, interface: str) -> frozenset[int]:
        return frozenset({4})

    def route(self, vrf: str, prefix: Prefix) -> tuple[str, str] | None:
        return None

    def standing(self, run: Run, up: bool) -> None:
        """Have the connection of a client stand, or fail, where it is."""
        if run.ends is not None:
            local = run.ends.source.address if run.ends.source is not None else LOCALS["Gi0"]
            news = Standing(run.client.connection, local, run.ends.remote, up, "" if up else "it failed")
            list(self.clients.heard(news, self.now))

    def step(self, what: tuple[str, int]) -> None:
        kind, number = what
        runs = list(self.clients.runs.values())
        run = runs[number % len(runs)]
        match kind:
            case "track":
                self.up ^= {TRACKS[number % len(TRACKS)]}
            case "line":
                self.lines ^= {LINES[number % len(LINES)]}
            case "up" | "down":
                self.standing(run, kind == "up")
            case "order":
                self.clients.order(run.client.name, number % 2 == 0)
            case "told" if run.ends is not None:
                self.clients.told(Gateways(run.client.connection, run.ends.remote, HUBS[number % 4 :]))
            case "wait":
                self.now += number
        list(self.clients.choose(self, self.now))

    def ends(self) -> Iterator[tuple[Run, str]]:
        return ((run, str(run.ends.remote)) for run in self.clients.runs.values() if run.ends is not None)


steps = st.lists(
    st.tuples(st.sampled_from(["track", "line", "up", "down", "order", "told", "wait"]), st.integers(0, 100)),
    max_size=40,
)


@settings(max_examples=300, deadline=None)
@given(st.tuples(clients(0), clients(1), clients(2)), steps)
def test_a_client_is_only_where_it_may_be(some: tuple[Client, ...], happens: list[tuple[str, int]]) -> None:
    world = World(list(some))
    list(world.clients.choose(world, 0))
    for what in happens:
        world.step(what)
        for run, _ in world.ends():
            assert run.ends is not None
            assert world.clients.wants(run)
            assert world.open(run.ends.hub.gate)
            if run.client.sources:
                able = [one for one in run.client.sources if one.interface in world.lines and world.open(one.gate)]
                assert run.ends.source == able[0]
        grouped = [remote for run, remote in world.ends() if run.client.group]
        assert len(grouped) == len(set(grouped))
        for run in world.clients.runs.values():
            assert run.ends is not None or (run.waits and not run.active)
            assert run.due is None or run.due <= world.now + PAUSE_LONGEST


@given(clients(0).filter(lambda one: one.begins is Begins.AUTO and not one.sources), st.data())
def test_a_hub_that_may_be_tried_and_answers_is_found(one: Client, data: st.DataObject) -> None:
    world = World([one])
    world.up = set(data.draw(st.lists(st.sampled_from(TRACKS), unique=True)))
    able = [hub for hub in one.hubs if world.open(hub.gate)]
    good = data.draw(st.sampled_from(able)) if able else None
    (run,) = world.clients.runs.values()
    list(world.clients.choose(world, 0))
    for _ in range(2 * len(one.hubs)):
        if run.ends is None or run.ends.hub == good:
            break
        world.step(("down", 0))
        world.step(("wait", int(PAUSE_LONGEST)))
    assert (run.ends.hub if run.ends is not None else None) == good


def test_a_hub_that_is_told_twice_is_not_taken_for_a_better_one_by_its_other_line() -> None:
    first, second = HUBS[:2]
    hubs = (Hub(1, (first,), "1", Gate(1)), Hub(2, (first,), "2", Gate(2)), Hub(3, (second,), "3"))
    world = World([Client("C", "Tunnel0", "T0", hubs, reactivate=True)])
    world.up = {2}
    list(world.clients.choose(world, 0))
    world.step(("down", 0))
    world.step(("up", 0))
    for _ in range(4):
        world.step(("look", 0))
        assert [remote for _, remote in world.ends()] == [str(second)]


def test_a_client_that_is_no_longer_wanted_has_nothing_to_wait_for() -> None:
    world = World([Client("C", "Tunnel0", "T0", (Hub(1, HUBS[:1], "1"),), begins=Begins.TRACK, gate=Gate(1))])
    world.up = {1}
    for what in ("look", "up", "down", "up", "down", "track"):
        world.step((what, 0))
    assert world.clients.due is not None
    world.step(("wait", 100))
    assert world.clients.due is None


def test_gateways_that_are_told_no_more_are_forgotten() -> None:
    """However often a hub tells of others that do not answer."""
    world = World([Client("C", "Tunnel0", "T0", (Hub(1, HUBS[:1], "1"),))])
    (run,) = world.clients.runs.values()
    list(world.clients.choose(world, 0))
    for number in range(50):
        world.step(("up", 0))
        world.clients.told(Gateways("T0", HUBS[0], (ip_address(f"203.0.113.{100 + number}"),)))
        for _ in range(2):
            world.step(("down", 0))
            world.step(("wait", int(PAUSE_LONGEST)))
        assert run.ends is not None
        assert run.ends.remote == HUBS[0]
    assert len(run.shunned) <= 2
    assert len(run.told) == 1
