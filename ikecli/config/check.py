"""`ikecli check`: configurations are read and resolved, not run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from ikecli.config.complaints import Complaint
from ikecli.config.mask import MASTER_OCTETS
from ikecli.config.reader import ConfigReader, Outcome
from ikecli.config.store import Store
from ikecli.errors import Unavailable
from ikecli.language import TEXT_LIMIT, decoded, lines_of

_ASA_LINES: Final = re.compile(
    r"^[ \t]*(?:\S{1,80}[#>] ?)?"
    r"(tunnel-group |nameif |security-level |access-list \S+ (extended|line|remark|standard|permit|deny) "
    r"|object network |crypto ikev2 enable |crypto ipsec ikev2 |crypto map \S+ \d+ (set|match) "
    r"|crypto map \S+ interface |ASA Version |: Saved|group-policy |same-security-traffic )",
    re.MULTILINE,
)
_IOS_LINES: Final = re.compile(
    r"^[ \t]*(?:\S{1,80}[#>] ?)?"
    r"(crypto ikev2 (proposal|keyring|profile) |crypto map \S+ \d+ ipsec-isakmp|ip access-list |ip route "
    r"|ip address \S+ \S+ secondary|crypto ipsec transform-set |access-list \d+ |line (con|vty) |service timestamps)",
    re.MULTILINE,
)


def dialect_of(text: str) -> str:
    """Return the dialect of a configuration: "asa" where more lines are typical of it, else "ios"."""
    return "asa" if len(_ASA_LINES.findall(text)) > len(_IOS_LINES.findall(text)) else "ios"


@dataclass(frozen=True, slots=True)
class LineFault:
    """A line that was refused or skipped: its number, the column (from 1) of what is wrong, what of it may be shown."""

    line: int
    column: int
    text: str
    message: str


@dataclass(frozen=True, slots=True)
class ComplaintAt:
    """A complaint and the line that it is about, where one is known."""

    severity: str
    line: int | None
    message: str
    fix: str


@dataclass(frozen=True, slots=True)
class FileResult:
    """What checking one file found."""

    file: str
    dialect: str
    hostname: str
    lines: int
    accepted: int
    inert: int
    errors: tuple[LineFault, ...]
    complaints: tuple[ComplaintAt, ...]

    @property
    def clean(self) -> bool:
        """Whether no line was refused and no complaint is an error."""
        return not self.errors and all(each.severity != "error" for each in self.complaints)


def check(text: str, name: str, dialect: str = "auto") -> FileResult:
    """Read and resolve one configuration; `name` is what the result calls it."""
    store = Store(dialect_of(text) if dialect == "auto" else dialect, bytes(MASTER_OCTETS))
    reader = ConfigReader(store, quiet=True)
    outcomes = [(number, reader.feed(line)) for number, line in enumerate(lines_of(text), 1)]
    reader.end()
    store.commit()
    warnings = [
        ComplaintAt("warning", number, message.split(": ", 1)[-1], "")
        for number, outcome in outcomes
        if outcome.accepted
        for message in outcome.messages
    ]
    verdicts = [outcome.verdict for _, outcome in outcomes]
    return FileResult(
        name,
        store.dialect,
        store.hostname,
        len(outcomes),
        verdicts.count("accepted"),
        verdicts.count("inert"),
        tuple(_fault(number, outcome) for number, outcome in outcomes if not outcome.accepted),
        (*warnings, *(_placed(each, reader) for each in store.complaints)),
    )


def _fault(number: int, outcome: Outcome) -> LineFault:
    column = outcome.error.column + 1 if outcome.error else 1
    shown = outcome.error.shown.strip() if outcome.error else ""
    return LineFault(number, column, shown, " ".join(outcome.messages))


def _placed(complaint: Complaint, reader: ConfigReader) -> ComplaintAt:
    """Find the line that made the object of a complaint, or the innermost object around it."""
    where: tuple[Any, ...] = complaint.where
    while where and where not in reader.places:
        where = where[:-2]
    return ComplaintAt(complaint.severity, reader.places.get(where), complaint.message, complaint.fix)


def report(results: Iterable[FileResult]) -> Iterator[str]:
    """Yield the findings as lines for people."""
    for result in results:
        for fault in result.errors:
            yield f"{result.file}:{fault.line}:{fault.column}: {fault.message}"
        for each in result.complaints:
            place = f"{result.file}:{each.line}" if each.line else result.file
            yield f"{place}: {each.severity}: {each.message}" + (f": type {each.fix}" if each.fix else "")
        counts = f"{result.lines} lines, {result.accepted} in effect or empty, {result.inert} kept without effect"
        yield f"{result.file}: {result.hostname} ({result.dialect}): {counts}, {len(result.errors)} refused"


def run(files: Iterable[Path | str], dialect: str = "auto", as_json: bool = False) -> int:
    """Check files and print what was found; return 0 when all are clean, else 1.

    Raises Unavailable for files that cannot be read, when the others have been reported.
    """
    results, unread = [], []
    for file in files:
        try:
            results.append(check(_text(Path(file)), str(file), dialect))
        except Unavailable as why:
            unread.append(str(why))
    if as_json:
        print(json.dumps({"files": [asdict(result) for result in results]}, indent=2))
    elif results:
        text = "\n".join(report(results))
        print(text.encode(errors="surrogateescape").decode(errors="replace"))
    if unread:
        raise Unavailable("; ".join(unread))
    return 0 if all(result.clean for result in results) else 1


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            octets = opened.read(TEXT_LIMIT + 1)
    except OSError as problem:
        raise Unavailable(f"{file}: {problem.strerror}") from None
    return decoded(octets, str(file))
