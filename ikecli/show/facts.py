"""The facts of `| json`: what a view holds, with the names of algorithms behind their numbers of IANA's registries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from ikecli.control.codec import plain
from ikecli.numbers import AuthMethod, TransformType, label
from ikecli.show.suites import row


def _algorithm(type: TransformType) -> Callable[[Any], Any]:
    def name(value: Any) -> Any:
        if value is None:
            return None
        number, bits = value if isinstance(value, list) else (value, 0)
        found = row(type, number, bits)
        return found.name if found else None

    return name


def _method(number: Any) -> Any:
    return label(AuthMethod, number) if number else None


def _each(name: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda values: [name(value) for value in values]


_NAMES: Final[dict[str, Callable[[Any], Any]]] = {
    "encryption": _algorithm(TransformType.ENCR),
    "integrity": _algorithm(TransformType.INTEG),
    "prf": _algorithm(TransformType.PRF),
    "group": _algorithm(TransformType.KE),
    "additional": _each(_algorithm(TransformType.KE)),
    "auth_local": _method,
    "auth_remote": _method,
}
"""What gives the name of a number, by the field that holds it."""


def facts(view: Any) -> Any:
    """Return a view as JSON has it; `encryption` has `encryption_name` behind it, and so the others."""
    return _named(plain(view))


def _named(data: Any) -> Any:
    if isinstance(data, list):
        return [_named(each) for each in data]
    return dict(_fields(data)) if isinstance(data, dict) else data


def _fields(data: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for field, value in data.items():
        yield field, _named(value)
        if field in _NAMES and _is_number(value):
            yield f"{field}_name", _NAMES[field](value)


def _is_number(value: Any) -> bool:
    """Tell whether a field holds numbers of a registry: other views have words there."""
    return (
        value is None or isinstance(value, int) or (isinstance(value, list) and all(type(one) is int for one in value))
    )
