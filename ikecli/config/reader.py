"""The one reader of configuration lines: typed, pasted, copied or read at start-up, one text has one effect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final, Literal, TypeAlias

from ikecli.config import ios, logins, overlaps
from ikecli.config.inert import misplaced
from ikecli.config.levels import (
    KeptSection,
    Level,
    RefusedSection,
    in_full,
    is_there,
    knows,
    meant_to_enter,
    steps,
)
from ikecli.config.remarks import about, replacement, warnings
from ikecli.config.settle import consequences, outranked
from ikecli.config.store import Store
from ikecli.errors import Rejected
from ikecli.language import (
    CR,
    LINE_LIMIT,
    Advice,
    Choice,
    Command,
    LineError,
    MissingEntry,
    Mode,
    NeedsLines,
    advice,
    apply,
    first_word,
    message,
    printable,
    printed,
    reason,
    section,
    unwrapped,
)
from ikecli.secret import Secret
from ikecli.value import value

Verdict: TypeAlias = Literal["accepted", "refused", "skipped", "inert"]

OUTRANKED: Final = (
    "NOTE: not kept: the enable secret holds. Type enable secret to change it, or no enable secret first."
)

PHRASE_OCTETS: Final = range(8, 128)
"""How long a master key of `key config-key` may be."""

BLOCK_LIMIT: Final = 65536
"""Characters of a command that goes on over several lines."""


@value
class Outcome:
    """What became of a line.

    `messages` are printed as they are. `commit`: a section was left or a command of its own was taken, so the store is
    to be committed. `ended`: configuration mode was left. `wants_more`: the command goes on over the next lines.
    `execute` is a line for exec mode. `error` is why the line was refused, where its words were wrong. `asks` are
    questions whose one hidden answer is to be typed behind the line.
    """

    verdict: Verdict = "accepted"
    messages: tuple[str, ...] = ()
    commit: bool = False
    ended: bool = False
    wants_more: bool = False
    execute: str = ""
    error: LineError | None = None
    asks: tuple[str, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether the line was not refused or skipped."""
        return self.verdict in ("accepted", "inert")


_TAKEN: Final = {commit: Outcome(commit=commit) for commit in (False, True)}
"""What becomes of most lines."""


