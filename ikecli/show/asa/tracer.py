"""`packet-tracer`, as an ASA lays it out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ikecli.boundary.traces import TraceView
from ikecli.show.options import Slots


def trace(views: Sequence[TraceView], slots: Slots) -> Iterator[str]:
    """Each phase, then what becomes of the packet."""
    for view in views:
        for number, phase in enumerate(view.phases, 1):
            yield ""
            yield f"Phase: {number}"
            yield f"Type: {phase.type}"
            yield f"Subtype: {phase.subtype}"
            yield f"Result: {'ALLOW' if phase.allowed else 'DROP'}"
            yield "Config:"
            yield from filter(None, [phase.config])
            yield "Additional Information:"
            yield from filter(None, [phase.found])
        yield ""
        yield "Result:"
        for side, name, up in (("input", view.input, view.input_up), ("output", view.output, view.output_up)):
            if name:
                yield f"{side}-interface: {name}"
                yield f"{side}-status: {'up' if up else 'down'}"
                yield f"{side}-line-status: {'up' if up else 'down'}"
        yield f"Action: {'drop' if view.dropped else 'allow'}"
        if view.dropped:
            yield f"Drop-reason: {view.dropped}"
