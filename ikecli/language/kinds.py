"""The kinds of value: what `?` prints, what is read, and how it is written. Every pattern reads in linear time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from typing import Any, Final, NamedTuple, TypeAlias

from ikecli.language.kindtables import PORT_TYPES, PORTS, RARE_TYPES, VIRTUAL_TYPES
from ikecli.language.line import CR, CURSOR, Choice, Known, Line, Names, NeedsLines
from ikecli.secret import Secret

SPECIFIC, FREE, REST = 1, 2, 3


class Range(NamedTuple):
    """Two addresses, as in `10.0.0.1-10.0.0.9`."""

    first: IPv4Address
    last: IPv4Address


class Pair(NamedTuple):
    """The two interface names of an ASA's `(inside,outside)`."""

    real: str
    mapped: str


Taken: TypeAlias = tuple[Any, int] | None
Take: TypeAlias = Callable[[Line, int, int, str], Taken]


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """How a value is read and written.

    `take(line, start, stop, token)` gives the value and where it ends, or None; `token` is the text up to a blank.
    `choices(token, names)` lists what may stand where `token` was begun; `python` is the type of the values. `begins`
    tells whether a whole token is the beginning of a value that goes on behind a blank.
    """

    rank: int
    take: Take
    choices: Callable[[str, Names], Iterable[Choice]]
    write: Callable[[Any], str]
    secret: bool = False
    python: type = str
    within: Callable[[Any], bool] | None = None
    begins: Callable[[str], bool] = lambda token: False

    def holds(self, value: Any) -> bool:
        """Whether this kind can write the value."""
        return isinstance(value, self.python) and (self.within is None or self.within(value))


def _labelled(label: str, begins: str) -> Callable[[str, Names], Iterable[Choice]]:
    begun = re.compile(begins, re.ASCII).fullmatch
    return lambda token, names: (Choice(label),) if begun(token) else ()


def _token(
    label: str,
    pattern: str,
    convert: Callable[[str], Any] = str,
    begins: str = r"\S*",
    rank: int = SPECIFIC,
    write: Callable[[Any], str] = str,
    python: type = str,
    within: Callable[[Any], bool] | None = None,
) -> Kind:
    whole = re.compile(pattern, re.ASCII).fullmatch

    def take(line: Line, start: int, stop: int, token: str) -> Taken:
        if not whole(token):
            return None
        try:
            return convert(token), stop
        except ValueError:
            return None

    return Kind(rank, take, _labelled(label, begins), write, python is Secret, python, within)


@lru_cache(4096)
def _address(token: str) -> IPv4Address:
    return IPv4Address(bytes(map(int, token.split("."))))


@lru_cache(256)
def _mask(token: str) -> IPv4Address:
    mask = _address(token)
    hosts = ~int(mask) & 0xFFFFFFFF
    if hosts & (hosts + 1):
        raise ValueError("not contiguous")
    return mask


def _prefix(token: str) -> IPv4Interface:
    address, _, length = token.partition("/")
    return IPv4Interface((int(_address(address)), int(length)))


def _range(token: str) -> Range:
    first, _, last = token.partition("-")
    if _address(first) > _address(last):
        raise ValueError("ends before it begins")
    return Range(_address(first), _address(last))


def _six(token: str) -> IPv6Address:
    if "%" in token:
        raise AddressValueError("no zones here")
    return IPv6Address(token)


def _pair(token: str) -> Pair:
    real, _, mapped = token[1:-1].partition(",")
    return Pair(real, mapped)


def _paired(pair: Pair) -> str:
    return f"({pair.real},{pair.mapped})"


def _unbracketed(token: str) -> str:
    return token[1:-1]


def _dashed(addresses: Range) -> str:
    return f"{addresses.first}-{addresses.last}"


def _flash(token: str) -> str:
    return f"flash:{token.partition(':')[2].removeprefix('/')}"


def _six_prefix(token: str) -> IPv6Interface:
    return IPv6Interface(token)


def _plain_text(secret: object) -> str:
    return secret.reveal().decode() if isinstance(secret, Secret) else str(secret)


def _number(low: int, high: int) -> Kind:
    def convert(token: str) -> int:
        value = int(token)
        if not low <= value <= high:
            raise ValueError("out of range")
        return value

    return _token(
        f"<{low}-{high}>",
        rf"-?\d{{1,{len(str(high)) + 8}}}",
        convert,
        r"\d*",
        python=int,
        within=lambda value: low <= value <= high,
    )


