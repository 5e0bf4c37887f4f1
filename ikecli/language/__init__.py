"""The command language: grammar files are read, lines become commands, drafts become running-configs."""

from ikecli.language.advice import Advice, advice, nearest
from ikecli.language.command import Command, LineError, message, reason
from ikecli.language.draft import FixedEntry, Inert, MissingEntry, OtherEntry, apply, defaults
from ikecli.language.language import (
    LINE_LIMIT,
    Dialect,
    Mode,
    first_word,
    grammar_root,
    load,
    load_from,
    load_mode,
    printable,
    section,
)
from ikecli.language.levels import Levels, in_full, known
from ikecli.language.line import CR, Choice, Names, NeedsLines, lines_of
from ikecli.language.lint import check, lint
from ikecli.language.pasted import TEXT_LIMIT, decoded, printed, unwrapped
from ikecli.language.target import NotationError
from ikecli.language.write import write

__all__ = [
    "CR",
    "LINE_LIMIT",
    "TEXT_LIMIT",
    "Advice",
    "Choice",
    "Command",
    "Dialect",
    "FixedEntry",
    "Inert",
    "Levels",
    "LineError",
    "MissingEntry",
    "Mode",
    "Names",
    "NeedsLines",
    "NotationError",
    "OtherEntry",
    "advice",
    "apply",
    "check",
    "decoded",
    "defaults",
    "first_word",
    "grammar_root",
    "in_full",
    "known",
    "lines_of",
    "lint",
    "load",
    "load_from",
    "load_mode",
    "message",
    "nearest",
    "printable",
    "printed",
    "reason",
    "section",
    "unwrapped",
    "write",
]
