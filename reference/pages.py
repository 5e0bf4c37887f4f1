"""The pages of the reference, in Markdown: one a mode, one of what has no effect, and the list of them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from ikecli.language import Dialect, Mode, load
from ikecli.language.language import DIALECTS
from ikecli.language.reference import Described, describe, syntax, ways_in
from ikecli.language.target import Target
from reference import diagrams

SYSTEMS = {"ios": "IOS", "asa": "ASA"}


def everything() -> dict[str, str]:
    """Return every file of docs/commands by its path there."""
    files = {"README.md": contents(), "no-effect.md": without_effect()}
    for name in DIALECTS:
        dialect = load(name)
        for mode in dialect.modes.values():
            commands = [each for each in describe(mode) if not inert(each)]
            files[f"{name}/{mode.name}.md"] = "\n".join(page(dialect, mode, commands))
            if commands:
                files[f"{name}/{mode.name}.svg"] = diagrams.svg(commands)
    return files


def inert(command: Described) -> bool:
    """Whether the command is kept without effect."""
    return command.declaration.target.operator in ("~", "~>")


def contents() -> str:
    """Return the list of the pages."""
    rows = ["# Commands", "", "Made by `make docs` from [the grammar](../../grammar/README.md); not to be edited.", ""]
    rows += [
        "`[x]` may be left out, `{x | y}` is one of them, `[x & y]` any of them in any order, `x ...` one or more.",
        "Words in capitals are values. Words may be abbreviated where that is unambiguous.",
        "",
        "[What is kept without effect](no-effect.md)",
    ]
    for name in DIALECTS:
        rows += ["", f"## {SYSTEMS[name]}", "", "| mode | prompt | commands |", "|---|---|---|"]
        for mode in load(name).modes.values():
            rows.append(f"| [{mode.name}]({name}/{mode.name}.md) | {_prompt(mode)} | {len(list(describe(mode)))} |")
    return "\n".join([*rows, ""])


def page(dialect: Dialect, mode: Mode, commands: list[Described]) -> Iterator[str]:
    """Yield the page of one mode."""
    yield f"# {SYSTEMS[dialect.name]}: {mode.name}"
    yield ""
    pictures = f"[diagrams]({mode.name}.svg)" if commands else ""
    yield " · ".join(filter(None, (_prompt(mode), pictures, "[all modes](../README.md)")))
    if mode.file.note:
        yield from ("", mode.file.note)
    ways = list(ways_in(dialect, mode))
    if ways:
        yield from ("", "Entered by:", "")
        yield from (f"- `{line}` in [{other.name}]({other.name}.md)" for other, line in ways)
    for command in commands:
        yield from ("", *_command(command))
    left = sum(map(inert, describe(mode)))
    if left:
        yield from (
            "",
            f"Besides, {left} families are [kept without effect](../no-effect.md#{_anchor(dialect, mode)}).",
        )
    yield ""


def without_effect() -> str:
    """Return the page of what is read, kept and written back, and does nothing."""
    rows = [
        "# Kept without effect",
        "",
        "Read, written back in place, and said to have no effect when entered, in these words. `(section)`: with",
        "the lines below it. What is refused is read, too, to say why. Every other word is an error.",
        "",
    ]
    for name in DIALECTS:
        dialect = load(name)
        for mode in dialect.modes.values():
            commands = [each for each in describe(mode) if inert(each)]
            if commands:
                rows += [f"## {SYSTEMS[name]} {mode.name}", "", "| | |", "|---|---|"]
                rows += [*map(_inert, commands), "", *_sections(commands)]
    return "\n".join(rows)


def _sections(commands: list[Described]) -> Iterator[str]:
    """Yield what the sections among them take: lines that are indented are not held to it."""
    openers: dict[str, list[str]] = {}
    for command in commands:
        if command.declaration.takes is not None:
            openers.setdefault(syntax(command.declaration.takes), []).append(f"`{_cell(command.title)}`")
    if openers:
        yield from ("Lines of these sections where they are typed or not indented:", "", "| | |", "|---|---|")
        yield from (f"| {', '.join(titles)} | `{_cell(lines)}` |" for lines, titles in openers.items())
        yield ""


def _inert(command: Described) -> str:
    target = command.declaration.target
    section = " (section)" if target.operator == "~>" else ""
    why = f"refused: {target.reason}" if target.refused else target.reason
    note = f" ({command.note.rstrip('.')})" if command.note else ""
    return f"| `{_cell(command.syntax)}`{section} | {_cell(why)}{_cell(note)} |"


def _command(command: Described) -> Iterator[str]:
    yield f"## {command.title}"
    yield ""
    yield from _code(command.syntax)
    said = [command.note, command.negation, _answer(command.declaration.target)]
    if command.default:
        said.append(f"Default: `{command.default}`.")
    if command.enters:
        said.append(f"Enters [{command.enters}]({command.enters}.md).")
    if any(said):
        yield from (" ".join(filter(None, said)), "")
    yield "| | |"
    yield "|---|---|"
    yield from (f"| `{_cell(word)}` | {_cell(help)} |" for word, help in command.words)


def _answer(target: Target) -> str:
    """Tell what a command is answered, where the grammar itself has that."""
    if target.calls.endswith("lacks"):
        return f"Refused: {target.reason}."
    return f"Says `{target.reason}`.".replace("\n", " ") if target.operator == "!" and target.reason else ""


def _code(text: str) -> Iterator[str]:
    yield "```"
    yield from textwrap.wrap(text, 118, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
    yield "```"
    yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _prompt(mode: Mode) -> str:
    host = "R1" if mode.dialect == "ios" else "FW"
    if mode.prompt:
        return f"`{host}({mode.prompt})#`"
    return f"`{host}>`, `{host}#`" if mode.name == "exec" else ""


def _anchor(dialect: Dialect, mode: Mode) -> str:
    return f"{dialect.name}-{mode.name}"
