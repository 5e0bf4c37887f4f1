"""Keys that could not be read when they came, opened once their master key is there."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

from ikecli.config.common import Sealed
from ikecli.config.mask import Mask
from ikecli.secret import Secret


def unseal(draft: Any, mask: Mask) -> None:
    """Open in a draft every sealed key that the mask opens."""
    _opened(draft, mask)


def _opened(held: Any, mask: Mask) -> Any:
    """Return what stands for a part of the draft: the same object, changed in place where it can be."""
    match held:
        case Sealed():
            key = mask.open(held.reveal())
            return held if key is None else Secret(key)
        case dict():
            held.update({key: _opened(value, mask) for key, value in held.items()})
        case list():
            held[:] = [_opened(value, mask) for value in held]
        case _ if is_dataclass(held) and not isinstance(held, type):
            return _fields_opened(held, mask)
    return held


def _fields_opened(held: Any, mask: Mask) -> Any:
    changed = {
        field.name: opened
        for field in fields(held)
        if (opened := _opened(value := getattr(held, field.name), mask)) is not value
    }
    if changed and held.__dataclass_params__.frozen:
        return replace(held, **changed)
    for name, value in changed.items():
        setattr(held, name, value)
    return held
