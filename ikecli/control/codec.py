"""Messages as JSON: one object a line, generic over the dataclasses of control.messages and boundary.

A line is {"id","do","with"} (a request), {"id","is","with"} or {"id","error"} (its reply) or {"event"} (a push). A long
reply comes in parts; all but the last carry "more". A field whose type names one class holds that class's fields;
where several could stand, {"is","with"} names which. A Secret is readable only in requests.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from functools import cache
from itertools import chain
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from ikecli.boundary import events, filters, lending, machine, outer, traces, views, watching
from ikecli.control import messages, replies
from ikecli.control.messages import Request
from ikecli.control.replies import Choices, Error, Heard, Lines, Reply, Shown
from ikecli.errors import Rejected
from ikecli.secret import HIDDEN, Secret

LINE_LIMIT: Final = 1 << 24
"""Octets that one line may have, its newline included."""

USER_LINE_LIMIT: Final = 1 << 16
"""Octets of a line from somebody below the operator's level."""

PART_SIZE: Final = 1 << 16
"""Octets after which a long reply is cut into a further line."""

SEQUENCES: Final[Mapping[type[Reply], str]] = {Shown: "views", Lines: "lines", Choices: "choices"}
"""The replies that may be long, and the one field that makes them so."""

Pack = Callable[[Any, bool], Any]
Unpack = Callable[[Any], Any]

REGISTRY: Final[Mapping[str, type]] = {
    name: kind
    for module in (messages, replies, views, lending, watching, filters, machine, outer, traces, events)
    for name, kind in vars(module).items()
    if isinstance(kind, type) and is_dataclass(kind) and kind is not events.KeysDerived
}
"""Every dataclass that may travel, by name; the event with keys in it may not."""


def encode_request(number: int, request: Request) -> bytes:
    """Return the line of a request; its secrets are in clear. Raises Rejected when it is longer than LINE_LIMIT."""
    body = {"id": number, "do": type(request).__name__, "with": _packer(_kind(request))(request, True)}
    line = _line(body)
    if len(line) > LINE_LIMIT:
        raise Rejected(f"% This is {len(line)} octets long; a request to the engine has at most {LINE_LIMIT}.")
    return line


def encode_reply(number: int, reply: Reply) -> Iterator[bytes]:
    """Yield the lines of a reply, each made when it is asked for; its secrets are hidden."""
    if isinstance(reply, Error):
        yield _line({"id": number, "error": reply.text})
        return
    name = SEQUENCES.get(type(reply))
    if name is None:
        body = {"id": number, "is": type(reply).__name__, "with": _packer(_kind(reply))(reply, False)}
        yield _line(body)
        return
    head = f'{{"id":{number},"is":"{type(reply).__name__}","with":{{"{name}":['.encode()
    pack = _packer(get_args(_hints(_kind(reply))[name])[0])
    texts: list[bytes] = []
    size = 0
    for item in getattr(reply, name):
        if size >= PART_SIZE:
            yield head + b",".join(texts) + b']},"more":true}\n'
            texts, size = [], 0
        texts.append(_line(pack(item, False))[:-1])
        size += len(texts[-1])
    others = "".join(
        f',"{field.name}":{json.dumps(found)}'
        for field in fields(reply)
        if field.name != name and (found := getattr(reply, field.name)) != field.default
    )
    yield head + b",".join(texts) + f"]{others}}}}}\n".encode()


def encode_push(heard: Heard) -> bytes:
    """Return the line of something pushed."""
    return _line({"event": _packer(Heard)(heard, False)})


def decode_request(line: bytes) -> tuple[int, Request]:
    """Return a request and its number; raises Rejected for anything else."""
    body = _object(line)
    number, kind = body.get("id"), _named(body.get("do"))
    if type(number) is not int or kind is None or not issubclass(kind, Request) or kind is Request:
        raise Rejected("% Not a request: an object with id, do and with is wanted.")
    request = _fields(kind, body.get("with", {}))
    assert isinstance(request, Request)
    return number, request


def number_of(line: bytes) -> int:
    """Return the number that a refused line is answered with: its id, or 0 when it has none."""
    try:
        number = _object(line).get("id")
    except Rejected:
        return 0
    return number if type(number) is int else 0


def decode_answer(line: bytes) -> tuple[int, Reply, bool] | Heard:
    """Return what an engine sent: a reply's number, the reply and whether more of it follows; or a push."""
    body = _object(line)
    if "event" in body:
        heard = _fields(Heard, body["event"])
        assert isinstance(heard, Heard)
        return heard
    number, kind = body.get("id"), _named(body.get("is"))
    if type(number) is not int:
        raise Rejected("% Not a reply: it has no id.")
    if "error" in body:
        return number, Error(str(body["error"])), False
    if kind is None or not issubclass(kind, Reply):
        raise Rejected("% Not a reply that this release knows: is the engine of another release?")
    reply = _fields(kind, body.get("with", {}))
    assert isinstance(reply, Reply)
    return number, reply, body.get("more") is True


def joined(parts: Sequence[Reply]) -> Reply:
    """Return the parts of one long reply as one; raises Rejected when they are of different kinds."""
    last = parts[-1]
    name = SEQUENCES.get(type(last))
    if name is None or any(type(part) is not type(last) for part in parts):
        raise Rejected("% Parts of different replies.")
    return replace(last, **{name: tuple(chain.from_iterable(getattr(part, name) for part in parts))})


