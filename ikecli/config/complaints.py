"""What is wrong with a configuration as a whole, in the operator's words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Severity: TypeAlias = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that keeps a part of the configuration from working (error) or is unwise (warning).

    `fix` is a command that mends it, `cause` one of the names of the `check` and `explain` output. `where` names the
    object, as names and keys of the draft in turn.
    """

    severity: Severity
    message: str
    fix: str = ""
    cause: str = ""
    where: tuple[Any, ...] = ()

    def __str__(self) -> str:
        return f"{self.message}: type {self.fix}" if self.fix else self.message


@dataclass(slots=True)
class Complaints:
    """Complaints as they are found."""

    found: list[Complaint] = field(default_factory=list)

    def error(self, where: tuple[Any, ...], cause: str, message: str, fix: str = "") -> None:
        """Note that something cannot work."""
        self.found.append(Complaint("error", message, fix, cause, where))

    def warn(self, where: tuple[Any, ...], cause: str, message: str, fix: str = "") -> None:
        """Note that something is unwise."""
        self.found.append(Complaint("warning", message, fix, cause, where))

    def __iter__(self) -> Iterator[Complaint]:
        return iter(dict.fromkeys(self.found))