def _numbered(number: Kind) -> Kind:
    """Return the kind of a name that is a number: read like it, kept as text."""

    def take(line: Line, start: int, stop: int, token: str) -> Taken:
        taken = number.take(line, start, stop, token)
        return (str(taken[0]), stop) if taken else None

    return Kind(SPECIFIC, take, number.choices, str, within=lambda name: take(Line(name), 0, 0, name) is not None)


def _quoted(value: str) -> str:
    return f'"{value}"' if not value or " " in value else value


_TEXT = re.compile(r'"([^"\n\x00]*)"(?=[ \n]|$)|([^" \n\x00][^ \n\x00]*)(?=[ \n]|$)')
_TEXT_BEGUN = re.compile(r'"[^"\n\x00]*"?\x00')


def _take_text(line: Line, start: int, stop: int, token: str) -> Taken:
    found = _TEXT.match(line, start)
    if found is None:
        if line.noted is not None and _TEXT_BEGUN.match(line, start):
            line.noted.append(Choice("WORD"))
        return None
    return found[1] if found[1] is not None else found[2], found.end()


def _take_line(line: Line, start: int, stop: int, token: str) -> Taken:
    if not token:
        return None
    end = line.find("\n", start)
    end = len(line) if end < 0 else end
    text = line[start:end]
    if CURSOR in text:
        if line.noted is not None:
            line.noted += [Choice("LINE"), *([Choice(CR)] if text[-2] == " " else ())]
        return None
    return text.rstrip(), end


def _take_key_line(line: Line, start: int, stop: int, token: str) -> Taken:
    taken = _take_line(line, start, stop, token)
    return taken and (Secret(taken[0]), taken[1])


def _take_banner(line: Line, start: int, stop: int, token: str) -> Taken:
    if not token:
        return None
    mark = line[start : start + 2] if line[start : start + 2] == "^C" else line[start]
    end = line.find(mark, start + len(mark))
    if line.noted is not None:
        line.noted.append(Choice("LINE" if end < 0 else CR))
        return None
    if end < 0:
        raise NeedsLines(lambda more: mark in more)
    return line[start + len(mark) : end], len(line)


def _write_banner(value: str) -> str:
    mark = next(mark for mark in ("^C", *"#@%~", "\x03") if mark not in value)
    return f"{mark}{value}{mark}"


def _take_hex_block(line: Line, start: int, stop: int, token: str) -> Taken:
    if token or CURSOR in line:
        return None
    digits, quit_, rest = line[start:].partition("quit")
    if not quit_:
        raise NeedsLines(lambda more: more.strip() == "quit")
    if rest.strip():
        return None
    try:
        return bytes.fromhex(digits), len(line)
    except ValueError:
        return None


def _take_macro(line: Line, start: int, stop: int, token: str) -> Taken:
    rows = line[start:].replace(CURSOR, "").split("\n")[1:]
    ended = "@" in map(str.strip, rows)
    if line.noted is not None and ended:
        line.noted.append(Choice(CR))
    if token or line.noted is not None:
        return None
    if not ended:
        raise NeedsLines(lambda more: more.strip() == "@")
    return "\n".join(rows[:-1]), len(line)


def _write_hex_block(value: bytes) -> str:
    digits = value.hex().upper()
    words = [digits[at : at + 8] for at in range(0, len(digits), 8)]
    rows = ["  " + " ".join(words[at : at + 8]) for at in range(0, len(words), 8)]
    return "\n".join(("", *rows, "  quit"))


_INTERFACE = re.compile(r"([A-Za-z][A-Za-z-]*) ?(\d+(?:[/:]\d+)*)(\.\d+)?(?=[ \n]|$)", re.ASCII)
_INTERFACE_BEGUN = re.compile(r"([A-Za-z][A-Za-z-]*) ?[\d/:.]*\x00")
_INTERFACE_NUMBER = Choice("<0-4294967295>", "Interface number")


