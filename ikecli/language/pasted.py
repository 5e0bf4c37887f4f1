"""What lies around the commands of a text that was copied from a screen: prompts, marks of pages, colours.

Also the octets of a file as text, whoever wrote it.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

from ikecli.errors import Unavailable

TEXT_LIMIT: Final = 1 << 25
"""Octets of the longest text that is read as a configuration."""

_STRANGE: Final = re.compile("[\x08\ufeff\xa0\u200b]").search
_COLOURS: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[=>])")
_MORE: Final = re.compile(r" ?(?:-- ?[Mm]ore ?--|<--- [Mm]ore --->) ?(?:[ \x08\r]*[\x08\r])?")
_PROMPT: Final = re.compile(
    r"[ \t]*[A-Za-z0-9][\w.-]{0,62}(?:/[\w.-]{1,20}){0,3}(?:\(([\w .-]{1,40})\)#|[#>])", re.ASCII
)
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


_PRINTED: Final = (
    r"Building configuration\.\.\..*|\[OK\]|\d+ bytes copied in .*|\^"
    r"|(Destination|Source) filename \[.*|Proceed .*\[confirm\].*"
    r"|([*.]?\w{3} +\d.*)?%(ASA-)?[A-Z\d_]+-\d-?[A-Z\d_]*: .*"
)
_AROUND: Final = {
    "ios": re.compile(
        rf"{_PRINTED}|(Current|Derived) configuration ?:.*|Using \d+ out of \d+ bytes.*|% .*"
        r"|Uncompressed configuration from .*|Enter configuration commands, one per line.*"
    ),
    "asa": re.compile(rf"{_PRINTED}|:.*|(ASA|PIX) Version .*|Cryptochecksum:.*|(INFO|WARNING|ERROR): .*"),
}
"""What a system prints around a configuration, and between the commands of a session."""


def unwrapped(line: str, dialect: str) -> tuple[str, int, bool]:
    """Return what was typed of a line of a screen; the characters of a prompt before it; whether it was exec mode's."""
    if not line.isascii() or "\x1b" in line or "--" in line or "\x08" in line:
        line = clean(line)
    prompt = _PROMPT.match(line) if "#" in line or ">" in line else None
    if prompt is None:
        return "end" if line == "^Z" else line, 0, False
    end = prompt.end()
    if dialect == "asa" and line[end : end + 1] == " ":
        end += 1
    return "end" if line[end:] == "^Z" else line[end:], end, prompt[1] is None


def printed(text: str, dialect: str) -> bool:
    """Tell whether a line is what a system prints: headers of configurations, messages, questions, marks of errors."""
    return _AROUND[dialect].fullmatch(text) is not None


def clean(line: str) -> str:
    """Return a line without marks of pages, colours and characters that nobody sees."""
    line = _COLOURS.sub("", line) if "\x1b" in line else line
    line = _MORE.sub("", line) if "--" in line else line
    if _STRANGE(line):
        line = line.replace("\ufeff", "").replace("\u200b", "").replace("\xa0", " ")
        while "\x08" in line:
            line = re.sub("[^\x08]\x08|^\x08+", "", line)
    return line


def decoded(octets: bytes, name: str) -> str:
    """Return the text of a file, in UTF-8 or by its mark in UTF-16; raises Unavailable where it can be none."""
    if len(octets) > TEXT_LIMIT:
        raise Unavailable(f"{name}: it is longer than {TEXT_LIMIT >> 20} MB, which no configuration is")
    coding = next((coding for mark, coding in _MARKS if octets.startswith(mark)), "utf-8")
    try:
        text = octets.decode(coding, "surrogateescape" if coding.startswith("utf-8") else "strict")
    except UnicodeDecodeError:
        text = "\x00"
    if "\x00" in text:
        raise Unavailable(f"{name}: it is not text")
    return text
