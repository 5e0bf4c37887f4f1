"""What `show` sees of the header before ESP."""

from __future__ import annotations

from ikecli.value import value


@value
class OuterView:
    """How the header before ESP is made on a named interface: DF copied (`whole` None), set or clear; cut `late`."""

    name: str
    whole: bool | None = None
    late: bool = False
