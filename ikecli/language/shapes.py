"""The dataclasses of a draft, seen through their annotations: what a field holds, and how records are built."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

_Asked = TypeVar("_Asked")
_Answer = TypeVar("_Answer")


def cached(function: Callable[[_Asked], _Answer]) -> Callable[[_Asked], _Answer]:
    """Remember every answer of a function: what it is asked about lasts as long as the program."""
    return lru_cache(None)(function)


@cached
def hints(model: type) -> dict[str, Any]:
    """Return the resolved annotations of a dataclass."""
    return get_type_hints(model)


@cached
def fields(model: type) -> dict[str, dataclasses.Field[Any]]:
    """Return the fields of a dataclass by name."""
    return {field.name: field for field in dataclasses.fields(model)}


@cached
def record_in(annotation: Any) -> type | None:
    """Return the dataclass in `D`, `D | None`, `list[D]`, `tuple[D, ...]` or the values of `dict[K, D]`, or None."""
    if isinstance(annotation, type) and dataclasses.is_dataclass(annotation):
        return annotation
    inner = get_args(annotation)
    if get_origin(annotation) is dict:
        inner = inner[1:]
    return next((found for found in map(record_in, inner) if found), None)


def initial(model: type, name: str) -> Any:
    """Return what a new object has in this field."""
    field = fields(model)[name]
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return None if field.default is dataclasses.MISSING else field.default


def absent(annotation: Any) -> Any:
    """Return what stands in a record for a slot that was not typed: False, () or None."""
    if annotation is bool:
        return False
    return () if get_origin(annotation) is tuple else None


def build(raw: Any, annotation: Any) -> Any:
    """Return a typed slot as the annotation wants it: records become dataclasses, lists tuples."""
    if isinstance(raw, dict):
        model = record_in(annotation)
        if model is None:
            raise TypeError(f"{annotation} holds no dataclass for a record of {', '.join(raw)}")
        return record(model, raw)
    if isinstance(raw, list):
        return tuple(build(item, annotation) for item in raw)
    return raw


def record(model: type, raw: dict[str, Any]) -> Any:
    """Build a dataclass from slots; absent ones are None, False or (), unless the class says otherwise."""
    types = hints(model)
    values = {
        name: build(value, types.get(name)) if isinstance(value, dict | list) else value for name, value in raw.items()
    }
    for name in _required(model):
        if name not in values:
            values[name] = absent(types[name])
    return model(**values)


@cached
def _required(model: type) -> tuple[str, ...]:
    missing = dataclasses.MISSING
    return tuple(f.name for f in fields(model).values() if f.default is missing and f.default_factory is missing)
