"""Functions by name, each imported when it is looked up, so that one command does not load those of all others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Final, TypeVar

Name = TypeVar("Name")
Function = TypeVar("Function", covariant=True)


class Late(Mapping[Name, Function]):
    """Functions of the modules of a package: `places` has each as MODULE:FUNCTION."""

    def __init__(self, package: str, places: Mapping[Name, str]) -> None:
        self._package: Final = package
        self._places: Final = places

    def __getitem__(self, name: Name) -> Function:
        module, _, function = self._places[name].partition(":")
        found: Function = getattr(import_module(f"{self._package}.{module}"), function)
        return found

    def __iter__(self) -> Iterator[Name]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)
