"""Requests, replies and pushed events of the control interface.

A request is answered by exactly one reply. The level beside each request in `LEVELS` is enforced where requests are
handled, never in the shell. Secrets travel towards the appliance only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ikecli.secret import Secret
from ikecli.value import value

Option = str | int | bool

USER: Final = 1
OPERATOR: Final = 15
"""The two privilege levels that requests need."""

FAULT: Final = "% The engine failed at this; its log says more."
"""What a request is answered that met a fault of ours."""

PROMPT_WIDTH: Final = 512
"""The greatest column where a line may begin on a screen."""
PING_SIZES: Final = (36, 18024)
"""The least and the greatest length of an echo request, in octets."""
PING_SECONDS: Final = 3600
"""The longest wait for an echo's answer."""
MOST_HOPS: Final = 255
"""The most routers that an echo request may pass."""
ROLLBACKS: Final = 20
"""How many changes can be taken back."""
REVERT_MINUTES: Final = 120
"""The longest time to confirm a change."""
RELOAD_MINUTES: Final = 999
"""The longest time to a scheduled reload."""
VIEWS_LIMIT: Final = 1000
"""The most views that are asked for at a time, but for all of them."""
PING_SEQUENCE: Final = (1 << 31) - 1


def _within(what: str, value: float, low: int, high: int) -> None:
    """Raise ValueError for a number out of its bounds."""
    if not low <= value <= high:
        raise ValueError(f"{what} is out of bounds: {low} to {high}")


@value
class Request:
    """The root of all requests."""


@value
class Identify(Request):
    """Who am I here, on what? Answered with Identified."""


@value
class Enable(Request):
    """Rise to `level` with the enable secret; answered with Identified, or Error. Slowed after failures."""

    password: Secret
    level: int = OPERATOR

    def __post_init__(self) -> None:
        _within("level", self.level, 0, OPERATOR)


@value
class Login(Request):
    """Become a configured user, at that user's privilege; answered with Identified, or Error."""

    username: str
    password: Secret


@value
class Disable(Request):
    """Fall to `level`; answered with Identified."""

    level: int = USER

    def __post_init__(self) -> None:
        _within("level", self.level, 0, OPERATOR)


@value
class Show(Request):
    """Views of one topic, named as the exec grammar names it without `show.` ("ikev2.sa"); answered with Shown.

    `options` are the command's slots that narrow what is looked at (remote address, map name, section). Of topics that
    may be long at most `limit` views come, and a cursor for the others; 0 for all at once.
    """

    topic: str
    options: Mapping[str, Option]
    limit: int = 0

    def __post_init__(self) -> None:
        _within("limit", self.limit, 0, VIEWS_LIMIT)


@value
class ShowFurther(Request):
    """Further views of an answer that had a cursor; answered with Shown."""

    cursor: int
    limit: int

    def __post_init__(self) -> None:
        _within("limit", self.limit, 1, VIEWS_LIMIT)


@value
class Names(Request):
    """The live names at a path of the configuration ("crypto_maps"), for completion; answered with Lines."""

    path: str


@value
class ConfigBegin(Request):
    """Enter configuration mode; answered with ConfigState.

    What ran before comes back after so many minutes, unless the change is confirmed; 0 for never. `exclusive` is for a
    candidate of one's own, which runs when it is committed.
    """

    minutes: int = 0
    exclusive: bool = False

    def __post_init__(self) -> None:
        _within("minutes", self.minutes, 0, REVERT_MINUTES)


@value
class ConfigLine(Request):
    """One line typed or pasted in configuration mode; answered with ConfigState.

    `prompt_width` is the column where the line began on the screen, for the caret.
    """

    line: str
    prompt_width: int = 0

    def __post_init__(self) -> None:
        _within("prompt_width", self.prompt_width, 0, PROMPT_WIDTH)


@value
class ConfigLines(Request):
    """Lines that came together in configuration mode; answered with ConfigStates. `typed`: prompts are before them."""

    lines: tuple[str, ...]
    typed: bool


@value
class ConfigHelp(Request):
    """What may stand at the end of `text` in the mode the session is in; answered with Choices."""

    text: str


@value
class ConfigEnd(Request):
    """Leave configuration mode, committing what is open; answered with ConfigState."""


@value
class Copy(Request):
    """Have a configuration elsewhere: "running-config" (merged into it), "startup-config" or "flash:NAME".

    The source is one of these too, or whatever the session calls the `text` that it sends. Answered with Copied.
    """

    source: str
    destination: str
    text: str = ""


@value
class Delete(Request):
    """Remove flash:NAME; answered with Done."""

    file: str


@value
class ArchiveNow(Request):
    """Store the running configuration in the archive; answered with Done, whose text is its name there."""


@value
class Differ(Request):
    """What two configurations differ in, startup-config and running-config unless named; answered with Lines.

    `text` is what stands in the one that is called file:PATH.
    """

    old: str = ""
    new: str = ""
    text: str = ""


@value
class Convert(Request):
    """The running configuration in another dialect ("ios" or "asa"), keys encrypted; answered with Lines."""

    dialect: str


@value
class Replace(Request):
    """Make a configuration the running one, all of it; only the difference is applied. Answered with Replaced.

    After so many minutes it is rolled back unless it is confirmed; 0 for never.
    """

    source: str
    text: str = ""
    minutes: int = 0

    def __post_init__(self) -> None:
        _within("minutes", self.minutes, 0, REVERT_MINUTES)


