"""What would become of a packet, step by step."""

from __future__ import annotations

from ikecli.value import value


@value
class TracePhase:
    """One step: what is looked at, whether the packet may go on, the command that decides, and what was found."""

    type: str
    subtype: str
    allowed: bool
    config: str = ""
    found: str = ""


@value
class TraceView:
    """A packet's way: its steps, where it comes in and goes out (nameif and state), and why it is dropped, or empty."""

    phases: tuple[TracePhase, ...]
    input: str
    input_up: bool
    output: str = ""
    output_up: bool = False
    dropped: str = ""
