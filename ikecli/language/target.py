"""Where a declaration's effect goes: `= dpd`, `+ crypto_maps(name).entries(seq), sorted`, `! show.ikev2.sa`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, TypeAlias, get_args

from ikecli.errors import IkecliError

Operator: TypeAlias = Literal["=", "+", ">", "-", "!", "~", "~>"]
OPERATORS: Final[tuple[str, ...]] = get_args(Operator)


class NotationError(IkecliError):
    """A grammar file that cannot be read; the text names file and line."""


@dataclass(frozen=True, slots=True)
class Step:
    """One part of a path: an attribute, and the slots that are the key when it is a collection."""

    name: str
    keys: tuple[str, ...] | None = None


Path: TypeAlias = tuple[Step, ...]


@dataclass(frozen=True)
class Target:
    """The effect of a line. `path` is empty for `~` and `!`; `also` holds the further paths that `-` clears.

    `reason` is why a `~` has no effect, or is refused, as an operator reads it; of a `!` what the function is to say.
    `takes` names the fragment that lists the lines of a section `~>`.
    """

    operator: Operator
    path: Path = ()
    also: tuple[Path, ...] = ()
    calls: str = ""
    reason: str = ""
    default: str | None = None
    enters: str = ""
    prompt: str | None = None
    takes: str = ""
    negative: str | None = None
    off: bool = False
    always: bool = False
    hidden: bool = False
    sorted: bool = False
    step: int = 0
    hide: str | None = None
    at: str | None = None
    constants: tuple[tuple[str, str], ...] = ()
    merge: bool = False
    keep: bool = False
    part: str | None = None
    needs: bool = False
    fixed: bool = False
    refused: bool = False
    resets: bool = False

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The slots that are keys, outermost first."""
        return tuple(key for path in (self.path, *self.also) for step in path for key in step.keys or ())


_STEP = re.compile(r"([a-z_][a-z0-9_]*)(?:\(([a-z0-9_ ]*)\))?")
_CALL = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*")
_FLAGS: Final = frozenset({"off", "always", "hidden", "sorted", "merge", "keep", "needs", "fixed", "refused", "resets"})
_NAMED: Final = {
    "in": "enters",
    "no": "negative",
    "hide": "hide",
    "at": "at",
    "part": "part",
    "prompt": "prompt",
    "takes": "takes",
}


def read_path(text: str) -> Path:
    """Read `a(k k).b`; raise ValueError for anything else."""
    steps = []
    for part in text.split("."):
        found = _STEP.fullmatch(part.strip())
        if not found:
            raise ValueError(f"{part.strip()!r} is no step of a path, such as `field` or `collection(key)`")
        steps.append(Step(found[1], None if found[2] is None else tuple(found[2].split())))
    return tuple(steps)


def read_target(operator: Operator, text: str) -> Target:
    """Read what stands behind the operator; raise ValueError with the reason."""
    fields: dict[str, object] = {}
    if operator == "!":
        text, _, said = text.partition(":")
        fields["reason"] = said.strip().replace("\\n", "\n")
    head, *options = [part.strip() for part in text.split(",")]
    if operator == "!":
        if not _CALL.fullmatch(head):
            raise ValueError(f"{head!r} is no name to call, such as `show.ikev2.sa`")
        fields["calls"] = head
    elif operator not in ("~", "~>"):
        path, colon, default = head.partition(":")
        fields["path"] = read_path(path.strip())
        if colon:
            fields["default"] = default.strip()
    elif not head:
        raise ValueError(f"`{operator}` is followed by the reason why the command has no effect")
    else:
        fields["reason"] = " ".join(head.split())
    also: list[Path] = []
    for option in options:
        _read_option(option, fields, also)
    target = Target(operator, also=tuple(also), **fields)  # type: ignore[arg-type]
    if (operator == ">") != bool(target.enters):
        raise ValueError("`> path` goes with `, in file`, and only that")
    if (operator == "~>") != bool(target.takes):
        raise ValueError("`~> reason` goes with `, takes @fragment`, and only that")
    return target


def _read_option(option: str, fields: dict[str, object], also: list[Path]) -> None:
    name, _, rest = option.partition(" ")
    rest = rest.strip()
    if name in _FLAGS and not rest:
        fields[name] = True
    elif name in _NAMED and rest:
        fields[_NAMED[name]] = rest
    elif name == "step" and rest.isdigit():
        fields["step"] = int(rest)
    elif name == "with" and len(rest.split()) == 2:
        slot, value = rest.split()
        fields["constants"] = (*fields.get("constants", ()), (slot, value))  # type: ignore[misc]
    elif name == "and" and rest:
        also.append(read_path(rest))
    else:
        raise ValueError(f"{option!r} is no option of a target")
