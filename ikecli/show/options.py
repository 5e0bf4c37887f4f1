"""What an exec command's slots say about a layout."""

from __future__ import annotations

from collections.abc import Mapping

Slots = Mapping[str, object]
"""The slots of the command as typed, by name."""


def detailed(slots: Slots) -> bool:
    """Tell whether the long form was asked for: `detail` or `detailed`."""
    return bool(slots.get("detailed") or slots.get("detail"))
