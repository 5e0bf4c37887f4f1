"""What reading a line gives: a `Command`, or a `LineError` with its place; and what `?` lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, TypeAlias

from ikecli.errors import Rejected
from ikecli.language.notation import Declaration
from ikecli.language.target import Operator
from ikecli.value import value

Negation: TypeAlias = Literal["", "no", "default"]
Wrong: TypeAlias = Literal["invalid", "incomplete", "ambiguous"]


@value
class Command:
    """One line understood. `slots` holds what was typed: records are dicts, repeated slots lists, secrets `Secret`."""

    declaration: Declaration
    slots: Mapping[str, Any]
    negated: Negation
    text: str

    @property
    def operator(self) -> Operator:
        """What the line does: see grammar/README.md."""
        return self.declaration.target.operator

    @property
    def enters(self) -> str:
        """The name of the mode file that the line opens, else empty."""
        return "" if self.negated else self.declaration.target.enters

    @property
    def prompt(self) -> str | None:
        """The prompt that the declaration gives the mode it opens, where it is not the mode file's own."""
        return self.declaration.target.prompt

    @property
    def calls(self) -> str:
        """The function that `!` names, such as "show.ikev2.sa", else empty."""
        return self.declaration.target.calls

    @property
    def says(self) -> str:
        """What the function is to say, where the grammar has it behind the function's name."""
        return self.declaration.target.reason

    @property
    def arguments(self) -> dict[str, Any]:
        """Every slot of the declaration: what was typed, None where nothing was, False for a flag, () for a list."""
        return {name: self.slots.get(name, _absent(slot)) for name, slot in self.declaration.slots.items()}


def _absent(slot: Any) -> Any:
    return () if slot.many else False if slot.flag else None


class LineError(Rejected):
    """A line that is no command here. Its text holds no secret, but for what stands before `shown` ends.

    `start` is the column of the refused word, `column` that of the caret (both 0-based); `shown` is the line as it may
    be printed again: it ends with the refused word, and before any secret.
    """

    def __init__(self, wrong: Wrong, start: int, column: int, shown: str) -> None:
        super().__init__(f"{wrong} at column {column}")
        self.wrong: Final = wrong
        self.start: Final = start
        self.column: Final = column
        self.shown: Final = shown

    def moved(self, columns: int) -> LineError:
        """Return the error of a line that stood so many columns further right."""
        return LineError(self.wrong, self.start + columns, self.column + columns, self.shown) if columns else self

    @property
    def reach(self) -> tuple[int, int, int]:
        """How far the line was understood: of several modes' refusals the greatest tells most; ties: the innermost."""
        return self.start, SEVERITY[self.wrong], self.column


SEVERITY: Final[Mapping[Wrong, int]] = {"invalid": 0, "incomplete": 1, "ambiguous": 2}


def reason(error: LineError) -> str:
    """Return the error as the real systems name it."""
    match error.wrong:
        case "invalid":
            return "% Invalid input detected at '^' marker."
        case "incomplete":
            return "% Incomplete command."
        case _:
            return f'% Ambiguous command:  "{error.shown}"'


def message(error: LineError, prompt_width: int, dialect: str, advice: Iterable[str] = ()) -> list[str]:
    """Lay out the error as the real system prints it below the line, a router with a blank line behind it.

    `prompt_width` shifts the caret; `advice` are further lines.
    """
    caret = [" " * (prompt_width + error.column) + "^"] if error.wrong == "invalid" else []
    if dialect != "asa":
        return [*caret, reason(error), *advice, ""]
    why = reason(error)
    return [*caret, "ERROR: " + (why.removesuffix(".") if error.wrong == "incomplete" else why), *advice]
