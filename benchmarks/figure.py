"""What a benchmark prints: one figure on one line, with what is wanted of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured `value` in `unit`, wanted to be at most `bound`, or at least where `least` is set.

    `basis` says what was measured, for a human.
    """

    name: str
    value: float
    unit: str
    bound: float
    basis: str
    least: bool = False

    @property
    def met(self) -> bool:
        """Whether the value is as wanted."""
        return self.value >= self.bound if self.least else self.value <= self.bound

    def __str__(self) -> str:
        verdict = "met" if self.met else "MISSED"
        wanted = f"wanted: at {'least' if self.least else 'most'} {self.bound:g}"
        return f"{self.name}: {self.value:.2f} {self.unit} ({wanted}: {verdict}); {self.basis}"