def _interface(types: tuple[str, ...], sub: bool | None) -> Kind:
    known = {name.lower(): name for name in types}

    def resolve(typed: str) -> str | None:
        typed = typed.lower()
        found = {known[typed]} if typed in known else {name for low, name in known.items() if low.startswith(typed)}
        if len(found) > 1:
            found -= RARE_TYPES
        return found.pop() if len(found) == 1 else None

    def take(line: Line, start: int, stop: int, token: str) -> Taken:
        found = _INTERFACE.match(line, start)
        if not found:
            begun = _INTERFACE_BEGUN.match(line, start) if line.noted is not None else None
            if begun and resolve(begun[1]) and line.noted is not None:
                line.noted.append(_INTERFACE_NUMBER)
            return None
        name = resolve(found[1])
        if name is None or (sub is not None and sub != bool(found[3])):
            return None
        return name + found[2] + (found[3] or ""), found.end()

    def choices(token: str, names: Names) -> Iterable[Choice]:
        begun = token.lower()
        numbered = _INTERFACE_BEGUN.match(f"{token}{CURSOR}")
        if numbered and numbered[1] != token and resolve(numbered[1]):
            return [_INTERFACE_NUMBER]
        return [Choice(name, "", name) for low, name in known.items() if low.startswith(begun)]

    def within(value: str) -> bool:
        return take(Line(value), 0, 0, value) == (value, len(value))

    return Kind(SPECIFIC, take, choices, str, within=within, begins=lambda token: resolve(token) is not None)


def _port(table: Mapping[str, int]) -> Kind:
    by_number = {number: name for name, number in reversed(list(table.items()))}

    def take(line: Line, start: int, stop: int, token: str) -> Taken:
        if token.isascii() and token.isdigit() and len(token) < 10:
            return (int(token), stop) if int(token) <= 0xFFFF else None
        number = table.get(token.lower())
        return None if number is None else (number, stop)

    def choices(token: str, names: Names) -> Iterable[Choice]:
        if not token or token.isdigit():
            yield Choice("<0-65535>", "Port number")
        yield from (
            Choice(name, f"Port {port}", name) for name, port in table.items() if name.startswith(token.lower())
        )

    return Kind(SPECIFIC, take, choices, lambda value: by_number.get(value, str(value)), python=int)


def _named_address(plain: Kind) -> Kind:
    """Let a name stand for an address where the system has such names: "NAME ADDRESS" is asked for under "names"."""

    def take(line: Line, start: int, stop: int, token: str) -> Taken:
        found = plain.take(line, start, stop, token)
        if found is not None or not token:
            return found
        known = (each.split(" ")[1] for each in line.names("names") if each.startswith(f"{token} "))
        return next((taken for address in known if (taken := plain.take(line, start, stop, address))), None)

    return replace(plain, take=take)


def _reference(path: str, caseless: bool, must_exist: bool) -> Kind:
    def fold(name: str) -> str:
        return name.casefold() if caseless else name

    def take(line: Line, start: int, stop: int, token: str) -> Taken:
        if not token or not (caseless or must_exist):
            return (token, stop) if token else None
        known = line.names(path)
        if isinstance(known, Known):
            found = known.find(token, caseless)
        else:
            found = next((name for name in known if fold(name) == fold(token)), None)
        return None if must_exist and found is None else (found or token, stop)

    def choices(token: str, names: Names) -> Iterable[Choice]:
        yield Choice("WORD")
        yield from (Choice(name, "", name, live=True) for name in names(path) if fold(name).startswith(fold(token)))

    return Kind(SPECIFIC if must_exist else FREE, take, choices, str)


_WORD = r"[^\s\x00]+"
_DOTTED = r"\d{1,3}(?:\.\d{1,3}){3}"
_DOTS, _COLONS = r"[\d.]*", r"[0-9A-Fa-f:./]*"
_SIX = r"[0-9A-Fa-f:.]{2,45}"
_BRACKET = r"\(?[^\s()]*\)?"


