"""What `show` is told of probes and tracked objects."""

from __future__ import annotations

from ikecli.value import value


@value
class ProbeView:
    """A probe and what it found: seconds `ago` that the last echo left, and `left` to live, None where there is none.

    `state` is "active", "inactive" or "pending"; `rtt` is milliseconds of the last answer, None where none came.
    """

    number: int
    destination: str
    state: str
    code: str
    rtt: int | None
    successes: int
    failures: int
    ago: float | None
    left: float | None
    forever: bool
    started: float | None = None


@value
class TrackedRouteView:
    """A static route that is there while an object is up."""

    prefix: str
    gateway: str
    interface: str
    track: int
    up: bool
    vrf: str = ""


@value
class TrackView:
    """A tracked object: what it looks at, in the words of the configuration, and how it stands.

    `why` goes with a state that is down, `seconds` is how long it stands so, `by` what asks for it.
    """

    number: int
    kind: str
    instance: str
    parameter: str
    up: bool
    changes: int
    seconds: float
    why: str = ""
    vrf: str = ""
    delay_up: int = 0
    delay_down: int = 0
    code: str = ""
    rtt: int | None = None
    first_hop: str = ""
    members: tuple[tuple[int, bool, bool], ...] = ()
    by: tuple[str, ...] = ()
