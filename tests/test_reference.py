"""The command reference is the grammar's: what is committed is what `make docs` writes."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from reference.pages import everything

COMMANDS = Path(__file__).parent.parent / "docs" / "commands"
FILES = everything()


def test_the_reference_is_current() -> None:
    committed = {path.relative_to(COMMANDS).as_posix(): path for path in COMMANDS.rglob("*.*")}
    assert sorted(committed) == sorted(FILES), "say: make docs"
    stale = [name for name, path in committed.items() if path.read_text("utf-8") != FILES[name]]
    assert not stale, f"say: make docs ({', '.join(stale)})"


def test_a_page_says_what_a_command_is_and_does() -> None:
    page = FILES["ios/ikev2-profile.md"]
    entry = page[page.index("## dpd\n") :].split("\n## ")[0]
    assert entry.startswith(
        "## dpd\n\n```\ndpd <10-3600> <2-60> {periodic | on-demand}\n```\n\n"
        "An empty INFORMATIONAL request; without answers the SA and its Child SAs go (RFC 7296 2.4). "
        "`no dpd` removes it.\n"
    )
    assert "\n| `<10-3600>` | Seconds without traffic before a check |\n" in entry


def test_a_default_is_told() -> None:
    assert "Default: `lifetime 86400`." in FILES["ios/ikev2-profile.md"]
    assert "`no exec-timeout`" not in FILES["ios/ikev2-profile.md"]


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".svg")])
def test_a_picture_is_one(name: str) -> None:
    root = ElementTree.fromstring(FILES[name])
    shown = {text.text for text in root.iter("{http://www.w3.org/2000/svg}text")}
    titles = re.findall(r"^## (.*)$", FILES[name.replace(".svg", ".md")], re.MULTILINE)
    assert set(titles) <= shown


def test_every_word_of_a_served_command_is_explained() -> None:
    bare = [
        (name, row)
        for name, text in FILES.items()
        if name.endswith(".md")
        for row in re.findall(r"^\| `.*` \|  \|$", text, re.M)
    ]
    assert not bare
