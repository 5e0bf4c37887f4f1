"""Random commands, drawn from declarations themselves."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from ikecli.language import Mode, tree
from ikecli.language.negation import negated_pattern
from ikecli.language.tree import Node

SAMPLES: dict[str, Sequence[str]] = {
    "A.B.C.D": ("10.0.0.1", "192.0.2.255", "0.0.0.0"),
    "MASK": ("255.255.255.0", "255.255.255.255", "0.0.0.0"),
    "WILDCARD": ("0.0.0.255", "255.0.255.0"),
    "A.B.C.D/N": ("10.0.0.1/24", "0.0.0.0/0"),
    "RANGE": ("10.0.0.1-10.0.0.9",),
    "X:X::X:X": ("2001:db8::1", "::"),
    "X:X::X:X/N": ("2001:db8::1/64", "::/0"),
    "N": ("0", "4294967295"),
    "TCP-PORT": ("80", "www", "4000"),
    "UDP-PORT": ("500", "isakmp", "4000"),
    "HEX": ("0A", "ff"),
    "HEX-KEY": ("0AF1",),
    "TIME": ("10:00", "23:59:59"),
    "FLASH": ("flash:before", "flash:a.cfg"),
    "NAME": ("A", "b-2", "def", "local", "10"),
    "HOST": ("10.0.0.1", "vpn.example.org"),
    "KEY": ("k!y", "0", "06x", "local"),
    "KEY-LINE": ("k!y", "0", "two words", "local"),
    "TEXT": ('"two words"', "one", '""'),
    "PAIR": ("(in,out)",),
    "PAREN": ("(in)",),
    "INTERFACE": ("gi0/1", "Tunnel 0", "Loopback1", "GigabitEthernet0/0.10"),
    "PORT": ("gi 0/0", "TenGigabitEthernet1/0/1"),
    "SUBINTERFACE": ("gi0/0.10",),
    "LINE": ("a  b ! c", "one"),
    "BANNER": ("#a\nb#", "^Cx^C"),
    "HEX-BLOCK": ("\n  0A0B0C0D 01\n quit",),
    "MACRO": ("\nsome words\n@",),
}


def samples(spec: str) -> Sequence[str]:
    """Return some texts of a kind."""
    if spec.startswith("NAME<"):
        return samples(spec[4:])
    if spec[0] == "<":
        low, high = spec.strip("<>").rsplit("-", 1)
        return low, high
    return SAMPLES[spec.partition("(")[0]]


@st.composite
def texts(draw: st.DrawFn, node: Node) -> str:
    """Draw one text that a pattern reads."""
    match node:
        case tree.Word(text=text):
            return text
        case tree.Value(spec):
            return draw(st.sampled_from(samples(spec)))
        case tree.Seq(items):
            return " ".join(filter(None, [draw(texts(item)) for item in items]))
        case tree.Opt(item):
            return draw(texts(item)) if draw(st.booleans()) else ""
        case tree.Choice(branches):
            return draw(texts(draw(st.sampled_from(branches))))
        case tree.AnyOrder(items):
            chosen = [item for item in draw(st.permutations(items)) if draw(st.booleans())]
            return " ".join(draw(texts(item)) for item in chosen)
        case tree.Repeat(item):
            return " ".join(draw(st.lists(texts(item), min_size=1, max_size=3)))
        case tree.Record(item=item):
            return draw(texts(item))
        case _:
            return ""


def commands(mode: Mode) -> st.SearchStrategy[str]:
    """Draw a line of a mode, one in four with `no` or `default`."""
    drawn: list[st.SearchStrategy[str]] = []
    for declaration in mode.file.declarations:
        if declaration.target.operator == "!" or declaration.target.part:
            continue
        drawn += [texts(declaration.pattern)] * 6
        negated = negated_pattern(declaration)
        if negated:
            drawn += [texts(negated).map("no {}".format), texts(negated).map("default {}".format)]
    return st.one_of(drawn)
