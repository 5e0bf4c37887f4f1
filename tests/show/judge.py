"""Run by test_judges in a Python that has Genie: cases on standard input, what Genie read on standard output.

A case is (module below genie.libs.parser, class, arguments, text); an answer is a dict, or the error as text.
"""

import sys
import warnings
from ast import literal_eval
from importlib import import_module
from unittest.mock import Mock


def read(module: str, name: str, arguments: dict[str, object], text: str) -> object:
    """Return what Genie's parser reads from a text."""
    parser = getattr(import_module(f"genie.libs.parser.{module}"), name)(device=Mock())
    try:
        return parser.parse(output=text, **arguments)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(
        repr(
            [plain if isinstance(plain := read(*case), str) else dict(plain) for case in literal_eval(sys.stdin.read())]
        )
    )
