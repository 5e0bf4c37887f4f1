"""The running-config in full: its lines between the header and the end that each system prints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import is_dataclass
from typing import Any, Final, Literal, TypeAlias

from ikecli.config.common import Digest, Sealed
from ikecli.config.inert import covered
from ikecli.config.mask import Mask
from ikecli.config.settle import ENCRYPTED
from ikecli.language import Dialect, Inert, shapes, write
from ikecli.language.emit import Reveal
from ikecli.secret import HIDDEN, Secret

Form: TypeAlias = Literal["show", "store", "clear"]
"""For whom a configuration is written: eyes, storage, or somebody who may see its secrets."""

_TUNNEL_DEFAULTS: Final = frozenset({"tunnel mode gre ip", "no ip address negotiated", "no ipv6 address negotiated"})
_KEYWORDS: Final = frozenset({"0", "6", "8", "local", "remote", "hex"})
"""Keys that a word of the command would be taken for; they are written behind a 0."""


def revealing(dialect: str, form: Form, mask: Mask) -> Reveal:
    """Return how secrets are written: under the master key (ASA hides them where they are shown), or in clear."""

    def reveal(secret: Secret) -> str:
        if isinstance(secret, Digest):
            return secret.reveal().decode()
        if isinstance(secret, Sealed):
            return HIDDEN if dialect == "asa" and form == "show" else f"{ENCRYPTED[dialect]} {secret.reveal().decode()}"
        if form == "clear":
            return _clear(secret.reveal(), dialect)
        return HIDDEN if dialect == "asa" and form == "show" else f"{ENCRYPTED[dialect]} {mask.seal(secret.reveal())}"

    return reveal


def _of_tunnels_alone(lines: Iterable[str]) -> Iterator[str]:
    """Leave out the defaults of tunnels at interfaces that are none."""
    other = False
    for line in lines:
        if line[:1] != " ":
            other = line.startswith("interface ") and not line.startswith(("interface Tunnel", "interface Virtual-"))
        if not (other and line.strip() in _TUNNEL_DEFAULTS):
            yield line


def _starred(text: str) -> str:
    return HIDDEN


def _clear(octets: bytes, dialect: str) -> str:
    text = octets.decode("latin-1")
    if not octets or any(not 0x21 <= octet < 0x7F for octet in octets):
        return f"hex {octets.hex().upper()}" if dialect == "ios" else HIDDEN
    return f"0 {text}" if text.lower() in _KEYWORDS else text


def body(dialect: Dialect, draft: Any, form: Form, mask: Mask, every: bool = False) -> list[str]:
    """Return a draft's commands."""
    written = write(dialect, draft, every=every, reveal=revealing(dialect.name, form, mask))
    if every and dialect.name == "ios":
        written = list(_of_tunnels_alone(written))
    if form != "clear":
        ours = set(kept(draft))
        cover = mask.seal_text if form == "store" else _starred
        written = [covered(line, cover) if {line.strip(), line.strip().removeprefix("no ")} & ours else line
                   for line in written]  # fmt: skip
    while written and written[-1] == "!":
        written.pop()
    return written


SECTIONS: Final = {
    "ipsec": ("crypto ipsec",),
    "isakmp": ("crypto isakmp", "crypto ikev1", "crypto ikev2"),
    "partition access-list": ("access-list", "ip access-list", "ipv6 access-list"),
    "partition ip-prefix-list": ("ip prefix-list", "ipv6 prefix-list"),
    "partition ip-static-routes": ("ip route", "ipv6 route"),
    "vrf": ("vrf definition", "ip vrf"),
}
"""What the commands of a section begin with, where that is not its own name."""
_KINDS: Final = ("network", "service", "protocol", "icmp-type")
_PARTITION: Final = "partition "


def whole(commands: list[str], dialect: str, section: str = "") -> list[str]:
    """Return commands with the header and end of their system.

    With `section` those alone that begin so, with what lies below them; `*` in it stands for each kind of object.
    """
    if section:
        wanted = SECTIONS.get(section, (section.removeprefix(_PARTITION),))
        if "*" in section:
            wanted = tuple(section.replace("*", kind) for kind in _KINDS)
        commands = list(_section(commands, wanted))
        if dialect == "asa":
            return commands
    if dialect == "asa":
        return [": Saved", "", ": ", "!", *commands, ": end"]
    lines = ["!", *commands, "!", "end"]
    return [
        "Building configuration...",
        "",
        f"Current configuration : {sum(map(len, lines)) + len(lines)} bytes",
        *lines,
    ]


def _section(commands: Iterable[str], wanted: tuple[str, ...]) -> Iterator[str]:
    heads = tuple(f"{no}{each} " for each in wanted for no in ("", "no "))
    inside = False
    for line in commands:
        if line[:1] != " ":
            inside = f"{line} ".startswith(heads)
        if inside and line != "!":
            yield line


def kept(held: Any, inside: bool = True) -> Iterator[str]:
    """Yield every line that is kept without effect, stripped; without those inside of sections if so asked."""
    if isinstance(held, Inert):
        yield from map(str.strip, held.lines if inside else ())
    elif isinstance(held, dict):
        for key, value in held.items():
            if isinstance(value, Inert):
                yield key
            yield from kept(value, inside)
    elif is_dataclass(held) and not isinstance(held, type):
        for name in _keeping(type(held)):
            yield from kept(getattr(held, name), inside)


@shapes.cached
def _keeping(model: type) -> tuple[str, ...]:
    """Return the fields of a dataclass below which a line without effect may be kept."""

    def may(annotation: Any) -> bool:
        inner = shapes.record_in(annotation)
        return inner is Inert or (inner is not None and bool(_keeping(inner)))

    return tuple(name for name, annotation in shapes.hints(model).items() if may(annotation))


def starred(line: str) -> str:
    """Return a line without effect with its secrets hidden."""
    return covered(line, _starred)