@value
class Confirm(Request):
    """Keep a change that would be rolled back; answered with Done."""


@value
class Revert(Request):
    """Roll the change back that waits to be confirmed: now, or that many minutes from now. Answered with Done."""

    minutes: int = 0

    def __post_init__(self) -> None:
        _within("minutes", self.minutes, 0, REVERT_MINUTES)


@value
class Rollback(Request):
    """Go back to before the `last` so many changes; answered with Replaced."""

    last: int

    def __post_init__(self) -> None:
        _within("last", self.last, 1, ROLLBACKS)


@value
class ConvertIkev1(Request):
    """What the running configuration says of IKEv1, as lines of IKEv2; answered with Lines."""


@value
class Reload(Request):
    """Apply the startup configuration anew: now, answered with Lines of what was wrong and discarded.

    In some minutes, `at` a wall time (0: none), or no more: answered with Done, as is the `status` alone.
    """

    minutes: int = 0
    cancel: bool = False
    status: bool = False
    at: float = 0

    def __post_init__(self) -> None:
        _within("minutes", self.minutes, 0, RELOAD_MINUTES)


@value
class Save(Request):
    """Write the running configuration to startup; answered with Done."""


@value
class Erase(Request):
    """Remove the startup configuration; answered with Done."""


@value
class Fetch(Request):
    """A configuration as text: "startup-config", "flash:NAME", or "running-config" with secrets in clear (logged).

    Answered with Lines.
    """

    which: str


@value
class Clear(Request):
    """Clear what `topic` names ("ikev2.sa", "ipsec.sa", "session", "counters"); answered with Done."""

    topic: str
    options: Mapping[str, Option]


@value
class Connect(Request):
    """Set up the FlexVPN client of a name, or with an empty one all of them; answered with Done, or Error."""

    name: str = ""


@value
class Debug(Request):
    """Switch a debug category ("ikev2", "ikev2.packet", "ikev2.error", "ipsec", "all") for everyone.

    Answered with Lines: the categories that are on.
    """

    category: str
    on: bool


@value
class KeyLog(Request):
    """Write the keys of all SAs to this folder of flash:, or with an empty name no more; answered with Done.

    The keys themselves never come over this interface.
    """

    folder: str = ""


@value
class Monitor(Request):
    """Whether this session is sent debug and log events; answered with Done."""

    on: bool


@value
class Ping(Request):
    """One echo request; answered with Pinged when the answer came or the timeout (seconds) ran out.

    `source` is an address or interface name, or empty; `size` is the IP packet's length in octets. `vrf` is the routing
    table that it is sent in; one that is `whole` is not to be cut. `ttl` are the hops that it may take, 0 for the
    usual number.
    """

    destination: str
    source: str = ""
    size: int = 100
    timeout: float = 2
    sequence: int = 0
    vrf: str = ""
    whole: bool = False
    ttl: int = 0

    def __post_init__(self) -> None:
        _within("ttl", self.ttl, 0, MOST_HOPS)
        _within("size", self.size, *PING_SIZES)
        _within("timeout", self.timeout, 0, PING_SECONDS)
        _within("sequence", self.sequence, 0, PING_SEQUENCE)


HOSTNAME_SHOWN: Final = 20
"""Characters of the hostname that a configuration prompt has."""


def config_prompt(hostname: str, mode: str) -> str:
    """Return what stands before a line in a mode of configuration."""
    return f"{hostname[:HOSTNAME_SHOWN]}({mode})#"


LEVELS: Final[dict[type[Request], int]] = {
    Identify: 0,
    Enable: 0,
    Login: 0,
    Disable: 0,
    Show: USER,
    ShowFurther: USER,
    Names: USER,
    Ping: USER,
    ConfigBegin: OPERATOR,
    ConfigLine: OPERATOR,
    ConfigLines: OPERATOR,
    ConfigHelp: OPERATOR,
    ConfigEnd: OPERATOR,
    Copy: OPERATOR,
    Delete: OPERATOR,
    ArchiveNow: OPERATOR,
    Differ: OPERATOR,
    Convert: OPERATOR,
    Replace: OPERATOR,
    Confirm: OPERATOR,
    Revert: OPERATOR,
    Rollback: OPERATOR,
    ConvertIkev1: OPERATOR,
    Reload: OPERATOR,
    Save: OPERATOR,
    Erase: OPERATOR,
    Fetch: OPERATOR,
    Clear: OPERATOR,
    Connect: OPERATOR,
    Debug: OPERATOR,
    KeyLog: OPERATOR,
    Monitor: OPERATOR,
}
"""The privilege level each request needs."""

OPERATOR_TOPICS: Final = frozenset(
    {
        "running",
        "startup",
        "derived",
        "archive",
        "flash",
        "access_lists",
        "ipv6.access_lists",
        "logging",
        "prefix_lists",
        "ipv6.prefix_lists",
        "route_map",
        "object_groups",
    }
)
"""Topics of Show that need the operator's level."""

USER_NAMES: Final = frozenset(
    {
        "authorizations",
        "crypto_maps",
        "dynamic_maps",
        "flexvpn_clients",
        "group_policies",
        "ip_pools",
        "ipv6_pools",
        "nameif",
        "policies",
        "profiles",
        "proposals",
        "transform_sets",
        "tunnel_groups",
        "vrfs",
    }
)
"""Paths of Names that do without it: what commands of the lower level complete."""