def _table(dialect: str) -> dict[str, Kind]:
    six_text: Callable[[Any], str] = str if dialect == "asa" else lambda value: str(value).upper()
    both = PORT_TYPES + VIRTUAL_TYPES
    return {
        "A.B.C.D": _token("A.B.C.D", _DOTTED, _address, _DOTS, python=IPv4Address),
        "MASK": _token("A.B.C.D", _DOTTED, _mask, _DOTS, python=IPv4Address),
        "WILDCARD": _token("A.B.C.D", _DOTTED, _address, _DOTS, python=IPv4Address),
        "A.B.C.D/N": _token("A.B.C.D/nn", _DOTTED + r"/\d{1,2}", _prefix, r"[\d./]*", python=IPv4Interface),
        "RANGE": _token("A.B.C.D-A.B.C.D", f"{_DOTTED}-{_DOTTED}", _range, r"[\d.-]*", write=_dashed, python=Range),
        "X:X::X:X": _token("X:X:X:X::X", _SIX, _six, _COLONS, python=IPv6Address, write=six_text),
        "X:X::X:X/N": _token(
            "X:X:X:X::X/<0-128>", _SIX + r"/\d{1,3}", _six_prefix, _COLONS, python=IPv6Interface, write=six_text
        ),
        "N": _number(0, 0xFFFFFFFF),
        "TCP-PORT": _port(PORTS[dialect, "TCP-PORT"]),
        "UDP-PORT": _port(PORTS[dialect, "UDP-PORT"]),
        "HEX": _token("Hex-data", r"[0-9A-Fa-f]+", begins=r"[0-9A-Fa-f]*"),
        "HEX-KEY": _token("Hex-data", r"[0-9A-Fa-f]+", Secret, r"[0-9A-Fa-f]*", python=Secret, write=_plain_text),
        "TIME": _token("hh:mm", r"\d{1,2}:\d\d(?::\d\d)?", begins=r"[\d:]*"),
        "FLASH": _token("flash:NAME", r"(?:flash|bootflash|disk0):/?\w[\w.-]{0,63}", _flash),
        "NAME": _token("WORD", _WORD, rank=FREE),
        "HOST": _token("Hostname or A.B.C.D", r"[\w.:-]+", begins=r"[\w.:-]*", rank=FREE),
        "KEY": _token("WORD", _WORD, Secret, rank=FREE, python=Secret, write=_plain_text),
        "KEY-LINE": Kind(REST, _take_key_line, _labelled("LINE", r".*"), _plain_text, secret=True, python=Secret),
        "TEXT": Kind(FREE, _take_text, _labelled("WORD", r"\S*"), _quoted),
        "PAIR": _token(
            "(real_ifc,mapped_ifc)", r"\([^\s(),]+,[^\s(),]+\)", _pair, _BRACKET, write=_paired, python=Pair
        ),
        "PAREN": _token("(if_name)", r"\([^\s()]+\)", _unbracketed, _BRACKET, write=lambda name: f"({name})"),
        "INTERFACE": _interface(both, None),
        "PORT": _interface(PORT_TYPES, False),
        "SUBINTERFACE": _interface(both, True),
        "LINE": Kind(REST, _take_line, _labelled("LINE", r".*"), str),
        "BANNER": Kind(REST, _take_banner, _labelled("LINE", r".*"), _write_banner),
        "MACRO": Kind(REST, _take_macro, _labelled(CR, ""), lambda text: f"\n{text}\n@"),
        "HEX-BLOCK": Kind(REST, _take_hex_block, _labelled(CR, ""), _write_hex_block, python=bytes),
    }


TABLES: Final = {dialect: _table(dialect) for dialect in ("ios", "asa")}
TABLES["asa"].update({name: _named_address(TABLES["asa"][name]) for name in ("A.B.C.D", "X:X::X:X")})
_NUMBER_SPEC = re.compile(r"<(-?\d+)-(\d+)>")
_NUMBERED_SPEC = re.compile(r"NAME<(\d+)-(\d+)>")
_REFERENCE_SPEC = re.compile(r"NAME\(([a-z_][a-z0-9_.:]*)(/i)?\)(!?)")


def looks_like_kind(text: str) -> bool:
    """Whether an unquoted piece of a pattern is written like a kind."""
    return text[0] == "<" or "A" <= text[0] <= "Z"


@lru_cache(None)
def kind(spec: str, dialect: str = "ios") -> Kind:
    """Return the kind that the notation calls `spec`; raise ValueError if there is none."""
    known = TABLES[dialect].get(spec)
    if known:
        return known
    if number := _NUMBER_SPEC.fullmatch(spec):
        return _number(int(number[1]), int(number[2]))
    if numbered := _NUMBERED_SPEC.fullmatch(spec):
        return _numbered(_number(int(numbered[1]), int(numbered[2])))
    if reference := _REFERENCE_SPEC.fullmatch(spec):
        return _reference(reference[1], bool(reference[2]), bool(reference[3]))
    raise ValueError(f"{spec!r} is no kind of value; a word that begins with a capital is quoted")
