"""Live names: found in whatever case they are typed, gone when what has them is gone."""

from __future__ import annotations

import random
from typing import Any

from ikecli.config.names import Keys, Nameifs
from ikecli.language.line import Known
from tests.config.reading import new_store, read


def by_search(known: Known, name: str, caseless: bool) -> str | None:
    """Find a name by a look at all of them."""
    return next((each for each in known if each == name or (caseless and each.casefold() == name.casefold())), None)


def test_a_name_is_found_after_any_changes_of_its_collection() -> None:
    dice = random.Random(7)
    held: dict[str | int, object] = {}
    known = Keys(held)
    for _ in range(3000):
        name = dice.choice("abcdef") + dice.choice("xyz")
        folded = {each.casefold() for each in held if isinstance(each, str)}
        match dice.randrange(5):
            case 0 if held:
                held.pop(dice.choice(list(held)))
            case 1 if name not in folded:
                held[dice.choice((name, name.upper()))] = None
            case 2:
                held[dice.randrange(9)] = None
            case _:
                for caseless in (True, False):
                    typed = dice.choice((name, name.upper()))
                    assert known.find(typed, caseless) == by_search(known, typed, caseless)


def test_a_nameif_is_found_while_an_interface_has_it() -> None:
    store, _ = read("asa", "interface Ethernet0/0\n nameif Outside\ninterface Ethernet0/1\n nameif inside")
    known = store.names("nameif")
    assert isinstance(known, Nameifs)
    draft: Any = store.draft
    ports = list(draft.interfaces.values())
    changes: dict[str, list[str | None]] = {
        "OUTSIDE": ["dmz", "inside"], "dmz": ["outside", "DMZ"], "Outside": ["inside", None], "inside": [None, "x"],
    }  # fmt: skip
    for name, names in changes.items():
        assert known.find(name, True) == by_search(known, name, True)
        for port, nameif in zip(ports, names, strict=True):
            port.nameif = nameif
        for each in ("outside", "Outside", "dmz", "DMZ", "inside", "x"):
            for caseless in (True, False):
                assert known.find(each, caseless) == by_search(known, each, caseless)


def test_names_are_those_of_the_draft_that_there_is() -> None:
    store = new_store("asa")
    draft: Any = store.draft
    before = store.names("tunnel_groups")
    assert [*before] == ["DefaultL2LGroup", "DefaultRAGroup"]
    draft.tunnel_groups = {"Other": None}
    assert [*store.names("tunnel_groups")] == ["Other"]
    assert store.names("hostname") == ()