def plain(value: Any) -> Any:
    """Return a view, or a tuple of them, as JSON has it, for `| json`: no class names, secrets hidden."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return _pack_any(value, False)


def _kind(value: Any) -> Any:
    return type(value)


def _named(name: Any) -> type | None:
    return REGISTRY.get(name) if isinstance(name, str) else None


def _line(body: Any) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode() + b"\n"


def _object(line: bytes) -> dict[str, Any]:
    try:
        body = json.loads(line, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Rejected("% Not a line of JSON.") from error
    if not isinstance(body, dict):
        raise Rejected("% Not a JSON object.")
    return body


def _no_constant(text: str) -> Any:
    raise ValueError(text)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


@cache
def _packer(hint: Any) -> Pack:
    """Return the function that makes JSON values of a type's values; its second argument opens secrets."""
    if _concrete(hint):
        parts = [(field.name, _packer(_hints(hint)[field.name])) for field in fields(hint)]
        return lambda value, clear: {name: pack(getattr(value, name), clear) for name, pack in parts}
    origin, arguments = get_origin(hint), get_args(hint)
    if hint in (str, int, float, bool, NoneType):
        return lambda value, clear: value
    if origin in (Union, UnionType):
        some = [one for one in arguments if one is not NoneType]
        if len(some) == 1:
            inner = _packer(some[0])
            return lambda value, clear: None if value is None else inner(value, clear)
    if origin is tuple and arguments[1:] == (Ellipsis,):
        each = _packer(arguments[0])
        return lambda value, clear: [each(item, clear) for item in value]
    return _pack_any


def _pack_any(value: Any, clear: bool) -> Any:
    """Make a JSON value by the value's own type; a dataclass becomes {"is","with"}."""
    match value:
        case Enum():
            return value.value
        case None | str() | bool() | int() | float():
            return value
        case Secret():
            return value.reveal().decode(errors="surrogateescape") if clear else HIDDEN
        case bytes():
            return value.hex()
        case Mapping():
            return {key: _pack_any(item, clear) for key, item in value.items()}
        case tuple() | list():
            return [_pack_any(item, clear) for item in value]
    name = type(value).__name__
    if _named(name) is not type(value):
        raise TypeError(f"{name} does not travel on the control socket")
    return {"is": name, "with": _packer(_kind(value))(value, clear)}


def _concrete(hint: Any) -> bool:
    """Tell whether a type is a dataclass that stands for itself: no root that others are derived from."""
    return isinstance(hint, type) and is_dataclass(hint) and not _derived(hint)


def _derived(kind: type) -> bool:
    return any(issubclass(other, kind) and other is not kind for other in REGISTRY.values()) and not fields(kind)


def _fields(kind: type, body: Any) -> Any:
    """Build a dataclass from the object of its fields; raises Rejected."""
    if not isinstance(body, dict):
        raise Rejected(f"% {kind.__name__} takes an object.")
    unpackers = _unpackers(kind)
    if unknown := body.keys() - unpackers.keys():
        raise Rejected(f"% {kind.__name__} has no {min(unknown)[:40]!r}.")
    try:
        return kind(**{name: unpackers[name](value) for name, value in body.items()})
    except (TypeError, ValueError) as error:
        raise Rejected(f"% The fields of {kind.__name__} are missing, of another type or out of bounds.") from error


@cache
def _unpackers(kind: type) -> dict[str, Unpack]:
    hints = _hints(kind)
    return {field.name: _unpacker(hints[field.name]) for field in fields(kind)}


@cache
def _unpacker(hint: Any) -> Unpack:
    """Return the function that reads values of a type from JSON values; it raises TypeError, ValueError or Rejected."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return _unpack_any
    if hint is Secret:
        return lambda value: Secret(_checked(str, value).encode(errors="surrogateescape"))
    if hint is bytes:
        return lambda value: bytes.fromhex(_checked(str, value))
    if origin in (Union, UnionType):
        return _union(arguments)
    if origin is tuple:
        return _tuple(arguments)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        each = _unpacker(arguments[1])
        return lambda value: {_text(key): each(item) for key, item in _checked(dict, value).items()}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    if _concrete(hint):
        return lambda value: _fields(hint, value)
    if isinstance(hint, type) and is_dataclass(hint):
        return lambda value: _checked_kind(hint, _unpack_any(value))
    if hint is float:
        return lambda value: float(_checked((int, float), value))
    return _text if hint is str else lambda value: value if type(value) is hint else _checked(hint, value)


def _text(value: Any) -> str:
    """Return a text that can be written again: no half of a surrogate pair but those that stand for odd octets."""
    text: str = value if type(value) is str else _checked(str, value)
    if not text.isascii():
        text.encode(errors="surrogateescape")
    return text


def _union(arguments: tuple[Any, ...]) -> Unpack:
    some = [one for one in arguments if one is not NoneType]
    if len(some) == 1:
        inner = _unpacker(some[0])
        return lambda value: None if value is None else inner(value)
    kinds = tuple(some)

    def unpack(value: Any) -> Any:
        if type(value) not in kinds:
            raise TypeError("of none of these types")
        return _text(value) if isinstance(value, str) else value

    return unpack


def _tuple(arguments: tuple[Any, ...]) -> Unpack:
    if arguments[1:] == (Ellipsis,):
        each = _unpacker(arguments[0])
        return lambda value: tuple([each(item) for item in _checked(list, value)])
    parts = [_unpacker(one) for one in arguments]
    return lambda value: tuple(part(item) for part, item in zip(parts, _checked(list, value), strict=True))


def _unpack_any(value: Any) -> Any:
    match value:
        case {"is": str(name), "with": body} if name in REGISTRY:
            return _fields(REGISTRY[name], body)
        case dict():
            raise Rejected("% A value of a class that this release does not know.")
        case list():
            return tuple(_unpack_any(item) for item in value)
    return value


def _checked(kind: Any, value: Any) -> Any:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise TypeError("of another type")
    return value


def _checked_kind(kind: type, value: Any) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"no {kind.__name__}")
    return value