class ConfigReader:
    """Reads lines into a store's draft. With `quiet` it reads a file: only what is wrong or weak is told, no caret."""

    def __init__(self, store: Store, *, quiet: bool = False) -> None:
        self.store: Final = store
        self.quiet: Final = quiet
        self.dialect: Final = store.dialect
        self.places: Final[dict[tuple[Any, ...], int]] = {}
        self.number = 0
        self._open = True
        self._levels = [Level(store.language.modes["config"], "config", store.draft)]
        self._common: Final = store.language.modes["common"]
        self._master: Final = store.language.modes["master-key"]
        self._kept: KeptSection | None = None
        self._refused: RefusedSection | None = None
        self._block: list[str] = []
        self._cut = 0
        self._block_ends: NeedsLines | None = None
        self._passes: NeedsLines | None = None
        self._text_ends: NeedsLines | None = None
        store.editors += 1

    @property
    def prompt(self) -> str:
        """The words in the prompt's brackets, empty when configuration mode was left."""
        if not self._open:
            return ""
        return self._kept.prompt if self._kept else self._levels[-1].prompt

    @property
    def in_block(self) -> bool:
        """Whether the next line belongs to a command that goes on over several."""
        return bool(self._block or self._passes or self._text_ends)

    def end(self) -> None:
        """Leave configuration mode; what is open is dropped or closed. The store is to be committed then."""
        if self._open:
            self._open = False
            self.store.editors -= 1

    def help(self, text: str) -> list[Choice]:
        """Return what may stand at the end of a begun line, for `?` and TAB."""
        begun = text.lstrip()
        modes = self._modes()
        if self.dialect == "asa":
            modes.append(self.store.language.modes["exec"])
        here = {*modes[0].ask(begun, self.store.names), *self._common.ask(begun, self.store.names)}
        if len(self._levels) == 1:
            here |= {*self._master.ask(begun)}
        for mode in modes[1:]:
            here = here or {*mode.ask(begun, self.store.names)}
        told = (one if one.help or one.label == CR else replace(one, help="Kept, no effect") for one in here)
        return sorted(told, key=lambda choice: (choice.label == CR, choice))

    def _modes(self) -> list[Mode]:
        """Return the modes that are open, the innermost first."""
        return [*([self._kept.mode] if self._kept else ()), *(level.mode for level in reversed(self._levels))]

    def feed(self, line: str, prompt_width: int = 0) -> Outcome:
        """Read one line; `prompt_width` is the column of the screen where it began, for the caret."""
        self.number += 1
        line = line.rstrip("\r\n")
        if self._passes is not None:
            return self._passed(line)
        if len(line) > LINE_LIMIT:
            self._passes = self._block_ends if self._block else self._text_ends
            self._block, self._text_ends = [], None
            return self._rejection(f"The line is longer than {LINE_LIMIT} characters")
        if self._text_ends is not None:
            return self._goes_on_kept(line, self._text_ends)
        if self._block:
            return self._go_on(self.store.scribe.mask.open_texts(line), prompt_width)
        text, self._cut, exec_ = unwrapped(line, self.dialect)
        if exec_ and self.quiet and self._for_exec(text):
            return Outcome()
        return self._read(self.store.scribe.mask.open_texts(text), prompt_width + self._cut)

    def _for_exec(self, text: str) -> bool:
        """Tell whether what stands behind a prompt without a mode is for exec mode."""
        return not text.strip() or knows(self.store.exec, text, self.store.names)

    def _go_on(self, text: str, width: int) -> Outcome:
        assert self._block_ends is not None
        self._block.append(text)
        whole = "\n".join(self._block)
        if len(whole) > BLOCK_LIMIT:
            return self._too_long(text, self._block_ends)
        if not self._block_ends.ends(text):
            return Outcome(wants_more=True)
        self._block = []
        return self._read(whole, width)

    def _goes_on_kept(self, line: str, block: NeedsLines) -> Outcome:
        """Keep a line of a text inside of a section without effect, whatever it looks like."""
        lines = self._kept.inert.lines if self._kept else [""]
        lines[-1] += f"\n{line}"
        if len(lines[-1]) > BLOCK_LIMIT:
            return self._too_long(line, block)
        if block.ends(line):
            self._text_ends = None
        return Outcome("inert", wants_more=self._text_ends is not None)

    def _too_long(self, line: str, block: NeedsLines) -> Outcome:
        """Refuse a command of too many lines, and have the rest of it passed over."""
        self._block, self._text_ends = [], None
        self._passes = None if block.ends(line) else block
        refused = self._rejection(f"The command is longer than {BLOCK_LIMIT} characters: all of it is passed over")
        return replace(refused, wants_more=self._passes is not None)

    def _passed(self, line: str) -> Outcome:
        """Pass over a line of a command that was refused for its length."""
        if self._passes is not None and self._passes.ends(line):
            self._passes = None
        return Outcome("skipped", wants_more=self._passes is not None)

    def _read(self, text: str, width: int) -> Outcome:
        stripped = text.strip()
        indent = len(text) - len(text.lstrip())
        if not stripped or stripped[0] == "!" or printed(stripped, self.dialect):
            if stripped == "!":
                self._end_sections(indent)
            return Outcome()
        if self._refused and self._belongs(self._refused, text, indent):
            return self._skipped(self._refused) if self._refused else Outcome()
        if self._kept and printable(text) and self._keeps(self._kept, text, indent):
            told = () if self.quiet else replacement(self.dialect, stripped, self._kept.opener)
            self._text_ends = self._text_begun(stripped)
            return Outcome("inert", tuple(told), wants_more=self._text_ends is not None)
        try:
            word = first_word(stripped)
            return (
                (self._common.begins(word) and self._common_command(text))
                or (self._master.begins(word) and self._master_key(text))
                or self._command(text, word, indent, width)
            )
        except NeedsLines as block:
            self._block, self._block_ends = [text], block
            return Outcome(wants_more=True)

    def _end_sections(self, indent: int) -> None:
        """Note a `!`: sections that it stands behind are over for lines that are known outside of them."""
        for level in self._levels[1:]:
            level.deeper |= indent <= level.indent
        if indent <= (self._kept.indent if self._kept else 0):
            self._refused = None
            if self._kept:
                self._kept.closed = True

    # What is not run

    def _belongs(self, refused: RefusedSection, text: str, indent: int) -> bool:
        """Tell whether a line is part of the section that was refused; forget that section where it ends."""
        if indent > refused.indent:
            refused.deeper = True
            return True
        if refused.lines and not refused.deeper and self._leaving(text) == "exit":
            self._refused = None
            return True
        if indent == refused.indent and not refused.deeper and not self._leaving(text):
            names = self.store.names
            if any(knows(mode, text, names) for mode in refused.modes):
                return True
            if refused.modes and not any(knows(level.mode, text, names) for level in self._levels):
                return False
        self._refused = None
        return False

    def _skipped(self, refused: RefusedSection) -> Outcome:
        refused.lines += 1
        sign = "% Skipped" if self.dialect == "ios" else "ERROR: skipped"
        return Outcome("skipped", (f"{sign}, belongs to line {refused.number}: {refused.shown}",))

    def _keeps(self, kept: KeptSection, text: str, indent: int) -> bool:
        """Keep a line of a section without effect; leave the section where it ends."""
        if indent > kept.indent and not (kept.block or kept.closed):
            kept.deeper = True
            line = text[kept.indent + 1 :].rstrip()
        else:
            outside = any(knows(each.mode, text, self.store.names) for each in self._levels)
            line = kept.listed(text, self._leaving(text), self.store.names, outside=outside)
            self._kept = None if outside and not line else kept
        if line:
            kept.closed = False
            self.store.version += 1
            kept.inert.lines.append(line)
        return bool(line)

    def _text_begun(self, text: str) -> NeedsLines | None:
        """Return where a text ends that a line of a section begins, as a banner does."""
        try:
            self._levels[0].mode.attempt(text, self.store.names)
        except NeedsLines as block:
            return block
        return None

    def _leaving(self, text: str) -> str:
        command = self._common.attempt(text)
        return command.calls if command else ""

    # What is run

    def _common_command(self, text: str) -> Outcome | None:
        """Carry out `exit`, `end` and `do`, unless the mode has a command that begins so."""
        command = self._common.attempt(text)
        if command is None:
            return None
        exact = text.split()[0].lower() in ("exit", "quit", "end", "do")
        if not exact and any(knows(level.mode, text, self.store.names) for level in self._levels):
            return None
        if command.calls == "do":
            return Outcome(execute=str(command.arguments["line"]), commit=True)
        if command.calls == "exit" and (self._kept or len(self._levels) > 1):
            if self._kept:
                self._kept = None
                return Outcome()
            self._levels.pop()
            return Outcome(commit=True)
        if self.quiet:
            del self._levels[1:]
            self._kept = None
            return Outcome(commit=True)
        self.end()
        return Outcome(commit=True, ended=True)

    def _command(self, text: str, word: str, indent: int, width: int) -> Outcome:
        names = self.store.names
        for depth in range(len(self._levels) - 1, -1, -1):
            mode = self._levels[depth].mode
            command = mode.attempt(text, names) if mode.begins(word) else None
            if command is None or self._is_outside(depth, text, indent):
                continue
            if command.operator in ("~", "~>") and self._runs(text):
                return Outcome(execute=text.strip())
            return self._take(command, depth, indent)
        if self._runs(text):
            return Outcome(execute=text.strip())
        if self.quiet and knows(self.store.exec, text, self.store.names):
            return Outcome(messages=(f"NOTE: {text.strip()} configures nothing and is not run.",))
        if not self.quiet and (short := self._shortened(text)) is not None:
            return self._take(*short, indent)
        return self._refuse(*self._plainest(text), text, indent, width)

    def _shortened(self, text: str) -> tuple[Command, int] | None:
        """Return the command without effect that a typed line abbreviates, and where it is known.

        Nowhere else are these read so: they must take no abbreviation from a command that works.
        """
        for depth in range(len(self._levels) - 1, -1, -1):
            mode = self._levels[depth].mode
            try:
                command = (
                    None if "\n" in text else mode.attempt(in_full(mode, text, self.store.names), self.store.names)
                )
            except NeedsLines:
                continue
            if command is not None and command.operator in ("~", "~>"):
                return command, depth
        return None

    def _plainest(self, text: str) -> tuple[LineError, Mode]:
        """Return the error of the mode that understood most of a line; modes with its first word in full come first."""
        errors = list(self._errors_in(self._modes(), text))
        if len(errors) > 1:
            word = text.split()[0].lower()
            spelled = [each for each in errors if any(one.label == word for one in each[1].ask(word, self.store.names))]
            errors = spelled or errors
        return max(errors, key=lambda each: each[0].reach)

    def _is_outside(self, depth: int, text: str, indent: int) -> bool:
        """Tell whether a line that a section knows stands outside of it and is known there, too."""
        level = self._levels[depth]
        outer = self._levels[:depth] if level.deeper and indent <= level.indent else ()
        return any(knows(each.mode, text, self.store.names) for each in outer)

    def _runs(self, text: str) -> bool:
        """Tell whether a line is for exec mode: a firewall takes those in configuration mode too."""
        return self.dialect == "asa" and not self.quiet and knows(self.store.exec, text, self.store.names)

    def _refuse(self, error: LineError, mode: Mode, text: str, indent: int, width: int) -> Outcome:
        language = self.store.language
        modes = [mode for level in self._levels for mode in meant_to_enter(language, level.mode, text)]
        if self._refused and not modes:
            others = self._errors_in(self._refused.modes, text)
            error, mode = max(((error, mode), *others), key=lambda each: each[0].reach)
        helps = advice(mode, text, error, self.store.names)
        error = LineError(error.wrong, error.start, error.column, misplaced(error.shown))
        if modes or (self._refused is None and text.lstrip()[0].isalpha()):
            self._refused = RefusedSection(self.number, error.shown.strip(), indent, tuple(modes))
        if self.dialect == "ios" and not self.quiet and knows(self.store.exec, text, self.store.names):
            helps = Advice(f"do {text.split()[0]}")
        if self.quiet:
            sign = "ERROR: " if self.dialect == "asa" else ""
            why = sign + reason(error).replace(" detected at '^' marker.", "").rstrip(".")
            told = f"{why} at column {self._cut + error.column + 1}: {error.shown.strip()}"
            told += f" ({helps})" if str(helps) else ""
            return Outcome("refused", (told,), error=error.moved(self._cut))
        return Outcome("refused", tuple(message(error, width, self.dialect, helps.lines(self.dialect))), error=error)

    def _errors_in(self, modes: Iterable[Mode], text: str) -> Iterator[tuple[LineError, Mode]]:
        for mode in modes:
            try:
                mode.read(text, self.store.names)
            except LineError as error:
                yield error, mode

    def _rejection(self, text: str) -> Outcome:
        sign = "% " if self.dialect == "ios" else "ERROR: "
        return Outcome("refused", (text if text.startswith(("%", "ERROR")) else sign + text,))

    def _master_key(self, text: str) -> Outcome | None:
        """Have keys stored under the operator's master key, or the appliance's own again, where a line says so."""
        command = self._master.attempt(text)
        if command is None:
            return None
        old = command.slots.get("old")
        if old is not None and (old,) != self.store.phrases[:1]:
            return self._rejection("The old key is another")
        if command.calls == "master_key.remove":
            self.store.set_phrase(None)
            return Outcome(commit=True)
        key: Secret | None = command.slots.get("master")
        if key is None:
            return self._rejection("Give the key") if self.quiet else Outcome(asks=("New key: ", "Confirm key: "))
        if len(key) not in PHRASE_OCTETS:
            return self._rejection(f"A master key has {PHRASE_OCTETS[0]} to {PHRASE_OCTETS[-1]} characters")
        self.store.set_phrase(key)
        return Outcome(commit=True)

    def _take(self, command: Command, depth: int, indent: int) -> Outcome:
        level = self._levels[depth]
        try:
            logins.refuse(level.draft, command)
            settled = self.store.scribe.settle(command, obscuring=self._obscures())
            if not self.quiet:
                overlaps.refuse_typed(self.store.draft, level.path, settled)
            if outranked(level.draft, settled):
                del self._levels[depth + 1 :]
                self._kept = None
                return Outcome("inert", () if self.quiet else (OUTRANKED,), commit=True)
            created = not self.quiet and command.operator == ">" and not is_there(level.draft, settled)
            entered = apply(level.draft, settled)
            self.store.version += 1
        except Rejected as refusal:
            modes = tuple(self.store.language.modes[name] for name in (command.enters,) if name)
            opener = command.text.split()[0]
            self._refused = RefusedSection(self.number, opener, indent, modes)
            if isinstance(refusal, MissingEntry):
                return self._rejection(f"{opener} {refusal.key} is not there yet: give its type first")
            return self._rejection(str(refusal))
        follows = consequences(level.draft, settled)
        level.deeper |= indent > level.indent
        left = depth < len(self._levels) - 1
        if left:
            del self._levels[depth + 1 :]
        self._kept = None
        target = settled.declaration.target
        opens = False
        if target.keys or target.enters or target.operator == "~>":
            opens = self._enter(settled, entered, self._place(level, settled), indent)
        told = warnings(self.dialect, command) if self.quiet else (*about(self.dialect, command, created), *follows)
        if target.operator in ("~", "~>"):
            return Outcome("inert", told, commit=left)
        commit = left or (depth == 0 and not opens)
        return Outcome("accepted", told, commit) if told else _TAKEN[commit]

    def _obscures(self) -> bool:
        """Tell whether `service password-encryption` is on."""
        draft = self.store.draft
        return isinstance(draft, ios.Ios) and bool(draft.password_encryption)

    def _place(self, level: Level, command: Command) -> tuple[Any, ...]:
        """Return the path of what a line is about, and note the line where that is an object with a name."""
        path = level.path
        for name, keys in steps(command):
            path = (*path, name, keys)
            if keys is not None:
                self.places.setdefault(path, self.number)
        return path

    def _enter(self, command: Command, entered: Any, path: tuple[Any, ...], indent: int) -> bool:
        """Enter the section that a line opens; tell whether it opens one."""
        if command.enters:
            mode = self.store.language.modes[command.enters]
            self._levels.append(Level(mode, command.prompt or mode.prompt, entered, indent, path))
        elif command.operator == "~>" and entered is not None:
            prompt = command.prompt or self._levels[-1].prompt
            opener = " ".join(command.text.split())
            self._kept = KeptSection(entered, opener, prompt, indent, section(command.declaration))
        else:
            return False
        return True


def feed_all(reader: ConfigReader, lines: Iterable[str]) -> Iterator[tuple[int, Outcome]]:
    """Feed lines one by one and end; yield each line's number and outcome."""
    for line in lines:
        yield reader.number + 1, reader.feed(line)
    reader.end()


__all__ = ["ConfigReader", "Outcome", "feed_all"]
