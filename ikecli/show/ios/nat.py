"""`show ip nat translations`, as IOS lays it out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ikecli.boundary.views import TranslationView


def translations(views: Sequence[TranslationView], slots: Mapping[str, object]) -> Iterator[str]:
    """`show ip nat translations`: a row a translation, `---` where it is for everybody."""
    yield _row("Pro", "Inside global", "Inside local", "Outside local", "Outside global")
    for view in views:
        yield _row(
            view.protocol,
            view.inside_global,
            view.inside_local,
            view.outside_local or "---",
            view.outside_global or "---",
        )
    yield f"Total number of translations: {len(views)}"


def _row(*cells: str) -> str:
    return f"{cells[0]:<4} {cells[1]:<21} {cells[2]:<21} {cells[3]:<21} {cells[4]}".rstrip()
