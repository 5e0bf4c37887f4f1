"""What of a line without effect is a secret: whatever stands behind certain words, and passwords in URLs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from ikecli.secret import HIDDEN

_ENCODING: Final = r"(?:(?:[056789]|encrypted)\s+(?=\S))?"

_BEHIND: Final = re.compile(
    r"""
    (?: ^\s* (?:no\s+)? snmp-server \s+ host \s+ \S+
      | ^\s* (?:no\s+)? passwd
      | (?<!\S) (?:
            (?:\S*[-_])? (?:password (?!\s+encryption\s) | passwd | passphrase | pw | secret)
          | \S+-key | key-string | key (?!\s+chain\s)
          | psk (?:\s+ (?:ascii|hex))? | community | md5 | auth | priv
          | (?<!aaa\s)(?<!login\s) authentication (?!\s+(?:pre-share|rsa-sig|rsa-encr|crack)\s*$)
        ) (?!\S)
    ) \s+ """
    + _ENCODING,
    re.VERBOSE | re.IGNORECASE,
)
_ISAKMP: Final = re.compile(
    r"^(?:no )?crypto isakmp key (?:[06] )?(\S+)(?= (?:address|hostname) )"
    r"|^(?:no )?pre-shared-key (?:address|hostname) .* key (?:[06] )?(.+)",
    re.IGNORECASE,
)
"""Keys of IKEv1 whose lines say more than the key."""
_URL: Final = re.compile(r"(?<=://)([^\s:@/]*:)(\S+)(?=@)")

_MISPLACED: Final = re.compile(
    r"\s*(?:no\s+)?(?:(?:\S*[-_])?(?:password|passwd|passphrase|secret)|\S+-key|key-string|key(?!\s+chain\s))\s",
    re.IGNORECASE,
)


def misplaced(line: str) -> str:
    """Return a line that was refused with what is a secret where it belongs, or would be if it were known, hidden."""
    return covered(line, lambda text: HIDDEN) if _MISPLACED.match(line) else line


def covered(line: str, cover: Callable[[str], str]) -> str:
    """Return a line with its secrets as `cover` gives them: all behind a word such as `password`, and in URLs.

    Texts for people (banners) and commands of several lines (certificates) hold none.
    """
    if "\n" in line or line.lstrip().startswith("banner "):
        return line
    known = _ISAKMP.search(line.strip())
    if known:
        start, end = (len(line) - len(line.lstrip()) + at for at in known.span(known.lastindex or 0))
        return line[:start] + cover(line[start:end]) + line[end:]
    found = _BEHIND.search(line)
    end = found.end() if found and found.end() < len(line) else len(line)
    before = _URL.sub(lambda url: url[1] + cover(url[2]), line[:end])
    return before + (cover(line[end:]) if end < len(line) else "")
