"""Values as plain data and back, by their types: what moves from one process to another as JSON.

Octets are hexadecimal text, mappings are lists of pairs, dataclasses objects of their fields, algorithms their registry
keys. Reading takes nothing on trust: every type, length and number is checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from math import isfinite
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from ikecli.errors import Rejected
from ikecli.numbers import BY_KEY, Algorithm

MAX_OCTETS: Final = 1 << 17
"""Octets, and characters, of one value."""
MAX_ITEMS: Final = 1 << 12
"""Items of one list."""
MAX_INTEGER: Final = (1 << 64) - 1

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]
_ADDRESSES: Final = (IPv4Address, IPv6Address)
_NETWORKS: Final = (IPv4Network, IPv6Network)
_SEQUENCES: Final = (tuple, list, frozenset, set)
_HINTS: Final[dict[Any, dict[str, Any]]] = {}


def hints(kind: Any) -> dict[str, Any]:
    """Return the types of a dataclass's fields."""
    if kind not in _HINTS:
        known = get_type_hints(kind)
        _HINTS[kind] = {field.name: known[field.name] for field in fields(kind)}
    return _HINTS[kind]


def write(value: Any, kind: Any) -> Plain:
    """Return a value of a type as plain data; raises TypeError for a type that has no such form."""
    origin, inner = get_origin(kind) or kind, get_args(kind)
    if origin in (Union, UnionType):
        return None if value is None else write(value, _some(kind))
    if origin in (bool, int, float, str, NoneType):
        return origin(value) if origin is not NoneType else None
    if origin is bytes:
        return str(value.hex())
    if origin in (*_ADDRESSES, *_NETWORKS):
        return str(value)
    if origin is Algorithm:
        return [int(part) for part in value.key]
    if origin in _SEQUENCES:
        items = list(value)
        return [write(item, part) for item, part in zip(items, _parts(inner, len(items)), strict=True)]
    if origin in (dict, Mapping):
        return [[write(key, inner[0]), write(item, inner[1])] for key, item in value.items()]
    if isinstance(origin, type) and issubclass(origin, Enum):
        return str(value.name)
    if is_dataclass(origin):
        return {name: write(getattr(value, name), part) for name, part in hints(origin).items()}
    raise TypeError(f"{kind} has no plain form")


def read(data: object, kind: Any) -> Any:
    """Return the value of a type that plain data is for; raises Rejected for any that is not."""
    try:
        return _read(data, kind)
    except (ValueError, KeyError, OverflowError) as problem:
        raise Rejected(f"{str(data)[:40]!r} is no {_name(kind)}") from problem


def _read(data: Any, kind: Any) -> Any:
    origin, inner = get_origin(kind) or kind, get_args(kind)
    if origin in (Union, UnionType):
        return None if data is None and NoneType in inner else _read(data, _some(kind))
    if origin is float and type(data) in (int, float) and isfinite(data):
        return float(data)
    if origin in (bool, int, str) and type(data) is origin and _small(data):
        return data
    if origin is bytes and type(data) is str and len(data) <= 2 * MAX_OCTETS:
        return bytes.fromhex(data)
    if origin in (*_ADDRESSES, *_NETWORKS) and type(data) is str and len(data) <= MAX_ITEMS:
        return ip_address(data) if origin in _ADDRESSES else ip_network(data)
    if isinstance(data, list) and len(data) <= MAX_ITEMS:
        return _read_list(data, origin, inner)
    if isinstance(origin, type) and issubclass(origin, Enum) and type(data) is str:
        return origin[data]
    if is_dataclass(origin) and isinstance(data, dict):
        parts = hints(origin)
        if set(data) == set(parts):
            return kind(**{name: read(data[name], part) for name, part in parts.items()})
    raise ValueError


def _read_list(data: list[Any], origin: Any, inner: tuple[Any, ...]) -> Any:
    if origin is Algorithm:
        return BY_KEY[tuple(read(part, int) for part in data)]
    if origin in _SEQUENCES:
        return origin(read(item, part) for item, part in zip(data, _parts(inner, len(data)), strict=True))
    if origin in (dict, Mapping) and all(isinstance(one, list) for one in data):
        return {read(key, inner[0]): read(item, inner[1]) for key, item in data}
    raise ValueError


def _small(value: Any) -> bool:
    return len(value) <= MAX_OCTETS if isinstance(value, str) else -1 <= value <= MAX_INTEGER


def _some(kind: Any) -> Any:
    """Return what an optional type is beside None, or one of several with the same form."""
    return next(part for part in get_args(kind) if part is not NoneType)


def _parts(inner: tuple[Any, ...], count: int) -> tuple[Any, ...]:
    return (inner[0],) * count if len(inner) == 1 or inner[-1] is Ellipsis else inner


def _name(kind: Any) -> str:
    return getattr(kind, "__name__", str(kind))
