"""The command language: grammar files are read, lines become commands, drafts become running-configs."""

from ikecli.language.command import Command, LineError, message
from ikecli.language.language import Dialect, Mode, grammar_root, load, load_from
from ikecli.language.line import CR, Choice, Names, NeedsLines
from ikecli.language.target import NotationError

__all__ = [
    "CR", "Choice", "Command", "Dialect", "LineError", "Mode", "Names", "NeedsLines", "NotationError", "grammar_root", "load",
    "load_from", "message",
]  # fmt: skip
