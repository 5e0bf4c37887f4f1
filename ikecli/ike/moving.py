"""A live IKE SA as plain data, and back in another engine: keys, windows, Child SAs and requests of ours under way.

Times are written as seconds from now, since the other engine has its own clock. Requests of the peer still being served
and messages half put together are left behind: the peer sends them again. The data is as secret as the keys in it, and
spent once restored: two engines with one SA would use the same IVs.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final, cast

from ikecli.boundary.effects import Access
from ikecli.boundary.plain import Plain, hints, read, write
from ikecli.errors import ProtocolError, Rejected
from ikecli.ike import access, inner
from ikecli.ike.core import Core
from ikecli.ike.limits import FIRST_ESP_SPI, LAST_MESSAGE_ID, MAX_CHILDREN, MAX_QUEUED, MAX_WINDOW
from ikecli.ike.occasions import OCCASIONS
from ikecli.ike.sa import ChildSa, IkeSa, State
from ikecli.ike.talk import Talk
from ikecli.ike.tasks.base import Task
from ikecli.ike.window import UNSENT, Aim, Answer, Entry, Outstanding, Want, Window
from ikecli.numbers import Exchange
from ikecli.value import value

VERSION: Final = 1
"""Of the form of the data; another is refused."""
MOVABLE: Final = frozenset({State.ESTABLISHED, State.SPARE, State.REPLACED, State.DELETING, State.CLOSED})
"""Those that are authenticated; what is not yet is begun anew by its initiator."""
MAX_FAMILY: Final = 8
_OF_AN_ENGINE: Final = frozenset(
    {"number", "session", "order", "established_order", "window", "birth", "asking", "keeping", "children", "followups"}
)
_FIELDS: Final = {field.name for field in fields(IkeSa)} - _OF_AN_ENGINE
_SPI_SIZE: Final = 8
_NEVER: Final = 0.0


@value
class _Window:
    """The part of a window that is plain."""

    next_id: int
    size: int
    expected: int
    own: int
    queue: tuple[Entry, ...]
    answers: tuple[Answer, ...]


@value
class _Request:
    """A request of ours under way, and what its exchange knows."""

    want: Want
    aim: Aim
    exchange: Exchange
    message_id: int | None
    octets: bytes
    attempt: int
    due: float
    round: int
    replaces: ChildSa | None
    deleted: tuple[int, ...]
    crossed: bytes
    rivalled: bool


def snapshot(core: Core, sa: IkeSa) -> dict[str, Plain]:
    """Return an IKE SA, with those that a rekey made of it or it of; raises Rejected for one not authenticated."""
    family = _family(core, sa)
    if any(one.state not in MOVABLE for one in family):
        raise Rejected(f"IKE SA {sa.number} is not established: it cannot be moved")
    if any(loan.dhcp for one in family if one.lease for loan in one.lease.loans):
        raise Rejected(
            f"IKE SA {sa.number} has an address of a DHCP server, which knows this system: it cannot be moved"
        )
    return {"version": VERSION, "sas": [_write(core, one) for one in family]}


def restore(core: Core, data: object) -> list[IkeSa]:
    """Put what `snapshot` gave into an engine; raises Rejected, and changes nothing, for data that cannot be it."""
    if not isinstance(data, dict) or set(data) != {"version", "sas"} or data["version"] != VERSION:
        raise Rejected(f"this is no IKE SA of version {VERSION}")
    rows = data["sas"]
    if not isinstance(rows, list) or not 0 < len(rows) <= MAX_FAMILY:
        raise Rejected("an IKE SA and those of its rekeys are wanted")
    known = set(core.by_spi), set(core.children)
    sas = [_read(core, row, *known) for row in rows]
    for sa, row in zip(sas, rows, strict=True):
        if (interface := read(row["access"], Access | None)) is not None:
            access.resume(core, sa, interface)
    for sa in sas:
        core.enter(sa)
        for child in sa.children.values():
            core.enter_child(sa, child)
        if sa.established_order and sa.state is not State.CLOSED:
            core.by_identity.setdefault((sa.local_identity, sa.remote_identity), []).append(sa)
        inner.resume(core, sa)
    return sas


def release(core: Core, sa: IkeSa) -> None:
    """Forget an IKE SA that goes on elsewhere: nobody is told, its ESP is not taken out, only its interface is."""
    for one in _family(core, sa):
        for child in list(one.children.values()):
            core.leave_child(one, child)
        for ask in one.asking:
            core.asked.pop(ask, None)
        if one.established_order and one.state is not State.CLOSED:
            core.leave_identity(one)
        inner.release(core, one)
        access.detach(core, one)
        core.remove(one)


def _family(core: Core, sa: IkeSa) -> list[IkeSa]:
    """Return an IKE SA and all that are linked with it by rekeys, as far as they are still here."""
    links: dict[bytes, set[bytes]] = {}
    for one in core.sas.values():
        for other in (one.heir, one.ancestor):
            if other in core.by_spi:
                links.setdefault(one.own_spi, set()).add(other)
                links.setdefault(other, set()).add(one.own_spi)
    found, new = {sa.own_spi}, {sa.own_spi}
    while new:
        new = {other for spi in new for other in links.get(spi, ())} - found
        found |= new
    return [core.by_spi[spi] for spi in sorted(found)]


# Writing


def _write(core: Core, sa: IkeSa) -> dict[str, Plain]:
    window, now = sa.window, core.now
    kept = _Window(window.next_id, window.size, window.expected, window.own, tuple(window.queue), tuple(window.answers))
    return {
        "sa": {name: _shifted(getattr(sa, name), part, -now) for name, part in hints(IkeSa).items() if name in _FIELDS},
        "children": [
            {name: _shifted(getattr(child, name), part, -now) for name, part in hints(ChildSa).items()}
            for child in sa.children.values()
        ],
        "window": write(kept, _Window),
        "open": [_write_request(out, now) for out in window.open],
        "access": write(core.accesses.get(sa.access), Access | None),
    }


def _write_request(out: Outstanding, now: float) -> dict[str, Plain]:
    """Return a request of ours; one whose answer is being worked on is asked again, and answered from the cache."""
    talk = out.talk
    request = _Request(
        want=out.want,
        aim=talk.aim,
        exchange=Exchange(talk.exchange),
        message_id=None if out.message_id == UNSENT else out.message_id,
        octets=out.octets,
        attempt=out.attempt,
        due=0.0 if out.parked else max(out.due - now, 0.0),
        round=talk.round,
        replaces=talk.replaces,
        deleted=tuple(talk.deleted),
        crossed=talk.crossed,
        rivalled=talk.rivalled,
    )
    tasks = [None if task.kept is None else write(task.keep(), task.kept) for task in talk.tasks]
    return {"request": write(request, _Request), "tasks": cast(Plain, tasks)}


def _shifted(value: Any, kind: Any, seconds: float) -> Plain:
    """Return a field as plain data; a time, but for never, from another moment."""
    return write(value + seconds if kind is float and value != _NEVER else value, kind)


# Reading


def _read(core: Core, row: object, spis: set[bytes], children: set[int]) -> IkeSa:
    parts = _object(row, {"sa", "children", "window", "open", "access"})
    own = _fields(parts["sa"], IkeSa, _FIELDS, core.now)
    sa = IkeSa(number=0, session=0, order=core.order, **own)
    sa.established_order = core.order
    rows = _list(parts["children"], MAX_CHILDREN)
    for child in [ChildSa(**_fields(one, ChildSa, set(hints(ChildSa)), core.now)) for one in rows]:
        if child.inbound in children or min(child.inbound, child.outbound) < FIRST_ESP_SPI:
            raise Rejected(f"SPI 0x{child.inbound:08X} is in use, or reserved")
        children.add(child.inbound)
        sa.children[child.inbound] = child
    if sa.state not in MOVABLE or {len(sa.spi_i), len(sa.spi_r)} != {_SPI_SIZE} or sa.own_spi in spis:
        raise Rejected(f"IKE SPI {sa.own_spi.hex().upper()} is in use, or of none that stands")
    spis.add(sa.own_spi)
    _check_keys(sa)
    sa.window = _read_window(parts["window"])
    for one in _list(parts["open"], MAX_WINDOW):
        _read_request(core, sa, one)
    return sa


def _read_window(data: Plain) -> Window:
    kept: _Window = read(data, _Window)
    sizes = 0 < kept.size <= MAX_WINDOW and 0 < kept.own <= MAX_WINDOW
    ids = 0 <= kept.next_id <= LAST_MESSAGE_ID + 1 and 0 <= kept.expected <= LAST_MESSAGE_ID + 1
    if not sizes or not ids or len(kept.queue) > MAX_QUEUED or len(kept.answers) > 2 * MAX_WINDOW:
        raise Rejected("a window of numbers that none has")
    return Window(
        next_id=kept.next_id,
        size=kept.size,
        expected=kept.expected,
        own=kept.own,
        queue=list(kept.queue),
        answers=list(kept.answers),
    )


def _read_request(core: Core, sa: IkeSa, row: Plain) -> None:
    parts = _object(row, {"request", "tasks"})
    request: _Request = read(parts["request"], _Request)
    occasion = OCCASIONS[request.want]
    sent, states = request.message_id, _list(parts["tasks"], len(occasion.tasks))
    free = set(range(sa.window.next_id)[-MAX_WINDOW:]) - {out.message_id for out in sa.window.open}
    if len(states) != len(occasion.tasks) or (sent is not None and sent not in free):
        raise Rejected("a request that was never sent")
    tasks = tuple(task() for task in occasion.tasks)
    talk = Talk(core, sa, request.exchange, True, request.aim, tasks, round=request.round, want=request.want)
    old = request.replaces
    talk.replaces = sa.children.get(old.inbound, old) if old is not None else None
    talk.deleted, talk.crossed, talk.rivalled = list(request.deleted), request.crossed, request.rivalled
    for task, state in zip(tasks, states, strict=True):
        if task.kept is not None:
            _recall(task, talk, read(state, task.kept))
    due = core.now + request.due
    message_id = UNSENT if sent is None else sent
    sa.window.open.append(Outstanding(request.want, talk, message_id, request.octets, request.attempt, due))


def _recall(task: Task, talk: Talk, kept: Any) -> None:
    try:
        task.recall(talk, kept)
    except (KeyError, ValueError, ProtocolError) as problem:
        raise Rejected("a key exchange that is none") from problem


def _check_keys(sa: IkeSa) -> None:
    """Raise Rejected for keys of other lengths than the suite's."""
    if sa.state is State.CLOSED and sa.keys is None:
        return
    suite, keys = sa.suite, sa.keys
    if suite is None or keys is None:
        raise Rejected("an IKE SA without keys")
    wanted = suite.keys(bytes(suite.prf.key_octets), b"", b"", b"", b"")
    if any(len(getattr(wanted, name)) != len(getattr(keys, name)) for name in hints(type(keys))):
        raise Rejected("keys of other lengths than the algorithms take")


def _fields(data: Plain, kind: Any, names: set[str], now: float) -> dict[str, Any]:
    parts, types = _object(data, names), hints(kind)
    values = {name: read(parts[name], types[name]) for name in names}
    return {name: value + now if types[name] is float and value != _NEVER else value for name, value in values.items()}


def _object(data: object, names: set[str]) -> dict[str, Plain]:
    if not isinstance(data, dict) or set(data) != names:
        raise Rejected(f"an object of {', '.join(sorted(names))} is wanted")
    return data


def _list(data: Plain, most: int) -> list[Plain]:
    if not isinstance(data, list) or len(data) > most:
        raise Rejected(f"a list of at most {most} is wanted")
    return data
